"""The block `::: transcript constrained-decoding-cpu base.with-page.answer-first.wrong 2`: what a run asked and got.

The path leads through the metrics that the first seed printed to a list of {name: text}; so many of its items are
shown, as they were, all of them without a number.
"""

from xml.etree import ElementTree as etree

from scripts.extension.page import Page
from scripts.extension.printed import part_of
from scripts.extension.source_code import fenced


def block(argument: str, page: Page) -> etree.Element:
    """Return the items as a fence; SiteError for an unknown result or path, or a stale result."""
    name, path, count = [*argument.split(), "", "", ""][:3]
    if not path or (count and not count.isdigit()):
        raise page.error(page.line, "write '::: transcript result path', and how many items if not all")
    items = part_of(name, path, page)
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise page.error(page.line, f"{path} of {name} is no list of transcripts")
    shown = items[: int(count or len(items))]
    return fenced("\n\n".join(map(lines, shown)), "text", page, f"printed by {name}, first seed")


def lines(item: dict[str, str]) -> str:
    """Return one item, a line for each of its texts, which start in one column."""
    width = max(map(len, item)) + 2
    return "\n".join(f"{name + ':':<{width}}{text}" for name, text in item.items())
