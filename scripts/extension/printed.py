"""The block `::: printed rag-cpu`: the table that a script printed when it was measured, as it stands in the result."""

from xml.etree import ElementTree as etree

from scripts import results
from scripts.extension.measured import load_expected, not_yet
from scripts.extension.page import Page
from scripts.extension.source_code import fenced
from scripts.nearest import nearest


def block(argument: str, page: Page) -> etree.Element:
    """Return the table as it was printed; SiteError where the result is unknown, stale or printed nothing."""
    try:
        made, expected = results.load(page.root), load_expected(page.root)
    except (results.StaleResult, results.BadResult) as error:
        raise page.error(page.line, str(error)) from None
    if argument in expected and argument not in made:
        return not_yet(argument, page)
    there = [stem for stem, result in made.items() if result.printed]
    if argument not in there:
        known = nearest(argument, [*there, *expected])
        raise page.error(page.line, f"there is no result {argument} with a printed table; {known}")
    return fenced(made[argument].printed, "text", page, f"printed by {argument}")
