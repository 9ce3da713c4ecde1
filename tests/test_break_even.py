"""When a student pays: the form's sum against one in fractions, exactly, and the form in the page."""

import json
import re
import subprocess
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import expect

from scripts.extension.lesson import break_even
from scripts.extension.page import SiteError
from tests.conftest import ROOT
from tests.tiny_site import TinySite

FIELDS = [field for fields in break_even.GROUPS.values() for field in fields]
MINI = {"calls": "1000", "input": "2000", "output": "500", "making": "90", "upkeep": "5"}
PRICED = MINI | {"teacher-input": "3", "teacher-output": "12", "student-input": "0.5", "student-output": "2"}
TEXTS = dict.fromkeys((field.name for field in FIELDS), "") | PRICED  # a call: 0.012 against 0.002


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


# The sum

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


# What is typed

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


# The block


def test_the_form_fills_in_nothing_and_names_every_field(tmp_path):
    html = TinySite(tmp_path).render("# Page\n\n::: break-even\n")
    assert html.count("<input ") == len(FIELDS) == html.count("data-called")
    assert " value=" not in html
    for field in FIELDS:
        assert f'<label for="break-even-{field.name}">' in html and f"<var>{field.letter}</var>" in html
    words = json.loads(re.search(r"<template data-words>(.*?)</template>", html, re.S)[1].replace("&lt;", "<"))
    assert words == break_even.WORDS


def test_an_argument_stops_the_build(tmp_path):
    with pytest.raises(SiteError, match=r"^docs/index\.md:3: break-even takes no argument"):
        TinySite(tmp_path).render("# Page\n\n::: break-even yes\n")


# The page

PATH = "/distillation/"


def fill(page, **texts):
    for name, text in texts.items():
        page.locator(f"break-even [name={name}]").fill(text)


@pytest.mark.browser
def test_typing_gives_the_result_and_a_link_that_gives_it_again(visit):
    page = visit(PATH)
    state, figures = page.locator("break-even [data-state]"), page.locator("break-even dl")
    expect(state).to_have_text(break_even.WORDS["empty"])
    fill(page, **{name: text for name, text in PRICED.items() if name != "upkeep"})
    expect(state).to_have_text("Still missing: Upkeep a month.")
    expect(figures).to_be_hidden()
    fill(page, upkeep="5", **{"teacher-output": ""})
    expect(state).to_have_text("Still missing: Teacher: price of a million output tokens.")
    fill(page, **{"teacher-output": "12"})
    expect(figures).to_be_visible()
    wanted = ["12", "7", "5", "After 18 months, or 18,001 calls.", "From 501 calls a month on"]
    for place, text in enumerate(wanted):
        expect(figures.locator("dd").nth(place)).to_contain_text(text)
    assert "teacher-output=12" in page.url
    again = visit(page.url.removeprefix(page.url.split(PATH)[0]))
    expect(again.locator("break-even dd").nth(3)).to_have_text(wanted[3])
    page.reload()
    expect(figures.locator("dd").nth(4)).to_contain_text(wanted[4])
    page.locator("break-even").get_by_role("button", name="Clear").click()
    expect(state).to_have_text(break_even.WORDS["empty"])
    assert page.url.endswith(PATH)


@pytest.mark.browser
def test_a_student_that_never_pays_says_why(visit):
    page = visit(PATH)
    fill(page, **PRICED | {"student-input": "3", "student-output": "12"})
    expect(page.locator("[data-slot=saving]")).to_have_text("None: the student costs 5 more.")
    expect(page.locator("[data-slot=payback]")).to_have_text(break_even.WORDS["pays-never"])
    expect(page.locator("[data-slot=volume]")).to_have_text(break_even.WORDS["never"])


@pytest.mark.browser
def test_a_bad_number_has_one_line_at_its_field_and_no_result(visit):
    page = visit(PATH)
    fill(page, **PRICED | {"making": "-90"})
    making = page.locator("[name=making]")
    expect(making).to_have_accessible_description(break_even.WORDS["problems"]["negative"])
    expect(making).to_have_attribute("aria-invalid", "true")
    expect(page.locator("break-even [data-state]")).to_have_text("Correct this first: Making the student, once.")
    expect(page.locator("break-even dl")).to_be_hidden()
    making.fill("90")
    expect(making).to_have_accessible_description("")
    expect(page.locator("break-even dl")).to_be_visible()


@pytest.mark.browser
def test_a_link_fills_in_what_is_good_and_names_the_rest_as_text(visit):
    page = visit(f"{PATH}?calls=7&making=-1&sale=%3Cimg%20src=x%20onerror=alert(1)%3E&upkeep=1&upkeep=2")
    expect(page.locator("[name=calls]")).to_have_value("7")
    expect(page.locator("[name=making]")).to_have_value("")
    expect(page.locator("[name=upkeep]")).to_have_value("")
    expect(page.locator("break-even [data-note]")).to_contain_text("making=-1, sale, upkeep (more than once)")
    assert page.locator("break-even img").count() == 0
    page.goto(f"{page.url.split('?')[0]}?calls={'9' * 3000}")
    expect(page.locator("break-even [data-note]")).to_have_text(break_even.WORDS["too-long"])


@pytest.mark.browser
def test_the_form_survives_a_visit_to_another_page(visit):
    page = visit("/distillation/")
    page.locator("a.md-nav__link", has_text="Prompting").first.click()
    expect(page.locator("h1")).to_contain_text("Prompting")
    page.locator("a.md-nav__link", has_text="Distillation").first.click()
    fill(page, **PRICED)
    expect(page.locator("[data-slot=payback]")).to_contain_text("18,001")


@pytest.mark.browser
def test_without_javascript_the_formula_is_there_and_the_form_is_not(visit):
    page = visit(PATH, java_script_enabled=False)
    expect(page.locator("break-even form")).to_be_hidden()
    expect(page.locator("break-even .break-even-result")).to_be_hidden()
    expect(page.locator(".break-even-formula li")).to_have_count(4)
    expect(page.locator(".break-even-formula")).to_be_visible()


@pytest.mark.browser
def test_paper_has_the_numbers_and_the_result(visit):
    page = visit(PATH)
    fill(page, **PRICED)
    expect(page.locator("[data-slot=payback]")).to_contain_text("18,001")
    page.emulate_media(media="print")
    expect(page.locator("[name=making]")).to_be_visible()
    expect(page.locator("[data-slot=payback]")).to_be_visible()
    expect(page.locator("break-even button").filter(visible=True)).to_have_count(0)
