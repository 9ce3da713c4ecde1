"""Tables of measured numbers: as people read them, and in a fold every number with all that is known of it.

Each number has a place of its own on the page, `place("rag-cpu", "right")`, where a link to it lands.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as etree

from markdown.util import AtomicString

from scripts.extension.numbers.percent import NO_BREAK, with_interval
from scripts.measuring import results
from scripts.measuring.metrics import SHARE

NOTHING = "\N{EN DASH}"  # what was not asked
ALL = "Every number, a share as a part of one."
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Cell:
    """What stands in a cell. id: where a link to it lands."""

    text: str
    id: str = ""


@dataclass(frozen=True)
class Row:
    """A row of a table. says: a sentence below its label. detail: small, below that. landing: links lead to it."""

    label: str
    cells: Sequence[Cell]
    id: str = ""
    says: str = ""
    detail: str = ""
    landing: bool = False


@dataclass(frozen=True)
class Table:
    """A table. name: for who cannot see it. asks: the question that it answers. note: unit, and what brackets mean.

    groups: rows by heading, an empty heading where there is only one. words: heads of columns that hold sentences.
    """

    name: str
    asks: str
    note: str
    heads: Sequence[str]
    groups: dict[str, list[Row]]
    words: Sequence[str] = ()


def place(result: str, key: str) -> str:
    """Return the id of a number of a result, written as a page asks for it."""
    return f"{result}:{key}"


def add_table(box: etree.Element, table: Table) -> None:
    """Add a table, in the box in which the theme lets wide tables scroll."""
    frame = etree.SubElement(box, "div", {"class": "md-typeset__scrollwrap"})
    inner = etree.SubElement(frame, "div", {"class": "md-typeset__table"})
    element = etree.SubElement(inner, "table", {"class": "numbers", "aria-label": table.name})
    caption = etree.SubElement(etree.SubElement(element, "caption"), "span")
    asks = etree.SubElement(caption, "strong")
    asks.text, asks.tail = AtomicString(table.asks), AtomicString(f" {table.note}".rstrip())
    line = etree.SubElement(etree.SubElement(element, "thead"), "tr")
    kinds = [{"class": "words"} if head in table.words else {} for head in table.heads]
    for head, kind in zip(table.heads, kinds, strict=True):
        etree.SubElement(line, "th", {"scope": "col", **kind}).text = AtomicString(head)
    for group, rows in table.groups.items():
        body = etree.SubElement(element, "tbody")
        if group:
            # The last cell is empty: a row of heads alone would be another head of the table in its Markdown copy.
            line = etree.SubElement(body, "tr")
            heading = etree.SubElement(line, "th", {"scope": "rowgroup", "colspan": str(len(table.heads) - 1)})
            etree.SubElement(heading, "span").text = AtomicString(group)
            etree.SubElement(line, "td")
        for row in rows:
            _row(body, row, table.heads[1:], kinds[1:])


def _row(body: etree.Element, row: Row, heads: Sequence[str], kinds: Sequence[dict]) -> None:
    line = etree.SubElement(body, "tr", {"id": row.id} if row.id else {})
    label = etree.SubElement(line, "th", {"scope": "row"})
    label.text = AtomicString(row.label)
    for kind, text in (("says", row.says), ("detail", row.detail)):
        if text:
            part = etree.SubElement(label, "span", {"class": kind})
            part.text, part.tail = AtomicString(text), " "
            label.text = AtomicString(f"{row.label} ")
    for cell, head, kind in zip(row.cells, heads, kinds, strict=True):
        own = {"id": cell.id} if cell.id else {}
        landed = {"data-head": head} if row.landing or cell.id else {}  # shown where a link lands, far below the heads
        etree.SubElement(line, "td", {**kind, **own, **landed}).text = AtomicString(cell.text)


def fold(box: etree.Element, summary: str) -> etree.Element:
    """Return a part of the box that unfolds."""
    details = etree.SubElement(box, "details", {"class": "fold"})
    etree.SubElement(details, "summary").text = AtomicString(summary)
    return details


def add_numbers(
    box: etree.Element, result: results.Result, keys: Iterable[str], label: Callable[[str, dict], str], table: str
) -> None:
    """Add a table with a row for each number, without columns that none of them fills. label: names a number."""
    numbers = {key: result.measured[key] for key in keys}
    filled = {head: [cell(number) for number in numbers.values()] for head, cell in COLUMNS.items()}
    filled = {head: cells for head, cells in filled.items() if any(cells)}
    rows = [
        Row(label(key, number), [Cell(cells[row]) for cells in filled.values()], place(result.stem, key), landing=True)
        for row, (key, number) in enumerate(numbers.items())
    ]
    add_table(box, Table(f"{table}, all numbers", ALL, "", ["Measured", *filled], {"": rows}, ("Limit",)))


def short(number: dict) -> str:
    """Return a number as a table prints it: a share in percent with its interval, another with its least and most."""
    if number["unit"] == SHARE:
        return without_breaks(with_interval(number).replace(f"{NO_BREAK}%", ""))
    spread = number.get("min") != number.get("max")
    around = f" ({results.format_number(number['min'])} to {results.format_number(number['max'])})" if spread else ""
    return without_breaks(results.format_number(number["value"]) + around)


def points(number: dict) -> str:
    """Return a difference of shares in percentage points, with its interval: "+71 (+60 to +82)"."""
    value, low, high = (_signed(100 * number[side]) for side in ("value", "low", "high"))
    return without_breaks(f"{value} ({low} to {high})")


def without_breaks(text: str) -> str:
    """Keep what is in brackets on one line."""
    return text.replace(" to ", f"{NO_BREAK}to{NO_BREAK}")


def _signed(number: float) -> str:
    written = f"{number:+.0f}" if abs(number) >= 1 else f"{number:+.1f}"
    return "0" if not float(written) else written.replace("-", MINUS)


def words_of(number: dict) -> str:
    """Return what a number is, as a label."""
    return number["says"].rstrip(".")


def value(number: dict) -> str:
    """Return a number with its unit. A share needs none."""
    return f"{results.format_number(number['value'])}{NO_BREAK}{number['unit'].removesuffix(SHARE)}".rstrip()


def span(least: str, most: str) -> Callable[[dict], str]:
    """Return a function that prints two fields as a range, and nothing where they are missing."""

    def cell(number: dict) -> str:
        complete = {least, most} <= set(number)
        return (
            without_breaks(f"{results.format_number(number[least])} to {results.format_number(number[most])}")
            if complete
            else ""
        )

    return cell


def seeds(number: dict) -> str:
    """Return what each seed gave."""
    return "; ".join(results.format_number(seed) for seed in number.get("seeds", ()))


def limit(number: dict) -> str:
    """Return what was asked of a value, and whether it is met; empty when nothing was."""
    limits = []
    for field, words, met in (
        ("limit", "at most", lambda: number["value"] <= number["limit"]),
        ("floor", "at least", lambda: number["value"] >= number["floor"]),
    ):
        if field in number:
            limits.append(f"{words} {results.format_number(number[field])}: {'met' if met() else 'not met'}")
    return "; ".join(limits)


COLUMNS: dict[str, Callable[[dict], str]] = {
    "Value": value,
    f"95{NO_BREAK}% interval": span("low", "high"),
    "Each seed": seeds,
    "Range": span("min", "max"),
    "Runs": lambda number: str(number.get("n", "")),
    "Cases": lambda number: str(number.get("cases", "")),
    "Limit": limit,
}
