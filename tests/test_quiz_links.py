"""Links to a verdict: what they show, what a wrong one gets, how the reader copies one; in Chromium with Pyodide."""

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import expect

from quiz import decision_record
from quiz.outcomes import OUTCOMES
from tests.conftest import SUB_PATH
from tests.quiz_page import FACTS, QUERY, answer, expect_verdict

pytestmark = pytest.mark.browser


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
