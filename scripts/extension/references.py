"""The References page: `::: references` lists all entries: support, how far verified, where cited."""

import re
from pathlib import Path
from xml.etree import ElementTree as etree

from markdown.util import AtomicString

from scripts.extension.citations import VERIFIED, Reference, keys_in, load_references
from scripts.extension.page import Page

HEADING = re.compile(r"^# +(.+?) *#*$", re.MULTILINE)
INTERVIEW = re.compile(r"^ {0,3}::: interview *$", re.MULTILINE)
CHECK = re.compile(r"^ {0,3}::: check +(\S+) *$", re.MULTILINE)


def cited_in(root: Path) -> dict[str, dict[str, str]]:
    """Return key -> {page from docs/: its title} for every key cited in a page or in the questions on it."""
    docs, pages = root / "docs", {}
    for path in sorted(docs.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        heading = HEADING.search(text)
        data = [docs / "_data" / "checks" / f"{check}.yml" for check in CHECK.findall(text)]
        if INTERVIEW.search(text):
            data += sorted((docs / "_data" / "interview").glob("*.yml"))
        text += "".join(one.read_text(encoding="utf-8") for one in data if one.is_file())
        for key in keys_in(text):
            name = path.relative_to(docs).as_posix()
            pages.setdefault(key, {})[name] = heading[1] if heading else path.stem
    return pages


def block(argument: str, page: Page) -> etree.Element:
    if argument:
        raise page.error(page.line, "references takes no argument")
    references, cited = load_references(page.root), cited_in(page.root)
    box = etree.Element("div", {"class": "references"})
    ordered = sorted(references.values(), key=lambda r: (r.authors.lower(), r.year, r.key))
    _list(box, [r for r in ordered if not r.further], cited, page)
    if further := [r for r in ordered if r.further]:
        etree.SubElement(box, "h2", {"id": "further-reading"}).text = "Further reading"
        _list(box, further, cited, page)
    return box


def _list(box: etree.Element, references: list[Reference], cited: dict, page: Page) -> None:
    entries = etree.SubElement(box, "ul")
    for reference in references:
        entry = etree.SubElement(entries, "li", {"id": reference.key})
        head = etree.SubElement(entry, "p")
        head.text = AtomicString(f"{reference.short}. ")
        link = etree.SubElement(head, "a", {"href": reference.url})
        link.text = AtomicString(reference.title)
        link.tail = AtomicString(f". {reference.where}. ")
        etree.SubElement(head, "em").text = AtomicString(f"Verified: {VERIFIED[reference.verified]}.")
        supports = etree.SubElement(entry, "ul")
        for sentence in reference.supports:
            etree.SubElement(supports, "li").text = sentence
        if pages := cited.get(reference.key):
            _cited_on(etree.SubElement(entry, "p", {"class": "cited-on"}), pages, page)


def _cited_on(paragraph: etree.Element, pages: dict[str, str], page: Page) -> None:
    paragraph.text = "Cited on "
    for number, (name, title) in enumerate(pages.items(), 1):
        link = etree.SubElement(paragraph, "a", {"href": page.link(name)})
        link.text = AtomicString(title)
        link.tail = "." if number == len(pages) else ", "
