"""Shares and their intervals, against scipy, statsmodels and a bootstrap written out."""

import random
import re

import numpy
import pytest
from statsmodels.stats.proportion import proportion_confint

from case.prompt import NOT_THERE
from case.report import WIDTH, example, percent, table
from case.shares import RESAMPLES, score, share


def test_a_share_is_a_mean_with_its_count():
    found = share([True, False, True, True])
    assert (found["value"], found["n"]) == (0.75, 4) and found["low"] < 0.75 < found["high"]


@pytest.mark.parametrize("mark", [True, False])
def test_marks_that_are_all_alike_have_wilsons_interval(mark):
    low, high = proportion_confint(20 * mark, 20, method="wilson")
    found = share([mark] * 20, [i // 4 for i in range(20)])
    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=1e-4)


def test_nothing_asked_has_no_share():
    assert share([]) == {"value": None, "low": None, "high": None, "n": 0}


def test_pages_are_resampled_and_not_answers():
    """Answers about a page that are all alike tell no more than one."""
    marks = [page % 2 == 0 for page in range(16) for _ in range(6)]
    pages = [page for page in range(16) for _ in range(6)]
    clustered, naive = share(marks, pages), share(marks)
    width = {name: found["high"] - found["low"] for name, found in (("page", clustered), ("answer", naive))}
    assert width["page"] > 2 * width["answer"]


def test_interval_is_that_of_a_bootstrap_written_out():
    rng = random.Random(0)
    cells = [[rng.random() < 0.6 for _ in range(rng.randint(2, 8))] for _ in range(12)]
    marks = [mark for cell in cells for mark in cell]
    pages = [page for page, cell in enumerate(cells) for _ in cell]
    drawn = []
    for _ in range(4 * RESAMPLES):
        chosen = rng.choices(cells, k=len(cells))
        drawn.append(sum(map(sum, chosen)) / sum(map(len, chosen)))
    low, high = numpy.percentile(drawn, [2.5, 97.5])
    found = share(marks, pages)
    assert (found["low"], found["high"]) == pytest.approx((low, high), abs=0.02)


def test_declining_is_counted_apart():
    row = {"question": "When?", "answer": "07:05", "source": "doors"}
    none = {"question": "Who?", "answer": NOT_THERE, "source": None, "page": "doors"}
    declines = '{"answer": "not in the handbook", "source": null}'
    found = score(['{"answer": "07:05", "source": "doors"}', declines, declines, "the cook"], [row, row, none, none])
    values = {key: (cell["value"], cell["n"]) for key, cell in found.items()}
    assert values == {
        "right": (0.5, 2),
        "valid_json": (1.0, 2),
        "source_right": (0.5, 2),
        "declined": (0.5, 2),
        "declined_right": (0.5, 2),
    }


def test_a_table_shows_percent_and_fits_its_width():
    shown = table("Title", ["", "right"], [["with page", share([True] * 3 + [False])], ["closed book", share([])]])
    title, _, head, line, first, last = shown.splitlines()
    assert title == "Title" and set(line) == {"-"} and re.match(r"with page +75 \(\d+ to \d+\)$", first)
    assert last.split() == ["closed", "book", "-"] and len(head) <= WIDTH
    assert percent(3) == "3" and percent(None) == "-"
    assert len(example("before", "word " * 50)) <= WIDTH
