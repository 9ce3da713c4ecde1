"""The references as files for a reader's own library: BibTeX through pybtex, and CSL-JSON."""

import io
import json
from pathlib import Path

from pybtex.database import BibliographyData, Entry, Person
from pybtex.database.output.bibtex import Writer

from scripts.extension.sources.citations import OTHERS, OURS, VERIFIED, Reference

FOLDER = "references"  # of the site
BIB = "references.bib"
CSL = "references.json"


def bibtex(references: dict[str, Reference]) -> str:
    """Return all entries as BibTeX."""
    entries = {key: _entry(reference) for key, reference in references.items()}
    stream = io.StringIO()
    _Writer().write_stream(BibliographyData(entries), stream)
    return stream.getvalue()


def csl_json(references: dict[str, Reference]) -> str:
    """Return all entries as CSL-JSON."""
    return json.dumps([_item(reference) for reference in references.values()], indent=1, ensure_ascii=False) + "\n"


def note(reference: Reference) -> str:
    """Say how far the source was read and what rests on it; the same words in both files."""
    return f"Verified: {VERIFIED[reference.verified]}. Supports: {' '.join(reference.supports)}"


def publish(references: dict[str, Reference], site: Path) -> None:
    """Write both files into the site."""
    (site / FOLDER / BIB).write_text(bibtex(references), encoding="utf-8")
    (site / FOLDER / CSL).write_text(csl_json(references), encoding="utf-8")


class _Writer(Writer):
    """Leaves addresses as they are: LaTeX reads them to the letter."""

    def _write_field(self, stream: io.StringIO, type: str, value: str) -> None:
        if type not in ("doi", "eprint", "url"):
            return super()._write_field(stream, type, value)
        stream.write(f",\n    {type} = {self.quote(value)}")


def _entry(reference: Reference) -> Entry:
    fields = {"title": f"{{{reference.title}}}", "year": str(reference.year)}  # in braces no style changes its capitals
    if reference.arxiv and reference.verified != OURS:
        fields |= {"eprint": reference.arxiv, "archiveprefix": "arXiv"}
    if reference.doi:
        fields |= {"doi": reference.doi}
    if reference.where:
        fields |= {"howpublished": reference.where}
    fields |= {"url": reference.address, "note": note(reference)}
    return Entry("misc", fields=fields, persons={"author": [Person(name) for name in reference.names]})


def _item(reference: Reference) -> dict:
    ours, preprint = reference.verified == OURS, bool(reference.arxiv)
    item = {
        "id": reference.key,
        "type": "webpage" if ours or not (preprint or reference.doi) else "article",
        "title": reference.title,
        "author": [_name(name) for name in reference.names],
        "issued": {"date-parts": [[reference.year]]},
        "URL": reference.address,
        "note": note(reference),
    }
    if preprint and not ours:
        item |= {"DOI": f"10.48550/arXiv.{reference.arxiv}", "number": f"arXiv:{reference.arxiv}", "publisher": "arXiv"}
    if reference.doi:
        item |= {"DOI": reference.doi}
    if reference.where:
        item |= {"container-title": reference.where}
    return item


def _name(name: str) -> dict[str, str]:
    """Return a person in two parts, an organisation (or `others`) as it is."""
    if name == OTHERS or name.startswith("{"):
        return {"literal": "and others" if name == OTHERS else name.strip("{}")}
    person = Person(name)
    return {
        "family": " ".join([*person.prelast_names, *person.last_names]),
        "given": " ".join([*person.first_names, *person.middle_names]),
    }
