"""The interview page of the built site: what only the real one can show."""

import pytest
from playwright.sync_api import expect

from scripts.extension.practice.interview_data import load_questions
from tests.conftest import ROOT

pytestmark = pytest.mark.browser

COUNT = len(load_questions(ROOT))
LIBRARY = "ts-fsrs.mjs"


def test_only_the_interview_page_asks_for_the_library(visit):
    page = visit("/rag/")
    page.wait_for_load_state("networkidle")
    assert not [url for url in page.elsewhere if url.endswith(LIBRARY)]
    page = visit("/interview/")
    page.wait_for_selector(".interview-bar")
    assert [url for url in page.elsewhere if url.endswith(LIBRARY)]
    expect(page.locator(".interview-counts")).to_have_text(
        f"{COUNT} of {COUNT} questions shown. 0 due now. {COUNT} not marked yet."
    )


def test_a_visit_by_the_sites_own_links_works_both_ways(visit):
    """The theme exchanges the content of the page and loads nothing anew."""
    page = visit("/snippets/")
    page.evaluate("window.stayed = true")
    for _ in range(2):
        page.get_by_role("link", name="Interview").first.click()
        page.wait_for_selector(".interview-bar")
        expect(page.locator(".interview-bar")).to_have_count(1)
        page.get_by_label("Topic").select_option("RAG")
        expect(page.locator(".interview-counts")).not_to_contain_text(f"{COUNT} of")
        page.get_by_role("link", name="Snippets", exact=True).first.click()
        expect(page.locator("interview-practice")).to_have_count(0)
    assert page.evaluate("window.stayed")


def test_the_table_of_contents_lists_topics_only(visit):
    page = visit("/interview/")
    links = page.locator(".md-sidebar--secondary .md-nav__link").filter(visible=True)
    assert 8 <= links.count() <= 12


def test_without_script_every_question_can_be_read(visit):
    page = visit("/interview/", java_script_enabled=False)
    expect(page.locator(".interview-question").filter(visible=True)).to_have_count(COUNT)
    first = page.locator(".interview-question").first
    first.locator("summary").first.click()
    expect(first.locator(".interview-answer > div").first).to_be_visible()


def test_when_the_library_cannot_be_loaded_the_page_can_be_read(visit, host):
    from scripts.publishing.static_host import Fault

    host.faults[f"/assets/vendor/{LIBRARY}"] = Fault(status=404)
    page = visit("/interview/")
    for _ in range(300):  # on a busy machine the console is later than the network
        if page.said:
            break
        page.wait_for_timeout(100)
    assert page.said
    expect(page.locator(".interview-question").filter(visible=True)).to_have_count(COUNT)
    expect(page.locator(".interview-bar")).to_have_count(0)
    page.said.clear()
    page.elsewhere.clear()
