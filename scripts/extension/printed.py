"""The block `::: printed constrained-decoding-cpu base.with_page.answer_first.wrong 2`: what a measured run printed.

The path leads through the metrics of the run's first seed to a list of {name: text}; so many of its items are shown, as
they were, all of them without a number.
"""

import json
from typing import Any
from xml.etree import ElementTree as etree

from scripts import results
from scripts.extension.page import Page
from scripts.extension.source_code import fenced
from scripts.nearest import nearest


def block(argument: str, page: Page) -> etree.Element:
    """Return the items as a fence; SiteError for an unknown result or path, or a stale result."""
    stem, path, count = [*argument.split(), "", "", ""][:3]
    if not path or (count and not count.isdigit()):
        raise page.error(page.line, "write '::: printed result path', and how many items if not all")
    try:
        made = results.load(page.root)
    except (results.StaleResult, results.BadResult) as error:
        raise page.error(page.line, str(error)) from None
    if stem not in made or not made[stem].printed:
        printed = [name for name, result in made.items() if result.printed]
        raise page.error(page.line, f"there is no result {stem} with what it printed; {nearest(stem, printed)}")
    value: Any = json.loads(made[stem].printed)["metrics"]
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            inside = value if isinstance(value, dict) else []
            raise page.error(page.line, f"{stem} printed no {name} of {path}; {nearest(name, inside)}")
        value = value[name]
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise page.error(page.line, f"{path} of {stem} is no list of transcripts")
    shown = value[: int(count or len(value))]
    return fenced("\n\n".join(map(lines, shown)), "text", page, f"printed by {stem}, first seed")


def lines(item: dict[str, str]) -> str:
    """Return one item, a line for each of its texts, which start in one column."""
    width = max(map(len, item)) + 2
    return "\n".join(f"{name + ':':<{width}}{text}" for name, text in item.items())
