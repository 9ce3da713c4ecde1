"""The situations in a real Chromium: a link fills the quiz in without a new page, and back undoes it."""

import pytest
from playwright.sync_api import expect

from quiz import decide
from scripts.extension.data_file import load
from scripts.extension.quiz.scenarios import FILE
from scripts.measuring.results import REPOSITORY
from scripts.publishing.static_host import Fault
from tests.conftest import SUB_PATH
from tests.quiz_page import expect_no_verdict, expect_verdict, go_to

pytestmark = pytest.mark.browser

ENTRIES = {entry["id"]: entry["answers"] for entry in load(REPOSITORY / FILE, REPOSITORY)}
BUSY, PRICES = "busy-classifier", "hourly-prices"


def unfold(page, name):
    """Open a situation and return it."""
    scenario = page.locator(f"#scenario-{name}")
    scenario.locator("summary").click()
    return scenario


def expect_answers(page, answers):
    for question, option in answers.items():
        expect(page.locator(f"decision-quiz [name={question}][value={option}]")).to_be_checked()


@pytest.mark.parametrize(
    ("path", "names"), [("/", list(ENTRIES)), (f"{SUB_PATH}/", [BUSY, PRICES]), ("/#situations", [BUSY, PRICES])]
)
def test_a_situation_opens_in_the_quiz_on_the_same_page(visit, path, names):
    page = visit(path)
    page.evaluate("window.alive = document.querySelector('decision-quiz')")
    for name in names:
        answers = ENTRIES[name]
        unfold(page, name).get_by_role("link", name="Open in the quiz").click()
        verdict = decide(answers)
        expect_verdict(page, verdict.now, " ".join(verdict.later))
        expect_answers(page, answers)
        expect(page.locator("[data-slot=headline]")).to_have_text(verdict.headline)
        expect(page.locator("[data-slot=headline]")).to_be_in_viewport()
        expect(page.locator("[data-slot=headline]")).to_be_focused()
        assert page.url.partition("?")[2] == "&".join(f"{q}={a}" for q, a in answers.items())
    assert page.evaluate("alive === document.querySelector('decision-quiz')"), "the page was loaded again"


@pytest.mark.parametrize("path", ["/", "/#situations"])
def test_back_undoes_it_and_returns_to_the_situation(visit, path):
    page = visit(path)
    scenario = unfold(page, BUSY)
    scenario.scroll_into_view_if_needed()
    scenario.locator(".scenario-open").scroll_into_view_if_needed()
    page.wait_for_function("Math.abs((history.state?.y ?? -1) - scrollY) < 2")  # the theme notes the place, in a moment
    scenario.locator(".scenario-open").click()
    expect_verdict(page, "distill")
    page.go_back()
    expect_no_verdict(page)
    assert page.locator("decision-quiz input:checked").count() == 0
    expect(page.locator(f"#scenario-{BUSY}")).to_be_in_viewport()
    page.go_forward()
    expect_verdict(page, "distill")
    expect_answers(page, ENTRIES[BUSY])


def test_back_goes_from_situation_to_situation(visit):
    page = visit("/")
    for name in (BUSY, PRICES):
        unfold(page, name).locator(".scenario-open").click()
        expect_verdict(page, decide(ENTRIES[name]).now)
    page.go_back()
    expect_verdict(page, "distill")
    expect_answers(page, ENTRIES[BUSY])


def test_after_instant_navigation_a_situation_still_opens(visit):
    """The page left behind must not answer as well."""
    page = visit("/")
    page.evaluate("window.alive = true")
    go_to(page, "Evidence")
    page.wait_for_url("**/evidence/")
    go_to(page, "Decide")
    page.wait_for_selector("decision-quiz:defined")
    length = page.evaluate("history.length")
    unfold(page, BUSY).locator(".scenario-open").click()
    expect_verdict(page, "distill")
    assert page.evaluate("alive") and page.evaluate("history.length") == length + 1


def test_a_link_to_a_situations_verdict_shows_it_in_a_new_tab(visit):
    page = visit("/")
    href = page.locator(f"#scenario-{BUSY} .scenario-open").evaluate("(link) => link.search + link.hash")
    page = visit(f"/{href}")
    expect_verdict(page, "distill")
    expect_answers(page, ENTRIES[BUSY])
    expect(page.locator("[data-slot=headline]")).to_be_in_viewport()


def test_a_control_click_is_left_to_the_browser(visit):
    page = visit("/")
    link = unfold(page, BUSY).locator(".scenario-open")
    with page.context.expect_page() as opened:
        link.click(modifiers=["Control"])
    expect_verdict(opened.value, "distill")
    expect_no_verdict(page)


def test_a_keyboard_is_enough(visit):
    page = visit("/")
    page.locator(f"#scenario-{PRICES} summary").focus()
    page.keyboard.press("Enter")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.scenario-open')"):
            break
    page.keyboard.press("Enter")
    expect_verdict(page, "rag")
    expect(page.locator("[data-slot=headline]")).to_be_focused()


def test_without_javascript_the_verdict_is_shown(visit):
    page = visit("/", java_script_enabled=False)
    for name, answers in ENTRIES.items():
        scenario = unfold(page, name)
        expect(scenario.locator(".scenario-open")).to_be_hidden()
        scenario.locator(".scenario-verdict a").first.click()
        card = page.locator(f"#verdict-{'-'.join(answers.values())}")
        expect(card.locator(".verdict-headline")).to_have_text(decide(answers).headline)
        expect(card).to_be_in_viewport()


def test_a_missing_module_leaves_the_verdict_of_the_page(visit, host):
    host.faults["/assets/quiz/answers.mjs"] = Fault(status=404)
    page = visit("/")
    scenario = unfold(page, BUSY)
    expect(scenario.locator(".scenario-open")).to_be_hidden()
    scenario.locator(".scenario-verdict a").first.click()
    expect(page.locator("#verdict-yes-none-narrow")).to_be_in_viewport()
    page.said[:] = [text for text in page.said if not text.startswith("Failed to load resource")]


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_unfolded_and_paper_has_all_of_it(visit, width):
    page = visit("/", viewport={"width": width, "height": 844})
    page.emulate_media(media="print")
    for scenario in page.locator(".scenario").all():
        for paragraph in scenario.locator("p").all():
            expect(paragraph).to_be_visible()
        expect(scenario.locator(".scenario-open")).to_be_hidden()
    page.emulate_media(media="screen")
    page.evaluate("document.querySelectorAll('.scenario').forEach((each) => { each.open = true })")
    assert page.evaluate("document.documentElement.scrollWidth") == width
