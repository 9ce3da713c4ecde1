"""The quick check in a real Chromium: feedback, score, keyboard, what is kept, and paper."""

import shutil

import pytest
from playwright.sync_api import expect

from scripts.measuring.results import REPOSITORY
from scripts.publishing.static_host import StaticHost
from tests.test_quick_check_data import GOOD
from tests.tiny_site import TinySite

pytestmark = pytest.mark.browser

BLOCKED = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('blocked') }})"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page with two questions, served as the site would."""
    site = TinySite(tmp_path_factory.mktemp("check"))
    site.write("docs/_data/checks/rag.yml", GOOD)
    html = site.render("# Page\n\n::: check rag\n")
    for name in ("quick-check.mjs", "quick-check.css"):
        shutil.copy(REPOSITORY / "docs/assets" / name, site.root / name)
    head = '<link rel="icon" href="data:,"><link rel="stylesheet" href="quick-check.css">'
    head += '<script type="module" src="quick-check.mjs"></script>'
    site.write("index.html", f'<!doctype html><html lang="en"><title>Page</title>{head}<body>{html}')
    with StaticHost({"/": site.root}) as host:
        yield f"{host.address}/"


@pytest.fixture
def page(chromium, address):
    """A fresh profile on the page; any message of the console or uncaught error fails the test."""
    context = chromium.new_context(viewport={"width": 390, "height": 800}, reduced_motion="reduce")
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address)
    page.wait_for_selector(".check-bar")
    yield page
    context.close()
    assert said == []


def question(page, name="what-changes"):
    return page.locator(f"#check-{name}")


def answer(page, *places, name="what-changes"):
    for place in places:
        question(page, name).locator("input").nth(place).check()
    question(page, name).get_by_role("button").click()


def test_wrong_answer_says_why_and_can_be_tried_again(page):
    answer(page, 0)
    feedback = question(page).get_by_role("status")
    expect(feedback).to_have_text("Wrong. Prompts are not weights.")
    expect(page.locator("output")).to_have_text("0 of 2 right")
    question(page).get_by_role("button", name="Try again").click()
    expect(feedback).to_be_empty()
    expect(question(page).locator("input").first).to_be_focused()
    answer(page, 1)
    expect(feedback).to_contain_text("Right. It adds small matrices")
    expect(feedback.get_by_role("link")).to_have_attribute("href", "references.md#lora")
    expect(page.locator("output")).to_have_text("1 of 2 right")


def test_another_choice_takes_the_feedback_away(page):
    answer(page, 0)
    question(page).locator("input").nth(1).check()
    expect(question(page).get_by_role("status")).to_be_empty()
    expect(question(page).get_by_role("button")).to_have_text("Check")


def test_nothing_chosen_is_said_politely(page):
    answer(page)
    expect(question(page).get_by_role("status")).to_have_text("Choose an answer first.")


def test_several_right_need_all_of_them(page):
    page.get_by_role("button", name="Next").click()
    answer(page, 0, name="which-two")
    feedback = question(page, "which-two").get_by_role("status")
    expect(feedback).to_contain_text("One more answer is right.")
    expect(page.locator("output")).to_have_text("0 of 2 right")
    question(page, "which-two").locator("input").nth(1).check()
    question(page, "which-two").get_by_role("button").click()
    expect(feedback).to_have_text("Right. One is right.Right. Two is right.")
    expect(page.locator("output")).to_have_text("1 of 2 right")


def test_one_at_a_time_or_all(page):
    expect(question(page, "which-two")).to_be_hidden()
    page.get_by_role("button", name="Next").click()
    expect(question(page, "which-two")).to_be_focused()
    expect(question(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    page.get_by_role("button", name="All at once").click()
    expect(question(page)).to_be_visible()
    expect(question(page, "which-two")).to_be_visible()
    page.get_by_role("button", name="One at a time").click()
    expect(question(page)).to_be_hidden()


def test_link_to_a_question_shows_it(page, address):
    page.goto(f"{address}#check-which-two")
    expect(question(page, "which-two")).to_be_visible()


def test_keyboard_alone(page):
    question(page).locator("input").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(question(page).get_by_role("status")).to_contain_text("Right.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(question(page).get_by_role("status")).to_be_empty()


def test_answers_are_kept_and_can_be_cleared(page):
    answer(page, 1)
    page.reload()
    expect(page.locator("output")).to_have_text("1 of 2 right")
    expect(question(page).locator("input").nth(1)).to_be_checked()
    expect(question(page).get_by_role("status")).to_contain_text("Right.")
    page.get_by_role("button", name="Start over").click()
    page.reload()
    expect(page.locator("output")).to_have_text("0 of 2 right")
    expect(question(page).locator("input:checked")).to_have_count(0)


@pytest.mark.parametrize("kept", ["no JSON", "null", '"text"', '{"answers": {"check-what-changes": {"chosen": 1}}}'])
def test_foreign_data_in_the_storage_is_ignored(page, kept):
    page.evaluate("kept => localStorage.setItem('fine-tune-vs-rag/quick-check/1/rag', kept)", kept)
    page.reload()
    expect(page.locator("output")).to_have_text("0 of 2 right")


def test_answer_to_an_older_wording_is_not_shown(page):
    answer(page, 1)
    page.evaluate("""() => { const key = "fine-tune-vs-rag/quick-check/1/rag";
        const kept = localStorage.getItem(key).replace(/"version":"[^"]*"/, '"version":"old"');
        localStorage.setItem(key, kept) }""")
    page.reload()
    expect(question(page).locator("input:checked")).to_have_count(0)


def test_blocked_storage_is_said_once_and_the_check_still_works(page):
    page.add_init_script(BLOCKED)
    page.reload()
    expect(page.locator(".check-note")).to_be_hidden()
    answer(page, 1)
    expect(page.locator(".check-note")).to_be_visible()
    expect(page.locator("output")).to_have_text("1 of 2 right")


def test_leaving_and_coming_back_doubles_nothing(page):
    page.evaluate("""() => { const check = document.querySelector("quick-check"), place = check.parentNode;
        for (let i = 0; i < 3; i++) { check.remove(); place.append(check); } }""")
    expect(page.locator(".check-bar")).to_have_count(1)
    answer(page, 1)  # two listeners would check and try again at once
    expect(question(page).get_by_role("status")).to_contain_text("Right.")


def test_paper_has_every_question_and_no_button(page):
    page.emulate_media(media="print")
    expect(question(page)).to_be_visible()
    expect(question(page, "which-two")).to_be_visible()
    assert page.locator("quick-check button:visible").count() == 0
    expect(question(page).locator(".check-why").first).to_be_visible()


def test_nothing_is_wider_than_a_phone(page):
    page.get_by_role("button", name="All at once").click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_complete_without_script(chromium, address):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    expect(question(page, "which-two")).to_be_visible()
    expect(page.locator("quick-check button")).to_have_count(0)
    question(page).locator("summary").click()
    expect(question(page).locator(".check-why").nth(1)).to_contain_text("It adds small matrices")
    context.close()


def test_axe_finds_nothing(page):
    axe = REPOSITORY / "node_modules/axe-core/axe.min.js"
    if not axe.is_file():
        pytest.skip("axe-core is not installed: npm ci")
    answer(page, 0)
    page.evaluate(axe.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run('quick-check')")["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
