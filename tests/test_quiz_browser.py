"""The quiz in a real Chromium, with the real Pyodide: answering, links, history, keyboard, copying, printing."""

import json

import pytest
from playwright.sync_api import expect

from quiz import all_answers, decide
from quiz.api import reply
from tests.quiz_page import FACTS, QUERY, answer, expect_no_verdict, expect_verdict, region, state

pytestmark = pytest.mark.browser


def test_three_clicks_lead_to_a_verdict_that_python_then_checks(visit):
    page = visit("/")
    answer(page, **FACTS)
    expect_verdict(page, "rag")
    expect(page.locator("[data-slot=headline]")).to_have_text(decide(FACTS).headline)
    expect_verdict(page, "rag", engine="python")
    expect(state(page)).to_have_text("Checked by Python 3.14 in your browser.")
    assert page.url.endswith("/?tried=yes&gap=facts&scale=ordinary")


def test_one_event_for_each_verdict_with_the_verdict_in_it(visit):
    page = visit("/")
    page.evaluate("window.verdicts = []; document.addEventListener('verdict', (event) => verdicts.push(event.detail))")
    answer(page, **FACTS)
    expect_verdict(page, "rag", engine="python")
    answer(page, scale="narrow")
    expect_verdict(page, "rag", "distill", engine="python")
    expected = [decide(FACTS).as_dict(), decide({**FACTS, "scale": "narrow"}).as_dict()]
    assert page.evaluate("verdicts") == expected


def test_static_table_python_and_cpython_say_the_same_each_time(visit):
    """Text for text: the table in the page, the Pyodide that ships, this Python; and the cards in the page."""
    page = visit("/")
    table = page.evaluate("JSON.parse(document.querySelector('template[data-table]').content.textContent).replies")
    assert len(table) == len(all_answers())
    requests = {f"verdict-{'-'.join(a.values())}": json.dumps({"answers": a}) for a in all_answers()}
    ask = "(request) => import(new URL('assets/quiz/engine.mjs', location.href)).then((engine) => engine.ask(request))"
    for key, request in requests.items():
        assert page.evaluate(ask, request) == table[key] == reply(request)


def test_the_card_that_the_browser_fills_reads_like_the_one_in_the_page(visit):
    page = visit("/", java_script_enabled=False)
    written = [slots(box) for box in page.locator(".verdict-static").all()]
    page = visit("/")
    root = page.evaluate("location.origin + '/'")
    for answers, expected in zip(all_answers(), written, strict=True):
        answer(page, **answers)
        expect_verdict(page, decide(answers).now, " ".join(decide(answers).later))
        filled = slots(page.locator("decision-quiz"))
        assert {name: text.replace(root, "./") for name, text in filled.items()} == expected


def slots(box):
    """Return the words of each part of the verdict in an element."""
    parts = box.locator("[data-slot]").evaluate_all("all => all.map((p) => [p.dataset.slot, p.textContent])")
    assert len(dict(parts)) == len(parts) > 9
    return {name: " ".join(text.split()) for name, text in parts}


def test_back_and_forward_go_from_verdict_to_verdict(visit):
    page = visit(QUERY)
    expect_verdict(page, "rag", engine="python")
    answer(page, gap="both")
    expect_verdict(page, "rag", "fine-tune")
    answer(page, tried="no")
    expect_verdict(page, "prompt", "rag fine-tune")
    page.go_back()
    expect_verdict(page, "rag", "fine-tune")
    page.go_back()
    expect_verdict(page, "rag")
    expect(page.locator("[name=gap][value=facts]")).to_be_checked()
    page.go_forward()
    expect_verdict(page, "rag", "fine-tune")
    expect(page.locator("[name=gap][value=both]")).to_be_checked()


def test_back_returns_to_where_the_reader_was_at_that_verdict(visit):
    page = visit(QUERY)
    expect_verdict(page, "rag", engine="python")
    page.mouse.wheel(0, -137)
    page.wait_for_timeout(300)  # the theme notes the place a moment later
    before = page.evaluate("scrollY")
    page.evaluate("document.querySelector('[name=gap][value=both]').click()")  # a pointer would scroll there first
    expect_verdict(page, "rag", "fine-tune")
    page.mouse.wheel(0, 411)
    page.wait_for_timeout(300)
    page.go_back()
    expect_verdict(page, "rag")
    page.wait_for_timeout(500)  # the theme puts the page in place of itself once, and scrolls
    assert page.evaluate("scrollY") == before


def test_a_keyboard_is_enough(visit):
    page = visit("/")
    page.locator("[name=tried]").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect_verdict(page, "rag")
    page.keyboard.press("Enter")  # submits the form: on to the verdict
    expect(page.locator("[data-slot=headline]")).to_be_focused()
    focused = []
    for _ in range(20):
        page.keyboard.press("Tab")
        focused.append(page.evaluate("document.activeElement.textContent.trim()"))
    assert {"Copy link", "Copy decision record", "Download it"} <= set(focused)


def test_enter_on_an_incomplete_form_names_the_open_question_and_goes_there(visit):
    page = visit("/")
    answer(page, tried="yes")
    page.locator("[name=tried][value=yes]").press("Enter")
    expect(page.locator("[data-note]")).to_have_text("Still open: “What is still wrong with the answers?”")
    expect(page.locator("[name=gap]").first).to_be_focused()


def test_the_result_is_announced_briefly(visit):
    page = visit(QUERY)
    expect_verdict(page, "rag")
    assert region(page).get_attribute("aria-live") == "polite"
    announced = region(page).evaluate(
        """(live) => { const quiet = live.cloneNode(true);
           quiet.querySelectorAll('[aria-live=off], [hidden]').forEach((part) => part.remove());
           return quiet.textContent.replace(/\\s+/g, ' ').trim() }"""
    )
    assert announced == decide(FACTS).headline


def test_another_answer_is_one_click_away(visit):
    page = visit(QUERY)
    page.locator("[data-slot=changes] a", has_text='"Facts and behaviour" instead').click()
    expect_verdict(page, "rag", "fine-tune")
    expect(page.locator("[data-slot=headline]")).to_be_focused()
    page.get_by_text("answers at a glance").click()
    page.locator(".verdict-table a", has_text="Ship it now").click()
    expect_verdict(page, "ship")
    assert page.url.endswith("/?tried=yes&gap=none&scale=ordinary")


def test_start_over_forgets_everything(visit):
    page = visit(QUERY)
    expect_verdict(page, "rag")
    page.locator("decision-quiz").get_by_role("button", name="Start over").click()
    expect_no_verdict(page)
    assert page.locator("decision-quiz input:checked").count() == 0
    assert "?" not in page.url
    expect(page.locator("[name=tried]").first).to_be_focused()
    page.go_back()
    expect_verdict(page, "rag")
