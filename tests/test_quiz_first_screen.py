"""The first screen: the quiz in it, the ladder that the answers light, one question at a time where it is narrow."""

import re
from itertools import product

import pytest
from playwright.sync_api import expect

from quiz import all_answers, decide
from quiz.questions import QUESTIONS
from quiz.rules import DIAGNOSE, SHIP, STEPS
from scripts.publishing.static_host import Fault
from tests.quiz_page import FACTS, QUERY, answer, expect_no_verdict, expect_verdict, region

pytestmark = pytest.mark.browser

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
PLACES = """() => Object.fromEntries(['h1', 'form', '.quiz-ladder', '[data-verdict]', '.quiz-foot', '.quiz-state'].map(
    (where) => { const box = document.querySelector(`article ${where}`).getBoundingClientRect();
                 return [where, [box.x, box.y, box.width, box.height].map(Math.round)] }))"""


def marks(page):
    """Return the mark of each step in the ladder: "now", "then" or nothing, as the styles give it."""
    found = page.locator(".quiz-ladder li").evaluate_all(
        "all => all.map((li) => [li.dataset.step, getComputedStyle(li, '::after').content.replaceAll('\"', '')])"
    )
    assert [step for step, _ in found] == [*STEPS, DIAGNOSE, SHIP]
    return {step: mark for step, mark in found if mark not in ("", "none")}


def expected_marks(answers):
    """Return what is certain: a step in the plan of every way to answer the rest."""
    plans = [decide(full) for full in all_answers() if answers.items() <= full.items()]
    first = {plan.now for plan in plans}
    every = set.intersection(*({plan.now, *plan.later} for plan in plans)) - {SHIP, DIAGNOSE}
    return dict.fromkeys(every, "then") | ({first.pop(): "now"} if len(first) == 1 else {})


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_thesis_and_first_question_are_seen_without_scrolling(visit, size):
    page = visit("/", viewport=size)
    seen = [page.locator("article h1"), page.get_by_text("fine-tuning changes behaviour").first]
    seen += page.locator("[data-question=tried] label").all()
    for part in seen:
        box = part.bounding_box()
        assert box["y"] >= 48 and box["y"] + box["height"] <= size["height"], part
    assert page.locator("article h1").count() == 1


def test_a_wide_screen_shows_every_question_and_the_verdicts_place(visit):
    page = visit("/", viewport=WIDE)
    for part in [*page.locator("decision-quiz label").all(), region(page), page.locator(".quiz-ladder")]:
        box = part.bounding_box()
        assert box["y"] + box["height"] <= WIDE["height"]
    expect(page.locator("decision-quiz").get_by_role("button", name="Next")).to_be_hidden()


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_every_answer_lights_its_rung(visit, scripts):
    page = visit("/", java_script_enabled=scripts)
    assert marks(page) == {}
    for answers in all_answers():
        answer(page, **answers)
        assert marks(page) == expected_marks(answers), answers


def test_answers_to_some_questions_light_what_is_certain(visit):
    page = visit("/")
    options = [[None, *(option.id for option in question.options)] for question in QUESTIONS]
    for choice in product(*options):
        given = {q.id: option for q, option in zip(QUESTIONS, choice, strict=True) if option}
        page.evaluate(
            "(given) => document.querySelectorAll('decision-quiz input').forEach("
            "(input) => { input.checked = given[input.name] === input.value })",
            given,
        )
        assert marks(page) == expected_marks(given), given


def test_nothing_moves_when_the_verdict_comes(visit):
    page = visit("/", viewport=WIDE)
    before = page.evaluate(PLACES)
    for answers in all_answers():
        answer(page, **answers)
        expect_verdict(page, decide(answers).now, " ".join(decide(answers).later))
        assert page.evaluate(PLACES) == before, answers
    assert page.evaluate("scrollY") == 0


def test_a_finger_goes_from_question_to_question_and_to_the_verdict(visit):
    page = visit("/", viewport=PHONE, has_touch=True)
    at = page.locator("[data-at-text]")
    for number, (question, option) in enumerate(FACTS.items(), 1):
        expect(at).to_have_text(f"{number} of {len(FACTS)}")
        expect(page.locator("decision-quiz fieldset:visible")).to_have_count(1)
        page.locator(f"decision-quiz label:has([name={question}][value={option}])").tap()
    expect(page.locator("[data-slot=headline]")).to_be_focused()
    expect(page.locator("[data-slot=headline]")).to_be_in_viewport()
    expect(page.locator("decision-quiz fieldset:visible")).to_have_count(0)
    page.locator("decision-quiz").get_by_role("button", name="Back").tap()
    expect(at).to_have_text(f"{len(FACTS)} of {len(FACTS)}")
    expect(region(page)).to_be_hidden()
    page.locator("decision-quiz label:has([value=narrow])").tap()
    expect_verdict(page, "rag", "distill")
    expect(region(page)).to_be_visible()
    page.locator("decision-quiz").get_by_role("button", name="Start over").tap()
    expect(at).to_have_text(f"1 of {len(FACTS)}")
    expect_no_verdict(page)


def test_keys_change_a_choice_and_a_button_goes_on(visit):
    page = visit("/", viewport=PHONE)
    at = page.locator("[data-at-text]")
    following = page.locator("decision-quiz").get_by_role("button", name="Next")
    following.click()
    expect(page.locator("[data-note]")).to_contain_text("Still open: “Have you tried")
    expect(page.locator("[name=tried]").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(400)  # a finger's choice would have gone on by now
    expect(at).to_have_text("1 of 3")
    page.keyboard.press("Enter")
    expect(at).to_have_text("2 of 3")
    expect(page.locator("[data-question=gap] legend")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    following.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(region(page)).to_be_hidden()
    following.press("Enter")
    expect(page.locator("[data-slot=headline]")).to_be_focused()
    expect_verdict(page, "ship")


def test_a_link_shows_a_phone_its_verdict_at_once(visit):
    page = visit(QUERY, viewport=PHONE)
    expect_verdict(page, "rag")
    expect(page.locator("[data-slot=headline]")).to_be_in_viewport()
    expect(page.locator("decision-quiz fieldset:visible")).to_have_count(0)


def test_a_phone_without_the_module_gets_every_question_after_a_while(visit, host):
    host.faults["/assets/quiz/frame.mjs"] = Fault(status=404)
    page = visit("/", viewport=PHONE)
    page.wait_for_function("document.querySelector('[data-question=scale]').getBoundingClientRect().height > 40")
    answer(page, **FACTS)
    expect(page.locator("#verdict-yes-facts-ordinary")).to_be_visible()
    page.said[:] = [text for text in page.said if not text.startswith("Failed to load resource")]


def sheets(page):
    """Return how many sheets of A4 the page takes, with margins as a printer needs them."""
    margin = dict.fromkeys(("top", "right", "bottom", "left"), "12mm")
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4", margin=margin)))


def test_the_verdict_alone_is_printed_on_one_sheet(visit):
    page = visit("/?tried=no&gap=both&scale=narrow")
    expect_verdict(page, "prompt", "rag fine-tune distill")
    page.evaluate("() => { window.print = () => { window.printed = document.documentElement.dataset.print } }")
    assert sheets(page) > 5
    page.get_by_role("button", name="Print the verdict").click()
    assert page.evaluate("printed") == "verdict"
    assert sheets(page) == 1
    assert page.evaluate("document.documentElement.dataset.print ?? null") is None, (
        "the next print is of one verdict too"
    )
    for answers in all_answers():
        answer(page, **answers)
        page.evaluate("document.documentElement.dataset.print = 'verdict'")  # a print ends it
        assert sheets(page) == 1, answers
    page.evaluate("document.documentElement.dataset.print = 'verdict'")
    page.emulate_media(media="print")
    expect(page.locator("[data-slot=first_moves]")).to_be_visible()
    expect(page.locator("article h2#the-ladder")).to_be_hidden()
