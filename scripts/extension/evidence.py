"""The Evidence page: `::: evidence` lists every result: what it shows, its values, how to repeat it."""

from xml.etree import ElementTree as etree

from markdown.util import AtomicString

from scripts import results
from scripts.extension.measured import NOT_YET, load_expected
from scripts.extension.page import Page


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
    table = etree.SubElement(box, "table")
    head = etree.SubElement(etree.SubElement(table, "thead"), "tr")
    for title in ("Measured", "Value", "Range", "Runs", "Limit"):
        etree.SubElement(head, "th", {"scope": "col"}).text = title
    body = etree.SubElement(table, "tbody")
    for _, one in sorted(result.measured.items()):
        row = etree.SubElement(body, "tr")
        unit = f" {one['unit']}".rstrip()
        span = f"{results.shown(one['min'])} to {results.shown(one['max'])}" if {"min", "max"} <= set(one) else ""
        for text in (
            one["says"],
            results.shown(one["value"]) + unit,
            span,
            str(one.get("n", "")),
            limit(one),
        ):
            etree.SubElement(row, "td").text = AtomicString(text)
    facts = etree.SubElement(box, "ul")
    _fact(facts, "Repeat it", result.command)
    environment = ", ".join(f"{name} {version}" for name, version in sorted(result.environment.items()))
    _fact(facts, "Machine", f"{result.machine}: {environment}", code=False)
    _fact(facts, "Date", result.date, code=False)
    for path, sha256 in sorted(result.code.items()):
        _fact(facts, "Code", f"{path} sha256 {sha256[:12]}")


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
