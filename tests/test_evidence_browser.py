"""The Evidence page in a browser: it fits a telephone, wide tables scroll inside, a link opens and marks its row."""

import pytest

from tests.evidence_data import BLOCK, STEM, site_with
from tests.themed_host import themed

pytestmark = pytest.mark.browser

LEAST = 13  # pixels that text is high at least
KEY = f"{STEM}:lora-pages.retrieved.right"
LOOK = """(box) => {
    const shown = [...box.querySelectorAll("*")].filter((one) => one.checkVisibility() && one.childNodes.length);
    const frames = [...box.querySelectorAll(".md-typeset__scrollwrap")].filter((one) => one.checkVisibility());
    return {
        sizes: shown.map((one) => parseFloat(getComputedStyle(one).fontSize)),
        page: document.documentElement.scrollWidth - innerWidth,
        wide: frames.filter((one) => one.scrollWidth > one.clientWidth).length,
        frames: frames.length,
        captions: frames.map((one) => one.querySelector("caption span").getBoundingClientRect().right),
    };
}"""
MARKED = """(row) => ({
    open: row.closest("details").open,
    marked: [...row.cells].map((cell) => getComputedStyle(cell).backgroundColor),
    other: getComputedStyle(row.nextElementSibling.cells[1]).backgroundColor,
    heads: [...row.cells].slice(1).map((cell) => getComputedStyle(cell, "::before").content),
    seen: row.checkVisibility(),
})"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A host of the page with made-up results, in the theme's style and ours, for each scheme."""
    html = site_with(tmp_path_factory.mktemp("site")).render(f"::: arms\n\n{BLOCK}\n::: evidence\n", "docs/evidence.md")
    with themed(tmp_path_factory.mktemp("pages"), html, "evidence.css") as host:
        yield host


@pytest.fixture
def open_page(chromium, pages):
    contexts = []

    def opened(path, width=1280):
        contexts.append(chromium.new_context(viewport={"width": width, "height": 900}))
        page = contexts[-1].new_page()
        page.goto(f"{pages.address}/{path}")
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_and_what_is_wide_scrolls_inside_itself(open_page, width):
    page = open_page("default.html", width)
    page.eval_on_selector_all("details", "(all) => all.forEach((one) => { one.open = true; })")
    seen = page.locator(".experiment").evaluate(LOOK)
    assert seen["page"] == 0, "the page scrolls sideways"
    assert min(seen["sizes"]) >= LEAST
    assert seen["frames"] > 15 and (seen["wide"] > 0) == (width == 390)
    assert max(seen["captions"]) <= width, "a caption is cut off"


@pytest.mark.parametrize("scheme", ["default", "slate"])
def test_a_link_opens_the_fold_and_marks_the_row_with_its_heads(open_page, scheme):
    row = open_page(f"{scheme}.html#{KEY}").locator(f'[id="{KEY}"]')
    seen = row.evaluate(MARKED)
    assert seen["open"] and seen["seen"]
    assert len(set(seen["marked"])) == 1 and seen["marked"][0] != seen["other"]
    assert seen["heads"][0] == '"Value"' and "none" not in seen["heads"]


def test_a_link_marks_the_cell_of_a_comparison(open_page):
    key = f"{STEM}:compare.kept-facts.p-holm"
    cell = open_page(f"default.html#{key}").locator(f'[id="{key}"]')
    assert cell.is_visible()
    assert cell.evaluate("(one) => getComputedStyle(one, '::before').content") == '"p after Holm"'


def test_the_names_of_the_rows_stay_in_sight_while_a_table_scrolls(open_page):
    page = open_page("default.html", 390)
    frame = page.locator(f'[id="{STEM}-facts"] + .md-typeset__scrollwrap')
    frame.evaluate("(one) => { one.scrollLeft = 200; }")
    label = frame.locator("tbody th").first
    assert label.evaluate("(one) => one.getBoundingClientRect().left") >= 0
