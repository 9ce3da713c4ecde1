"""`::: differences` draws intervals around zero from results, to scale, and says in words what they show."""

import re

import pytest

from scripts import results
from scripts.extension import SiteError, differences
from tests.tiny_site import TinySite

CHART = """\
title: Around zero
description: New minus old.
caption: The case.
rows:
- {label: Better, result: evals-cpu, pair: old.good}
- {label: Not shown, result: evals-cpu, pair: old.new}
- {label: Worse, result: evals-cpu, pair: old.bad}
"""


def pair(name, value, low, high, won, lost, **more):
    count = {"unit": "questions", "says": "Questions."}
    return {
        f"pairs.{name}.difference": {"value": value, "low": low, "high": high, "unit": "", "says": "New.", **more},
        f"pairs.{name}.won": {"value": won, **count},
        f"pairs.{name}.lost": {"value": lost, **count},
    }


MEASURED = {
    **pair("old.good", 0.05, 0.01, 0.09, 12, 0),
    **pair("old.bad", -0.05, -0.08, -0.02, 0, 9),
    **pair("old.new", -0.02, -0.13, 0.1, 3.33333, 6.33333, n=3, min=-0.05, max=0.03),
    "pairs.old.bare.difference": {"value": 0.1, "unit": "", "says": "No interval."},
    "pairs.old.bare.won": {"value": 1, "unit": "", "says": "Won."},
    "pairs.old.bare.lost": {"value": 0, "unit": "", "says": "Lost."},
}


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    made = {"command": "make it", "code": [site.write("evals.py", "")], "measured": MEASURED, "root": tmp_path}
    results.write("evals", "cpu", **made)
    site.write("docs/_data/charts/paired.yml", CHART)
    return site


def test_every_row_says_what_its_interval_shows(site):
    html = site.render("::: differences paired\n")
    assert re.findall(r'class="verdict">([^<]+);<', html) == [
        "clear of zero: better",
        "holds zero: not shown",
        "clear of zero: worse",
    ]
    assert "Better: +0.05, from +0.01 to +0.09, 12 won, 0 lost, clear of zero: better;" in html
    assert "Not shown: −0.02, from −0.13 to +0.1, 3.33 won, 6.33 lost" in html  # noqa: RUF001
    assert "Worse: −0.05, from −0.08 to −0.02, 0 won, 9 lost" in html  # noqa: RUF001
    assert 'role="img" aria-labelledby="paired-title paired-desc"' in html


def test_it_is_to_scale_and_zero_is_in_the_middle(site):
    html = site.render("::: differences paired\n")
    means = [float(x) - differences.WIDTH / 2 for x in re.findall(r'class="mean" cx="([\d.]+)"', html)]
    assert [mean / means[0] for mean in means] == pytest.approx([1, -0.02 / 0.05, -1], abs=0.01)
    rings = [float(x) - differences.WIDTH / 2 for x in re.findall(r'class="ring" cx="([\d.]+)"', html)]
    assert [ring / means[0] for ring in rings] == pytest.approx([-1, 0.03 / 0.05], abs=0.01), "only where seeds differ"
    drawn = [float(x) for x in re.findall(r'(?:x|cx)="([\d.]+)"', html)]
    assert min(drawn) >= 0 and max(drawn) <= differences.WIDTH


MISTAKES = {
    "result": ("evals-cpu, pair: old.good", "eval-cpu, pair: old.good", r":5: there is no result eval-cpu; did you"),
    "pair": ("old.good", "old.god", r":5: evals-cpu has no pairs\.old\.god\.difference; did you mean"),
    "no interval": ("old.good", "old.bare", r":5: the difference of old\.bare has no interval to draw"),
    "field": ("pair: old.bad", "pear: old.bad", r":7: rows has no pair"),
    "no rows": ("rows:", "row:", r":1: paired has no rows"),
}


@pytest.mark.parametrize(("old", "new", "problem"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_stop_the_build(site, old, new, problem):
    assert old in CHART
    site.write("docs/_data/charts/paired.yml", CHART.replace(old, new, 1))
    with pytest.raises(SiteError, match=rf"docs/_data/charts/paired\.yml{problem}"):
        site.render("::: differences paired\n")


def test_an_announced_result_is_not_measured_yet(site):
    site.write("results/expected.yml", "evals-gpu: {machine: gpu, command: make it, says: Later.}\n")
    site.write("docs/_data/charts/paired.yml", CHART.replace("evals-cpu", "evals-gpu"))
    html = site.render("::: differences paired\n")
    assert '<a class="measured" href="evidence.md#evals-gpu">Not measured yet</a>' in html


def test_a_list_stops_the_build(site):
    site.write("docs/_data/charts/paired.yml", "- one\n")
    with pytest.raises(SiteError, match=r"paired\.yml:1: must be a mapping with title"):
        site.render("::: differences paired\n")


def test_a_stale_result_stops_the_build(site):
    site.write("evals.py", "changed = 1\n")
    with pytest.raises(SiteError, match=r"docs/index\.md:1: results/evals-cpu\.json is stale"):
        site.render("::: differences paired\n")
