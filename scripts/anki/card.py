"""One interview question as an Anki note: the question in front; answer, follow-ups and rubric behind it.

Citations link to the sources themselves, as a card is read far from the site.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from html import escape
from pathlib import Path
from xml.etree import ElementTree as etree

import genanki
from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from markdown.util import AtomicString

from scripts.extension.practice.interview import names_of
from scripts.extension.practice.interview_article import words
from scripts.extension.practice.interview_check import MARKS
from scripts.extension.practice.interview_data import Question
from scripts.extension.sources.citations import CITATION, load_references

NOTE_TYPE = 1_593_027_744  # drawn once; with another number Anki would not know the notes again
CARD_CHANGED = 1_795_000_000  # raise it to now when the card's HTML or style changes: all notes are newer then
FIELDS = ("Question", "Level and tags", "Answer", "Follow-ups", "Rubric")
FRONT = '<p class="tags">{{Level and tags}}</p><h1>{{Question}}</h1>'
BACK = "{{FrontSide}}<hr id=answer>{{Answer}}<h2>Follow-ups</h2>{{Follow-ups}}<h2>Mark yourself</h2>{{Rubric}}"
STYLE = """\
.card { font: 18px/1.5 sans-serif; margin: 0 auto; max-width: 40em; padding: 0 1em; text-align: left; }
h1 { font-size: 1.3em; }
h2 { font-size: 1.05em; }
.tags { opacity: .75; font-size: .85em; }
dt { font-weight: bold; }
dd { margin: 0 0 .6em; }
"""


class Note(genanki.Note):
    """Known by its question's id. changed: seconds since 1970, what Anki compares with the reader's note."""

    def __init__(self, question: str, fields: list[str], tags: list[str]):
        super().__init__(note_type(), fields, tags=tags, guid=f"fine-tune-vs-rag/{question}")
        self.question, self.changed = question, CARD_CHANGED

    def write_to_db(self, cursor, timestamp: float, deck_id: int, id_gen) -> None:
        super().write_to_db(cursor, self.changed, deck_id, id_gen)


class Source(InlineProcessor):
    """A citation as a link to its source."""

    def __init__(self, md: Markdown, root: Path):
        super().__init__(CITATION, md)
        self.references = load_references(root)

    def handleMatch(self, m: re.Match, data: str) -> tuple[etree.Element, int, int]:
        span = etree.Element("span")
        span.text = AtomicString("(")
        keys = [key.strip(" @") for key in m[1].split(";")]
        for number, key in enumerate(keys, 1):
            link = etree.SubElement(span, "a", {"href": self.references[key].address})
            link.text = AtomicString(self.references[key].short)
            link.tail = AtomicString(")" if number == len(keys) else "; ")
        return span, m.start(0), m.end(0)


class Sources(Extension):
    def __init__(self, root: Path):
        super().__init__()
        self.root = root

    def extendMarkdown(self, md: Markdown) -> None:
        md.inlinePatterns.register(Source(md, self.root), "source", 175)  # before links (170), as on the pages


@lru_cache(maxsize=1)
def note_type() -> genanki.Model:
    """Return the note type, with its fields, its template and its style."""
    templates = [{"name": "Question", "qfmt": FRONT, "afmt": BACK}]
    fields = [{"name": name} for name in FIELDS]
    return genanki.Model(NOTE_TYPE, "Fine-tune vs RAG: interview question", fields, templates, STYLE)


def notes(questions: Iterable[Question], root: Path) -> Iterator[Note]:
    """Yield the note of each question."""
    names, to_html = names_of(root), Markdown(extensions=[Sources(root)], output_format="html").convert
    for question in questions:
        marks = {mark: to_html(getattr(question.rubric, mark)) for mark in MARKS}
        fields = [
            escape(question.question, quote=False),
            escape(" · ".join(words(question, names)), quote=False),
            to_html(question.answer),
            "".join(to_html(f"**{follow_up.question}**\n\n{follow_up.answer}") for follow_up in question.follow_ups),
            "<dl>" + "".join(f"<dt>{mark.capitalize()}</dt><dd>{text}</dd>" for mark, text in marks.items()) + "</dl>",
        ]
        tags = [f"fine-tune-vs-rag::{tag}" for tag in (question.topic, question.level, *question.tags)]
        yield Note(question.id, fields, tags)
