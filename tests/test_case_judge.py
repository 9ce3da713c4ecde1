"""The one judge, on cases made by hand."""

import json

import pytest

from case.judge import judge, parse
from case.prompt import NOT_THERE, reply

ROW = {"question": "How long before the 08:30 sailing do the doors close?", "answer": "40 minutes", "source": "doors"}
NONE = {"question": "Who painted the doors?", "answer": NOT_THERE, "source": None}


def said(answer, source="doors"):
    return json.dumps({"answer": answer, "source": source})


FACTS = [
    ("40 minutes", "40 minutes", True),
    ("40", "40 minutes", True),  # the unit left out
    ("40 min", "40 minutes", True),
    ("The doors close 40 minutes before.", "40 minutes", True),
    ("The doors close 40 minutes before the 08:30 sailing", "40 minutes", True),  # a number of the question
    ("The doors close 40 minutes before, and at 60 minutes for cars", "40 minutes", False),  # hedges
    ("30 to 40 minutes", "40 minutes", False),
    ("140 minutes", "40 minutes", False),
    ("40 hours", "40 minutes", False),
    ("", "40 minutes", False),
    ("€17", "17 euros", True),
    ("17.00 EUR", "17 euros", True),
    ("17 euros and 20 cents", "17 euros", False),
    ("7:05", "07:05", True),
    ("07:50", "07:05", False),
    ("35%", "35 percent", True),
    ("23kg", "23 kg", True),
    ("R17", "form R17", True),
    ("form R18", "form R17", False),
    ("214", "cabin 214", True),
    ("in Port Ellis", "Port Ellis", True),
    ("PORT ELLIS.", "Port Ellis", True),
    ("Port Elliston", "Port Ellis", False),
    ("at the yard in Port Ellis, which is 100 years old", "Port Ellis", True),  # a name is not hedged by a number
    ("the second steward", "second steward", True),
    ("the steward", "second steward", False),
]


@pytest.mark.parametrize(("answer", "key", "right"), FACTS)
def test_a_fact_is_right_bare_or_in_json(answer, key, right):
    row = ROW | {"answer": key}
    for text in (answer, said(answer)):
        assert judge(text, row).right == right


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (said("40 minutes"), (True, True, True, False)),
        (said(40), (True, True, True, False)),  # a number is as good as its text
        (said(40.0), (True, True, True, False)),
        (said("40 minutes", "windows"), (True, False, True, False)),
        (said("40 minutes", None), (True, False, True, False)),
        (said("40 minutes", "Doors"), (True, False, True, False)),  # a program looks names up to the letter
        (said(None, None), (False, False, True, True)),
        (said(NOT_THERE, None), (False, False, True, True)),
        ('{"answer": "40 minutes"}', (True, False, False, False)),  # a key is missing: no JSON as asked
        ('{"answer": ["40 minutes"], "source": "doors"}', (True, False, False, False)),
        ('{"answer": true, "source": "doors"}', (False, False, False, False)),
        ('{"answer": "40 minutes", "source": "doors"} ', (True, True, True, False)),
        ('```json\n{"answer": "40 minutes", "source": "doors"}\n```', (False, False, False, False)),
        ("40 minutes\n\nIt says so on page 3.", (True, False, False, False)),  # the first line is the answer
        ("The handbook does not say.", (False, False, False, False)),
        ("This is not in the handbook.", (False, False, False, True)),
        ("[" * 2000, (False, False, False, False)),
    ],
)
def test_form_source_and_declining_are_apart(text, verdict):
    found = judge(text, ROW)
    assert (found.right, found.source, found.valid_json, found.declined) == verdict


@pytest.mark.parametrize(
    ("text", "right", "source"),
    [
        (said(NOT_THERE, None), True, True),
        (said(None, None), True, True),
        (said(NOT_THERE, "doors"), True, False),
        ("It is not in the handbook", True, False),
        (said("the carpenter", "doors"), False, False),
        ("", False, False),
    ],
)
def test_where_there_is_no_answer_declining_is_right(text, right, source):
    found = judge(text, NONE)
    assert (found.right, found.source) == (right, source)


def test_what_is_taught_is_what_the_judge_calls_right():
    for row in (ROW, NONE):
        text = reply(row["answer"], row["source"])["content"]
        found = judge(text, row)
        assert found.right and found.source and found.valid_json
        assert parse(text) == (row["answer"], row["source"], True)
