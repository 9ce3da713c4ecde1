"""Every page in a real Chromium: it fits, has one title and named pictures, and works on paper and without script."""

import re

import pytest
from playwright.sync_api import expect

from tests.nav import CHECKED, PAGES

pytestmark = pytest.mark.browser

NAVIGATION = (
    ".md-header, .md-sidebar, .md-footer, .md-top, .headerlink, "
    "quick-check button, decision-quiz button, interview-practice button, break-even button"
)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_and_has_one_title(visit, path, width):
    page = visit(path, viewport={"width": width, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == width
    expect(page.locator("h1")).to_have_count(1)
    expect(page.locator("h1")).to_be_visible()


@pytest.mark.parametrize("path", PAGES)
def test_every_picture_has_a_name(visit, path):
    page = visit(path)
    pictures = page.locator("article svg:not([aria-hidden=true]), article img").all()
    for picture in pictures:
        expect(picture).to_have_role("img")
        expect(picture).to_have_accessible_name(re.compile(r"\w+ \w+"))
    assert len(pictures) >= page.locator("figure.picture").count()


OUTSIDE = """figures => figures.flatMap((figure) => {
    const box = figure.querySelector("svg").getBoundingClientRect();
    const texts = [...figure.querySelectorAll("svg text")];
    return texts.filter((text) => {
        const frame = text.closest(".rung")?.querySelector("rect").getBoundingClientRect() ?? box;
        const { left, right } = text.getBoundingClientRect();
        return left < frame.left - 1 || right > frame.right + 1;
    }).map((text) => text.textContent);
})"""


@pytest.mark.parametrize("path", PAGES)
def test_the_words_of_a_picture_stay_inside_it(visit, path):
    assert visit(path).locator("figure:has(svg)").evaluate_all(OUTSIDE) == []


@pytest.mark.parametrize("path", PAGES)
def test_paper_has_the_content_and_nothing_to_press(visit, path):
    page = visit(path)
    page.emulate_media(media="print")
    expect(page.locator(NAVIGATION).filter(visible=True)).to_have_count(0)
    for part in page.locator("article").locator("h1, h2, figure.picture, .highlight pre, quick-check fieldset").all():
        expect(part).to_be_visible()


@pytest.mark.parametrize("path", CHECKED)
def test_paper_has_every_answer_of_the_quick_check(visit, path):
    page = visit(path)
    page.wait_for_selector("quick-check .check-bar")
    page.emulate_media(media="print")
    for reason in page.locator("quick-check details li").all():
        expect(reason).to_be_visible()


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
