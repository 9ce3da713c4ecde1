"""The interview page in a real Chromium: find, step, mark, due again, keyboard, paper, and no script."""

import pytest
from playwright.sync_api import expect

from tests.conftest import ROOT
from tests.interview_page import KEPT, counts, mark, question, said, shown, unfold
from tests.interview_page import address as address
from tests.interview_page import page as page
from tests.interview_page import visit_page as visit_page

pytestmark = pytest.mark.browser


def test_filter_by_topic_level_and_tag(page):
    expect(counts(page)).to_have_text("7 of 7 questions shown. 0 due now. 7 not marked yet.")
    page.get_by_label("Level").select_option("Senior")
    expect(counts(page)).to_contain_text("2 of 7 questions shown.")
    assert shown(page) == ["rag", "evals"]
    page.get_by_label("Topic").select_option(label="About evals")
    assert shown(page) == ["evals"]
    page.get_by_label("Tag").select_option("Cost and latency")
    expect(page.locator(".interview-none")).to_have_text("No question fits. Take a filter away, or clear them all.")
    page.get_by_role("button", name="Clear filters").click()
    expect(counts(page)).to_contain_text("7 of 7 questions shown.")


def test_search_reads_questions_and_answers(page):
    page.get_by_label("Search").fill("ASH leaves")
    assert shown(page) == ["rag"]
    page.get_by_label("Search").fill("says rag, why")  # in the folded rubric
    assert shown(page) == ["rag"]
    page.get_by_label("Search").fill("<b>nothing</b>")
    assert shown(page) == []


def test_one_at_a_time_and_back(page):
    page.get_by_role("button", name="One at a time").click()
    assert shown(page) == ["decision"]
    page.get_by_role("button", name="Next").click()
    assert shown(page) == ["prompting"]
    expect(question(page, "prompting").get_by_role("heading")).to_be_focused()
    expect(page.locator(".interview-steps")).to_contain_text("Question 2 of 7")
    page.get_by_role("button", name="Previous").click()
    assert shown(page) == ["decision"]
    expect(page.get_by_role("button", name="Previous")).to_be_disabled()
    page.get_by_role("button", name="All at once").click()
    assert len(shown(page)) == 7


def test_a_title_opens_its_question_and_the_answer_brings_the_marks(page):
    title, answer = question(page).locator(".interview-open"), question(page).locator("> .interview-answer")
    expect(answer).to_be_hidden()
    title.click()
    expect(title).to_have_attribute("aria-expanded", "true")
    expect(answer).to_be_visible()
    expect(question(page, "evals").locator("> .interview-answer")).to_be_hidden()
    expect(question(page).locator(".interview-marks")).to_be_hidden()
    answer.locator("summary").click()
    expect(question(page).locator(".interview-marks")).to_be_visible()
    title.click()
    expect(answer).to_be_hidden()


def test_a_set_for_an_hour_goes_through_the_topics(page):
    page.get_by_role("button", name="Start a set for an hour").click()
    expect(page.locator(".interview-steps")).to_contain_text("Question 1 of 7")
    expect(question(page, "decision").locator("> .interview-answer")).to_be_visible()
    mark(page, "Good", "decision")
    page.get_by_role("button", name="Next").click()
    assert shown(page) == ["prompting"]
    page.get_by_role("button", name="Clear filters").click()
    page.get_by_role("button", name="Start a set for an hour").click()
    assert shown(page) == ["decision"], "one of each topic in turn, marked or not"


def test_answers_unfold_and_fold_together(page):
    answer = question(page).locator(".interview-answer > div").first
    expect(answer).to_be_hidden()
    page.get_by_role("button", name="Show all answers").click()
    expect(answer).to_be_visible()
    expect(page.locator(".interview-progress > p")).to_be_hidden()
    page.get_by_role("button", name="Hide all answers").click()
    expect(answer).to_be_hidden()


def test_a_mark_says_when_it_comes_back_and_is_kept(page):
    mark(page, "Weak")
    expect(said(page)).to_have_text("Marked: Weak. Next: 10:10.")
    expect(counts(page)).to_have_text("7 of 7 questions shown. 0 due now. 6 not marked yet.")
    mark(page, "Excellent", "evals")
    page.reload()
    unfold(page)
    expect(question(page).get_by_role("button", name="Weak")).to_have_attribute("aria-pressed", "true")
    expect(question(page, "evals").locator(".interview-next")).to_have_text("Next: 2 Dec 2026")
    page.get_by_label("Show").select_option("Not marked yet")
    assert len(shown(page)) == 5


def test_what_is_due_comes_in_its_order_and_leaves_when_it_is_marked(page):
    mark(page, "Weak", "evals")
    page.clock.fast_forward("01:00")
    mark(page, "Weak", "decision")
    page.get_by_role("button", name="Practise what is due (0)").click()
    expect(said(page)).to_have_text("Nothing is due now. Next: 10:10.")
    assert len(shown(page)) == 7, "the page stays as it is"
    page.clock.fast_forward("20:00")
    page.get_by_role("button", name="Practise what is due (2)").click()
    assert shown(page) == ["evals"]
    mark(page, "Good", "evals")
    expect(counts(page)).to_contain_text("1 due now.")
    assert shown(page) == ["evals"], "it stays until the reader goes on"
    page.get_by_role("button", name="Next").click()
    assert shown(page) == ["decision"]
    mark(page, "Good", "decision")
    page.get_by_role("button", name="Next").click()
    assert shown(page) == []
    expect(page.locator(".interview-none")).to_be_focused()


def test_count_grows_by_itself_when_it_is_time(page):
    mark(page, "Weak")
    page.clock.run_for("10:01")
    expect(counts(page)).to_contain_text("1 due now.")


def test_keyboard_alone(page):
    page.get_by_label("Search").focus()
    page.keyboard.type("ash")
    assert shown(page) == ["rag"]
    page.keyboard.press("Enter")  # sends no form
    question(page).locator(".interview-open").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(question(page).locator(".interview-answer > div").first).to_be_visible()
    question(page).get_by_role("button", name="Weak").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(said(page)).to_contain_text("Marked: Good.")
    expect(question(page).get_by_role("button", name="Good", exact=True)).to_be_focused()


def test_link_to_a_question_brings_it_out(page, address):
    page.get_by_label("Topic").select_option(label="About evals")
    page.evaluate("location.hash = '#question-rag-one'")
    expect(question(page).locator("> .interview-answer")).to_be_visible()
    expect(question(page).get_by_role("heading")).to_be_focused()


def test_leaving_and_coming_back_doubles_nothing(page):
    page.evaluate("""() => { const element = document.querySelector("interview-practice"), place = element.parentNode;
        for (let i = 0; i < 3; i++) { element.remove(); place.append(element); } }""")
    expect(page.locator(".interview-bar")).to_have_count(1)
    expect(page.locator(".interview-marks")).to_have_count(7)
    mark(page, "Weak")
    expect(counts(page)).to_contain_text("6 not marked yet.")
    assert page.evaluate(KEPT)["marks"]["rag-one"]["card"]["reps"] == 1, "one listener, one mark"


def test_paper_has_every_answer_and_nothing_to_press(page):
    page.get_by_role("button", name="One at a time").click()
    page.emulate_media(media="print")
    assert len(shown(page)) == 7
    for folded in page.locator("article details > div").all():
        expect(folded).to_be_visible()
    pressed = "interview-practice :is(button:not(.interview-open), input, select)"  # a title is read, too
    assert page.locator(pressed).filter(visible=True).count() == 0


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(visit_page, width):
    page = visit_page(viewport={"width": width, "height": 800})
    page.get_by_role("button", name="Show all answers").click()
    page.locator(".interview-progress > summary").click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_complete_without_script(chromium, address):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    assert len(shown(page)) == 7
    expect(page.locator("interview-practice button")).to_have_count(0)
    question(page).locator("summary").first.click()
    expect(question(page).locator(".interview-answer > div").first).to_be_visible()
    context.close()


def test_axe_finds_nothing(page):
    page.locator(".interview-progress > summary").click()
    page.get_by_role("button", name="Show all answers").click()
    mark(page, "Weak")
    page.evaluate((ROOT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run('interview-practice')")["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
