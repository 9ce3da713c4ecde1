"""The block `::: printed evals-table-cpu pairs.rag`: a part of the line that a snippet printed, first seed.

The part is named by its keys in the report's metrics, as the site spells them, joined by dots; without it, all metrics.
"""

import json
from typing import Any
from xml.etree import ElementTree as etree

from scripts import results
from scripts.extension.page import Page
from scripts.extension.report_excerpt import excerpt
from scripts.extension.source_code import fenced
from scripts.metrics import spell
from scripts.nearest import nearest


def block(argument: str, page: Page) -> etree.Element:
    """Return the part as JSON; SiteError where result or part is not there."""
    name, _, wanted = argument.partition(" ")
    part = part_of(name, wanted, page)
    shown = excerpt({"metrics": {wanted.split(".")[-1]: part} if wanted else part})
    return fenced(shown, "json", page, f"{name}, first seed")


def part_of(name: str, wanted: str, page: Page) -> Any:
    """Return a part of what a run printed; SiteError for an unknown result or part, or a stale result."""
    try:
        made = results.load(page.root)
    except (results.StaleResult, results.BadResult) as error:
        raise page.error(page.line, str(error)) from None
    there = [stem for stem, result in made.items() if result.printed]
    if name not in there:
        raise page.error(page.line, f"there is no result {name} with a printed line; {nearest(name, there)}")
    part = json.loads(made[name].printed)["metrics"]
    for key in wanted.split(".") if wanted else []:
        known = {spell(one): one for one in part} if isinstance(part, dict) else {}
        if key not in known:
            raise page.error(page.line, f"{name} printed no {key} in {wanted}; {nearest(key, known)}")
        part = part[known[key]]
    return part
