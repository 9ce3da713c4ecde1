"""Measured values in a sentence: `[=first-verdict-cpu:ratio]` prints that value, linked to its evidence.

Results are read through `scripts/measuring/results.py`. A result that has not been made yet, but is announced in
`results/expected.yml` (by name of the file: machine, command, says), prints "not measured yet".
"""

import re
from pathlib import Path
from xml.etree import ElementTree as etree

from markdown import Markdown
from markdown.inlinepatterns import InlineProcessor
from markdown.util import AtomicString

from scripts.extension.data_file import load
from scripts.extension.numbers.percent import percent
from scripts.extension.page import Page
from scripts.measuring import results
from scripts.measuring.metrics import SHARE
from scripts.nearest import nearest

VALUE = r"\[=([^\[\]]*)\]"
RESULT = re.compile(VALUE)
NOT_YET = "not measured yet"


def load_expected(root: Path) -> dict[str, dict]:
    """Return the announced results by name of the file, each with machine, command and says."""
    path = root / "results" / "expected.yml"
    if not path.is_file():
        return {}
    data = load(path, root, "expected")
    for name, entry in data.items():
        if not name.endswith(f"-{entry['machine']}"):
            raise data.error(f"{name} must end in its machine, -{entry['machine']}", name)
    return data


def not_yet(name: str, page: Page) -> etree.Element:
    """Return a paragraph that says "not measured yet", linked to the command that makes the result."""
    paragraph = etree.Element("p")
    link = etree.SubElement(paragraph, "a", {"class": "measured", "href": page.link(f"evidence.md#{name}")})
    link.text = AtomicString(NOT_YET.capitalize())
    return paragraph


def format_value(number: dict) -> str:
    """Return a value as a sentence prints it: a share in percent, another number with its unit."""
    if number["unit"] == SHARE:
        return percent(number["value"])
    return " ".join(filter(None, [results.format_number(number["value"]), number["unit"]]))


class MeasuredValue(InlineProcessor):
    def __init__(self, md: Markdown, reader):
        super().__init__(VALUE, md)
        self.reader = reader

    def handleMatch(self, m: re.Match, data: str) -> tuple[etree.Element, int, int]:
        page, written = self.reader.page, m[0]
        name, colon, key = m[1].partition(":")
        if not (name and colon and key):
            raise page.error(written, f"{written} is not a result; write [=name:key]")
        try:
            measured, expected = results.load(page.root), load_expected(page.root)
            if name not in measured and name not in expected:
                raise results.UnknownResult(f"there is no result {name}; {nearest(name, [*measured, *expected])}")
            number = measured[name].value(key) if name in measured else None
        except (results.StaleResult, results.UnknownResult, results.BadResult) as error:
            raise page.error(written, str(error)) from None
        place = f"{name}:{key}" if number else name  # of a number, the row that it stands in
        link = etree.Element("a", {"class": "measured", "href": page.link(f"evidence.md#{place}")})
        if number is None:
            link.text = AtomicString(NOT_YET)
        else:
            title = f"{number['says']}; measured by {measured[name].command} on {measured[name].date}"
            value = etree.SubElement(link, "data", {"class": "result", "value": repr(number["value"]), "title": title})
            value.text = AtomicString(format_value(number))
        return link, m.start(0), m.end(0)
