"""The quiz in a real Chromium, with the real Pyodide: answering, links, history, keyboard, copying, printing."""

import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import expect

from quiz import all_answers, decide, decision_record
from quiz.api import reply
from quiz.outcomes import OUTCOMES
from tests.conftest import SUB_PATH
from tests.quiz_page import BOOT, FACTS, QUERY, answer, expect_verdict, region, state

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
    written = {card["id"]: card["text"] for card in cards(page, ".verdict-static")}
    page = visit("/")
    root = page.evaluate("location.origin + '/'")
    for answers in all_answers():
        answer(page, **answers)
        expect_verdict(page, decide(answers).now, " ".join(decide(answers).later))
        filled = cards(page, "[data-verdict]")[0]["text"].replace(root, "./")
        assert filled == written[f"verdict-{'-'.join(answers.values())}"]


def cards(page, where):
    """Return id and words of each card inside the elements that match."""
    return [
        {"id": box.get_attribute("id"), "text": " ".join(box.locator(".verdict-card").text_content().split())}
        for box in page.locator(where).all()
    ]


def test_a_link_shows_its_verdict_and_brings_it_into_view(visit):
    page = visit(QUERY)
    expect_verdict(page, "rag")
    for question, option in FACTS.items():
        expect(page.locator(f"[name={question}][value={option}]")).to_be_checked()
    expect(page.locator("[data-slot=headline]")).to_be_in_viewport()
    expect(page.locator("[data-note]")).to_be_empty()


def test_it_works_under_a_sub_path(visit, host):
    page = visit(f"{SUB_PATH}{QUERY}")
    expect_verdict(page, "rag", engine="python")
    assert page.locator("[data-slot=lesson] a").get_attribute("href") == f"{host.address}{SUB_PATH}/rag/"


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
    page.locator("decision-quiz [type=submit]").click()
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
    assert announced == f"Now RAG {decide(FACTS).headline}"


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
    expect(region(page).locator("[data-card]")).to_be_hidden()
    assert page.locator("decision-quiz input:checked").count() == 0
    assert "?" not in page.url
    expect(page.locator("[name=tried]").first).to_be_focused()
    page.go_back()
    expect_verdict(page, "rag")


def test_link_and_record_can_be_copied_and_downloaded(visit, host):
    page = visit(QUERY, permissions=["clipboard-read", "clipboard-write"])
    expect_verdict(page, "rag")
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("[data-copied]")).to_have_text("Link copied.")
    assert page.evaluate("navigator.clipboard.readText()") == host.address + QUERY
    page.get_by_role("button", name="Copy decision record").click()
    expect(page.locator("[data-copied]")).to_have_text("Decision record copied.")
    record = decision_record(FACTS, site=f"{host.address}/")
    assert page.evaluate("navigator.clipboard.readText()") == record
    with page.expect_download() as download:
        page.get_by_text("Download it").click()
    assert download.value.suggested_filename == "decision-record.md"
    assert download.value.path().read_text(encoding="utf-8") == record


def test_what_cannot_be_copied_is_shown_to_copy_by_hand(visit):
    page = visit(QUERY)
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed')) }")
    page.get_by_role("button", name="Copy link").click()
    by_hand = page.get_by_label("To copy by hand")
    expect(by_hand).to_have_value(page.url)
    expect(by_hand).to_be_focused()


@pytest.mark.parametrize(
    ("query", "note"),
    {
        "unknown-value": ("?tried=perhaps&gap=facts", "tried=perhaps"),
        "unknown-question": ("?tried=yes&budget=low", "budget"),
        "repeated": ("?tried=yes&tried=no", "tried (more than once)"),
        "html": ("?gap=<img src=x onerror=alert(1)>", "gap=<img src=x onerror=alert(…"),
        "prototype": ("?__proto__=x&constructor=y", "__proto__, constructor"),
        "empty": ("?tried=", "tried="),
        "oversized": (f"?tried={'9' * 3000}", "too long"),
        "broken-percent": ("?tried=%E0%A4%A&%=1", "tried="),
    }.values(),
)
def test_a_wrong_link_gets_a_polite_note_and_a_quiz_that_works(visit, query, note):
    page = visit(f"/{quote(query, safe='?&=%')}")
    expect(page.locator("[data-note]")).to_contain_text(note)
    assert page.locator("decision-quiz img").count() == 0
    answer(page, **FACTS)
    expect_verdict(page, "rag")
    expect(page.locator("[data-note]")).to_be_empty()


def test_links_from_search_and_campaigns_are_no_mistake(visit):
    page = visit("/?h=retrieval&utm_source=mail&tried=yes")
    expect(page.locator("[name=tried][value=yes]")).to_be_checked()
    expect(page.locator("[data-note]")).to_be_empty()


@pytest.mark.slow
def test_no_query_string_breaks_the_quiz(visit):
    page = visit("/")
    page.evaluate("() => { window.alert = () => { throw new Error('executed') } }")
    keys = st.one_of(st.sampled_from(["tried", "gap", "scale", "h"]), st.text(max_size=12))
    values = st.one_of(st.sampled_from(["yes", "no", "facts", "both", "narrow", "<b>x</b>"]), st.text(max_size=40))
    go = """(query) => { history.pushState({}, '', location.pathname + query);
        dispatchEvent(new PopStateEvent('popstate'));
        const foreign = document.querySelectorAll('decision-quiz :is(b b, img, script)').length;
        return [document.querySelector('[data-verdict]').dataset.now ?? null, foreign] }"""

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(keys, values), max_size=6))
    def try_query(pairs):
        query = "&".join(
            f"{quote(key.encode('utf-8', 'replace'))}={quote(value.encode('utf-8', 'replace'))}" for key, value in pairs
        )
        now, foreign = page.evaluate(go, f"?{query}" if query else "")
        assert foreign == 0
        assert now is None or now in OUTCOMES

    try_query()


def test_it_prints_as_a_record(visit, tmp_path):
    page = visit(QUERY)
    expect_verdict(page, "rag")
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Copy link")).to_be_hidden()
    expect(page.locator("[name=gap][value=facts]")).to_be_visible()
    expect(page.locator("[name=gap][value=both]")).to_be_hidden()
    expect(page.locator("[data-slot=headline]")).to_be_visible()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_the_loading_sign_respects_reduced_motion(visit, host, motion):
    from scripts.publishing.static_host import Fault

    host.faults["/assets/runtime/python_stdlib.gzip"] = Fault(delay=1.5)
    page = visit(QUERY, reduced_motion=motion)
    page.wait_for_selector("decision-quiz[data-phase=loading]")
    name = page.evaluate("getComputedStyle(document.querySelector('.quiz-state'), '::before').animationName")
    assert name == ("none" if motion == "reduce" else "quiz-turn")
    expect_verdict(page, "rag", engine="python")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("colours", ["active", "none"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_and_its_choice_is_visible(visit, scheme, colours, width):
    page = visit(QUERY, viewport={"width": width, "height": 900}, color_scheme=scheme, forced_colors=colours)
    expect_verdict(page, "rag")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    border = "(name) => getComputedStyle(document.querySelector(`.quiz-option:has([value=${name}])`)).border"
    assert page.evaluate(border, "facts") != page.evaluate(border, "both")


def test_a_boot_in_the_background_leaves_the_reader_alone(visit):
    """No focus moves and nothing is announced again when Python confirms what the table said."""
    page = visit(QUERY)
    page.evaluate(
        """window.changed = 0; new MutationObserver((all) => changed += all.length)
           .observe(document.querySelector('[data-card]'), { childList: true, subtree: true, characterData: true })"""
    )
    page.locator("[name=tried][value=yes]").focus()
    expect(region(page)).to_have_attribute("data-engine", "python", timeout=BOOT)
    assert page.evaluate("changed") == 0
    expect(page.locator("[name=tried][value=yes]")).to_be_focused()
