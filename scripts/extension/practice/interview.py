"""The block `::: interview`: every question of `docs/_data/interview/`, complete without JavaScript.

Those that are shown first come first, then the others by topic. `docs/assets/interview.mjs` enhances the page; what
it needs is in attributes of each question and in the <template> of `interview_controls.py`.
"""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as etree

from markdown.util import AtomicString

from scripts.extension.headings import title_of
from scripts.extension.page import Page
from scripts.extension.practice.interview_article import Names, article
from scripts.extension.practice.interview_controls import controls
from scripts.extension.practice.interview_data import FOLDER, TOPICS, Question, load_questions, load_tags, shown_first
from scripts.extension.sources.citations import keys_in

FIRST = "The three that everybody asks"
LOCALE = "en-GB"  # in which the script writes dates: that of our prose


def block(argument: str, page: Page) -> etree.Element:
    """Return the controls and all questions, in their sections."""
    if argument:
        raise page.error(page.line, "interview takes no argument")
    questions = load_questions(page.root)
    page.data += sorted((page.root / FOLDER).glob("*.yml"))
    names = names_of(page.root)
    box = etree.Element("interview-practice", {"data-locale": LOCALE})
    box.append(controls(names))
    for anchor, (title, group) in sections(questions, names).items():
        box.append(section(anchor, title, group, names, page))
    return box


def sections(questions: tuple[Question, ...], names: Names) -> dict[str, tuple[str, list[Question]]]:
    """Return the title and the questions of each section that has any, by the anchor of the section."""
    first = shown_first(questions)
    groups = {"first": (FIRST, first)} | {
        f"topic-{topic}": (names.topics[topic], [q for q in questions if q.topic == topic and q not in first])
        for topic in TOPICS
    }
    return {anchor: (title, group) for anchor, (title, group) in groups.items() if group}


def section(anchor: str, title: str, group: list[Question], names: Names, page: Page) -> etree.Element:
    """Return a heading and the questions under it."""
    element = etree.Element("section")
    etree.SubElement(element, "h2", {"id": anchor}).text = AtomicString(title)
    for question in group:
        element.append(article(question, names, page))
    return element


def names_of(root: Path) -> Names:
    """Return what the page calls topics and tags."""
    return Names({topic: title_of(root / "docs" / name) for topic, name in TOPICS.items()}, load_tags(root))


def cites(argument: str, root: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each section of questions: its anchor, its name, and what its questions cite."""
    names = names_of(root)
    for anchor, (title, group) in sections(load_questions(root), names).items():
        for question in group:
            yield anchor, title, keys_in(texts_of(question))


def texts_of(question: Question) -> str:
    """Return all words of a question, as one text."""
    rubric = question.rubric
    parts = [question.question, question.answer, rubric.weak, rubric.good, rubric.excellent]
    return "\n".join([*parts, *(f"{follow_up.question}\n{follow_up.answer}" for follow_up in question.follow_ups)])
