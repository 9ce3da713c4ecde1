"""`::: printed` shows the table that a script printed, as it stands in the result, and nothing else."""

import re

import pytest

from scripts.extension.page import SiteError
from scripts.measuring import results
from tests.tiny_site import TinySite

TABLE = "rag.py on 120 questions\n\n            right\n----------------\nwith pages   50 %"
MEASURED = {"right": {"value": 0.5, "unit": "of 1", "says": "Right."}}


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    made = {"command": "make it", "code": [site.write("rag.py", "")], "measured": MEASURED, "root": tmp_path}
    results.write("rag", "cpu", printed=TABLE, notes="A small model.", **made)
    results.write("silent", "cpu", **made)
    site.write("results/expected.yml", "rag-gpu: {machine: gpu, command: make it, says: Later.}\n")
    return site


def test_the_table_is_shown_as_it_was_printed(site):
    assert TABLE in re.sub("<[^>]+>", "", site.render("::: printed rag-cpu\n"))


def test_below_it_stand_the_command_the_model_and_the_way_to_all_values(site):
    html = site.render("::: printed rag-cpu\n")
    assert "Made by <code>make it</code>. A small model. " in html
    assert '<a href="evidence.md#rag-cpu">All values</a>' in html


def test_an_announced_result_is_not_measured_yet(site):
    assert '<a class="measured" href="evidence.md#rag-gpu">Not measured yet</a>' in site.render("::: printed rag-gpu\n")


MISTAKES = {
    "rag-cp": "there is no result rag-cp with a printed table; did you mean rag-cpu",
    "silent-cpu": "there is no result silent-cpu with a printed table",
}


@pytest.mark.parametrize(("argument", "message"), MISTAKES.items(), ids=MISTAKES)
def test_mistakes_stop_the_build(site, argument, message):
    with pytest.raises(SiteError, match=rf"^docs/index\.md:3: {message}"):
        site.render(f"# Page\n\n::: printed {argument}\n")


def test_a_stale_result_stops_the_build(site):
    site.write("rag.py", "changed = 1\n")
    with pytest.raises(SiteError, match=r"docs/index\.md:1: results/rag-cpu\.json is stale"):
        site.render("::: printed rag-cpu\n")
