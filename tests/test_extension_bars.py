"""`::: bars` draws what a result file holds, to scale, told in words, and nothing else."""

import re

import pytest

from scripts import results
from scripts.extension import SiteError
from tests.tiny_site import TinySite

CHART = """\
title: Examples help
description: Answers that parse.
caption: The case.
solid: facts right
hatched: valid JSON
groups:
- name: JSON
  rows:
  - {label: No example, solid: "few-cpu:none.facts", hatched: "few-cpu:none.valid"}
  - {label: One, solid: "few-cpu:one.facts"}
"""
MEASURED = {
    "none.facts": {"value": 0.2, "unit": "of 1", "says": "A share.", "low": 0.1, "high": 0.3},
    "none.valid": {"value": 0, "unit": "of 1", "says": "A share."},
    "one.facts": {"value": 0.8, "unit": "of 1", "says": "A share."},
    "ratio": {"value": 2.5, "unit": "", "says": "A ratio."},
}


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    results.write("few", "cpu", command="make it", code=[site.write("few.py", "")], measured=MEASURED, root=tmp_path)
    site.write("docs/_data/charts/few.yml", CHART)
    return site


def test_bars_are_to_scale_and_told_in_words(site):
    html = site.render("::: bars few\n")
    widths = [float(width) for width in re.findall(r'class="solid" x="6" y="[\d.]+" width="([\d.]+)"', html)]
    assert widths[1] / widths[0] == pytest.approx(0.8 / 0.2)
    assert "No example: facts right 0.2, valid JSON 0; One: facts right 0.8." in html
    assert html.count('class="interval"') == 1, "an interval only where there is one"
    assert 'aria-labelledby="few-title few-desc"' in html


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "few-cpu:one.facts",
            "few-cpu:one.fact",
            r"few\.yml:10: result few-cpu has no one\.fact; did you",
        ),
        ("few-cpu:one.facts", "fw-cpu:one.facts", r"few\.yml:10: there is no result fw-cpu; did you mean few-cpu"),
        ("few-cpu:one.facts", "few-cpu:ratio", r"few\.yml:10: few-cpu:ratio is 2\.5, and a bar goes from 0 to 1"),
        (', solid: "few-cpu:one.facts"', "", r"few\.yml:10: One has no bar; give it solid or hatched"),
        ("hatched: valid JSON\n", "", r"few\.yml:8: the chart does not say what hatched bars show"),
        ("title:", "titel:", r"few has no title"),
    ],
)
def test_mistakes_stop_the_build(site, old, new, problem):
    site.write("docs/_data/charts/few.yml", CHART.replace(old, new, 1))
    with pytest.raises(SiteError, match=problem):
        site.render("::: bars few\n")


def test_an_announced_result_is_not_measured_yet(site):
    site.write("results/expected.yml", "few-gpu: {machine: gpu, command: make it, says: Later.}\n")
    site.write("docs/_data/charts/few.yml", CHART.replace("few-cpu", "few-gpu"))
    html = site.render("::: bars few\n")
    assert '<a class="measured" href="evidence.md#few-gpu">Not measured yet</a>' in html


def test_a_chart_that_is_no_mapping_stops_the_build(site):
    site.write("docs/_data/charts/few.yml", "- one\n")
    with pytest.raises(SiteError, match=r"few\.yml:1: must be a mapping"):
        site.render("::: bars few\n")
