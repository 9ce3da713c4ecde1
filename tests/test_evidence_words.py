"""`::: arms` and the words of the experiment's page: a mistake in them or on the page stops with its line."""

import pytest

from scripts.extension.page import SiteError
from tests.evidence_data import ARMS, site_with
from tests.evidence_page import page_of
from tests.test_evidence import rows


@pytest.fixture
def site(tmp_path):
    return site_with(tmp_path)


def test_arms_are_a_table_of_their_own(site):
    html = page_of(site, "::: arms\n")
    assert rows(html)[1] == ["The model as it came base", "SmolLM2-135M-Instruct with a plain prompt."]
    assert len(rows(html)) == len(ARMS) + 1 and '<tr id="arm-lora-pages">' in html


def replaced(site, file, old, new):
    text = (site.root / file).read_text(encoding="utf-8")
    assert old in text
    site.write(file, text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"),
    [
        (
            "arms.yml",
            "lora-pages:",
            "lora-page:",
            r"arms\.yml:4: the arm lora-pages was measured and has no label here",
        ),
        (
            "arms.yml",
            "base:",
            "bse:\n  label: a\n  says: b\nbase:",
            r"arms\.yml:4: there is no arm bse; did you mean base",
        ),
        (
            "arms.yml",
            "label: The model",
            "lable: The model",
            r"arms\.yml:\d: base has an unknown field lable; did you mean label",
        ),
        (
            "comparisons.yml",
            "four-bits:",
            "for-bits:",
            r"comparisons\.yml:\d+: there is no comparison for-bits in .*four-b",
        ),
        (
            "comparisons.yml",
            "second: After",
            "secnd: After",
            r"comparisons\.yml:7: changed-facts has an unknown field secnd",
        ),
        (
            "comparisons.yml",
            "four-bits:\n  asks: Does a base of four bits cost facts?\n",
            "",
            r"comparisons\.yml:\d+: the comparison four-bits was measured and asks nothing here",
        ),
    ],
)
def test_a_mistake_in_the_words_stops_with_its_line(site, file, old, new, problem):
    replaced(site, f"docs/_data/{file}", old, new)
    with pytest.raises(SiteError, match=rf"^docs/_data/{problem}"):
        page_of(site)


@pytest.mark.parametrize("file", ["arms.yml", "comparisons.yml"])
def test_a_file_of_words_must_be_a_mapping(site, file):
    site.write(f"docs/_data/{file}", "- base\n")
    with pytest.raises(SiteError, match=rf"^docs/_data/{file}:1: must be a mapping"):
        page_of(site)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "::: experiment fine-tune-vs-rag-cpo\n",
            "there is no result fine-tune-vs-rag-cpo; did you mean fine-tune-vs-rag-cpu",
        ),
        ("::: experiment\n", "there is no result without a name"),
        ("::: arms all\n", "arms takes no argument"),
        ("::: runs tunin\n", "there are no runs of tunin; did you mean tuning"),
        ("::: runs\n", "there are no runs of nothing"),
    ],
)
def test_a_mistake_on_the_page_stops_with_its_line(site, text, problem):
    with pytest.raises(SiteError, match=rf"^docs/evidence\.md:2: {problem}"):
        page_of(site, f"\n{text}")
