"""Where each source is cited: the page and the section in it, from the pages and from what their blocks cite.

A block that cites says so itself: `cites(argument, root)` yields, for each section that it makes, the anchor, the name
and the keys; anchor and name are empty where it makes no section of its own.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from markdown.extensions.toc import slugify, unique

from scripts.extension.headings import FENCE, title_of
from scripts.extension.sources.citations import keys_in

FRONT_MATTER = re.compile(r"\A---\n.*?^---$", re.DOTALL | re.MULTILINE)
CODE_SPAN = re.compile(r"`[^`\n]*`")
HEADING = re.compile(r"^(#{1,6}) +(.+?) *#*$")
OWN_ID = re.compile(r" *\{:?[^{}]*#([\w-]+)[^{}]*\}$")
BLOCK = re.compile(r"^ {0,3}::: ([a-z-]+)(?: +(\S+))? *$")


Cites = Callable[[str, Path], Iterator[tuple[str, str, list[str]]]]


@dataclass(frozen=True)
class Place:
    """A section of a page: its file in docs/, the anchor (empty before the first heading), and both names."""

    page: str
    title: str
    anchor: str = ""
    section: str = ""

    @property
    def link(self) -> str:
        return f"{self.page}#{self.anchor}" if self.anchor else self.page

    @property
    def name(self) -> str:
        return f"{self.title}: {self.section}" if self.section else self.title


def cited_in(root: Path, cites: Mapping[str, Cites]) -> dict[str, list[Place]]:
    """Return every section that cites a key, by key, in the order of pages and sections.

    cites: what blocks cite, by the name of the block.
    """
    sections: dict[str, list[Place]] = {}
    for path in sorted((root / "docs").rglob("*.md")):
        for place, keys in _cited_by(path, root, cites):
            for key in keys:
                places = sections.setdefault(key, [])
                if place not in places:
                    places.append(place)
    return sections


def _cited_by(path: Path, root: Path, cites: Mapping[str, Cites]) -> Iterator[tuple[Place, list[str]]]:
    """Yield sections of one page with the keys cited there."""
    text = FENCE.sub("", FRONT_MATTER.sub("", path.read_text(encoding="utf-8")))
    name, title = path.relative_to(root / "docs").as_posix(), title_of(path)
    place, ids = Place(name, title), set()
    for line in text.split("\n"):
        if heading := HEADING.match(line):
            own_id = OWN_ID.search(heading[2])
            words = OWN_ID.sub("", heading[2]).replace("`", "")
            anchor = own_id[1] if own_id else unique(slugify(words, "-"), ids)
            place = Place(name, title, anchor, words) if heading[1] != "#" else Place(name, title)
        if keys := keys_in(CODE_SPAN.sub("", line)):
            yield place, keys
        if (block := BLOCK.match(line)) and block[1] in cites:
            for anchor, section, keys in cites[block[1]](block[2] or "", root):
                yield (Place(name, title, anchor, section) if anchor else place), keys
