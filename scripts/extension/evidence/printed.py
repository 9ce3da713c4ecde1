"""The block `::: printed rag-cpu`: the table that a script printed when it was measured, as it stands in the result.

Below it stand the command that makes it again, what was measured on, and the way to all values.
"""

from xml.etree import ElementTree as etree

from markdown.util import AtomicString

from scripts.extension.code.source_code import fenced
from scripts.extension.numbers.inline import load_expected, not_yet
from scripts.extension.page import Page
from scripts.measuring import results
from scripts.nearest import nearest


def block(argument: str, page: Page) -> etree.Element:
    """Return the table as it was printed; SiteError where the result is unknown, stale or printed nothing."""
    try:
        measured, expected = results.load(page.root), load_expected(page.root)
    except (results.StaleResult, results.BadResult) as error:
        raise page.error(page.line, str(error)) from None
    if argument in expected and argument not in measured:
        return not_yet(argument, page)
    printed = [stem for stem, result in measured.items() if result.printed]
    if argument not in printed:
        fix = nearest(argument, [*printed, *expected])
        raise page.error(page.line, f"there is no result {argument} with a printed table; {fix}")
    result, box = measured[argument], etree.Element("div", {"class": "printed"})
    box.append(fenced(result.printed, "text", page, f"printed by {argument}"))
    caption = etree.SubElement(box, "p", {"class": "printed-source"})
    caption.text = "Made by "
    command = etree.SubElement(caption, "code")
    command.text = AtomicString(result.command)
    command.tail = AtomicString(f". {result.notes}".rstrip() + " ")
    etree.SubElement(caption, "a", {"href": page.link(f"evidence.md#{argument}")}).text = "All values"
    return box
