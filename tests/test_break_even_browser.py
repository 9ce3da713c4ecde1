"""The break-even form in the page: results, mistakes, links, paper, and no JavaScript."""

import pytest
from playwright.sync_api import expect

from scripts.extension.lesson import break_even
from tests.break_even_data import PRICED

PATH = "/distillation/"


def fill(page, **texts):
    for name, text in texts.items():
        page.locator(f"break-even [name={name}]").fill(text)


@pytest.mark.browser
def test_typing_gives_the_result_and_a_link_that_gives_it_again(visit):
    page = visit(PATH)
    state, figures = page.locator("break-even [data-state]"), page.locator("break-even dl")
    expect(state).to_have_text(break_even.WORDS["empty"])
    fill(page, **{name: text for name, text in PRICED.items() if name != "upkeep"})
    expect(state).to_have_text("Still missing: Upkeep a month.")
    expect(figures).to_be_hidden()
    fill(page, upkeep="5", **{"teacher-output": ""})
    expect(state).to_have_text("Still missing: Teacher: price of a million output tokens.")
    fill(page, **{"teacher-output": "12"})
    expect(figures).to_be_visible()
    wanted = ["12", "7", "5", "After 18 months, or 18,001 calls.", "From 501 calls a month on"]
    for place, text in enumerate(wanted):
        expect(figures.locator("dd").nth(place)).to_contain_text(text)
    assert "teacher-output=12" in page.url
    again = visit(page.url.removeprefix(page.url.split(PATH)[0]))
    expect(again.locator("break-even dd").nth(3)).to_have_text(wanted[3])
    page.reload()
    expect(figures.locator("dd").nth(4)).to_contain_text(wanted[4])
    page.locator("break-even").get_by_role("button", name="Clear").click()
    expect(state).to_have_text(break_even.WORDS["empty"])
    assert page.url.endswith(PATH)


@pytest.mark.browser
def test_a_student_that_never_pays_says_why(visit):
    page = visit(PATH)
    fill(page, **PRICED | {"student-input": "3", "student-output": "12"})
    expect(page.locator("[data-slot=saving]")).to_have_text("None: the student costs 5 more.")
    expect(page.locator("[data-slot=payback]")).to_have_text(break_even.WORDS["pays-never"])
    expect(page.locator("[data-slot=volume]")).to_have_text(break_even.WORDS["never"])


@pytest.mark.browser
def test_a_bad_number_has_one_line_at_its_field_and_no_result(visit):
    page = visit(PATH)
    fill(page, **PRICED | {"making": "-90"})
    making = page.locator("[name=making]")
    expect(making).to_have_accessible_description(break_even.WORDS["problems"]["negative"])
    expect(making).to_have_attribute("aria-invalid", "true")
    expect(page.locator("break-even [data-state]")).to_have_text("Correct this first: Making the student, once.")
    expect(page.locator("break-even dl")).to_be_hidden()
    making.fill("90")
    expect(making).to_have_accessible_description("")
    expect(page.locator("break-even dl")).to_be_visible()


@pytest.mark.browser
def test_a_link_fills_in_what_is_good_and_names_the_rest_as_text(visit):
    page = visit(f"{PATH}?calls=7&making=-1&sale=%3Cimg%20src=x%20onerror=alert(1)%3E&upkeep=1&upkeep=2")
    expect(page.locator("[name=calls]")).to_have_value("7")
    expect(page.locator("[name=making]")).to_have_value("")
    expect(page.locator("[name=upkeep]")).to_have_value("")
    expect(page.locator("break-even [data-note]")).to_contain_text("making=-1, sale, upkeep (more than once)")
    assert page.locator("break-even img").count() == 0
    page.goto(f"{page.url.split('?')[0]}?calls={'9' * 3000}")
    expect(page.locator("break-even [data-note]")).to_have_text(break_even.WORDS["too-long"])


@pytest.mark.browser
def test_the_form_survives_a_visit_to_another_page(visit):
    page = visit("/distillation/")
    page.locator("a.md-nav__link", has_text="Prompting").first.click()
    expect(page.locator("h1")).to_contain_text("Prompting")
    page.locator("a.md-nav__link", has_text="Distillation").first.click()
    fill(page, **PRICED)
    expect(page.locator("[data-slot=payback]")).to_contain_text("18,001")


@pytest.mark.browser
def test_without_javascript_the_formula_is_there_and_the_form_is_not(visit):
    page = visit(PATH, java_script_enabled=False)
    expect(page.locator("break-even form")).to_be_hidden()
    expect(page.locator("break-even .break-even-result")).to_be_hidden()
    expect(page.locator(".break-even-formula li")).to_have_count(4)
    expect(page.locator(".break-even-formula")).to_be_visible()


@pytest.mark.browser
def test_paper_has_the_numbers_and_the_result(visit):
    page = visit(PATH)
    fill(page, **PRICED)
    expect(page.locator("[data-slot=payback]")).to_contain_text("18,001")
    page.emulate_media(media="print")
    expect(page.locator("[name=making]")).to_be_visible()
    expect(page.locator("[data-slot=payback]")).to_be_visible()
    expect(page.locator("break-even button").filter(visible=True)).to_have_count(0)
