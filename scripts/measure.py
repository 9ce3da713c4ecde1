"""Run a snippet once per seed and keep what it measured: `python -m scripts.measure lora --seeds 0 1 2 -- --steps 300`.

What stands behind `--` goes to the snippet, with `{seed}` replaced by the seed. Writes `results/lora-cpu.json`: each
number of the snippet's report (`metrics.py`) with its words (`measured_words.yml`), its mean, range and interval over
the seeds, the environment, and the hash of the code that ran. Finished seeds, and what the snippet writes, are kept
under `build/measure/`; `--resume` uses those that the same code gave for the same arguments. Progress on stderr.
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
from scripts.measured_words import SKIP, BadWords, Words, load_words
from scripts.metrics import BadMetrics, combine, entry, leaves
from scripts.nearest import nearest
from scripts.snippet_run import RunError, code_of, from_root, run_snippet

ROOT = Path(__file__).resolve().parent.parent
OUTPUTS = ("out", "index")  # flags that say where a snippet writes
MISTAKES = (RunError, BadWords, BadMetrics, results.BadResult, OSError)


@dataclass(frozen=True)
class Plan:
    """What to run. snippet: name without .py. arguments: for the snippet, with {seed}. command: what repeats it.

    name: of the result, without the machine. limit: seconds a run may take. write: False runs and checks only.
    """

    snippet: str
    seeds: tuple[int, ...]
    machine: str
    command: str
    arguments: tuple[str, ...] = ()
    name: str = ""
    resume: bool = False
    limit: float | None = None
    write: bool = True

    @property
    def kebab(self) -> str:
        return self.snippet.replace("_", "-")

    @property
    def stem(self) -> str:
        return f"{self.name or self.kebab}-{self.machine}"

    @property
    def file(self) -> Path:
        return Path("snippets") / f"{self.snippet}.py"

    def work(self, seed: int) -> Path:
        """Return the folder that the snippet writes to."""
        return Path("build") / "measure" / self.stem / f"seed-{seed}"

    def arguments_of(self, seed: int, root: Path) -> list[str]:
        """Return what the snippet is started with for one seed."""
        has = re.findall(r"^    (\w+): .* = ", (root / self.file).read_text(encoding="utf-8"), re.MULTILINE)
        given = [argument.replace("{seed}", str(seed)) for argument in self.arguments]
        for name in OUTPUTS:
            if name in has and not any(argument.partition("=")[0] == f"--{name}" for argument in given):
                given += [f"--{name}", (self.work(seed) / name).as_posix()]
        return [*(["--seed", str(seed)] if "seed" in has else []), *given]


def measure(plan: Plan, root: Path) -> dict[str, dict]:
    """Run all seeds, write the result and return what it measured, by key; raises one of MISTAKES."""
    words, runs = load_words(plan.kebab), []
    for number, seed in enumerate(plan.seeds, 1):
        say(f"{plan.snippet}, seed {seed} ({number} of {len(plan.seeds)})")
        runs.append(run_seed(plan, seed, root))
        measured_in(runs[-1:], words)  # a number without words stops here, not after the last seed
    for what in ("code", "environment"):
        if any((one | one["report"])[what] != (runs[0] | runs[0]["report"])[what] for one in runs):
            raise RunError(f"the {what} changed between the seeds; run all of them again, without --resume")
    measured = measured_in(runs, words)
    if not plan.write:
        return measured
    labs = {f"lab of seed {seed}": one["lab"][:12] for seed, one in zip(plan.seeds, runs, strict=True) if one["lab"]}
    path = results.write(
        plan.name or plan.kebab,
        plan.machine,
        command=plan.command,
        code=[Path(name) for name in runs[0]["code"]],
        measured=measured,
        notes=words.note,
        printed=json.dumps(from_root(runs[0]["report"], root), ensure_ascii=False),
        environment={
            **runs[0]["report"]["environment"],
            "seeds": " ".join(map(str, plan.seeds)),
            **labs,
        },
        root=root,
    )
    say(f"{path.relative_to(root)} written")
    return measured


def run_seed(plan: Plan, seed: int, root: Path) -> dict:
    """Return one run: what `run_snippet` gives, new or, to resume, from before; every new one is kept."""
    work, arguments = root / plan.work(seed), plan.arguments_of(seed, root)
    file = work.with_suffix(".json")
    if plan.resume and (one := kept(file, plan.file, arguments, root)):
        say(f"seed {seed} is there already, from the same code and arguments")
        return one
    shutil.rmtree(work, ignore_errors=True)
    one = {"arguments": arguments, **run_snippet(plan.file, arguments, root, plan.limit)}
    device = one["report"]["environment"]["device"]
    if device != "cpu" and plan.machine == "cpu":
        raise RunError(f"{plan.file} ran on {device}; name another machine, with --machine gpu")
    say(f"seed {seed} took {one['seconds']:.0f} s")
    if "--resume" in arguments:
        one["seconds"] = None  # a part of it ran before
    results.write_whole(file, json.dumps(one))
    return one


def kept(file: Path, snippet: Path, arguments: list[str], root: Path) -> dict | None:
    """Return a finished run of the same code with the same arguments; None where there is none."""
    if not file.is_file():
        return None
    one = json.loads(file.read_text(encoding="utf-8"))
    now = code_of(snippet, one["report"]["config"], root)
    return one if (*now, arguments) == (one["code"], one["lab"], one["arguments"]) else None


def measured_in(runs: Sequence[dict], words: Words) -> dict[str, dict]:
    """Return what `results.write` takes, key -> number with its words, from the reports of all runs."""
    found: dict[str, list[dict]] = {}
    for one in runs:
        seen = set()
        for key, leaf in [*leaves(one["report"]["metrics"]), ("run-seconds", one["seconds"])]:
            if key in seen:
                raise BadMetrics(f"two metrics are both called {key}")
            seen.add(key)
            if words.of(key) is not SKIP and (number := entry(key, leaf)):
                found.setdefault(key, []).append(number)
    return {key: combine(numbers, words.of(key)["unit"]) | words.of(key) for key, numbers in found.items()}


def read_plan(arguments: list[str]) -> Plan:
    """Return what the command line asks for; RunError for what cannot be."""
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    parser = argparse.ArgumentParser(prog="python -m scripts.measure", description=__doc__.splitlines()[0])
    parser.add_argument("snippet", help="name of a file in snippets/, without .py")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="one run each (default: 0)")
    parser.add_argument("--machine", default="cpu", help="end of the result's name, such as gpu (default: cpu)")
    parser.add_argument("--name", default="", help="start of the result's name (default: the snippet's)")
    parser.add_argument("--lab-template", default="", help="a lab for each seed, such as build/labs/seed-{seed}")
    parser.add_argument("--resume", action="store_true", help="use finished runs of the same code and arguments")
    parser.add_argument("--check", action="store_true", help="write no result: does it run, has each number its words?")
    options = parser.parse_args(arguments[:cut])
    snippet, there = options.snippet.replace("-", "_"), [file.stem for file in (ROOT / "snippets").glob("*.py")]
    if snippet not in there:
        raise RunError(f"there is no snippet {options.snippet}; {nearest(snippet, there)}")
    for name in ("machine", "name"):
        if (given := getattr(options, name)) and not results.NAME.fullmatch(given):
            raise RunError(f"--{name} {given}: must be a kebab-case word")
    lab = ("--lab", options.lab_template) if options.lab_template else ()
    given = (*lab, *arguments[cut + 1 :])
    if far := [one for one in given if one.rpartition("=")[2].startswith(("/", "~"))]:
        raise RunError(f"{far[0]}: a path of this machine alone, nobody could repeat it; name it from the root")
    again = shlex.join(argument for argument in arguments if argument != "--resume")
    seeds = tuple(dict.fromkeys(options.seeds))
    command = f"python -m scripts.measure {again}"
    how = {"name": options.name, "resume": options.resume, "write": not options.check}
    return Plan(snippet, seeds, options.machine, command, given, **how)


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
