"""On a machine with a GPU, network or not, make the results that need one: `python -m scripts.gpu --minutes 10`.

In this order: the large lab; on it the table (`gpu_table.py`), LoRA, QLoRA, examples in the prompt, constrained
decoding and distillation; then memory and speed of large shapes (`gpu_memory.py`). Each stage has a share of the
minutes, and what it leaves goes to the next ones; what does not fit is skipped and said so. A lab from an earlier call
is used again. Writes `results/*-gpu.json`. Needs the packages of the snippets, none of the site's.
"""

import argparse
import dataclasses
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts import results
from scripts.gpu_table import ask_less, measure_table
from scripts.measure import MISTAKES, Plan, measure
from scripts.nearest import nearest
from scripts.snippet_run import RunError

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "python -m scripts.gpu"
SPARE = 45  # seconds that make_lab needs around its training: imports, and measuring what the model can


@dataclass(frozen=True)
class Stage:
    """name: of the result. share: of the time, in parts of all shares. least: seconds below which it is not begun."""

    name: str
    share: float
    least: float


STAGES = (
    Stage("make-lab", 26, 90),
    Stage("fine-tune-vs-rag", 30, 90),
    Stage("lora", 7, 30),
    Stage("qlora", 9, 30),
    Stage("few-shot", 6, 30),
    Stage("constrained-decoding", 6, 30),
    Stage("distill", 8, 40),
    Stage("memory", 28, 45),
)


@dataclass(frozen=True)
class Setting:
    """What a real run and a rehearsal do differently. work: folder for labs and models, from the root.

    lab: flags for the lab. more: snippet -> flags. shapes: of the memory stage. write: whether results are.
    """

    work: Path
    device: str
    lab: tuple[str, ...]
    more: dict[str, tuple[str, ...]]
    shapes: tuple[str, ...]
    write: bool
    command: str = COMMAND

    @property
    def large_lab(self) -> Path:
        return self.work / "lab"


REAL = Setting(Path("build") / "gpu", "cuda", ("--size", "large"), {}, ("1b", "8b"), True)
REHEARSAL = Setting(
    Path("build") / "gpu-rehearsal",
    "cpu",
    ("--size", "smoke", "--tokens", "0.02"),
    {
        "fine_tune_vs_rag": ("--smoke", "--arms", "base,rag"),
        "lora": ("--steps", "2"),
        "qlora": ("--steps", "2"),
        "few_shot": ("--shots", "0,1", "--orders", "1", "--limit", "4"),
        "constrained_decoding": ("--limit", "4", "--pairs", "1", "--longest", "24"),
        "distill": ("--teacher-steps", "2", "--teacher-floor", "0", "--steps", "2", "--warm-up", "1", "--prompts", "8"),
    },
    ("tiny",),
    False,
)


def allowance(stage: Stage, waiting: Sequence[Stage], left: float) -> float:
    """Return the seconds that a stage may take of those left, when these stages wait behind it."""
    return left * stage.share / (stage.share + sum(other.share for other in waiting))


def run_stages(stages: Sequence[Stage], minutes: float, setting: Setting, root: Path) -> list[str]:
    """Run the stages; return a line for each that gave no result or not all of it."""
    end, missing = time.monotonic() + 60 * minutes, []
    for number, stage in enumerate(stages):
        seconds = allowance(stage, stages[number + 1 :], end - time.monotonic())
        if seconds < stage.least:
            missing.append(
                f"{stage.name}: skipped, {max(seconds, 0):.0f} s are left for it, it needs {stage.least:.0f}"
            )
            continue
        say(f"{stage.name}: up to {seconds:.0f} s")
        try:
            missing += run_stage(stage.name, seconds, setting, root)
        except MISTAKES as error:
            missing.append(f"{stage.name}: {error}")
    return missing


def run_stage(name: str, seconds: float, setting: Setting, root: Path) -> list[str]:
    """Run one stage; return what it could not do; raises one of `measure.MISTAKES`."""
    if name == "memory":
        return measure_memory(seconds, setting, root)
    snippet = name.replace("-", "_")
    flags, lab = ["--device", setting.device, *setting.more.get(snippet, ())], setting.large_lab
    if name == "make-lab":
        if (root / lab / "card.json").is_file():
            say(f"make-lab: {lab} is there already; remove it to make it again")
            return []
        minutes = max(seconds - SPARE, 30) / 60
        flags += [*setting.lab, "--out", lab.as_posix(), "--minutes", f"{minutes:.2f}"]
    elif (root / lab / "card.json").is_file():
        questions = setting.work / "questions.jsonl"
        ask_less(root / lab, root / questions)
        flags += ["--lab", lab.as_posix(), "--questions", questions.as_posix()]
    else:
        raise RunError("there is no large lab yet; run the stage make-lab first")
    machine = "gpu" if setting.write else "rehearsal"
    plan = Plan(snippet, (0,), machine, setting.command, tuple(flags), limit=seconds, write=setting.write)
    if name == "fine-tune-vs-rag":
        return measure_table(plan, setting.work / "table.json", root)
    measure(plan, root)
    return []


def measure_memory(seconds: float, setting: Setting, root: Path) -> list[str]:
    """Measure the large shapes, write the result, and return what is missing in it."""
    from scripts import gpu_memory

    labs = [lab for lab in (setting.large_lab, Path("snippets") / "lab") if (root / lab / "model").is_dir()]
    if not labs:
        raise RunError("there is no lab yet, whose tokenizer it takes; run the stage make-lab first")
    bench = gpu_memory.Bench(root, setting.work, labs[0] / "model", setting.device, memory_of(setting.device), say)
    measured, around, missing = gpu_memory.measure_shapes(list(setting.shapes), bench, time.monotonic() + seconds)
    for key, one in measured.items():
        say(f"memory: {key} {results.shown(one['value'])} {one['unit']}")
    if measured and setting.write:
        settings = f"Rows of {gpu_memory.LENGTH} tokens, one at a time, {gpu_memory.BATCH} a step; adapters of rank"
        notes = f"{settings} {gpu_memory.RANK}; random weights; no gradient checkpointing."
        notes += f" Not measured: {'; '.join(missing)}." if missing else ""
        code = [root / name for name in gpu_memory.CODE]
        how = {"command": setting.command, "code": code, "measured": measured, "notes": notes, "environment": around}
        results.write("memory", "gpu", **how, root=root)
    return [f"memory: {one}" for one in missing]


def memory_of(device: str) -> int:
    """Return the bytes of the GPU's memory; on a CPU enough for a rehearsal."""
    import torch

    return torch.cuda.get_device_properties(0).total_memory if device == "cuda" else 10**12


def has_gpu() -> bool:
    """Say whether torch is here and finds a CUDA device."""
    try:
        import torch
    except ImportError:
        return False
    return torch.cuda.is_available()


def choose_stages(wanted: str) -> list[Stage]:
    """Return stages named with commas between them, in our order; RunError for an unknown one."""
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    known = [stage.name for stage in STAGES]
    for name in names:
        if name not in known:
            raise RunError(f"--stages {name}: no such stage; {nearest(name, known)}")
    return [stage for stage in STAGES if stage.name in names or not names]


def say(what: str) -> None:
    """Tell how far it is."""
    print(f"gpu: {what}", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the stages and sum up; return 0 where nothing is missing, 1 where something is, 2 where nothing can run."""
    parser = argparse.ArgumentParser(prog="python -m scripts.gpu", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10, help="to take at most (default: 10)")
    parser.add_argument("--stages", default="", help="only these, with commas between them (default: all)")
    parser.add_argument(
        "--rehearse", action="store_true", help="tiny sizes on a CPU, and nothing written: does it run?"
    )
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        stages = choose_stages(options.stages)
        if not options.rehearse and not has_gpu():
            raise RunError(
                "no CUDA device found by torch on this machine; run it on one with a GPU, or with --rehearse"
            )
        if options.rehearse:
            shutil.rmtree(ROOT / REHEARSAL.work, ignore_errors=True)
        real = dataclasses.replace(REAL, command=f"{COMMAND} --minutes {options.minutes:g}")
        missing = run_stages(stages, options.minutes, REHEARSAL if options.rehearse else real, ROOT)
    except MISTAKES as error:
        say(str(error))
        return 2
    except KeyboardInterrupt:
        print(file=sys.stderr)
        say("stopped; finished stages are in results/, run it again for the others with --stages")
        return 130
    for line in missing:
        say(f"not done: {line}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
