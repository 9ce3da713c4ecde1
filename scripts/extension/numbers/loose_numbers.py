"""No loose number: a figure in prose stands beside its citation or comes from a result, or the build stops.

The rule. A *figure* is a number in digits with a unit, a percent sign or a factor: 48 GB, 87 %, 0.6 points,
10,000x, 3 times, 7 billion, .504. A block (paragraph, list item, table row, definition) with a figure must
hold `[@key]` or `[=result:key]` in the same block; for a table, its caption (the paragraph directly before or
after it) or its heading row will do too. A source of which we read only an excerpt, or nothing, carries no
figure: it does not count.

Not figures: headings, code, link targets, HTML tags, what a block of ours makes, and numbers without such a
unit (years, versions, "3 questions") or joined to it by a hyphen, which makes a name (4-bit, 7B).

A number with its citation is also held against that source's entry (`source_numbers.py`).

The texts in `docs/_data/` obey the same rules, whichever block shows them: an entry that holds a figure holds its
source, in the same text or in another of the entry (`loose_in_data`). References are sources themselves.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as etree

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor

from scripts.extension.data_file import Entries, load
from scripts.extension.numbers.inline import RESULT
from scripts.extension.numbers.source_numbers import NO_PROSE, find_unsupported_numbers
from scripts.extension.page import Page, SiteError
from scripts.extension.sources.citations import FILE as REFERENCES
from scripts.extension.sources.citations import NO_NUMBERS, keys_in, load_references

DATA = "docs/_data"
DIGITS = r"\d[\d,]*(?:\.\d+)?"
NUMBER = rf"(?<![\w.,])(?<!\w-){DIGITS}(?:\s?(?:-|\u2013|to)\s?{DIGITS})?"  # or a range
MAGNITUDE = r"[kKMBT]|thousand|million|billion|trillion"
UNITS = (
    r"times|fold|percent|per cent|percentage points?|points?|bits?|bytes?|[kKMGT]i?B(?:/s)?|[KMG]bit/s|"
    r"parameters?|params|tokens?|thousand|million|billion|trillion|"
    r"ms|s|sec|seconds?|min|minutes?|h|hours?|days?|GPU[- ]hours?|[A-Z]*FLOPS?|W|kWh"
)
FIGURE = re.compile(
    rf"{NUMBER}\s?(?:%|\u2030|[x\u00d7](?!\w)(?!\s?\d))"  # but not the 2 x 4 of a product
    rf"|{NUMBER}(?:\s?(?:{MAGNITUDE}))?\s(?:{UNITS})(?!\w)"
    rf"|{NUMBER}(?:[kKMGT]i?B|ms|-fold)(?!\w)"
    rf"|[$\u20ac\u00a3]\s?{DIGITS}"
    r"|(?<![\w.])\.\d+"  # a score such as .504; no version starts with its point
)
BLOCKS = {"p", "li", "dd", "summary", "figcaption", "td", "th"}


def figures(text: str) -> list[str]:
    """Return every figure in a piece of Markdown, as written."""
    return [match[0] for match in FIGURE.finditer(NO_PROSE.sub(" ", text))]


class LooseNumbers(Treeprocessor):
    """Runs before inline Markdown, so that a block's text is still what its author wrote."""

    def __init__(self, md: Markdown, reader):
        super().__init__(md)
        self.reader = reader

    def run(self, root: etree.Element) -> None:
        page = self.reader.page
        loose = [f"{where}: {problem}" for where, problem in _loose(root, page)]
        if loose:
            raise SiteError("\n".join(loose))


def _loose(root: etree.Element, page: Page) -> Iterator[tuple[str, str]]:
    for text, around in _prose(root, page):
        numbers = figures(text)
        if why := _unsupported(numbers, around, page.root):
            fix = "cite a source in the same paragraph, item or row, or use [=result:key]"
            yield _where(text, numbers[0], page), f"loose number {', '.join(map(repr, numbers))} {why}; {fix}"
        for number, problem in find_unsupported_numbers(text, around, page.root):
            yield _where(text, number, page), problem


def _unsupported(numbers: list[str], around: str, root: Path) -> str:
    """Say why nothing around the numbers carries them; empty when something does, or when there are none."""
    if not numbers or RESULT.search(around):
        return ""
    keys = keys_in(around)
    references = load_references(root) if keys else {}
    weak = [key for key in keys if key in references and references[key].verified in NO_NUMBERS]
    if len(weak) < len(keys):
        return ""
    return f"[@{weak[0]}] was not read far enough to carry a number" if weak else "has no citation"


def loose_in_data(root: Path) -> list[str]:
    """Return every figure without a source in the texts of `docs/_data/`, as `file:line: problem`."""
    files = [path for path in sorted((root / DATA).rglob("*.yml")) if path != root / REFERENCES]
    return [problem for path in files for problem in _loose_in(load(path, root), root)]


def _loose_in(data: object, root: Path) -> Iterator[str]:
    """Yield what is loose in a mapping or list, and in those inside it."""
    if isinstance(data, list):
        for entry in data:
            yield from _loose_in(entry, root)
    elif isinstance(data, Entries):
        around = "\n".join(_texts(data))
        for field, value in data.items():
            numbers = [number for text in _texts(value, deep=False) for number in figures(text)]
            if why := _unsupported(numbers, around, root):
                fix = "cite a source in the same entry"
                yield str(data.error(f"loose number {', '.join(map(repr, numbers))} {why}; {fix}", field))
            for paragraph in "\n".join(_texts(value, deep=False)).split("\n"):
                yield from (
                    str(data.error(problem, field))
                    for _, problem in find_unsupported_numbers(paragraph, paragraph, root)
                )
            yield from _loose_in(value, root)


def _texts(value: object, deep: bool = True) -> Iterator[str]:
    """Yield the texts in a value: of a list those in it, and of a mapping too, if deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) or (deep and isinstance(value, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part, deep)


def _prose(root: etree.Element, page: Page) -> Iterator[tuple[str, str]]:
    """Yield each block's own text, and the text in which its citation may stand."""
    skip = {id(element) for built in page.built for element in built.iter()}

    def visit(parent: etree.Element) -> Iterator[tuple[str, str]]:
        children = list(parent)
        for place, child in enumerate(children):
            if id(child) in skip or re.fullmatch(r"h[1-6]|pre|code|script|style", str(child.tag)):
                continue
            if child.tag == "table":
                beside = [n for n in (place - 1, place + 1) if 0 <= n < len(children) and children[n].tag == "p"]
                caption = " ".join(children[n].text or "" for n in beside)
                rows = list(child.iter("tr"))
                heading = _text(rows[0]) if rows else ""
                yield from ((_text(row), f"{_text(row)} {heading} {caption}") for row in rows)
                continue
            if child.tag in BLOCKS and child.text:
                yield child.text, child.text
            yield from visit(child)

    yield from visit(root)


def _text(row: etree.Element) -> str:
    return " | ".join("".join(cell.itertext()) for cell in row)


def _where(text: str, number: str, page: Page) -> str:
    """Name the line of the block that holds the number; for a table row, the line with all its cells."""
    cells = [cell.strip() for cell in text.split(" | ")]
    if len(cells) > 1:
        line = next((line for line in page.source.split("\n") if all(cell in line for cell in cells)), number)
    else:
        line = next((line for line in text.split("\n") if number in line), number)
    return page.where(line)
