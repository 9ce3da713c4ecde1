"""When a student pays: the form's sum against one in fractions, exactly, and what is wrong or missing in it."""

import json
import subprocess
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.extension.lesson import break_even
from tests.break_even_data import FIELDS, TEXTS
from tests.conftest import ROOT


def call(*calls):
    """Run a list of calls in one Node process."""
    command = ["node", ROOT / "tests/break_even_node.mjs"]
    done = subprocess.run(command, input=json.dumps(calls), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def by_hand(texts):
    """Return of these texts: calls, teacher's and student's cost a month, the same for any number of calls, making."""
    n, i, o, a, b, H, c, d, h, M, U = (Fraction(texts[field.name] or 0) for field in FIELDS)
    teacher = lambda calls: H + calls * (i * a + o * b) / 1_000_000  # noqa: E731
    student = lambda calls: h + U + calls * (i * c + o * d) / 1_000_000  # noqa: E731
    return n, teacher, student, M


DECIMAL = st.one_of(
    st.integers(0, 50).map(str),
    st.integers(0, 10**12).map(lambda millionths: f"{millionths // 10**6}.{millionths % 10**6:06}"),
)
CASE = st.fixed_dictionaries({field.name: DECIMAL for field in FIELDS} | {"calls": st.integers(1, 10**9).map(str)})


@settings(max_examples=8, deadline=None)
@given(st.lists(CASE, min_size=30, max_size=60))
def test_the_sum_is_exact_to_the_last_call(cases):
    for texts, told in zip(cases, call(*(["sum", texts] for texts in cases)), strict=True):
        n, teacher, student, making = by_hand(texts)
        units = int(told["units"])
        assert int(told["teacher"]) == teacher(n) * units and int(told["student"]) == student(n) * units
        assert int(told["saving"]) == (teacher(n) - student(n)) * units
        saved = (teacher(n) - student(n)) / n
        expected = making // saved + 1 if saved > 0 else None
        assert told["callsToPayBack"] == (None if expected is None else str(expected))
        saves = lambda calls: teacher(calls) > student(calls)  # noqa: B023, E731
        at = int(told["atVolume"] or 0)
        assert {
            "from": lambda: saves(at) and not saves(at - 1),  # noqa: B023
            "below": lambda: saves(at) and not saves(at + 1),  # noqa: B023
            "any": lambda: saves(1) and saves(10**15),  # noqa: B023
            "never": lambda: not saves(1) and not saves(10**15),  # noqa: B023
        }[told["volume"]](), (texts, told)


def test_each_answer_to_the_volume_occurs():
    hosted = {"teacher-input": "", "teacher-output": ""}
    cases = {
        "from": TEXTS,
        "any": TEXTS | {"teacher-fixed": "6"},
        "below": TEXTS | {"teacher-fixed": "100", "teacher-input": "0", "teacher-output": "0"},
        "never": TEXTS | {"student-input": "3", "student-output": "12"},
    }
    told = call(*(["sum", texts] for texts in cases.values()), ["sum", TEXTS | hosted | {"teacher-fixed": "1"}])
    assert [one["volume"] for one in told] == [*cases, "never"]
    assert told[0]["atVolume"] == "501" and told[0]["callsToPayBack"] == str(90 * 1000 // 5 + 1)
    assert told[2]["atVolume"] == "47499", "at 95 / 0.002 calls both cost the same"


PROBLEMS = {
    ("-5", "money"): "negative",
    ("\u22125", "money"): "negative",
    ("1,000", "calls"): "separator",
    ("1 000", "calls"): "separator",
    ("many", "calls"): "word",
    ("1e9", "calls"): "word",
    ("Infinity", "money"): "word",
    ("<b>1</b>", "money"): "word",
    (".", "money"): "word",
    ("1.2.3", "money"): "word",
    ("0.1234567", "price"): "fine",
    ("9" * 400, "money"): "large",
    ("1000000000001", "calls"): "large",
    ("100000001", "tokens"): "large",
    ("1000001", "price"): "large",
    ("1.5", "calls"): "whole",
    ("0", "calls"): "none",
    ("", "calls"): "",
    (" 7 ", "calls"): "",
    ("1000000000000", "calls"): "",
    (".5", "price"): "",
    ("3.", "money"): "",
    ("0.000001", "price"): "",
}


def test_each_bad_number_has_its_own_problem():
    told = call(*(["problem", text, kind] for text, kind in PROBLEMS))
    assert dict(zip(PROBLEMS, told, strict=True)) == PROBLEMS
    assert {problem for problem in PROBLEMS.values() if problem} == set(break_even.WORDS["problems"])


def test_what_is_missing_is_named_and_no_more_is_asked_than_the_sum_needs():
    hosted = {"teacher-input": "", "teacher-output": "", "teacher-fixed": "9"}
    both = hosted | {"student-input": "", "student-output": "", "student-fixed": "1", "input": "", "output": ""}
    cases = [
        (TEXTS, []),
        (TEXTS | {"calls": "", "upkeep": ""}, ["calls", "upkeep"]),
        (TEXTS | {"teacher-input": ""}, ["teacher-input"]),
        (TEXTS | {"student-output": "", "making": ""}, ["student-output", "making"]),
        (TEXTS | hosted, []),
        (TEXTS | both, []),
        (TEXTS | both | {"student-output": "2"}, ["output"]),
        (TEXTS | both | {"student-output": "0"}, []),
        (TEXTS | {"input": ""}, ["input"]),
    ]
    assert call(*(["missing", texts] for texts, _ in cases)) == [open_ones for _, open_ones in cases]
