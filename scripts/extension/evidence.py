"""The Evidence page: `::: evidence` lists every result: what it shows, its values, how to repeat it."""

from collections.abc import Callable
from xml.etree import ElementTree as etree

from markdown.util import AtomicString

from scripts import results
from scripts.extension.measured import NOT_YET, load_expected
from scripts.extension.page import Page

FEW = 20  # rows that stand in the page as they are; more unfold


def block(argument: str, page: Page) -> etree.Element:
    if argument:
        raise page.error(page.line, "evidence takes no argument")
    try:
        made = results.load(page.root)
    except (results.StaleResult, results.BadResult) as error:
        raise page.error(page.line, str(error)) from None
    box = etree.Element("div", {"class": "evidence"})
    expected = load_expected(page.root)
    for name in sorted({*made, *expected}):
        _heading(box, name)
        if name in made:
            _made(box, made[name])
        else:
            _paragraph(box, expected[name]["says"])
            _fact(etree.SubElement(box, "ul"), NOT_YET.capitalize(), expected[name]["command"])
    return box


def _heading(box: etree.Element, name: str) -> None:
    etree.SubElement(box, "h2", {"id": name}).text = AtomicString(name)


def _made(box: etree.Element, result: results.Result) -> None:
    if result.notes:
        _paragraph(box, result.notes)
    _table(_folded(box, len(result.measured), "numbers"), result.measured)
    facts = etree.SubElement(box, "ul")
    _fact(facts, "Repeat it", result.command)
    environment = ", ".join(f"{name} {version}" for name, version in sorted(result.environment.items()))
    _fact(facts, "Machine", f"{result.machine}: {environment}", code=False)
    _fact(facts, "Date", result.date, code=False)
    folded = _folded(box, len(result.code), "files that were measured")
    files = facts if folded is box else etree.SubElement(folded, "ul")
    for path, sha256 in sorted(result.code.items()):
        _fact(files, "Code", f"{path} sha256 {sha256[:12]}")


def _folded(box: etree.Element, count: int, what: str) -> etree.Element:
    """Return where to put so many rows: the box, or for many a part of it that unfolds."""
    if count <= FEW:
        return box
    details = etree.SubElement(box, "details")
    etree.SubElement(details, "summary").text = AtomicString(f"All {count} {what}")
    return details


def _table(box: etree.Element, measured: dict[str, dict]) -> None:
    """Add one row for each number, without the columns that none of them fills."""
    rows = [{title: cell(one) for title, cell in COLUMNS.items()} for _, one in sorted(measured.items())]
    titles = [title for title in COLUMNS if any(row[title] for row in rows)]
    table = etree.SubElement(box, "table")
    head = etree.SubElement(etree.SubElement(table, "thead"), "tr")
    for title in titles:
        etree.SubElement(head, "th", {"scope": "col"}).text = title
    body = etree.SubElement(table, "tbody")
    for row in rows:
        line = etree.SubElement(body, "tr")
        for title in titles:
            etree.SubElement(line, "td").text = AtomicString(row[title])


def span(least: str, most: str) -> Callable[[dict], str]:
    """Return a cell that prints two fields as a range, nothing where they are not there."""

    def cell(one: dict) -> str:
        return f"{results.shown(one[least])} to {results.shown(one[most])}" if {least, most} <= set(one) else ""

    return cell


def runs(one: dict) -> str:
    """How often it was measured, and how many cases were counted each time."""
    return str(one.get("n", "")) + (f" of {one['cases']}" if "cases" in one else "")


def limit(one: dict) -> str:
    """What was asked of a value, and whether it is met; empty when nothing was."""
    asked = []
    for field, words, met in (
        ("limit", "at most", lambda: one["value"] <= one["limit"]),
        ("floor", "at least", lambda: one["value"] >= one["floor"]),
    ):
        if field in one:
            asked.append(f"{words} {results.shown(one[field])}: {'met' if met() else 'not met'}")
    return "; ".join(asked)


def _paragraph(box: etree.Element, text: str) -> None:
    etree.SubElement(box, "p").text = AtomicString(text)


def _fact(facts: etree.Element, label: str, text: str, code: bool = True) -> None:
    item = etree.SubElement(facts, "li")
    item.text = AtomicString(f"{label}: " + ("" if code else text))
    if code:
        etree.SubElement(item, "code").text = AtomicString(text)


COLUMNS: dict[str, Callable[[dict], str]] = {
    "Measured": lambda one: one["says"],
    "Value": lambda one: f"{results.shown(one['value'])} {one['unit']}".rstrip(),
    "95 % interval": span("low", "high"),
    "Range": span("min", "max"),
    "Runs": runs,
    "Limit": limit,
}
