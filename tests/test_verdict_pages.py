"""A page for each verdict: the quiz's own words, links that arrive, and a picture where the address is known."""

import re

import pytest
from playwright.sync_api import expect

from quiz import all_answers, decide
from scripts.extension.quiz.verdict_card import name_of
from scripts.publishing.verdict_pages import FOLDER, around, description_of, page, publish
from tests.conftest import ROOT
from tests.quiz_page import QUERY, expect_verdict

ANSWERS = {"tried": "yes", "gap": "facts", "scale": "ordinary"}


def test_every_verdict_has_its_page_and_its_picture(tmp_path):
    publish(ROOT, tmp_path, None)
    pages = {path.parent.name: path.read_text("utf-8") for path in (tmp_path / FOLDER).glob("*/index.html")}
    assert pages.keys() == {name_of(answers) for answers in all_answers()}
    assert pages.keys() == {path.stem for path in (ROOT / "docs/assets/cards").glob("*.png")}
    assert len({re.search("<title>(.*?)</title>", html)[1] for html in pages.values()}) == len(pages)
    assert not any("og:" in html for html in pages.values()), "an address that nobody knows is in a page"


@pytest.mark.parametrize("answers", all_answers(), ids=name_of)
def test_a_description_is_as_long_as_search_engines_show(answers):
    assert 70 <= len(description_of(answers)) <= 160


def test_where_the_address_is_known_a_shared_link_shows_the_verdict():
    html = page(ANSWERS, around(ROOT), "https://example.org/decision")
    named = dict(re.findall(r'property="(og:[a-z:]+)" content="(.*?)"', html))
    assert named["og:url"] == "https://example.org/decision/v/yes-facts-ordinary/"
    assert named["og:image"] == "https://example.org/decision/assets/cards/yes-facts-ordinary.png"
    assert decide(ANSWERS).headline in named["og:title"] and "RAG now." in named["og:image:alt"]


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_it_shows_the_verdict_and_leads_to_the_quiz(visit, width):
    page = visit(QUERY)
    page.get_by_role("link", name="A page to share").click()
    page.wait_for_url("**/v/yes-facts-ordinary/")
    page.set_viewport_size({"width": width, "height": 800})
    expect(page.get_by_role("heading", level=2)).to_have_text(decide(ANSWERS).headline)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.get_by_role("link", name="Open in the quiz").click()
    expect_verdict(page, "rag")
    page.go_back()
    page.locator("[data-slot=changes] a").first.click()
    expect_verdict(page, "prompt", "rag")
