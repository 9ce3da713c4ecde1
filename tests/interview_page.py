"""The interview page with one question a topic, in Chromium, at ten o'clock: fixtures and what tests do with it."""

import shutil
from datetime import UTC, datetime

import pytest

from scripts.publishing import vendor
from scripts.publishing.static_host import StaticHost
from tests.conftest import ROOT
from tests.interview_data import FOLDER, TAGS, good
from tests.interview_data import PAGE as LESSON
from tests.test_interview_page import PAGE, TOPICS
from tests.tiny_site import TinySite

KEY = "fine-tune-vs-rag/interview/1"
START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
KEPT = f"() => JSON.parse(localStorage.getItem('{KEY}'))"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page with one question a topic, served as the site would."""
    site = TinySite(tmp_path_factory.mktemp("interview"))
    site.write(f"{FOLDER}/tags.yml", TAGS)
    for topic, page in TOPICS.items():
        site.write(f"docs/{page}", LESSON.replace("# Page", f"# About {topic}"))
        level = "senior" if topic in ("rag", "evals") else "working"
        site.write(f"{FOLDER}/{topic}.yml", good(topic).replace("level: working", f"level: {level}"))
    html = site.render(PAGE, "docs/interview.md")
    shutil.copytree(ROOT / "docs/assets/interview", site.root / "assets/interview")
    for name in ("interview.mjs", "interview.css"):
        shutil.copy(ROOT / "docs/assets" / name, site.root / "assets" / name)
    vendor.publish(ROOT, site.root / vendor.FOLDER)
    head = '<link rel="icon" href="data:,"><link rel="stylesheet" href="assets/interview.css">'
    head += '<meta name="viewport" content="width=device-width">'
    head += '<script type="module" src="assets/interview.mjs"></script>'
    site.write("index.html", f'<!doctype html><html lang="en"><title>Page</title>{head}<body><main>{html}</main>')
    with StaticHost({"/": site.root}) as host:
        yield f"{host.address}/"


@pytest.fixture
def visit_page(chromium, address):
    """Open the page in a fresh profile at ten o'clock; whatever the console says fails the test."""
    contexts, said = [], []

    def open_page(script="", **options):
        looks = {"viewport": {"width": 390, "height": 800}, "reduced_motion": "reduce", "timezone_id": "UTC"}
        context = chromium.new_context(**{**looks, **options})
        contexts.append(context)
        context.clock.install(time=START)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(address)
        page.wait_for_selector(".interview-bar")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []


@pytest.fixture
def page(visit_page):
    return visit_page()


def question(page, topic="rag"):
    return page.locator(f"article[data-id={topic}-one]")


def shown(page):
    return [article.get_attribute("data-topic") for article in page.locator("article").filter(visible=True).all()]


def unfold(page, topic="rag"):
    """Open a question of the list, and its model answer, as a reader does before marking."""
    article = question(page, topic)
    title = article.locator(".interview-open")
    if title.get_attribute("aria-expanded") == "false":
        title.click()
    answer = article.locator("> .interview-answer")
    if answer.get_attribute("open") is None:
        answer.locator("summary").click()


def mark(page, mark, topic="rag"):
    unfold(page, topic)
    question(page, topic).get_by_role("button", name=mark, exact=True).click()


def said(page):
    return page.locator(".interview-said")


def counts(page):
    return page.locator(".interview-counts")
