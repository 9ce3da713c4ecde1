"""Quick checks: `::: check decision` puts in the questions of `docs/_data/checks/decision.yml`, validated.

The file is a list of {id, asks, options: [{text, right: true, why}], several: true}. `text`, `why` and `asks`
are Markdown, citations too. Every option says why it is right or wrong, and no two say the same: that is the
lesson.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as etree

from scripts.extension.data_file import Entries, load
from scripts.extension.numbers.inline import RESULT
from scripts.extension.numbers.loose_numbers import figures
from scripts.extension.page import Page, SiteError
from scripts.extension.practice.quick_check_form import form
from scripts.extension.sources.citations import keys_in

FOLDER = "docs/_data/checks"
FEWEST, MOST = 3, 5  # options: fewer is a coin toss, more is a reading test
ENOUGH = 4  # questions from which a favourite place of the right answer would show


@dataclass(frozen=True)
class Option:
    text: str
    why: str
    right: bool


@dataclass(frozen=True)
class Question:
    """version: changes with any word, so that a kept answer never shows for another question."""

    id: str
    asks: str
    options: tuple[Option, ...]
    several: bool

    @property
    def version(self) -> str:
        return hashlib.sha256(repr(self).encode()).hexdigest()[:8]


def block(argument: str, page: Page) -> etree.Element:
    """Return the form with the questions of one file; SiteError for the first mistake in it."""
    try:
        questions = load_checks(page.root / FOLDER / f"{argument}.yml", page.root)
    except SiteError as error:
        if (page.root / FOLDER / f"{argument}.yml").is_file():
            raise  # the mistake is in the data, and says where
        raise page.error(page.line, str(error)) from None
    page.data.append(page.root / FOLDER / f"{argument}.yml")
    return form(argument, questions)


def load_checks(path: Path, root: Path) -> list[Question]:
    """Return the questions of one file; SiteError with file and line of the first mistake."""
    data, name = load(path, root, "checks"), path.relative_to(root).as_posix()
    ids, whys = _ids_elsewhere(path), {}
    for entry in data:
        if entry["id"] in ids:
            raise entry.error(f"the id {entry['id']} is also in {ids[entry['id']]}; choose another", "id")
        ids[entry["id"]] = f"{name}:{entry.lines['id']}"
        _check_options(entry, whys)
    _check_places(data, name)
    return [
        Question(
            entry["id"],
            entry["asks"],
            tuple(Option(o["text"], o["why"], o.get("right", False)) for o in entry["options"]),
            entry.get("several", False),
        )
        for entry in data
    ]


def _check_options(entry: Entries, whys: dict[str, int]) -> None:
    """Check one question's options. whys: the line of each normalised reason in the file."""
    options, name = entry["options"], entry["id"]
    if not FEWEST <= len(options) <= MOST:
        raise entry.error(f"{name} has {len(options)} options; write {FEWEST} to {MOST}", "options")
    for number, option in enumerate(options, 1):
        label = f"{name}, option {number}"
        plain = re.sub(r"\W+", " ", option["why"]).strip().lower()
        if plain in whys:
            raise option.error(f"{label} gives the same why as line {whys[plain]}; say what is true of this one", "why")
        whys[plain] = option.lines["why"]
        loose = figures(option["why"])
        if loose and not keys_in(option["why"]) and not RESULT.search(option["why"]):
            raise option.error(f"{label}: loose number {loose[0]!r}; cite a source in the same why", "why")
    right = sum(option.get("right", False) for option in options)
    if right == 0:
        raise entry.error(f"{name} has no right option; mark one 'right: true'", "options")
    if right > 1 and not entry.get("several", False):
        raise entry.error(f"{name} has {right} right options; keep one or add 'several: true'", "options")


def _check_places(data: list[Entries], name: str) -> None:
    """Check that a reader who always picks the same place does not do well."""
    if len(data) < ENOUGH:
        return
    places = [n for entry in data for n, o in enumerate(entry["options"], 1) if o.get("right", False)]
    place, times = Counter(places).most_common(1)[0]
    if times * 2 > len(places):
        raise SiteError(f"{name}:1: {times} of {len(places)} right answers are option {place}; move some")


def _ids_elsewhere(path: Path) -> dict[str, str]:
    """Return the ids of all other files, by their lines alone: their own pages validate them."""
    return {
        match[1]: f"{other.name}:{number}"
        for other in sorted(path.parent.glob("*.yml"))
        if other != path
        for number, line in enumerate(other.read_text(encoding="utf-8").split("\n"), 1)
        if (match := re.match(r"\s*(?:- )?\s*id:\s*[\"']?([a-z0-9-]+)", line))
    }


def cites(argument: str, root: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Yield what the questions of one check cite; they are no section of their own."""
    path = root / FOLDER / f"{argument}.yml"
    if path.is_file():
        yield "", "", keys_in(path.read_text(encoding="utf-8"))
