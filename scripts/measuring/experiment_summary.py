"""The summary of the experiment, computed from its run files by `snippets/evals.py`, which runs as a process.

A version is an arm in a cell, such as `base retrieved`, over all seeds. Each set of questions and metric is one call of
evals.py, which judges the replies, and resamples pages: the same page on another seed has other values and the same
words, so it is the same page. The values by seed are calls of their own: which facts change differs between seeds.
"""

import statistics
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from scripts.measuring import results
from scripts.measuring.comparisons import PLAN, adjust, compare
from scripts.measuring.evals_process import evals, judged_by, run_evals
from scripts.measuring.metrics import SHARE, spell, tidy
from scripts.measuring.runs import BadRun, Run, arms, load
from scripts.measuring.summary import environment_of, experiment_of, note_of
from scripts.measuring.versions import Lines, general_of, hits_of, lines_of

EXPERIMENT = "fine-tune-vs-rag"
BASE = "base"
SUMS = ("experiment_summary.py", "comparisons.py", "evals_process.py", "versions.py", "metrics.py")
CODE = (*(Path("scripts/measuring") / name for name in SUMS), Path("scripts/experiment.toml"))
# What is asked of each set of questions: the metric of evals.py, and its name in the result.
ASKED = {
    "now": {"right": "right", "valid_json": "valid-json", "source": "source-right", "declined": "declined"},
    "later": {"right": "right"},
    "later-changed": {"right": "right-changed"},
    "later-kept": {"right": "right-kept"},
    "taught": {"right": "right-taught"},
    "untaught": {"right": "right-untaught"},
    "unanswerable": {"declined": "invented"},  # the rest: an answer where there is none
}
HALF = "lora-questions-half"  # the arm that is taught a part
CELLS = {
    "closed_book": "without a page",
    "retrieved": "with the page retrieved",
    "top_3": "with three pages retrieved",
    "right_page": "with the right page",
    "changed": "after half of the facts changed, from a new index",
    "old_index": "after half of the facts changed, from the old index",
    "closed_book_later": "after half of the facts changed, without a page",
}
WORDS = {
    "right": "facts right",
    "valid-json": "replies in the asked form",
    "source-right": "sources right",
    "declined": "said that it is not in the handbook, though it is",
    "right-changed": "facts right, of those that changed",
    "right-kept": "facts right, of those that did not change",
    "right-taught": "facts right, of those that it was taught",
    "right-untaught": "facts right, of those that it was not taught",
    "invented": "answers invented to questions that the handbook does not answer",
}


HITS = {
    "retrieved top-1": ("retrieval.top-1", "the right page retrieved as the first one"),
    "retrieved top-3": ("retrieval.top-3", "the right page among the first three retrieved"),
    "changed top-1": ("retrieval.changed.top-1", "after the change, the right page retrieved as the first one"),
    "changed top-3": ("retrieval.changed.top-3", "after the change, the right page among the first three retrieved"),
}


def summarise(name: str, machine: str, root: Path) -> Path:
    """Write the summary of the runs of a machine and return its path; raises BadRun, BadResult or RunError."""
    plan = read_plan(root)
    must_be_of(plan["evidence"].get("dtype"), load(experiment_of(name, machine), root))
    runs = whole_seeds(load(experiment_of(name, machine), root), list(arms(root)))
    with ThreadPoolExecutor(2) as pool:  # each call is a process of its own
        calls = list(pool.map(lambda call: call(), calls_of(runs, plan, root)))
    measured = {key: number for call in calls for key, number in call.items()}
    adjust(measured, plan)
    return results.write(
        name,
        machine,
        command=runs[0].command,
        code=[*(run.path for run in runs), *CODE, *judged_by(root)],
        measured=measured | plain_numbers(runs),
        notes=note_of(runs),
        printed=run_evals(lesson_lines(runs), "right", root)["printed"],
        environment=environment_of(runs),
        date=max(run.date for run in runs),
        root=root,
    )


def read_plan(root: Path) -> dict:
    """Return what is to be run and compared."""
    return tomllib.loads((root / PLAN).read_text(encoding="utf-8"))


def must_be_of(dtype: str | None, runs: Sequence[Run]) -> None:
    """Raise BadRun for a run that was computed in another dtype than the plan's; a plan may leave it open."""
    for run in runs:
        if dtype and (actual := run.environment.get("dtype")) != dtype:
            raise BadRun(f"{run.path} was computed in {actual}, not in {dtype}; delete it and run: {run.command}")


def whole_seeds(runs: Sequence[Run], planned: Sequence[str]) -> list[Run]:
    """Return the runs of the seeds that every arm has been run on; BadRun where there is none, or they differ."""
    arms_of = {run.seed: {other.arm for other in runs if other.seed == run.seed} for run in runs}
    whole = [seed for seed, present in arms_of.items() if present >= set(planned)]
    command = runs[0].command if runs else "python -m scripts.experiment --model build/model"
    if not whole:
        fullest = max(arms_of.values(), key=len, default=set())
        missing = next(arm for arm in planned if arm not in fullest)
        raise BadRun(f"no seed has a run of every arm ({missing} is missing); run: {command}")
    order = {arm: place for place, arm in enumerate(planned)}
    chosen = [run for run in runs if run.seed in whole and run.arm in order]
    if len({(run.environment.get("model"), run.protocol) for run in chosen}) > 1:
        raise BadRun(f"the runs come from several models or protocols; run: {command}")
    return sorted(chosen, key=lambda run: (order[run.arm], run.seed))


def calls_of(runs: Sequence[Run], plan: Mapping, root: Path) -> Iterator:
    """Yield functions that each return some of the numbers by key: the shares of the versions, then the comparisons."""
    for questions, metrics in ASKED.items():
        chosen = of_the_taught(runs) if questions.endswith("taught") else runs
        for metric, end in metrics.items():
            yield partial(shares, chosen, questions, metric, end, root)
    yield lambda: rename_shares(evals(hits_of([run for run in runs if run.arm == BASE]), "", root), HITS)
    yield lambda: {
        f"{arm}.general.kept": number(share, f"{arm}: general questions still right, of those that the base knows")
        for arm, share in evals(general_of(runs, BASE), "", root)["versions"].items()
    }
    yield from (partial(compare, runs, comparison, root) for comparison in plan["comparison"])


def of_the_taught(runs: Sequence[Run]) -> list[Run]:
    """Return the runs of the arm that is taught a part, and of the base with the same rows: it is asked the same."""
    rows = {run.seed: run.metrics["rows"] for run in runs if run.arm == HALF}
    return [replace(run, metrics={**run.metrics, "rows": rows[run.seed]}) for run in runs if run.arm in (BASE, HALF)]


def shares(runs: Sequence[Run], questions: str, metric: str, end: str, root: Path) -> dict[str, dict]:
    """Return the shares of every version for a set of questions and a metric, with their values by seed."""
    pooled = evals(lines_of(runs, questions), metric, root)["versions"]
    by_seed = [
        evals(lines_of([run for run in runs if run.seed == seed], questions), metric, root)["versions"]
        for seed in dict.fromkeys(run.seed for run in runs)
    ]
    measured = {}
    for version, share in pooled.items():
        arm, cell = version.split(" ")
        seeds = [versions[version]["value"] for versions in by_seed]
        key, says = f"{arm}.{spell(cell)}.{end}", f"{arm}, {CELLS[cell]}: {WORDS[end]}."
        measured[key] = number(share, says, seeds, turned=end == "invented")
    return measured


def number(share: Mapping, says: str, seeds: Sequence[float] = (), turned: bool = False) -> dict:
    """Return a measured share; turned: of the rest of the questions."""
    if turned:
        share = {"value": 1 - share["value"], "low": 1 - share["high"], "high": 1 - share["low"], "n": share["n"]}
        seeds = [1 - value for value in seeds]
    spread = {"min": min(seeds), "max": max(seeds), "seeds": [tidy(value) for value in seeds]} if seeds else {}
    ends = {end: tidy(share[end]) for end in ("value", "low", "high")}
    return {**ends, "cases": share["n"], **spread, "unit": SHARE, "says": says}


def rename_shares(report: Mapping, names: Mapping[str, tuple[str, str]]) -> dict[str, dict]:
    """Return the shares of versions under other names."""
    return {key: number(report["versions"][version], f"Search: {says}.") for version, (key, says) in names.items()}


def plain_numbers(runs: Sequence[Run]) -> dict[str, dict]:
    """Return perplexity and seconds of every arm: means over the seeds, with what each seed gave."""
    measured = {}
    base = {run.seed: run.metrics["general"]["perplexity"] for run in runs if run.arm == BASE}
    for arm in dict.fromkeys(run.arm for run in runs):
        arm_runs = [run for run in runs if run.arm == arm]
        ratios = [run.metrics["general"]["perplexity"] / base[run.seed] for run in arm_runs]
        training = [run.metrics["seconds"]["training"] for run in arm_runs]
        update = [run.metrics["seconds"]["index"] for run in arm_runs]
        measured[f"{arm}.general.perplexity"] = mean(
            ratios, "", f"{arm}: perplexity of plain prose, as a ratio to the base."
        )
        if any(training):
            measured[f"{arm}.training"] = mean(training, "processor s", f"{arm}: processor time of the training.")
        if arm == BASE:
            measured["retrieval.update"] = mean(update, "processor s", "Processor time to bring the index up to date.")
    return measured


def mean(values: Sequence[float], unit: str, says: str) -> dict:
    """Return the mean of the seeds."""
    seeds = [tidy(value) for value in values]
    spread = {"min": min(seeds), "max": max(seeds), "seeds": seeds, "n": len(seeds)}
    return {"value": tidy(statistics.fmean(values)), **spread, "unit": unit, "says": says}


def lesson_lines(runs: Sequence[Run]) -> Lines:
    """Return the versions that the lesson on evals compares, each under a name for people."""
    lines = lines_of(runs, "now")
    return {arm: lines[f"{arm} retrieved"] for arm in (BASE, "examples", "lora-behaviour")}
