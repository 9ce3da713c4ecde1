"""Citations: `[@lora]` or `[@lora; @qlora]` becomes links to the entries on the References page.

The entries are in `docs/_data/references.yml`: key -> title, authors ("Hu et al."), year, where ("arXiv
2106.09685"), url, verified (a letter of VERIFIED), supports (sentences), and `further: true` for what is only
further reading.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree as etree

from markdown import Markdown
from markdown.inlinepatterns import InlineProcessor
from markdown.util import AtomicString

from scripts.extension.authored import Entries, check_fields, load
from scripts.extension.page import Page, SiteError
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
REQUIRED = {
    "title": str,
    "authors": str,
    "year": int,
    "where": str,
    "url": str,
    "verified": str,
    "supports": list,
}


@dataclass(frozen=True)
class Reference:
    key: str
    title: str
    authors: str
    year: int
    where: str
    url: str
    verified: str
    supports: tuple[str, ...]
    further: bool = False

    @property
    def short(self) -> str:
        """As a citation prints it: Hu et al. 2021."""
        return f"{self.authors} {self.year}"


def load_references(root: Path) -> dict[str, Reference]:
    """Return every entry by key; SiteError with file and line of the first mistake."""
    path = root / FILE
    return _read(root, path.stat().st_mtime_ns if path.is_file() else 0)


@lru_cache(maxsize=4)  # every citation asks; the time of the last change keeps `serve` honest
def _read(root: Path, changed: int) -> dict[str, Reference]:
    data = load(root / FILE, root)
    if not isinstance(data, Entries):
        raise SiteError(f"{FILE}:1: must be a mapping of keys to entries")
    for key, entry in data.items():
        if not KEY.fullmatch(str(key)):
            raise data.error(f"{key}: a key is words of a-z and 0-9 joined by hyphens", key)
        check_fields(entry, key, REQUIRED, {"further": bool}, data)
        if not re.fullmatch(r"https?://[^\s/]+\.[^\s]+", entry["url"]):
            raise entry.error(f"{key}: url must be a web address, not {entry['url']!r}", "url")
        if entry["verified"] not in VERIFIED:
            raise entry.error(f"{key}: verified must be one of {' '.join(VERIFIED)}", "verified")
        if not all(isinstance(sentence, str) and sentence.strip() for sentence in entry["supports"]):
            raise entry.error(f"{key}: supports must be a list of sentences (quote one that has a colon)", "supports")
    return {key: Reference(key, **{**entry, "supports": tuple(entry["supports"])}) for key, entry in data.items()}


def keys_in(text: str) -> list[str]:
    """Every key cited in a piece of Markdown, in order."""
    return [key.strip(" @") for inside in re.findall(CITATION, text) for key in inside.split(";")]


def resolve(cited: str, page: Page) -> list[Reference]:
    """Return the entries of one `@lora; @qlora`; SiteError where a key is unknown."""
    references, found = load_references(page.root), []
    for part in cited.split(";"):
        key = part.strip()
        if not key.startswith("@"):
            raise page.error(f"[{cited}]", f"[{cited}] is not a citation; write [@key] or [@key; @other]")
        if key[1:] not in references:
            raise page.error(f"[{cited}]", f"there is no reference {key[1:]}; {nearest(key[1:], references)}")
        found.append(references[key[1:]])
    return found


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
