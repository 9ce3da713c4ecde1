"""`::: experiment`: tables named in words, every number once where a link lands, and how it was made."""

import re

import pytest

from scripts.extension.evidence.experiment_questions import QUESTIONS
from tests.evidence_data import ARMS, PLAN, STEM, measured, site_with
from tests.evidence_page import page_of


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The page as the tests find it that change nothing."""
    return page_of(site_with(tmp_path_factory.mktemp("site")))


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
