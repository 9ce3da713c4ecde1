"""The experiment's page as text: its tables as rows, without signs that only look like others."""

from tests.evidence_data import BLOCK, STEM
from tests.test_evidence import plain, rows


def page_of(site, text=BLOCK):
    """Return the page as HTML, with plain signs."""
    return plain(site.render(text, "docs/evidence.md"))


def section(html, name):
    """Return the main table of a section and its fold, as rows."""
    inside = html[html.index(f'<h3 id="{STEM}-{name}">') + 4 :].partition("<h3")[0]
    table, _, fold = inside.partition("<details")
    return rows(table), rows(fold)


def line(rows, label):
    """Return the row of a table that has this label."""
    return next(row for row in rows if row[0] == label)
