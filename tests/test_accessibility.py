"""axe-core on every page, in both schemes and both widths: no violation in what is ours.

What remains of the theme's own is written down in THEME, each with its reason; an entry that no longer occurs fails.
"""

import pytest

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
RUN = """async ([tags, theme]) => {
    const rules = { 'target-size': { enabled: true } };  // part of WCAG 2.2 AA, off unless asked for
    const { passes, violations } = await axe.run(document, { runOnly: tags, rules });
    const node = (id, { target, html, failureSummary }) => {
        const element = document.querySelector(target[0]);
        const known = Object.keys(theme[id] ?? {}).find((selector) => element.matches(selector)) ?? null;
        return { id, known, target: target.join(' '), html: html.slice(0, 200), why: failureSummary };
    };
    return [passes.length, violations.flatMap(({ id, nodes }) => nodes.map((found) => node(id, found)))];
}"""
looked_at = set()
occurred = set()


def violations(page):
    """Return what axe finds in the page as it is now, without what THEME allows."""
    page.add_script_tag(path=AXE)
    passed, found = page.evaluate(RUN, [TAGS, THEME])
    assert passed > 20, "axe did not look at the page"
    occurred.update((each["id"], each["known"]) for each in found if each["known"])
    return [each for each in found if not each["known"]]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_violation_of_ours(visit, path, look):
    page = visit(path, reduced_motion="reduce", **LOOKS[look])
    scheme = "slate" if look.endswith("dark") else "default"
    assert page.locator("body").get_attribute("data-md-color-scheme") == scheme
    looked_at.add((path, look))
    assert violations(page) == []


@pytest.mark.parametrize("look", LOOKS)
def test_the_page_for_a_missing_address_has_no_violation(visit, look):
    page = visit("/404.html", reduced_motion="reduce", **LOOKS[look])
    assert violations(page) == []


@pytest.mark.parametrize("look", LOOKS)
def test_an_explained_abbreviation_has_no_violation(visit, look):
    page = visit("/rag/", reduced_motion="reduce", **LOOKS[look])
    page.locator("article abbr").first.focus()
    page.get_by_role("tooltip").wait_for()
    assert violations(page) == []


@pytest.mark.parametrize("look", LOOKS)
def test_the_verdict_and_what_unfolds_have_no_violation(visit, look):
    page = visit(QUERY, reduced_motion="reduce", **LOOKS[look])
    expect_verdict(page, "rag", engine="python")
    assert violations(page) == []
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
    assert violations(page) == []


@pytest.mark.parametrize("look", LOOKS)
def test_the_note_on_a_wrong_link_has_no_violation(visit, look):
    page = visit("/?tried=perhaps", reduced_motion="reduce", **LOOKS[look])
    page.wait_for_selector("[data-note]:not(:empty)")
    assert violations(page) == []


@pytest.mark.parametrize("look", LOOKS)
def test_the_answered_quick_check_has_no_violation(visit, look):
    page = visit("/", reduced_motion="reduce", **LOOKS[look])
    page.get_by_role("button", name="All at once").click()
    for question in page.locator("quick-check fieldset").all():
        question.locator("input").first.check()
        question.get_by_role("button", name="Check").click()
    for result in ("right", "wrong"):
        assert page.locator(f"quick-check .check-feedback .{result}").count(), "both kinds of feedback are looked at"
    assert violations(page) == []


def test_a_mistake_of_ours_would_be_found(visit):
    page = visit("/references/")
    page.evaluate("document.querySelector('article').insertAdjacentHTML('beforeend', '<img src=\"data:,\">')")
    page.evaluate("document.querySelector('article p').style.color = '#ccc'")
    assert {"image-alt", "color-contrast"} <= {each["id"] for each in violations(page)}


def test_the_list_of_the_themes_violations_is_true():
    if len(looked_at) < len(PAGES) * len(LOOKS):
        pytest.skip("not every page has been looked at in this run")
    assert occurred == {(rule, selector) for rule, elements in THEME.items() for selector in elements}
