"""The site's own references: all are valid, and each is cited or marked as further reading."""

from quiz import all_answers, decide
from scripts.extension.citations import NO_NUMBERS, load_references
from scripts.extension.references import cited_in
from scripts.results import REPOSITORY

REFERENCES = load_references(REPOSITORY)


def cited_by_the_quiz() -> set[str]:
    return {key for answers in all_answers() for key in decide(answers).evidence}


def test_every_reference_is_cited_or_further_reading():
    used = cited_in(REPOSITORY).keys() | cited_by_the_quiz()
    unused = [key for key, one in REFERENCES.items() if not one.further and key not in used]
    assert not unused, "cite these, mark them 'further: true', or take them out"


def test_what_was_not_read_is_only_further_reading():
    assert all(one.further for one in REFERENCES.values() if one.verified in NO_NUMBERS)
