"""Shares with intervals. Answers about a page are alike, so pages are resampled."""

from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy
from scipy.stats import bootstrap
from statsmodels.stats.proportion import proportion_confint

from case.judge import judge

RESAMPLES = 2_000


def share(marks: Sequence[float], clusters: Sequence[Hashable] | None = None) -> dict:
    """Return {"value", "low", "high", "n"}: the mean of marks, with a 95 % interval.

    Percentile bootstrap over clusters, such as the page of each question; Wilson's
    interval where all marks are alike or there is one cluster. No mark: value None.
    """
    n = len(marks)
    if not n:
        return {"value": None, "low": None, "high": None, "n": 0}
    cells = defaultdict(list)
    for mark, cluster in zip(marks, clusters or range(n), strict=True):
        cells[cluster].append(float(mark))
    right = numpy.array([sum(cell) for cell in cells.values()])
    asked = numpy.array([len(cell) for cell in cells.values()])
    total = float(right.sum())
    if 0 < total < n and len(cells) > 1:
        how = {"paired": True, "method": "percentile", "n_resamples": RESAMPLES}
        found = bootstrap((right, asked), ratio, **how, rng=0)
        low, high = found.confidence_interval
    else:
        low, high = proportion_confint(total, n, method="wilson")
    found = {"value": total / n, "low": float(low), "high": float(high)}
    return {key: round(value, 4) for key, value in found.items()} | {"n": n}


def ratio(right, asked, axis=-1):
    """Return the share that clusters give: [..., clusters] each."""
    return right.sum(axis) / asked.sum(axis)


def score(replies: Sequence[str], rows: Sequence[dict]) -> dict[str, dict]:
    """Judge replies to rows of question, answer and source. Returns shares.

    right, valid_json, source_right: of the questions that have an answer. declined: of
    the same, replies that say there is none. declined_right: of the others, those.
    """
    verdicts = [judge(said, row) for said, row in zip(replies, rows, strict=True)]
    has_answer = [row["source"] is not None for row in rows]
    pages = [row["source"] or row.get("page") or row["question"] for row in rows]

    def count(field: str, answerable: bool = True) -> dict:
        cases = [i for i, has in enumerate(has_answer) if has == answerable]
        marks = [getattr(verdicts[i], field) for i in cases]
        return share(marks, [pages[i] for i in cases])

    return {
        "right": count("right"),
        "valid_json": count("valid_json"),
        "source_right": count("source"),
        "declined": count("declined"),
        "declined_right": count("right", answerable=False),
    }
