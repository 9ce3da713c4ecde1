"""The block `::: anki`: the link to the interview questions as an Anki package, with its size and hash."""

from xml.etree import ElementTree as etree

from scripts import anki
from scripts.extension.downloads import link
from scripts.extension.page import Page


def block(argument: str, page: Page) -> etree.Element:
    if argument:
        raise page.error(page.line, "anki takes no argument")
    return link(anki.NAME, anki.package(page.root), page, anki.FOLDER)
