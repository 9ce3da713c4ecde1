"""The block `::: anki`: the link to the interview questions as an Anki package, with its size and hash."""

from xml.etree import ElementTree as etree

from scripts.anki import deck
from scripts.extension.code.downloads import link
from scripts.extension.page import Page


def block(argument: str, page: Page) -> etree.Element:
    """Return the link to the package."""
    if argument:
        raise page.error(page.line, "anki takes no argument")
    return link(deck.NAME, deck.package(page.root), page, deck.FOLDER)
