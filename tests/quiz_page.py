"""The quiz in a page, as the tests speak of it."""

from playwright.sync_api import Page, expect

SOON = 5_000  # ms for what is there already
BOOT = 60_000  # ms for Python to arrive on a busy machine

FACTS = {"tried": "yes", "gap": "facts", "scale": "ordinary"}
QUERY = "/?tried=yes&gap=facts&scale=ordinary"


def region(page: Page):
    """Return the result region."""
    return page.locator("[data-verdict]")


def answer(page: Page, **answers: str) -> None:
    """Choose options as a reader does."""
    for question, option in answers.items():
        page.locator(f"decision-quiz [name={question}][value={option}]").check()


def expect_verdict(page: Page, now: str, later: str = "", engine: str | None = None) -> None:
    """Wait until the region shows this verdict; `engine` may be static or python."""
    expect(region(page)).to_have_attribute("data-now", now, timeout=SOON)
    expect(region(page)).to_have_attribute("data-later", later, timeout=SOON)
    if engine:
        expect(region(page)).to_have_attribute("data-engine", engine, timeout=BOOT)


def expect_no_verdict(page: Page) -> None:
    """Wait until neither the head nor the card of a verdict is there."""
    for part in ("[data-head]", "[data-card]"):
        expect(page.locator(f"decision-quiz {part}")).to_be_hidden()


def go_to(page: Page, section: str) -> None:
    """Follow the name of a section in the header, without loading the site again."""
    page.locator(".md-tabs__link", has_text=section).click()


def state(page: Page):
    """Return the line that says where the words come from."""
    return page.locator("[data-state-text]")
