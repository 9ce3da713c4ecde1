"""What a page is called, and its headings with the ids that the table of contents gives them."""

import re
from pathlib import Path

from markdown.extensions.toc import slugify, unique

TITLE = re.compile(r"^# +(.+?) *#*$", re.MULTILINE)
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.DOTALL | re.MULTILINE)  # in code is no heading, and no citation


def title_of(path: Path) -> str:
    """Return a page's heading, behind the colon if there is one: "Fine-tune vs RAG: the decision" is "The decision"."""
    match = TITLE.search(path.read_text(encoding="utf-8"))
    title = match[1].rpartition(": ")[2] if match else path.stem
    return title[0].upper() + title[1:]


def headings(page: Path) -> dict[str, str]:
    """Return a page's headings, each under the id that the table of contents gives it."""
    ids: set[str] = set()
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return {unique(slugify(heading, "-"), ids): heading for heading in HEADING.findall(text)}
