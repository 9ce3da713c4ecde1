"""Read what an evaluation left, whoever ran it: for each question, score and cluster.

Three forms are known:

    JSON lines   `question` (or `id`) with `right`: true, false or a score from 0 to 1;
                 or `reply`, `question`, `answer` and `source`, judged by case.judge
    lm-evaluation-harness   samples_TASK.jsonl of --log_samples
    Inspect      a JSON log (`inspect log convert --to json` turns a .eval into one)

Used by evals.py.  Lesson: /evals/
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from statistics import fmean

import numpy

from case.errors import BadInput
from case.files import read_rows, read_text
from case.judge import Verdict, judge

NAMES = ("id", "question", "doc_id")  # the columns that can name a question
INSPECT = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}  # correct, partial, incorrect, none
HARNESS = ("exact_match", "acc")  # its usual metrics, where a row does not list them


@dataclass(frozen=True)
class Mark:
    """How a version did on a question. score: 0 to 1. cluster: of alike questions."""

    score: float
    cluster: str


def read_versions(
    files: Sequence[Path], metric: str = "", cluster: str = ""
) -> dict[str, dict[str, Mark]]:
    """Read several versions, by the name of their files. Raises BadInput."""
    stems = [file.stem for file in files]
    names = stems if len(set(stems)) == len(stems) else list(map(str, files))
    if len(set(names)) < len(names):
        raise BadInput(f"--files {names[0]}: the same file twice; name different ones")
    found = [read_version(file, metric, cluster) for file in files]
    return dict(zip(names, found, strict=True))


def pair_up(versions: dict[str, dict[str, Mark]]) -> tuple[dict, list[str]]:
    """Return the scores by version and the clusters, all in the first one's order."""
    base, first = next(iter(versions.items()))
    for name, marks in versions.items():
        if alone := sorted(first.keys() ^ marks.keys()):
            what = f"{len(alone)} questions without a partner ({', '.join(alone[:2])})"
            raise BadInput(f"{name} and {base}: {what}; ask both the same questions")
    scores = {
        name: numpy.array([marks[question].score for question in first])
        for name, marks in versions.items()
    }
    clusters = [mark.cluster for mark in first.values()]
    if len(set(clusters)) < 2:
        raise BadInput(f"{base}: all questions in one cluster; compare on two or more")
    return scores, clusters


def read_version(file: Path, metric: str = "", cluster: str = "") -> dict[str, Mark]:
    """Read the marks of one version, by question. Raises BadInput.

    metric: the score to read, where there are several; of lm-evaluation-harness with
    its filter, as in `exact_match,strict-match`. cluster: the column (or metadata) that
    alike questions share; without it the page or source, else each question is its own.
    """
    if file.suffix == ".eval":
        fix = "make it text with `inspect log convert --to json`"
        raise BadInput(f"{file}: Inspect's binary log; {fix}")
    if log := read_log(file):
        return read_inspect(file, log, metric, cluster)
    return read_lines(file, metric, cluster)


def read_log(file: Path) -> dict | None:
    """Return the JSON of a log of Inspect; None for any other file."""
    try:
        log = json.loads(read_text(file))
    except ValueError:
        return None
    keys = set(log) if isinstance(log, dict) else set()
    return log if "samples" in keys or {"eval", "status"} <= keys else None


def read_inspect(file: Path, log: dict, metric: str, cluster: str) -> dict[str, Mark]:
    """Return the marks of a log; of a sample that ran in several epochs the mean."""
    epochs: dict[str, list[Mark]] = {}
    for number, sample in enumerate(log.get("samples") or [], 1):
        where = f"{file}, sample {number}"
        scores = sample.get("scores") if isinstance(sample, dict) else None
        if not isinstance(scores, dict) or not scores or "id" not in sample:
            raise BadInput(f"{where}: no id or no score; see inspect eval-retry")
        scorer = choose(list(scores), metric, where)
        found = scores[scorer]
        value = found.get("value") if isinstance(found, dict) else None
        if isinstance(value, str):
            value = INSPECT.get(value, value)
        name, extra = str(sample["id"]), sample.get("metadata")
        mark = mark_of(value, scorer, name, cluster, where, extra)
        epochs.setdefault(name, []).append(mark)
    if not epochs:
        raise BadInput(f"{file}: a log without samples; dump it with them")
    return {
        name: replace(marks[0], score=fmean(mark.score for mark in marks))
        for name, marks in epochs.items()
    }


def read_lines(file: Path, metric: str, cluster: str) -> dict[str, Mark]:
    """Return the marks of JSON lines, ours or those of lm-evaluation-harness."""
    marks: dict[str, Mark] = {}
    metric, _, wanted = metric.partition(",")
    for where, row in read_rows(file):
        if wanted and row.get("filter") != wanted:
            continue
        key = next((name for name in NAMES if name in row), None)
        if key is None or isinstance(row[key], (list, dict, type(None))):
            raise BadInput(f"{where}: no question; each line needs question or id")
        name, column, value = str(row[key]), *find_score(row, metric, where)
        if name in marks:
            fix = "name its filter, as --metric exact_match,strict-match"
            if "filter" not in row:
                fix = "ask each question once, or give each line an id"
            raise BadInput(f"{where}: question {name} a second time; {fix}")
        marks[name] = mark_of(value, column, name, cluster, where, row, row.get("doc"))
    if not marks:
        raise BadInput(f"{file}: no row has the filter {wanted}")
    return marks


def find_score(row: dict, metric: str, where: str) -> tuple[str, object]:
    """Return the name and the value of a row's score; a reply is judged."""
    if "reply" in row and "right" not in row:
        if missing := {"question", "answer", "source"} - set(row):
            raise BadInput(f"{where}: a reply without {', '.join(sorted(missing))}")
        verdict = judge(str(row["reply"]), row | {"answer": str(row["answer"])})
        names = [field.name for field in fields(Verdict)]
        column = choose(names, metric or "right", where)
        return column, getattr(verdict, column)
    listed = row.get("metrics") if isinstance(row.get("metrics"), list) else HARNESS
    names = ["right"] if "right" in row else [name for name in listed if name in row]
    column = metric if metric in row else choose(names, metric, where)
    return column, row[column]


def choose(names: list[str], metric: str, where: str) -> str:
    """Return the metric that is asked for, or the only one."""
    if metric in names or (not metric and len(names) == 1):
        return metric or names[0]
    if not names and not metric:
        raise BadInput(f"{where}: no right and no reply; add one, or --metric")
    asked = f"no metric {metric}" if metric else "several metrics"
    raise BadInput(f"{where}: {asked}; use --metric {' or '.join(names) or 'right'}")


def mark_of(value, column: str, name: str, cluster: str, where: str, *places) -> Mark:
    """Return a mark from a score and the places that may know its cluster."""
    if not isinstance(value, (bool, int, float)) or not 0 <= value <= 1:
        fix = "use true, false or a score from 0 to 1"
        raise BadInput(f"{where}: {column} is {str(value)[:40]!r}; {fix}")
    known: dict = {}
    for place in places:
        known |= place if isinstance(place, dict) else {}
    if cluster and cluster not in known:
        raise BadInput(f"{where}: no {cluster}; --cluster names a column of every row")
    shared = known[cluster] if cluster else known.get("page") or known.get("source")
    return Mark(float(value), str(shared or name))
