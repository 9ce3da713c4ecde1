"""How the quiz looks and behaves for who reads on paper, in the dark, in forced colours or without motion."""

from itertools import product

import pytest
from playwright.sync_api import expect

from tests.quiz_page import BOOT, QUERY, expect_verdict, region

pytestmark = pytest.mark.browser


def test_it_prints_as_a_record(visit, tmp_path):
    page = visit(QUERY)
    expect_verdict(page, "rag")
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Copy link")).to_be_hidden()
    expect(page.locator("[name=gap][value=facts]")).to_be_visible()
    expect(page.locator("[name=gap][value=both]")).to_be_hidden()
    expect(page.locator("[data-slot=headline]")).to_be_visible()


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_the_loading_sign_respects_reduced_motion(visit, host, motion):
    from scripts.publishing.static_host import Fault

    host.faults["/assets/runtime/python_stdlib.gzip"] = Fault(delay=1.5)
    page = visit(QUERY, reduced_motion=motion)
    page.wait_for_selector("decision-quiz[data-phase=loading]")
    name = page.evaluate("getComputedStyle(document.querySelector('.quiz-state'), '::before').animationName")
    assert name == ("none" if motion == "reduce" else "quiz-turn")
    expect_verdict(page, "rag", engine="python")


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_and_its_choice_is_visible(visit, width):
    page = visit(QUERY, viewport={"width": width, "height": 900})
    expect_verdict(page, "rag")
    border = "(name) => getComputedStyle(document.querySelector(`.quiz-option:has([value=${name}])`)).border"
    for scheme, colours in product(("light", "dark"), ("active", "none")):
        page.emulate_media(color_scheme=scheme, forced_colors=colours)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.evaluate(border, "facts") != page.evaluate(border, "both"), (scheme, colours)


def test_a_boot_in_the_background_leaves_the_reader_alone(visit):
    """No focus moves and nothing is announced again when Python confirms what the table said."""
    page = visit(QUERY)
    page.evaluate(
        """window.changed = 0; new MutationObserver((all) => changed += all.length)
           .observe(document.querySelector('[data-card]'), { childList: true, subtree: true, characterData: true })"""
    )
    page.locator("[name=tried][value=yes]").focus()
    expect(region(page)).to_have_attribute("data-engine", "python", timeout=BOOT)
    assert page.evaluate("changed") == 0
    expect(page.locator("[name=tried][value=yes]")).to_be_focused()
