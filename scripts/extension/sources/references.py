"""The References page: `::: references` lists every entry, what rests on it, how far verified, and where cited."""

from xml.etree import ElementTree as etree

from markdown.util import AtomicString
from pybtex.database import Person

from scripts.downloads.snippet_files import size
from scripts.extension.page import Page, SiteError
from scripts.extension.sources import bibliography
from scripts.extension.sources.citations import FILE, OTHERS, VERIFIED, Reference, load_references
from scripts.extension.sources.citing_sections import Place, cited_in

SHOWN = 10  # names of one source; the files have all


def block(argument: str, page: Page) -> etree.Element:
    """Return the list of every source; SiteError for one that nothing cites."""
    if argument:
        raise page.error(page.line, "references takes no argument")
    references, cited = load_references(page.root), cited_in(page.root, page.cites)
    _must_be_used(references, cited, page)
    box = etree.Element("div", {"class": "references"})
    box.append(_downloads(references, page))
    ordered = sorted(references.values(), key=lambda r: (r.short.lower(), r.year, r.key))
    _list(box, [r for r in ordered if not r.further], cited, page)
    if further := [r for r in ordered if r.further]:
        etree.SubElement(box, "h2", {"id": "further-reading"}).text = "Further reading"
        _list(box, further, cited, page)
    return box


def _must_be_used(references: dict[str, Reference], cited: dict[str, list[Place]], page: Page) -> None:
    """Raise SiteError for an entry that nothing cites; further reading needs no citation."""
    lines = (page.root / FILE).read_text(encoding="utf-8").split("\n")
    unused = [key for key, reference in references.items() if not reference.further and key not in cited]
    if unused:
        fix = "cite it, mark it 'further: true', or take it out"
        raise SiteError("\n".join(f"{FILE}:{lines.index(f'{key}:') + 1}: nothing cites {key}; {fix}" for key in unused))


def _downloads(references: dict[str, Reference], page: Page) -> etree.Element:
    """Link the files that the build writes beside this page; HTML, as the generator does not know them."""
    links = [
        f'<a class="md-button" href="{name}" download>{label}</a> {size(len(text.encode()))}'
        for name, label, text in (
            (bibliography.BIB, "Download as BibTeX", bibliography.bibtex(references)),
            (bibliography.CSL, "Download as CSL-JSON", bibliography.csl_json(references)),
        )
    ]
    paragraph = etree.Element("p", {"class": "download"})
    paragraph.text = page.md.htmlStash.store(" ".join(links))
    return paragraph


def _list(box: etree.Element, references: list[Reference], cited: dict, page: Page) -> None:
    entries = etree.SubElement(box, "ul")
    for reference in references:
        entry = etree.SubElement(entries, "li", {"id": reference.key})
        head = etree.SubElement(entry, "p")
        etree.SubElement(head, "strong").text = AtomicString(reference.short)
        head[-1].tail = ". "
        link = etree.SubElement(head, "a", {"href": reference.address})
        link.text = AtomicString(reference.title)
        link.tail = AtomicString(f". {reference.place}. ")
        etree.SubElement(head, "em").text = AtomicString(f"Verified: {VERIFIED[reference.verified]}.")
        if not reference.authors.startswith("{"):  # an organisation is named in full already
            etree.SubElement(entry, "p", {"class": "authors"}).text = AtomicString(f"{format_authors(reference)}.")
        supports = etree.SubElement(entry, "ul")
        for sentence in reference.supports:
            etree.SubElement(supports, "li").text = sentence
        if places := cited.get(reference.key):
            _cited_in(etree.SubElement(entry, "p", {"class": "cited-in"}), places, page)


def format_authors(reference: Reference) -> str:
    """Return the names as people write them: Edward J. Hu, Yelong Shen."""
    names = [name for name in reference.names if name != OTHERS]
    people = [Person(name) for name in names[:SHOWN]]
    words = [" ".join([*p.first_names, *p.middle_names, *p.prelast_names, *p.last_names]).strip("{}") for p in people]
    if len(names) > SHOWN:
        words.append(f"and {len(names) - SHOWN} more")
    elif OTHERS in reference.names:
        words.append("and others")
    return ", ".join(words)


def _cited_in(paragraph: etree.Element, places: list[Place], page: Page) -> None:
    paragraph.text = "Cited in "
    for number, place in enumerate(places, 1):
        link = etree.SubElement(paragraph, "a", {"href": page.link(place.link)})
        link.text = AtomicString(place.name)
        link.tail = "." if number == len(places) else ", "
