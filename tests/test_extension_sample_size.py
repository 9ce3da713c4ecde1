"""`::: sample-size` and `::: error-bars`: computed tables, held against a simulation and the reference."""

import re

import numpy as np
import pytest
from scipy import stats

from scripts.extension.lesson import sample_size
from scripts.extension.page import SiteError
from scripts.extension.sources.citations import load_references
from scripts.measuring.results import REPOSITORY
from tests.tiny_site import TinySite

CELLS = [(d, share) for d in sample_size.DIFFERENCES for share in sample_size.DIFFER if share >= d]


@pytest.fixture
def site(tmp_path):
    return TinySite(tmp_path)


def cells(html):
    """-> row label -> cells."""
    rows = re.findall(r'<tr><th scope="row">([^<]+)</th>(.*?)</tr>', html)
    return {label: re.findall(r"<td>([^<]+)</td>", row) for label, row in rows}


@pytest.mark.parametrize(("difference", "differ"), CELLS)
def test_so_many_questions_see_the_difference_four_times_in_five(difference, differ):
    """4,000 simulated evaluations a cell, judged by the exact test: they scatter by 1.3 points to each side.

    Where few questions differ it is more: the correction for whole questions is a safe one, and safest where the new
    system loses none.
    """
    n, rng = sample_size.questions_needed(difference, differ), np.random.default_rng(0)
    shares = [(differ + difference) / 2, (differ - difference) / 2, 1 - differ]
    won, lost, _ = rng.multinomial(n, shares, size=4000).T
    p = np.minimum(1, 2 * stats.binom.cdf(np.minimum(won, lost), won + lost, 0.5))
    assert 0.78 <= np.mean(p < sample_size.LEVEL) <= (0.87 if differ > difference else 0.95)


def test_half_as_many_questions_do_not():
    n, rng = sample_size.questions_needed(0.05, 0.2) // 2, np.random.default_rng(0)
    won, lost, _ = rng.multinomial(n, [0.125, 0.075, 0.8], size=4000).T
    p = np.minimum(1, 2 * stats.binom.cdf(np.minimum(won, lost), won + lost, 0.5))
    assert np.mean(p < 0.05) < 0.6


def test_the_table_has_what_is_computed(site):
    found = cells(site.render("::: sample-size\n"))
    assert list(found) == ["1 point", "2 points", "3 points", "5 points", "10 points"]
    assert found["3 points"] == [f"{sample_size.questions_needed(0.03, share):,}" for share in sample_size.DIFFER]
    assert found["10 points"][0] == sample_size.NOT_SO_FAR, (
        "systems that differ on 5 % of questions are at most 5 points apart"
    )


def test_error_bars_are_those_of_the_reference(site):
    [said] = load_references(REPOSITORY)["arithmetic-error-bars"].supports
    told = {n: points for points, n in re.findall(r"(\d+\.\d) for (?:n = )?(\d[\d,]*\d)", said)}
    column = sample_size.SCORES.index(0.8)
    found = {label: row[column] for label, row in cells(site.render("::: error-bars\n")).items()}
    assert found == told and len(told) == 5


@pytest.mark.parametrize("block", ["sample-size", "error-bars"])
def test_an_argument_stops_the_build(site, block):
    with pytest.raises(SiteError, match=rf"^docs/index\.md:1: {block} takes no argument"):
        site.render(f"::: {block} all\n")
