"""`::: experiment`: each number stands in the right cell, named in words, and once more by seed where a link lands."""

import re

import pytest

from scripts.extension.evidence.experiment_comparisons import in_sentence
from scripts.extension.evidence.experiment_questions import QUESTIONS
from scripts.extension.evidence.table import points
from scripts.extension.page import SiteError
from tests.conftest import ROOT
from tests.evidence_data import ARMS, BLOCK, PLAN, STEM, measured, site_with, write_result
from tests.test_evidence import plain, rows


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The page as the tests find it that change nothing."""
    return page_of(site_with(tmp_path_factory.mktemp("site")))


@pytest.fixture
def site(tmp_path):
    return site_with(tmp_path)


def page_of(site, text=BLOCK):
    return plain(site.render(text, "docs/evidence.md"))


def section(html, name):
    """Return the main table of a section and its fold, as rows."""
    inside = html[html.index(f'<h3 id="{STEM}-{name}">') + 4 :].partition("<h3")[0]
    table, _, fold = inside.partition("<details")
    return rows(table), rows(fold)


def line(rows, label):
    return next(row for row in rows if row[0] == label)


def test_facts_stand_by_arm_and_page(made):
    table, fold = section(made, "facts")
    assert table[0] == ["Arm", "No page", "Page retrieved", "Three pages retrieved", "The right page"]
    assert [row[0] for row in table[1:3]] == ["The model as it came", "Examples in the prompt"]
    assert line(table, "The model as it came")[1:] == [
        "10 (5 to 15)",
        "20 (15 to 25)",
        "30 (25 to 35)",
        "40 (35 to 45)",
    ]
    assert line(table, "LoRA on the pages")[1:] == ["14 (9 to 19)", "24 (19 to 29)", "-", "-"]
    assert len(table) == len(ARMS) + 1
    assert line(fold, "LoRA on the pages, retrieved: right") == [
        "LoRA on the pages, retrieved: right",
        "0.24",
        "0.19 to 0.29",
        "0.22; 0.24; 0.26",
        "0.22 to 0.26",
        "288",
    ]


def test_form_has_the_sources_beside_it_and_the_rest_in_the_fold(made):
    table, fold = section(made, "form")
    assert table[0][1:] == ["Form, no page", "Form, page retrieved", "Source, page retrieved"]
    assert line(table, "The model as it came")[1:] == ["20 (15 to 25)", "30 (25 to 35)", "40 (35 to 45)"]
    assert line(fold, "The model as it came, right-page: valid-json")[1] == "0.5"


def test_after_the_change_there_are_three_ways_to_be_asked(made):
    table, _ = section(made, "change")
    assert table[0] == ["Arm", "All facts", "Changed facts", "Kept facts"]
    heads = [row[0] for row in table if row[1:] == [""]]
    assert heads == [
        "With the page retrieved from the new index",
        "With the page retrieved from the old index",
        "Without a page",
    ]
    later = sum(bool(settings.get("later")) for settings in ARMS.values())
    assert len(table) == 1 + 3 + 2 * later + len(ARMS)
    base = [row[1:] for row in table if row[0] == "The model as it came"]
    assert base == [
        ["35 (30 to 40)", "45 (40 to 50)", "55 (50 to 60)"],
        ["15 (10 to 20)", "25 (20 to 30)", "35 (30 to 40)"],
        ["25 (20 to 30)", "35 (30 to 40)", "45 (40 to 50)"],
    ]


def test_tuning_again_stands_beside_the_update_of_the_index(made):
    table, fold = section(made, "update")
    again = 1000 + list(ARMS).index("lora-questions-again")
    assert table == [
        ["To follow it", "Processor seconds"],
        ["Bring the index up to date", "3 (2 to 4)"],
        ["Tune again, on the changed facts", f"{again:,} ({again - 1:,} to {again + 1:,})"],
    ]
    assert line(fold, "LoRA on the changed facts: processor time of the training")[1] == f"{again:,} processor s"


def test_cost_has_knowledge_perplexity_and_training(made):
    table, _ = section(made, "cost")
    assert line(table, "The model as it came")[1:] == ["100 (95 to 100)", "2 (1 to 3)", "-"]
    assert line(table, "LoRA on the pages")[1:] == ["80 (75 to 85)", "6 (5 to 7)", "1,004 (1,003 to 1,005)"]


def test_search_stands_before_and_after_the_change(made):
    table, _ = section(made, "search")
    assert table[1:] == [
        ["In the handbook", "63 (58 to 68)", "80 (75 to 85)"],
        ["After the change, in the new index", "62 (57 to 67)", "79 (74 to 84)"],
    ]


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


def test_every_number_of_the_result_can_be_linked_to_once(made):
    ids = re.findall(r' id="([^"]+)"', made)
    assert len(ids) == len(set(ids))
    assert {f"{STEM}:{key}" for key in measured()} <= set(ids)
    rows_with_id = re.findall(r"<tr( id=\"[^\"]+\")?>\s*<th scope=\"row\"", made)
    assert rows_with_id.count("") == len(PLAN), "of the rows only those have none whose cells do"


def test_tables_are_tables_with_a_caption_and_scopes(made):
    tables = re.findall(r"<table.*?</table>", made, re.DOTALL)
    asks = [question.asks for question in QUESTIONS]
    for table in tables:
        assert re.match(r'<table aria-label="[\w ,]+" class="numbers"><caption><span><strong>[^<]+</strong>', table)
        assert table.count('scope="col"') >= 2 and 'scope="row"' in table
    for ask in asks:
        assert f"<strong>{ask}</strong>" in made
    assert made.count('<div class="md-typeset__scrollwrap">') == len(tables)
    assert "<details" not in re.sub(r"<details.*?</details>", "", made, flags=re.DOTALL)
    assert all(part.count("<details") == 1 for part in re.findall(r"<details.*?</details>", made, re.DOTALL))


def test_how_it_was_made_has_the_printed_table_and_the_certificate(made):
    inside = made[made.index(f'<h3 id="{STEM}-made">') :]
    assert (
        inside.index("The table that it printed") < inside.index("printed by evals.py") < inside.index("Seeds: 0 1 2")
    )
    assert "Repeat it: <code>python -m scripts.experiment</code>" in inside and "Made up." in inside


def test_arms_have_names_and_never_only_ids(made):
    words = re.sub(r"<[^>]+>", " ", made.partition("How it was made")[0])
    assert not [arm for arm in ARMS if "-" in arm and re.search(rf"(?<![\w-]){arm}(?![\w-])", words)]


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


def test_a_comparison_that_is_not_whole_leaves_its_cell_empty(site):
    write_result(site, {key: one for key, one in measured().items() if not key.endswith(("needs", "p-holm"))})
    _, fold = section(page_of(site), "comparisons")
    assert line(fold, "And who knows those that stayed?")[-2:] == ["", ""]


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
