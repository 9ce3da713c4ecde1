"""Citations: `[@lora]` or `[@lora; @qlora]` becomes links to the entries on the References page.

The entries are in `docs/_data/references.yml`. Under its key each has title, authors (as BibTeX has them), year,
exactly one of arxiv, doi and url, where (who published it), verified (a letter of VERIFIED), supports (sentences), and
`further: true` for what is only further reading.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree as etree

from markdown import Markdown
from markdown.inlinepatterns import InlineProcessor
from markdown.util import AtomicString
from pybtex.bibtex.utils import split_name_list
from pybtex.database import InvalidNameString, Person

from scripts.extension.data_file import Entries, load
from scripts.extension.page import Page
from scripts.nearest import nearest

FILE = "docs/_data/references.yml"
CITATION = r"\[(@[^\[\]]*)\]"
KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
VERIFIED = {
    "T": "read in full text",
    "A": "abstract only",
    "D": "official documentation or repository file",
    "X": "excerpt only: no number taken from it",
    "O": "our arithmetic",
    "N": "not verified",
}
NO_NUMBERS = "XN"  # may be pointed to, but no number may rest on them
OURS = "O"
OTHERS = "others"  # BibTeX's word for the authors that a list leaves out
IDENTIFIERS = ("arxiv", "doi", "url")


@dataclass(frozen=True)
class Reference:
    """One entry, and the line where it starts. Of arxiv, doi and url, one is not empty."""

    key: str
    title: str
    authors: str
    year: int
    verified: str
    supports: tuple[str, ...]
    arxiv: str = ""
    doi: str = ""
    url: str = ""
    where: str = ""
    further: bool = False
    line: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the authors; the last may be `others`."""
        return tuple(split_name_list(self.authors))

    @property
    def short(self) -> str:
        """Return the source as a citation prints it: Hu et al. 2021."""
        families = [family(name) for name in self.names]
        if len(families) > 3 or OTHERS in families:
            return f"{families[0]} et al. {self.year}"
        return f"{' and '.join(filter(None, [', '.join(families[:-1]), families[-1]]))} {self.year}"

    @property
    def address(self) -> str:
        """Return the URL where it can be read."""
        return self.url or (f"https://doi.org/{self.doi}" if self.doi else f"https://arxiv.org/abs/{self.arxiv}")

    @property
    def place(self) -> str:
        """Return who published it, and under which identifier."""
        if self.verified == OURS:
            return VERIFIED[OURS]
        number = f"arXiv {self.arxiv}" if self.arxiv else f"doi {self.doi}" if self.doi else ""
        return ", ".join(filter(None, [self.where, number]))


def family(name: str) -> str:
    """Return the family name of a person, or the whole name of an organisation."""
    person = Person(name)
    return " ".join([*person.prelast_names, *person.last_names]).strip("{}")


def load_references(root: Path) -> dict[str, Reference]:
    """Return every entry by key; SiteError with file and line of the first mistake."""
    path = root / FILE
    return _read(root, path.stat().st_mtime_ns if path.is_file() else 0)


@lru_cache(maxsize=4)  # every citation asks; the time of the last change keeps `serve` honest
def _read(root: Path, changed: int) -> dict[str, Reference]:
    data = load(root / FILE, root, "references")
    for key, entry in data.items():
        _check_identifier(entry, key)
        _check_names(entry, key)
    return {
        key: Reference(key, **{**entry, "supports": tuple(entry["supports"])}, line=data.lines[key])
        for key, entry in data.items()
    }


def _check_identifier(entry: Entries, key: str) -> None:
    fields = [field for field in IDENTIFIERS if field in entry]
    if len(fields) != 1:
        has = " and ".join(fields) or "no identifier"
        raise entry.error(f"{key} has {has}; give it one of {', '.join(IDENTIFIERS)}")
    (field,) = fields
    if field == "url" and "where" not in entry and entry["verified"] != OURS:
        raise entry.error(f"{key} has no where; say who published it", field)


def _check_names(entry: Entries, key: str) -> None:
    names = split_name_list(entry["authors"])
    for place, name in enumerate(names):
        plain = (name.startswith("{") and name.endswith("}")) or (name == OTHERS and 0 < place == len(names) - 1)
        try:
            person = Person(name)
        except InvalidNameString:
            person = Person()
        if not plain and not ("," in name and person.first_names and person.last_names):
            fix = "write 'Family, Given and Family, Given', an organisation as '{Name}'"
            raise entry.error(f"{key}: authors has {name!r}; {fix}", "authors")


def keys_in(text: str) -> list[str]:
    """Return every key cited in a piece of Markdown, in order."""
    return [key.strip(" @") for citation in re.findall(CITATION, text) for key in citation.split(";")]


def resolve(cited: str, page: Page) -> list[Reference]:
    """Return the entries of one `@lora; @qlora`; SiteError where a key is unknown."""
    known, references = load_references(page.root), []
    for part in cited.split(";"):
        key = part.strip()
        if not key.startswith("@"):
            raise page.error(f"[{cited}]", f"[{cited}] is not a citation; write [@key] or [@key; @other]")
        if key[1:] not in known:
            raise page.error(f"[{cited}]", f"there is no reference {key[1:]}; {nearest(key[1:], known)}")
        references.append(known[key[1:]])
    return references


class Citation(InlineProcessor):
    def __init__(self, md: Markdown, reader):
        super().__init__(CITATION, md)
        self.reader = reader

    def handleMatch(self, m: re.Match, data: str) -> tuple[etree.Element, int, int]:
        page = self.reader.page
        span = etree.Element("span", {"class": "cites"})
        span.text = AtomicString("(")
        references = resolve(m[1], page)
        for reference in references:
            link = etree.SubElement(span, "a", {"class": "cite", "title": reference.title})
            # A Markdown link, so that MkDocs resolves it and fails when the anchor is not there.
            link.set("href", page.link(f"references.md#{reference.key}"))
            link.text = AtomicString(reference.short)
            link.tail = AtomicString(")" if reference is references[-1] else "; ")
        return span, m.start(0), m.end(0)
