"""The statistics of a comparison, held against statsmodels and counts by hand."""

import random
from collections import Counter

import numpy
import pytest
import statsmodels.api as sm
from statsmodels.stats.contingency_tables import mcnemar

from scripts.measuring.comparisons import adjust, compare
from scripts.measuring.runs import Run
from scripts.measuring.versions import lines_of
from tests.known_replies import (
    comparison,
)
from tests.made_runs import made_run

pytestmark = pytest.mark.slow


def test_holm_by_hand():
    """The smallest p times all, the next times all but one, and none below the one before."""
    each = {"a": (0.01, "one"), "b": (0.04, "one"), "c": (0.03, "one"), "d": (0.04, "two")}
    measured = {f"compare.{name}.p": {"value": p, "says": "p, by"} for name, (p, _) in each.items()}
    plan = {"comparison": [{"name": name, "family": family} for name, (_, family) in each.items()]}
    adjust(measured, plan)
    got = {name: measured[f"compare.{name}.p-holm"]["value"] for name in each}
    assert got == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.04})


def paired(root, pages: int, facts: int, seeds: tuple[int, ...], right) -> list[Run]:
    """Return runs of two arms. right(arm, page, fact, seed) says whether a reply is right."""
    made = []
    for seed in seeds:
        for arm in ("base", "examples"):
            cells = [(page, fact) for page in range(pages) for fact in range(facts)]
            rows = [
                {"question": f"{page}-{fact}", "answer": "amber", "later": "birch", "source": f"page-{page}"}
                for page, fact in cells
            ]
            replies = ["amber" if right(arm, page, fact, seed) else "cedar" for page, fact in cells]
            metrics = {"rows": rows, "replies": {"closed_book": replies, "retrieved": replies}}
            made.append(made_run(root, arm=arm, seed=seed, metrics=metrics))
    return made


PAIR = comparison("pair", "base closed_book", "examples closed_book")


def test_the_interval_holds_pages_together_over_the_seeds(root):
    """A page is good for an arm on every seed: pages are the cases, as in an OLS whose errors cluster by page."""
    rng, pages, seeds = random.Random(3), 40, (0, 1, 2)
    better = {page: rng.choice([0.1, 0.9]) for page in range(pages)}

    def right(arm: str, page: int, fact: int, seed: int) -> bool:
        return rng.random() < (better[page] if arm == "examples" else 0.5)

    found = paired(root, pages, 2, seeds, right)
    measured = compare(found, PAIR, root)["compare.pair.difference"]
    lines = lines_of(found, "now")
    marks = {name: [line["reply"] == "amber" for line in each] for name, each in lines.items()}
    difference = numpy.subtract(marks["examples closed_book"], marks["base closed_book"], dtype=float)
    by_page = [int(line["page"][5:]) for line in lines["base closed_book"]]
    by_page_and_seed = [
        1000 * int(line["id"][0]) + page for page, line in zip(by_page, lines["base closed_book"], strict=True)
    ]

    def half_width(clusters: list[int]) -> float:
        fit = sm.OLS(difference, numpy.ones_like(difference)).fit(
            cov_type="cluster", cov_kwds={"groups": numpy.array(clusters)}
        )
        return 1.96 * float(fit.bse[0])

    assert measured["value"] == pytest.approx(difference.mean(), abs=1e-4) and measured["cases"] == 240
    half = (measured["high"] - measured["low"]) / 2
    assert half == pytest.approx(half_width(by_page), rel=0.1)
    assert half > 1.3 * half_width(by_page_and_seed)


def test_with_a_question_a_page_p_is_that_of_mcnemar(root):
    rng = random.Random(5)
    skill = {"base": 0.4, "examples": 0.7}
    found = paired(root, 50, 1, (0,), lambda arm, *_: rng.random() < skill[arm])
    measured = compare(found, PAIR, root)
    first, second = ([reply == "amber" for reply in run.metrics["replies"]["closed_book"]] for run in found)
    both = Counter(zip(first, second, strict=True))
    square = [[both[a, b] for b in (True, False)] for a in (True, False)]
    assert measured["compare.pair.p"]["value"] == pytest.approx(mcnemar(square, exact=True).pvalue, rel=1e-5)
    assert measured["compare.pair.won"]["value"] == both[False, True]
    assert measured["compare.pair.lost"]["value"] == both[True, False]
    assert measured["compare.pair.difference"]["value"] == (both[False, True] - both[True, False]) / 50


def test_with_the_same_page_on_two_seeds_p_is_of_swapped_pages(root):
    """Four pages, better on both seeds: 2 of the 16 ways to swap them are as far from nought, whatever the seeds."""
    found = paired(root, 4, 1, (0, 1), lambda arm, *_: arm == "examples")
    assert compare(found, PAIR, root)["compare.pair.p"]["value"] == 2 / 2**4
