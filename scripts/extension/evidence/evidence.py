"""The Evidence page: `::: evidence` lists every result that no block of the page shows, and what is not made yet.

A result is a heading that says what it is, its main shares, all its numbers in a fold, and how it was made. What is
announced and not made stands in one list at the end, with the command that makes it.
"""

import re
from xml.etree import ElementTree as etree

from markdown.util import AtomicString

from scripts.extension.evidence.birth_certificate import add_certificate
from scripts.extension.evidence.table import (
    NOTHING,
    SHARE,
    Cell,
    Row,
    Table,
    add_numbers,
    add_table,
    fold,
    short,
    words_of,
)
from scripts.extension.numbers.inline import load_expected
from scripts.extension.page import Page
from scripts.measuring import results

FEW = 20  # numbers that stand in the page as they are; more unfold
SHOWN_ELSEWHERE = re.compile(r"^ {0,3}::: experiment +(\S+)", re.MULTILINE)
MISSING = "not-measured-yet"  # id of the list
ENDS = ("right", "valid-json", "source-right", "retrieved")  # ends of keys, the main shares of a snippet
COLUMNS = 3  # of them, so that a telephone shows them
NOTE = "Percent, 95 % interval in brackets."


def block(argument: str, page: Page) -> etree.Element:
    """Return the results and the list; SiteError for a stale or bad one."""
    if argument:
        raise page.error(page.line, "evidence takes no argument")
    measured, expected = load(page)
    elsewhere = set(SHOWN_ELSEWHERE.findall(page.source))
    box = etree.Element("div", {"class": "evidence"})
    for name in dict.fromkeys((*expected, *measured)):
        if name in measured and name not in elsewhere:
            says = expected[name]["says"] if name in expected else measured[name].name.replace("-", " ").capitalize()
            add_result(box, measured[name], says.rstrip("."), page)
    if missing := {name: entry for name, entry in expected.items() if name not in measured}:
        add_missing(box, missing, elsewhere)
    return box


def load(page: Page) -> tuple[dict[str, results.Result], dict[str, dict]]:
    """Return the measured and the announced results by name; SiteError at the block's line."""
    try:
        return results.load(page.root), load_expected(page.root)
    except (results.StaleResult, results.BadResult) as error:
        raise page.error(page.line, str(error)) from None


def add_result(box: etree.Element, result: results.Result, says: str, page: Page) -> None:
    """Add all that there is of one result."""
    etree.SubElement(box, "h3", {"id": result.stem}).text = AtomicString(says)
    count = len(result.measured)
    main = main_shares(result, says)
    if main:
        add_table(box, main)
    inside = fold(box, f"All {count} numbers") if main or count > FEW else box
    add_numbers(inside, result, sorted(result.measured, key=natural), lambda _, number: words_of(number), says)
    add_certificate(box, result, page)


def main_shares(result: results.Result, says: str) -> Table | None:
    """Return a table of the main shares, a row for each way that was tried; None where there are no such shares.

    The key of a share is the way and what was counted, `after.with-page.right`, and so are its words.
    """
    shares = {key: share for key, share in result.measured.items() if share["unit"] == SHARE}
    ends = [end for end in ENDS if any(key.rpartition(".")[2] == end for key in shares)][:COLUMNS]
    ways = dict.fromkeys(key.rpartition(".")[0] for key in sorted(shares, key=natural) if key.split(".")[-1] in ends)
    if not ends:
        return None
    heads, rows = {}, []
    for way in ways:
        label, cells = "All questions", []
        for end in ends:
            share = shares.get(f"{way}.{end}".lstrip("."))
            cells.append(Cell(short(share) if share else NOTHING))
            if share:
                before, _, counted = words_of(share).rpartition(": ")
                label = before or label
                heads.setdefault(end, counted[0].upper() + counted[1:])
        rows.append(Row(label, cells))
    return Table(says, "The main shares.", NOTE, ["What was tried", *(heads[end] for end in ends)], {"": rows})


def natural(key: str) -> list[tuple[int, int, str]]:
    """Return a sort key that orders keys as people do: 2 before 10, and `before` before `after`."""
    return [(0, int(part), "") if part.isdecimal() else (1, part != "before", part) for part in re.split(r"[.-]", key)]


def add_missing(box: etree.Element, missing: dict[str, dict], elsewhere: set[str]) -> None:
    """Add the list of what is not measured yet, with the command that makes each, by machine."""
    etree.SubElement(box, "h2", {"id": MISSING}).text = "Not measured yet"
    for machine in dict.fromkeys(entry["machine"] for entry in missing.values()):
        place = "On a machine with a GPU" if machine == "gpu" else f"On a {machine.upper()}"
        etree.SubElement(box, "p").text = AtomicString(f"{place}:")
        listed = etree.SubElement(box, "ul", {"class": "missing"})
        for name, entry in missing.items():
            if entry["machine"] == machine:
                item = etree.SubElement(listed, "li", {} if name in elsewhere else {"id": name})
                item.text = AtomicString(f"{entry['says']} ")
                etree.SubElement(item, "code").text = AtomicString(entry["command"])
