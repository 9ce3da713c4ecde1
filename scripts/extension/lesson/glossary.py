"""The glossary: `::: glossary` lists the terms of `docs/_data/glossary.yml`, and abbreviations explain themselves.

An abbreviation is a term with `stands_for`. Python-Markdown's own extension marks every mention of one; `FirstMentions`
leaves the first in the running text of a page and takes away the others, so that nobody has to tab through them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as etree

from markdown import Markdown
from markdown.extensions.abbr import AbbrExtension
from markdown.extensions.toc import slugify
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from scripts.extension.data_file import Entries, load
from scripts.extension.headings import headings, title_of
from scripts.extension.page import Page
from scripts.extension.sources.citations import keys_in
from scripts.nearest import nearest

FILE = "docs/_data/glossary.yml"
RUNNING_TEXT = {"p", "li", "dd", "td", "figcaption", "blockquote"}
# A control, a heading and what is folded away are no place to stop at.
ELSEWHERE = {"a", "button", "code", "details", "h1", "h2", "h3", "h4", "h5", "h6", "label", "legend", "pre", "summary"}


@dataclass(frozen=True)
class Term:
    """see: page and anchor, named from `docs/`, or empty."""

    term: str
    means: str
    stands_for: str
    also: tuple[str, ...]
    see: str

    @property
    def anchor(self) -> str:
        return slugify(self.term, "-")


def load_terms(root: Path) -> list[Term]:
    """Return all terms by name; SiteError with file and line of the first mistake. Without the file there are none."""
    if not (root / FILE).is_file():
        return []
    terms: dict[str, Term] = {}
    pages = {path.relative_to(root / "docs").as_posix(): path for path in (root / "docs").rglob("*.md")}
    for entry in load(root / FILE, root, "glossary"):
        also = tuple(entry.get("also", ()))
        term = Term(entry["term"], entry["means"], entry.get("stands_for", ""), also, entry.get("see", ""))
        if term.anchor in terms:
            raise entry.error(f"{term.term} is there twice", "term")
        terms[term.anchor] = term
        if term.see:
            _check_see(entry, pages)
    return sorted(terms.values(), key=lambda term: term.term.lower())


def _check_see(entry: Entries, pages: dict[str, Path]) -> None:
    name, mark, anchor = entry["see"].partition("#")
    if name not in pages:
        raise entry.error(f"{entry['term']}: there is no page {name}; {nearest(name, pages)}", "see")
    if mark and anchor not in (known := headings(pages[name])):
        raise entry.error(f"{entry['term']}: {name} has no heading #{anchor}; {nearest(anchor, known)}", "see")


def block(argument: str, page: Page) -> etree.Element:
    """Return all terms, each with what it means and where to read more."""
    if argument:
        raise page.error(page.line, "glossary takes no argument")
    page.data.append(page.root / FILE)
    box = etree.Element("div", {"class": "glossary"})
    for term in load_terms(page.root):
        etree.SubElement(box, "h2", {"id": term.anchor}).text = AtomicString(term.term)
        paragraph = etree.SubElement(box, "p")
        if term.stands_for:
            etree.SubElement(paragraph, "strong").text = AtomicString(f"{term.stands_for}.")
            paragraph[-1].tail = " "
        etree.SubElement(paragraph, "span").text = term.means
        if term.also or term.see:
            _more(etree.SubElement(box, "p", {"class": "glossary-more"}), term, page)
    return box


def _more(paragraph: etree.Element, term: Term, page: Page) -> None:
    """Add the other words for a term, and the lesson that says more."""
    paragraph.text = AtomicString(f"Also: {', '.join(term.also)}. " if term.also else "")
    if not term.see:
        return
    paragraph.text = AtomicString(f"{paragraph.text}See ")
    name, _, anchor = term.see.partition("#")
    path = page.docs / name
    link = etree.SubElement(paragraph, "a", {"href": page.link(term.see)})
    link.text = AtomicString(f"{title_of(path)}: {headings(path)[anchor]}" if anchor else title_of(path))
    link.tail = "."


class FirstMentions(Treeprocessor):
    """Runs after the marking (7) and before the table of contents (5), which would copy marks out of headings."""

    def __init__(self, md: Markdown, reader):
        super().__init__(md)
        self.reader = reader

    def run(self, root: etree.Element) -> None:
        self.seen: set[str] = set()
        self.defined_here = self.reader.page.root / FILE in self.reader.page.data
        self.visit(root, running=False)

    def visit(self, parent: etree.Element, running: bool) -> None:
        for child in list(parent):
            if child.tag == "abbr" and child.get("title"):
                if running and not self.defined_here and child.text not in self.seen:
                    self.seen.add(child.text)
                    child.set("tabindex", "0")
                else:
                    unwrap(parent, child)
            elif child.tag not in ELSEWHERE:
                self.visit(child, running or child.tag in RUNNING_TEXT)
            else:
                for pair in [(element, mark) for element in child.iter() for mark in element if mark.tag == "abbr"]:
                    unwrap(*pair)


def unwrap(parent: etree.Element, child: etree.Element) -> None:
    """Put the text of a child in the place of the child."""
    place, text = list(parent).index(child), f"{child.text}{child.tail or ''}"
    if place:
        parent[place - 1].tail = f"{parent[place - 1].tail or ''}{text}"
    else:
        parent.text = f"{parent.text or ''}{text}"
    parent.remove(child)


def abbreviations(root: Path) -> AbbrExtension:
    """Return the extension that marks every mention."""
    return AbbrExtension(glossary={term.term: term.stands_for for term in load_terms(root) if term.stands_for})


def cites(argument: str, root: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Yield what the terms cite; they are no section of their own."""
    yield "", "", keys_in((root / FILE).read_text(encoding="utf-8"))
