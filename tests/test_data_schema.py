"""Data that people write by hand: every file names its schema, and a mistake is said with its line."""

import json
import re

import pytest
from jsonschema import Draft202012Validator

from scripts.extension.data_file import load
from scripts.extension.data_schema import SCHEMAS
from scripts.extension.page import SiteError
from scripts.extension.sources.citations import IDENTIFIERS, VERIFIED
from scripts.measuring.results import REPOSITORY

FILES = sorted([*(REPOSITORY / "docs" / "_data").rglob("*.yml"), REPOSITORY / "results" / "expected.yml"])
NAMED = re.compile(r"# yaml-language-server: \$schema=(\S+)\n")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_a_file_names_its_schema_for_editors_and_holds_to_it(path):
    schema = (path.parent / NAMED.match(path.read_text(encoding="utf-8"))[1]).resolve()
    assert schema.parent == SCHEMAS.resolve()
    assert load(path, REPOSITORY, schema.stem)


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.stem)
def test_a_schema_is_one_and_is_used(path):
    Draft202012Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))
    assert any(f"/{path.name}\n" in file.read_text(encoding="utf-8")[:120] for file in FILES)


def test_the_schema_of_sources_knows_the_letters_and_identifiers_that_the_code_knows():
    fields = json.loads((SCHEMAS / "references.json").read_text(encoding="utf-8"))["additionalProperties"]["properties"]
    assert fields["verified"]["enum"] == list(VERIFIED)
    assert set(IDENTIFIERS) <= set(fields)


GOOD = """\
- id: what-changes
  asks: What?
  options:
    - text: This.
      why: Because.
      right: true
    - text: That.
      why: Not so.
"""
MISTAKES = {
    "not a list": (GOOD, "what: this\n", "1: must be a list of questions"),
    "no entries": (GOOD, "[]", "1: must be a list of questions"),
    "nothing at all": (GOOD, "", "1: must be a list of questions"),
    "entry that is a sentence": ("- id", "- What?\n- id", "1: question 1 must be a mapping with id, asks, options"),
    "missing field": ("  asks: What?\n", "", "1: question 1 has no asks; every entry has id, asks, options"),
    "unknown field": ("asks:", "aks:", "2: question 1 has an unknown field aks; did you mean asks?"),
    "wrong type": ("asks: What?", "asks: 3", "2: question 1: asks must be text (quote it), not 3"),
    "truth value for text": ("asks: What?", "asks: yes", "2: question 1: asks must be text (quote it), not True"),
    "empty text": ("asks: What?", "asks: ''", "2: question 1: asks is empty"),
    "wrong form": (
        "what-changes",
        "What",
        "1: question 1: id must be words of a-z and 0-9 joined by hyphens, not 'What'",
    ),
    "inside an entry": ("      why: Not so.\n", "", "7: what-changes, option 2 has no why; every entry has text, why"),
    "wrong type inside": ("right: true", "right: 1", "6: what-changes, option 1: right must be true or false, not 1"),
    "two of them": ("asks: What?", "asks: 3\n  several: 4", "2: question 1: asks must be text (quote it), not 3"),
}


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_with_file_and_line(tmp_path, old, new, message):
    assert GOOD.count(old) == 1
    (tmp_path / "checks.yml").write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(SiteError) as raised:
        load(tmp_path / "checks.yml", tmp_path, "checks")
    assert str(raised.value) == f"checks.yml:{message}"
