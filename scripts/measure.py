"""Run a snippet and keep what it measured: `python -m scripts.measure rag --model build/model`.

What stands behind `--` goes to the snippet, with `{seed}` replaced by the seed; `--seeds 0 1 2` runs it three times,
with `--seed`. Each run is kept whole in `results/runs/rag/` (`runs.py`), and `results/rag-cpu.json` is computed from
these files (`summary.py`). A run that is there, from the same code, data and arguments, is not made again, unless with
`--again`. What the snippet writes goes to `build/measure/`. Progress on stderr.
"""

import argparse
import re
import shlex
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.measuring import results, runs
from scripts.measuring.make_run import Job, is_made, make, say
from scripts.measuring.metrics import BadMetrics
from scripts.measuring.runs import BadRun, Run
from scripts.measuring.snippet_process import RunError
from scripts.measuring.summary import experiment_of, measured_in, summarise
from scripts.nearest import nearest
from scripts.staleness.code_hash import BadCode, defaults_of

ROOT = Path(__file__).resolve().parent.parent
SNIPPET = "fine_tune_vs_rag"  # has a program of its own
ARM = "default"  # a snippet that is measured by itself has no others
MISTAKES = (RunError, BadMetrics, BadRun, BadCode, results.BadResult, OSError)


@dataclass(frozen=True)
class Plan:
    """What to run. snippet: name without .py. arguments: for the snippet, with {seed}. command: what repeats it.

    seeds: one run each; without any, one run with the snippet's own. model: for --model, empty for the snippet's own.
    name: of the result, without the machine. limit: seconds a run may take. again: also what is there already.
    """

    snippet: str
    machine: str
    command: str
    model: str = ""
    seeds: tuple[int, ...] = ()
    arguments: tuple[str, ...] = ()
    name: str = ""
    again: bool = False
    limit: float | None = None

    @property
    def result(self) -> str:
        """Return the result's name, without the machine."""
        return self.name or self.snippet.replace("_", "-")

    def jobs(self, root: Path) -> Iterator[Job]:
        """Yield the runs that it needs."""
        default = defaults_of(Path("snippets") / f"{self.snippet}.py", root).get("seed", "0")
        for seed in self.seeds or [int(default) if re.fullmatch(r"\d+", default) else 0]:
            arguments = tuple(argument.replace("{seed}", str(seed)) for argument in self.arguments)
            seeded = ("--seed", str(seed)) if self.seeds else ()
            yield Job(
                experiment_of(self.result, self.machine),
                ARM,
                seed,
                self.snippet,
                self.command,
                (*seeded, *arguments),
                self.model,
            )


def measure(plan: Plan, root: Path) -> Path:
    """Make the runs that are not there, sum up, and return the result's path; raises one of MISTAKES."""
    jobs = list(plan.jobs(root))
    for job in jobs:
        name = job.snippet if len(jobs) == 1 else f"{job.snippet}, seed {job.seed}"
        if not plan.again and is_made(job, root):
            say("measure", f"{name}: it is there already, from the same code and arguments")
            continue
        say("measure", name)
        run = make(job, root, plan.limit)
        check(run, plan.machine, root)
        say("measure", f"it took {run.seconds:.0f} s")
    keep_only({job.path for job in jobs}, root)
    path = summarise(plan.result, plan.machine, root)
    say("measure", f"{path.relative_to(root)} written")
    return path


def check(run: Run, machine: str, root: Path) -> None:
    """Raise a mistake for a run that cannot be summed up, or of another machine, and remove it: not after the last."""
    try:
        measured_in([run])
        device = str(run.environment.get("device", "cpu"))
        if not device.startswith("cpu") and machine == "cpu":
            raise RunError(f"{run.snippet} ran on {device}; name another machine, with --machine gpu")
    except BaseException:
        (root / run.path).unlink()
        raise


def keep_only(paths: set[Path], root: Path) -> None:
    """Remove the other runs of the same experiment: of seeds that are not asked for any more."""
    for folder in {path.parent for path in paths}:
        for file in (root / folder).glob(f"{ARM}-*.json"):
            if file.relative_to(root) not in paths:
                file.unlink()


def read_plan(arguments: list[str]) -> Plan:
    """Return what the command line asks for; RunError for what cannot be."""
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(prog="python -m scripts.measure", description=__doc__.splitlines()[0])
    parser.add_argument("snippet", help="name of a file in snippets/, without .py")
    parser.add_argument("--model", default="", help="for the snippet, such as build/model (default: the snippet's own)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[], help="one run each (default: the snippet's own)")
    parser.add_argument("--machine", default="cpu", help="end of the result's name, such as gpu (default: cpu)")
    parser.add_argument("--name", default="", help="start of the result's name (default: the snippet's)")
    parser.add_argument("--again", action="store_true", help="also make runs that are there from the same code")
    options = parser.parse_args(arguments[:cut])
    snippet, snippets = options.snippet.replace("-", "_"), [file.stem for file in (ROOT / "snippets").glob("*.py")]
    if snippet not in snippets:
        raise RunError(f"there is no snippet {options.snippet}; {nearest(snippet, snippets)}")
    if snippet == SNIPPET:
        raise RunError(f"{snippet} has many arms, each a run; run: python -m scripts.experiment --model build/model")
    for name in ("machine", "name"):
        if (value := getattr(options, name)) and not results.NAME.fullmatch(value):
            raise RunError(f"--{name} {value}: must be a kebab-case word")
    passed_on = tuple(arguments[cut + 1 :])
    if outside := [word for word in (options.model, *passed_on) if word.rpartition("=")[2].startswith(("/", "~"))]:
        raise RunError(f"{outside[0]}: a path of this machine alone, nobody could repeat it; name it from the root")
    repeated = shlex.join(argument for argument in arguments if argument != "--again")
    return Plan(
        snippet,
        options.machine,
        f"python -m scripts.measure {repeated}",
        options.model,
        tuple(dict.fromkeys(options.seeds)),
        passed_on,
        name=options.name,
        again=options.again,
    )


def main(arguments: list[str] | None = None) -> int:
    """Measure; return the exit status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        measure(read_plan(sys.argv[1:] if arguments is None else arguments), ROOT)
    except MISTAKES as error:
        say("measure", str(error))
        return getattr(error, "status", 2)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        say("measure", f"stopped; what is finished is in {runs.RUNS}, run it again to go on")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
