"""A number beside a citation stands in that source's entry, or the build stops: the page is held against the entry.

The rule. Every number in digits in a sentence or table cell with `[@key]` must be in the `supports` of that entry in
`docs/_data/references.yml`; with several citations, in one of theirs. A sentence without a citation is held to those
of its paragraph, item or cell, and a cell without one to those of its row, its heading row and the caption.

The page prints the number of its entry, in any spelling (.79 and 0.79, 10,000 and 10000, 30.0 and 30), with one
freedom: it may round a percentage or a share to whole percent, so that 79 % stands for 79%, 78.6% and .786. It may not
turn 79% into .79. Other units than percent are not compared.

Not meant: years, versions (1.2.3), names (4-bit, GPT-4, Llama-3.1-8B, 8B in Qwen2.5-8B), code, link targets, the
numbers of a list, and a sentence with a value of ours, `[=result:key]`, and no citation.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

from scripts.extension.numbers.inline import RESULT
from scripts.extension.sources.citations import CITATION, FILE, Reference, keys_in, load_references

# What is no prose: code spans, link targets, tags, attribute lists. The text of a link stays.
NO_PROSE = re.compile(
    r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)"
    r"|(?<=\])\([^()\s]*(?:\s+\"[^\"]*\")?\)"
    r"|<[^<>]+>"
    r"|\{:?[ .#][^{}]*\}",
    re.DOTALL,
)
DIGITS = r"(?:\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?|\.\d+)(?!,?\d|[\d.,]*\.\d|-[A-Za-z])"
NUMBER = re.compile(  # or a range, whose two ends are percent if its second is
    rf"(?<![\w.,])(?<!\w-)(?P<first>{DIGITS})(?:\s?(?:-|\u2013|to)\s?(?P<last>{DIGITS}))?(?P<percent>\s?%)?"
)
LIST_NUMBER = re.compile(r"^\s*\d+\. ", re.MULTILINE)
YEAR = re.compile(r"(?:19|20)\d\d")
SENTENCE_END = re.compile(r"(?<=[.!?])(?<!\bal\.)[\"*)]*\s+")
CELL_END = " | "
HALF = Decimal("0.5")


@dataclass(frozen=True)
class Number:
    """A number: its digits as written, and the two things that are compared."""

    digits: str
    value: Decimal
    percent: bool

    def __str__(self) -> str:
        return f"{self.digits}%" if self.percent else self.digits

    def may_stand_for(self, stated: "Number") -> bool:
        if self.percent and self.value == self.value.to_integral_value():
            return self.distance(stated) <= HALF
        return (self.value, self.percent) == (stated.value, stated.percent)

    def distance(self, stated: "Number") -> Decimal:
        """Return how far apart the values are, in percent if this one is; infinite where only one can be percent."""
        if self.percent == stated.percent:
            return abs(self.value - stated.value)
        return abs(self.value - 100 * stated.value) if self.percent and stated.value < 1 else Decimal("inf")


def numbers(text: str) -> list[Number]:
    """Return every number in a piece of Markdown that is not a year, a version, a name or code."""
    prose = re.sub(CITATION, " ", RESULT.sub(" ", NO_PROSE.sub(" ", text)))
    parsed = []
    for match in NUMBER.finditer(prose):
        percent = bool(match["percent"])
        for digits in filter(None, (match["first"], match["last"])):
            if percent or not YEAR.fullmatch(digits):
                parsed.append(Number(digits, Decimal(digits.replace(",", "")), percent))
    return parsed


def find_unsupported_numbers(text: str, around: str, root: Path) -> Iterator[tuple[str, str]]:
    """Yield the digits of each number in a block that its source's entry lacks, and what to do.

    around: where the block's citation may stand if it has none itself.
    """
    for piece in NO_PROSE.sub(" ", LIST_NUMBER.sub("", text)).split(CELL_END):
        for sentence in SENTENCE_END.split(piece):
            own = keys_in(sentence)
            if RESULT.search(sentence) and not own:
                continue
            keys = own or keys_in(piece) or keys_in(around)
            sources = [source for key in dict.fromkeys(keys) if (source := load_references(root).get(key))]
            stated = tuple(number for source in sources for number in _stated(source.supports))
            for number in numbers(sentence):
                if sources and not any(number.may_stand_for(other) for other in stated):
                    yield number.digits, _problem(number, stated, sources)


@lru_cache(maxsize=256)
def _stated(supports: tuple[str, ...]) -> tuple[Number, ...]:
    return tuple(number for sentence in supports for number in numbers(sentence))


def _problem(number: Number, stated: tuple[Number, ...], sources: list[Reference]) -> str:
    entries = ", ".join(f"{source.key} ({FILE}:{source.line})" for source in sources)
    comparable = [other for other in stated if number.distance(other).is_finite()]
    near = min(comparable, key=number.distance, default=None)
    advice = f"the nearest there is {near}; print that, or" if near else "leave it out, or"
    return f"'{number}' is not in the entry of {entries}; {advice} add to its supports what the source says"
