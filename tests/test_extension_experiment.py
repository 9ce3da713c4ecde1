"""`::: experiment` prints tables and a chart from a result file, and nothing that is not in it."""

import re

import pytest

from scripts import results
from scripts.extension import SiteError
from tests.tiny_site import TinySite


def share(value, low=None, high=None):
    interval = {} if low is None else {"low": low, "high": high}
    return {"value": value, "unit": "of 1", "says": "A share.", **interval}


MEASURED = {
    "arms.base.facts-right": share(0.04, 0.02, 0.07),
    "arms.base.valid-format": share(0),
    "arms.base.public-kept": share(1, 0.97, 1),
    "arms.rag.facts-right": share(0.96, 0.93, 0.98),
    "arms.rag.valid-format": share(0, 0, 0.02),
    "tuning.lora-behaviour.trainable-parameters": {"value": 58752, "unit": "", "says": "Trained weights."},
}


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    code = site.write("snippets/fine_tune_vs_rag.py", "main()")
    results.write("table", "cpu", command="make it", code=[code], measured=MEASURED, root=tmp_path)
    site.write("results/expected.yml", "table-gpu: {machine: gpu, command: make it, says: The table on a GPU.}\n")
    return site


def test_table_holds_values_with_their_intervals(site):
    html = site.render("::: experiment table-cpu closed-book\n")
    assert '<th scope="row">Base model</th>' in html and "RAG" not in html
    assert '<data value="0.04" title="A share.">0.04</data><small>0.02 to 0.07</small>' in html
    assert html.count("<tr>") == 2, "an arm without values has no row"
    assert html.count("<td></td>") == 3, "a value that was not measured leaves its cell empty"


def test_table_with_pages_has_the_arms_with_retrieval(site):
    html = site.render("::: experiment table-cpu with-pages\n")
    assert '<th scope="row">Base model + RAG</th>' in html and "0.93 to 0.98" in html


def test_cost_is_a_table_of_its_own(site):
    assert "58,752" in site.render("::: experiment table-cpu cost\n")


def test_chart_is_drawn_to_scale_and_told_in_words(site):
    html = site.render("::: experiment table-cpu chart\n")
    widths = [float(width) for width in re.findall(r'class="solid" x="6" y="[\d.]+" width="([\d.]+)"', html)]
    assert widths[1] / widths[0] == pytest.approx(0.96 / 0.04, rel=0.01)
    assert "Base model + RAG: facts 0.96, valid JSON 0" in html
    assert 'role="img" aria-labelledby="experiment-title experiment-desc"' in html


def test_announced_result_is_not_measured_yet(site):
    html = site.render("::: experiment table-gpu chart\n")
    assert '<a class="measured" href="evidence.md#table-gpu">Not measured yet</a>' in html


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("::: experiment table-cpu graph", r"'graph' is no table of an experiment"),
        ("::: experiment table-cp chart", r"there is no result table-cp; did you mean table-cpu"),
        ("::: experiment", r"'' is no table of an experiment|write '::: name argument'"),
    ],
)
def test_mistakes_stop_the_build(site, line, problem):
    with pytest.raises(SiteError, match=problem):
        site.render(line + "\n")


def test_stale_result_stops_the_build(site):
    site.write("snippets/fine_tune_vs_rag.py", "main(2)")
    with pytest.raises(SiteError, match="is stale"):
        site.render("::: experiment table-cpu chart\n")
