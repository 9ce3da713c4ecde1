"""`::: experiment`: a comparison asks, says what came out, and shows its points."""

import pytest

from scripts.extension.evidence.experiment_comparisons import in_sentence
from scripts.extension.evidence.table import points
from tests.evidence_data import PLAN, STEM, measured, site_with, write_result
from tests.evidence_page import line, page_of, section
from tests.test_evidence import plain


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The page as the tests find it that change nothing."""
    return page_of(site_with(tmp_path_factory.mktemp("site")))


@pytest.fixture
def site(tmp_path):
    return site_with(tmp_path)


def test_a_comparison_asks_says_what_came_out_and_what_was_compared(made):
    table, fold = section(made, "comparisons")
    changed = next(row for row in table if row[0].startswith("Half of the facts change."))
    assert changed == [
        "Half of the facts change. Who knows the changed ones? "
        "After the facts changed, retrieval followed and the tuned model did not. "
        "The model as it came, with the page retrieved from the new index, minus LoRA on questions and answers, "
        "without a page: facts right, of those that changed.",
        "+71 (+60 to +82)",
    ]
    assert [row[0] for row in table if row[1:] == [""]] == ["Primary", "Secondary"]
    said = " ".join(row[0] for row in table)
    assert "here the slogan is wrong." in said, "the first is ahead, in the protocol's sentence"
    assert "We could not show that the adapter changes the behaviour." in said
    assert "Ahead: LoRA on the behaviour, without a page. After Holm's correction this is no longer sure." in said
    assert "Ahead: the model as it came, with the page retrieved. The model as it came" in said
    assert "No difference is shown." in said
    assert len(table) == 1 + 2 + len(PLAN)
    assert fold[0][1:] == [
        "Difference",
        "Only the second",
        "Only the first",
        "p",
        "p after Holm",
        "Questions to show five points",
    ]
    assert line(fold, "And who knows those that stayed?")[1:] == [
        "-30 (-40 to -20)",
        "211",
        "6",
        "<0.001",
        "0.0012",
        "401",
    ]


def test_a_comparison_that_is_not_whole_leaves_its_cell_empty(site):
    write_result(site, {key: one for key, one in measured().items() if not key.endswith(("needs", "p-holm"))})
    _, fold = section(page_of(site), "comparisons")
    assert line(fold, "And who knows those that stayed?")[-2:] == ["", ""]


def test_a_plan_that_is_not_there_compares_nothing(site):
    (site.root / "scripts/experiment.toml").unlink()
    html = page_of(site)
    assert f'id="{STEM}-comparisons"' not in html
    assert f"<summary>All other numbers: {6 * len(PLAN)}</summary>" in html


def test_points_have_their_sign_and_are_whole_where_that_tells_enough():
    def shown(value, low, high):
        return plain(points({"value": value, "low": low, "high": high}))

    assert shown(0.714, 0.6, 0.82) == "+71 (+60 to +82)"
    assert shown(-0.3, -0.4, 0) == "-30 (-40 to 0)"
    assert shown(0.004, -0.0049, 0.0001) == "+0.4 (-0.5 to 0)"


def test_a_name_stays_a_name_within_a_sentence():
    labels = ["The model as it came", "LoRA on the pages", "QLoRA on it", "Held to a schema"]
    expected = ["the model as it came", "LoRA on the pages", "QLoRA on it", "held to a schema"]
    assert [in_sentence(label) for label in labels] == expected
