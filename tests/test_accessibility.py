"""axe-core on every page, in both widths, its colours in both schemes: no violation in what is ours.

What remains of the theme's own is written down in THEME, each with its reason; an entry that no longer occurs fails.
"""

import pytest
from playwright.sync_api import expect

from tests.conftest import ROOT
from tests.nav import PAGES
from tests.quiz_page import QUERY, expect_verdict

pytestmark = [pytest.mark.browser, pytest.mark.slow]

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# rule -> selector of the theme's element -> why it stays
THEME = {
    "aria-dialog-name": {
        ".md-search": "The search box calls itself a dialog without a name; the field in it has one. "
        "The role stands in the theme's template, and a copy of that template would have to be kept up to date."
    },
    "aria-progressbar-name": {
        ".md-progress": "The line on top while the next page loads has no name; it is made for the eye, "
        "and what is announced is the new page's title. Its template has no setting for a name."
    },
    "region": {
        ".md-progress": "The same line lies outside all landmarks. It holds no text and is empty at rest.",
        ".md-tooltip2": "While it is open, what explains an abbreviation lies outside all landmarks too. The word has "
        "it as its description, so that a screen reader need not find it; where it lies has no setting.",
    },
    "landmark-unique": {
        ".md-code__nav": "The theme's script wraps each copy button in a nav without a name, so two blocks of code on "
        "a page give two alike. The button in it is named; the alternative is to give up copying."
    },
}
LOOKS = {
    "wide-light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "wide-dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "narrow-light": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}
SCHEMES = {"light": "default", "dark": "slate"}
COLOURS = ["color-contrast", "link-in-text-block"]  # all that another scheme can change
RUN = """async ([tags, colours, theme]) => {
    const rules = { 'target-size': { enabled: true } };  // part of WCAG 2.2 AA, off unless asked for
    const options = colours ? { runOnly: { type: 'rule', values: colours } } : { runOnly: tags, rules };
    const { passes, violations } = await axe.run(document, options);
    const node = (id, { target, html, failureSummary }) => {
        const element = document.querySelector(target[0]);
        const known = Object.keys(theme[id] ?? {}).find((selector) => element.matches(selector)) ?? null;
        return { id, known, target: target.join(' '), html: html.slice(0, 200), why: failureSummary };
    };
    return [passes.length, violations.flatMap(({ id, nodes }) => nodes.map((found) => node(id, found)))];
}"""
looked_at = set()
occurred = set()


def violations(page, colours=None):
    """Return what axe finds in the page as it is now, without what THEME allows. colours: the only rules to ask."""
    page.add_script_tag(path=AXE)
    passed, found = page.evaluate(RUN, [TAGS, colours, THEME])
    assert passed > (0 if colours else 20), "axe did not look at the page"
    occurred.update((each["id"], each["known"]) for each in found if each["known"])
    return [each for each in found if not each["known"]]


def expect_no_violation(page, before=lambda: None):
    """Look at the page as it is in every look. before: what to do first in each of them."""
    for name, look in LOOKS.items():
        page.set_viewport_size(look["viewport"])
        page.emulate_media(color_scheme=look["color_scheme"])
        expect(page.locator("body")).to_have_attribute("data-md-color-scheme", SCHEMES[look["color_scheme"]])
        before()
        assert violations(page, COLOURS if look["color_scheme"] == "dark" else None) == [], name


@pytest.fixture
def still(visit):
    """Open a page in which nothing moves."""
    return lambda path: visit(path, reduced_motion="reduce")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_violation_of_ours(still, path):
    expect_no_violation(still(path))
    looked_at.add(path)


def test_the_page_for_a_missing_address_has_no_violation(still):
    expect_no_violation(still("/404.html"))


def test_a_verdicts_own_page_has_no_violation(still):
    page = still("/v/yes-both-narrow/")
    for name, look in LOOKS.items():
        page.set_viewport_size(look["viewport"])
        page.emulate_media(color_scheme=look["color_scheme"])
        assert violations(page, COLOURS if look["color_scheme"] == "dark" else None) == [], name


def test_an_explained_abbreviation_has_no_violation(still):
    page = still("/rag/")

    def explain():
        page.locator("article h1").click()
        page.locator("article abbr").first.focus()
        page.get_by_role("tooltip").wait_for()

    expect_no_violation(page, explain)


def test_the_verdict_and_what_unfolds_have_no_violation(still):
    page = still(QUERY)
    expect_verdict(page, "rag", engine="python")
    expect_no_violation(page)
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
    expect_no_violation(page)


def test_the_note_on_a_wrong_link_has_no_violation(still):
    page = still("/?tried=perhaps")
    page.wait_for_selector("[data-note]:not(:empty)")
    expect_no_violation(page)


def test_the_answered_quick_check_has_no_violation(still):
    page = still("/")
    page.get_by_role("button", name="All at once").click()
    for question in page.locator("quick-check fieldset").all():
        question.locator("input").first.check()
        question.get_by_role("button", name="Check").click()
    for result in ("right", "wrong"):
        assert page.locator(f"quick-check .check-feedback .{result}").count(), "both kinds of feedback are looked at"
    expect_no_violation(page)


def test_the_break_even_form_has_no_violation_filled_in_or_wrong(still):
    link = "calls=9&input=9&output=9&teacher-fixed=9&student-fixed=1&making=9"
    page = still(f"/distillation/?{link}&upkeep=1&sale=1")
    expect(page.locator("[data-slot=payback]")).not_to_be_empty()
    expect_no_violation(page)
    page.locator("[name=upkeep]").fill("much")
    expect(page.locator("#break-even-upkeep-problem")).not_to_be_empty()
    expect_no_violation(page)


def test_a_mistake_of_ours_would_be_found(visit):
    page = visit("/references/")
    page.evaluate("document.querySelector('article').insertAdjacentHTML('beforeend', '<img src=\"data:,\">')")
    page.evaluate("document.querySelector('article p').style.color = '#ccc'")
    assert {"image-alt", "color-contrast"} <= {each["id"] for each in violations(page)}


def test_the_list_of_the_themes_violations_is_true():
    if len(looked_at) < len(PAGES):
        pytest.skip("not every page has been looked at in this run")
    assert occurred == {(rule, selector) for rule, elements in THEME.items() for selector in elements}
