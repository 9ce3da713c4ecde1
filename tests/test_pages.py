"""Every page in a real Chromium: it fits, has one title and named pictures, and works on paper and without script."""

import re

import pytest
from playwright.sync_api import expect

from tests.nav import CHECKED, PAGES
from tests.quiz_page import SOON

pytestmark = pytest.mark.browser

NAVIGATION = (
    ".md-header, .md-sidebar, .md-footer, .md-top, .headerlink, "
    "quick-check button, decision-quiz button, interview-practice button:not(.interview-open), break-even button"
)


def expect_to_fit(page):
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        page.wait_for_function("(width) => document.documentElement.scrollWidth === width", arg=width, timeout=SOON)
        expect(page.locator("h1")).to_have_count(1)
        expect(page.locator("h1")).to_be_visible()


def expect_named_pictures(page):
    pictures = page.locator("article svg:not([aria-hidden=true]), article img").all()
    for picture in pictures:
        expect(picture).to_have_role("img")
        expect(picture).to_have_accessible_name(re.compile(r"\w+ \w+"))
    assert len(pictures) >= page.locator("figure.picture").count()


OUTSIDE = """figures => figures.flatMap((figure) => {
    const box = figure.querySelector("svg").getBoundingClientRect();
    const texts = [...figure.querySelectorAll("svg text")];
    return texts.filter((text) => {
        const { left, right } = text.getBoundingClientRect();
        return left < box.left - 1 || right > box.right + 1;
    }).map((text) => text.textContent);
})"""


def expect_words_inside_pictures(page):
    assert page.locator("figure:has(svg)").evaluate_all(OUTSIDE) == []


def expect_all_on_paper(page):
    """The content, every answer of the quick check, and nothing to press."""
    if page.locator("quick-check").count():
        page.wait_for_selector("quick-check .check-bar")
    page.emulate_media(media="print")
    expect(page.locator(NAVIGATION).filter(visible=True)).to_have_count(0)
    content = "h1, h2:not([data-slot]), figure.picture, .highlight pre, quick-check fieldset, quick-check details li"
    hidden = page.locator("article").locator(content).filter(visible=False)
    assert hidden.evaluate_all("all => all.map(({ textContent }) => textContent)") == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_on_any_screen_and_on_paper(visit, path):
    page = visit(path)
    assert bool(page.locator("quick-check").count()) == (path in CHECKED)
    expect_to_fit(page)
    expect_named_pictures(page)
    expect_words_inside_pictures(page)
    expect_all_on_paper(page)


@pytest.mark.parametrize("path", CHECKED)
def test_without_javascript_the_answers_can_be_read(visit, path):
    page = visit(path, java_script_enabled=False)
    questions = page.locator("quick-check fieldset").all()
    assert questions
    for question in questions:
        expect(question).to_be_visible()
        reasons = question.locator("details li")
        expect(reasons.filter(visible=True)).to_have_count(0)
        question.locator("summary").click()
        expect(reasons.filter(visible=True)).to_have_count(reasons.count())
        expect(reasons.filter(has_text="Right.")).not_to_have_count(0)
