"""Every lesson has the spine, a picture that is told in words, code by symbol, and a quick check; sources link back."""

import re

import pytest
from bs4 import BeautifulSoup

from tests.conftest import ROOT, SITE
from tests.nav import SOURCES, address

pytestmark = pytest.mark.browser  # with the tests that have the site built

START = ["What you will learn", "Before you start"]
SPINE = [
    *START,
    "Problem",
    "Idea in one picture",
    "Code",
    "Run it",
    "What you should see",
    "When it fails",
    "Quick check",
    "Next",
]
HOME = "index.md"  # the flagship has a story of its own between the same start and end
LEVELS = ("h2", "h3", "h4")
TEXTS = {source: (ROOT / "docs" / source).read_text(encoding="utf-8") for source in SOURCES}
LESSONS = [source for source, text in TEXTS.items() if "\n## What you will learn\n" in text]


@pytest.fixture(scope="module")
def pages(host):
    """The article of each page as built, by its source."""
    built = {source: (SITE / address(source).strip("/") / "index.html").read_text("utf-8") for source in SOURCES}
    return {source: BeautifulSoup(html, "html.parser").select_one("article") for source, html in built.items()}


def headings(article):
    return [heading.get_text().removesuffix("\u00b6") for heading in article.select(":scope > h2")]


def test_there_are_lessons_in_the_order_of_the_story():
    assert len(LESSONS) >= 7 and SOURCES[: len(LESSONS)] == LESSONS and LESSONS[0] == HOME


@pytest.mark.parametrize("source", LESSONS)
def test_a_lesson_has_the_spine(pages, source):
    found = headings(pages[source])
    if source == HOME:
        assert found[:2] == START and found[-2:] == SPINE[-2:]
        assert {"The ladder", "Where the slogan is wrong"} <= set(found)
    else:
        assert [heading for heading in found if heading in SPINE] == SPINE == found


@pytest.mark.parametrize("source", LESSONS)
def test_a_lesson_promises_three_things_and_says_how_long_it_takes(pages, source):
    learn = pages[source].find(id=START[0].lower().replace(" ", "-"))
    assert len(learn.find_next_sibling("ul").find_all("li", recursive=False)) == 3
    assert re.fullmatch(r"Reading time: about \d+ minutes", pages[source].select_one("h1 ~ .reading-time").get_text())


@pytest.mark.parametrize("source", LESSONS)
def test_a_lesson_has_five_questions_with_a_reason_for_each_option(pages, source):
    questions = pages[source].select("quick-check fieldset")
    assert len(questions) >= 5
    for question in questions:
        assert len(question.select("details .check-why")) == len(question.select("input")) >= 3


@pytest.mark.parametrize("source", LESSONS)
def test_a_lesson_has_a_picture_that_is_told_in_words(pages, source):
    pictures = pages[source].select("svg[role=img]")
    assert pictures
    for picture in pictures:
        told = [pages[source].find(id=name).get_text() for name in picture["aria-labelledby"].split()]
        assert len(" ".join(told).split()) > 20, picture["aria-labelledby"]


@pytest.mark.parametrize("source", [source for source in LESSONS if source != HOME])  # its code is in the lessons
def test_a_lesson_shows_the_snippets_own_code_and_leads_to_it(pages, source):
    assert pages[source].select(".highlight .filename")
    assert [link for link in pages[source].select("a[href]") if "snippets/#" in link["href"]]


@pytest.mark.parametrize("source", SOURCES)
def test_every_citation_is_linked_back_from_its_source(pages, source):
    references = pages["references.md"]
    for link in pages[source].select("a[href*='references/#']"):
        key = link["href"].partition("#")[2]
        back = {one["href"] for one in references.find(id=key).select(".cited-in a")}
        here = [link.find_previous(level, id=True) for level in LEVELS]
        anchors = {f"#{heading['id']}" if heading else "" for heading in here}
        path = "../" if source == HOME else f"..{address(source)}"
        assert {f"{path}{anchor}" for anchor in anchors} & back, f"{key}, under {anchors}, is linked from {back}"


def test_every_link_back_leads_to_a_citation(pages):
    for entry in pages["references.md"].select(".references li[id]"):
        for link in entry.select(".cited-in a"):
            path = link["href"].partition("#")[0].strip("./")
            source = f"{path or 'index'}.md"
            assert pages[source].select(f"a[href$='references/#{entry['id']}']"), f"{entry['id']} is not in {source}"
