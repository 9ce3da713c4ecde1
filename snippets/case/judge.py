"""The one judge of a reply: fact, source, form, and whether it declines.

`right` means the fact, whatever the form: a bare sentence counts. Where it is a number,
one beside it makes the answer wrong, so that no reply wins by repeating the page.
"""

import json
import re
from dataclasses import dataclass

from case.prompt import NOT_THERE

KEYS = {"answer", "source"}
WORDS = re.compile(r"[^\W_]*\d[^\W_]*(?:[.:]\d+)*|[^\W\d_]+")
DIGIT = re.compile(r"\d")
UNITS = """eur euro euros; min mins minute minutes; h hr hrs hour hours; day days;
week weeks; kilo kilos kilogram kilograms kg; l liter liters litre litres;
centimeter centimeters centimetre centimetres cm; m meter meters metre metres;
degree degrees; person persons passengers people"""
SPELLINGS = {
    name: unit.split()[-1] for unit in UNITS.split(";") for name in unit.split()
}
FILLING = {"the", "a", "an", "at", "in", "of", "from", "on", "to", "for"}


@dataclass(frozen=True)
class Verdict:
    """What a reply is.

    right: the fact, or that there is none. source: names the right page. valid_json:
    has the asked form. declined: says that the handbook does not tell.
    """

    right: bool
    source: bool
    valid_json: bool
    declined: bool


def judge(reply: str, row: dict) -> Verdict:
    """Judge one reply to a row of question, answer and source."""
    said, source, valid = parse(reply)
    declined = said is None or holds(words(said), words(NOT_THERE))
    if row["source"] is None:
        right = declined
    else:
        right = not declined and states(said, row["answer"], row["question"])
    return Verdict(right, valid and source == row["source"], valid, declined)


def parse(reply: str) -> tuple[str | None, str | None, bool]:
    """Parse a reply. Returns answer, source, and whether it is JSON in the asked form.

    Without JSON, the first line that holds a word is the answer. A number is as good as
    its text; an answer of null is no answer.
    """
    try:
        found = json.loads(reply)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and set(found) == KEYS:
        answer, source = found["answer"], found["source"]
        if isinstance(answer, (int, float)) and not isinstance(answer, bool):
            answer = str(answer)
        if isinstance(answer, str | None) and isinstance(source, str | None):
            return answer, source, True
    lines = [line for line in reply.splitlines() if WORDS.search(line)]
    return (lines[0] if lines else ""), None, False


def states(said: str, expected: str, question: str) -> bool:
    """Say whether an answer states a value; a number beside no other but the asked."""
    found, value = words(said), words(expected)
    numbers = [word for word in value if DIGIT.search(word)]
    others = {word for word in found if DIGIT.search(word)} - {*value, *words(question)}
    if numbers and others:
        return False
    bare = [word for word in found if word not in FILLING]
    unit_left_out = bool(numbers) and bare == numbers  # "40" for "40 minutes"
    return unit_left_out or holds(found, value)


def words(text: str) -> list[str]:
    """Return the words of a text in one spelling: 7:05 as 07:05, €17 as 17 euros."""
    text = re.sub(r"(?:€|\beur(?:os?)?\b)\s*(\d[\d.]*)", r"\1 euros", text.lower())
    text = text.replace("€", " euros ").replace("%", " percent ")
    text = re.sub(r"(\d)[.,]0+\b(?!:)", r"\1", text)
    text = re.sub(r"(\d)(?=(?:kg|cm|m|h|l|min|mins)\b)", r"\1 ", text)
    found = [SPELLINGS.get(word, word) for word in WORDS.findall(text)]
    return [f"0{word}" if re.fullmatch(r"\d:\d\d", word) else word for word in found]


def holds(found: list[str], value: list[str]) -> bool:
    """Say whether words hold a value's words, in a row."""
    starts = range(len(found) - len(value) + 1) if value else ()
    return any(found[start : start + len(value)] == value for start in starts)
