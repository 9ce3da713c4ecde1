"""On a machine with a GPU, make the results that need one: `python -m scripts.gpu --model build/model`.

Runs every snippet there through `measure.py`, the experiment as `experiment.py` does, on more seeds, and memory and
speed of large shapes (`gpu_memory.py`), each in a process of its own. Writes `results/*-gpu.json`; what fails is named
in the end and stops nothing else. `--only lora memory` runs some of them. The model is a folder beside it, and so is
the embedder (`build/embedder`) where its package is not installed: no network is needed.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from scripts import experiment
from scripts.measure import MISTAKES, Plan, measure
from scripts.measuring import results, runs
from scripts.measuring.experiment_summary import EXPERIMENT, summarise
from scripts.measuring.make_run import flatten
from scripts.measuring.snippet_process import RunError, read_report, run
from scripts.nearest import nearest

ROOT = Path(__file__).resolve().parent.parent
SNIPPETS = ("rag", "few-shot", "constrained-decoding", "lora", "qlora", "distill")
STAGES = (*SNIPPETS, EXPERIMENT, "memory")
SEEDS = (0, 1, 2, 3, 4)  # of the experiment
METHODS = {"full": "full fine-tuning", "lora": "LoRA", "qlora": "QLoRA"}
SHAPES = {"1b": "Llama 3.2 1B", "8b": "Llama 3.1 8B"}
FIGURES = {
    "peak_bytes": ("bytes", "peak memory of tensors on the GPU"),
    "tokens_a_second": ("tokens/s", "training speed, the first step included"),
    "trainable": ("parameters", "parameters trained"),
}
NOTES = (
    "Rows of 1,024 tokens, one at a time, four a step; adapters of rank 16; random weights; no gradient checkpointing."
)
CODE = Path("scripts/measuring/gpu_memory.py")
NO_ROOM = 3  # its exit status where the GPU is too small


def measure_memory(root: Path, command: str) -> list[str]:
    """Measure every shape in every way and write the result; return what could not be measured."""
    measured, environment, missing = {}, {}, []
    for shape, model in SHAPES.items():
        for method, label in METHODS.items():
            say(f"memory: {label} of {model}")
            try:
                printed, _ = run([sys.executable, CODE.as_posix(), method, shape], root)
                report = read_report(printed, CODE)
            except RunError as error:
                reason = "it does not fit into this GPU" if error.status == NO_ROOM else str(error)
                missing.append(f"{label} of {model} ({reason})")
                continue
            environment = flatten(report["environment"])
            for key, (unit, says) in FIGURES.items():
                entry = {"value": report["metrics"][key], "unit": unit, "says": f"{label} of {model}: {says}."}
                measured[f"llama-{shape}.{method}.{key.replace('_', '-')}"] = entry
    if measured:
        notes = f"{NOTES} Not measured: {'; '.join(missing)}." if missing else NOTES
        fields = {"code": [CODE], "measured": measured, "notes": notes, "environment": environment, "root": root}
        results.write("memory", "gpu", command=command, **fields)
    return [f"memory: {line}" for line in missing]


def run_experiment(model: str, root: Path, command: str) -> list[str]:
    """Make the runs of every arm on every seed, and the summary; return what could not be made."""
    experiment.set_up_embedder(root)
    jobs = experiment.evidence(list(runs.arms(root)), list(SEEDS), "gpu", model, root)
    failed = experiment.make_all([replace(job, command=command) for job in jobs], root)
    summarise(EXPERIMENT, "gpu", root)
    return [f"{EXPERIMENT}: {line}" for line in failed]


def run_stages(stages: tuple[str, ...], model: str, root: Path) -> list[str]:
    """Run the stages; return a line for each that gave no result or not all of it."""
    missing = []
    for stage in stages:
        command = f"python -m scripts.gpu --only {stage}{f' --model {model}' if model else ''}"
        try:
            if stage == "memory":
                missing += measure_memory(root, command)
            elif stage == EXPERIMENT:
                missing += run_experiment(model, root, command)
            else:
                measure(Plan(stage.replace("-", "_"), "gpu", command, model), root)
        except MISTAKES as error:
            missing.append(f"{stage}: {error}")
    return missing


def has_gpu() -> bool:
    """Say whether torch finds a CUDA device."""
    import torch

    return torch.cuda.is_available()


def say(message: str) -> None:
    """Tell how far it is."""
    print(f"gpu: {message}", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the stages; return 0 where nothing is missing, 1 where something is, 2 where nothing can run."""
    parser = argparse.ArgumentParser(prog="python -m scripts.gpu", description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="", help="for the snippets, such as build/model (default: their own)")
    parser.add_argument("--only", nargs="+", default=STAGES, help=f"some of {', '.join(STAGES)}")
    options = parser.parse_args(arguments)
    if unknown := [stage for stage in options.only if stage not in STAGES]:
        say(f"--only {unknown[0]}: no such stage; {nearest(unknown[0], STAGES)}")
        return 2
    if not has_gpu():
        say("no CUDA device found by torch on this machine; run it on one with a GPU")
        return 2
    try:
        missing = run_stages(tuple(options.only), options.model, ROOT)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        say("stopped; what is finished is in results/, run it again for the others with --only")
        return 130
    for line in missing:
        say(f"not done: {line}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
