"""`::: experiment`: each number stands in the right cell, by arm and by question."""

import pytest

from tests.evidence_data import ARMS, site_with
from tests.evidence_page import line, page_of, section


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The page as the tests find it that change nothing."""
    return page_of(site_with(tmp_path_factory.mktemp("site")))


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
