"""Reads `measured_words.yml`: the unit and the sentence of every number that a snippet reports.

The file maps a snippet (`fine-tune-vs-rag`), or `every` for all of them, to:

    note: what a reader of the results should know      # maybe
    skip: [losses.**]                                   # numbers and texts that are no result
    arms.*.facts: {unit: of 1, says: "{1}: facts right."}

A `*` in a key is any one part of it, `**` one part or more. `{1}` is what the first star stands for, in the words that
`names` at the top of the file gives it, or as it is. Maybe beside unit and says: `limit` (at most) or `floor` (at
least). The first key that fits counts, the snippet's own before those of `every`.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from scripts.nearest import nearest

FILE = Path(__file__).with_suffix(".yml")
FIELDS = {"unit", "says", "limit", "floor"}
GENERAL = "every"
SKIP = object()


class BadWords(ValueError):
    """A mistake in the file, or a number that it has no words for; the message is one line."""


@dataclass(frozen=True)
class Words:
    """The words of one snippet. told: pattern -> unit, says, maybe limit, floor. skipped: patterns."""

    snippet: str
    told: dict[str, dict] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    note: str = ""

    def of(self, key: str) -> dict | object:
        """Return {"unit", "says", maybe "limit", "floor"} of a key, or SKIP; BadWords with near keys for neither."""
        if any(fits(pattern, key) is not None for pattern in self.skipped):
            return SKIP
        for pattern, words in self.told.items():
            if (stars := fits(pattern, key)) is not None:
                says = words["says"]
                for number, star in enumerate(stars, 1):
                    says = says.replace(f"{{{number}}}", self.names.get(star, star))
                return {**words, "says": says[0].upper() + says[1:]}
        where = f"{FILE.name} has no words for {key} of {self.snippet} ({nearest(key, self.told)})"
        raise BadWords(f"{where}; write them, or list it under skip")


def fits(pattern: str, key: str) -> tuple[str, ...] | None:
    """Return what the stars of a pattern stand for in a key, None where it does not fit."""
    stars = {r"\*\*": "(.+)", r"\*": "([^.]+)"}
    found = re.fullmatch(re.sub(r"\\\*\\\*|\\\*", lambda star: stars[star[0]], re.escape(pattern)), key)
    return found.groups() if found else None


def load_words(snippet: str, file: Path | None = None) -> Words:
    """Return the words of a snippet, those of every snippet after its own; BadWords for a mistake in the file."""
    file = file or FILE
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise BadWords(f"{file.name}: not YAML: {' '.join(str(error).split())}") from None
    own, general = data.get(snippet) or {}, data.get(GENERAL) or {}
    told = {key: one for part in (own, general) for key, one in part.items() if key not in ("note", "skip")}
    for key, one in told.items():
        if not isinstance(one, dict) or not {"unit", "says"} <= set(one) <= FIELDS:
            raise BadWords(f"{file.name}: {key} of {snippet} must have unit and says, may have limit or floor")
        if any(int(number) > key.count("*") for number in re.findall(r"\{(\d+)\}", one["says"])):
            raise BadWords(f"{file.name}: {key} of {snippet} has fewer stars than its sentence asks for")
    skipped = (*own.get("skip", ()), *general.get("skip", ()))
    return Words(snippet, told, skipped, data.get("names") or {}, own.get("note", ""))
