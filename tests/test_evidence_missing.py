"""The Evidence page while something is missing or more is there than a table asks for."""

import re

import pytest

from scripts.extension.evidence.experiment_questions import QUESTIONS
from tests.conftest import ROOT
from tests.evidence_data import ARMS, BLOCK, STEM, measured, site_with, write_result
from tests.evidence_page import line, page_of, section


@pytest.fixture
def site(tmp_path):
    return site_with(tmp_path)


def test_what_no_arm_was_asked_leaves_columns_rows_and_tables_out(site):
    few = {
        key: one
        for key, one in measured().items()
        if not re.search(r"top-3|right-page|compare|declined|general|taught|^lora-pages\.closed-book\.right$", key)
    }
    write_result(site, few)
    html = page_of(site)
    table, _ = section(html, "facts")
    assert table[0] == ["Arm", "No page", "Page retrieved"]
    assert line(table, "LoRA on the pages")[1:] == ["-", "24 (19 to 29)"]
    for gone in ("comparisons", "declined", "half"):
        assert f'id="{STEM}-{gone}"' not in html
    assert section(html, "cost")[0][0] == ["Arm", "Training, processor seconds"]
    assert len(section(html, "cost")[0]) == 1 + sum("teach" in settings for settings in ARMS.values())


def test_numbers_that_no_table_asks_for_stand_in_a_fold_at_the_end(site):
    more = {"run-seconds": {"value": 9, "unit": "s", "says": "One whole run."}}
    write_result(site, measured() | more)
    html = page_of(site)
    assert "<summary>All other numbers: 1</summary>" in html and f'<tr id="{STEM}:run-seconds">' in html


def test_while_it_is_only_announced_it_says_what_it_will_answer(site):
    (site.root / f"results/{STEM}.json").unlink()
    site.write("results/expected.yml", f"{STEM}: {{machine: cpu, command: make it, says: The whole.}}\n")
    html = page_of(site, f"{BLOCK.strip()} What we will know\n\n::: evidence\n")
    assert f'<h2 id="{STEM}">What we will know</h2>' in html
    assert '<a href="#not-measured-yet">Not measured yet</a>' in html and "<table" not in html
    assert all(f"<li>{question.asks}</li>" in html for question in QUESTIONS)
    assert html.count("make it") == 1


def test_the_real_page_stands_with_and_without_the_result(site):
    text = (ROOT / "docs/evidence.md").read_text(encoding="utf-8").partition("---\n")[2].partition("---\n")[2]
    site.write("results/expected.yml", f"{STEM}: {{machine: cpu, command: make it, says: The whole.}}\n")
    whole = page_of(site, text)
    assert "How long does it take to follow the change?</strong>" in whole and "tuning.zip" in whole
    (site.root / f"results/{STEM}.json").unlink()
    for run in (site.root / "results/runs/tuning").iterdir():
        run.unlink()
    told = re.findall(r"Not measured yet(?:</a>|\.|</h2>)", page_of(site, text))
    assert len(told) == 3, "the trials, the experiment, the list"
