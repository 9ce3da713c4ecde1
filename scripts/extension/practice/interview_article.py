"""One interview question as an <article>: level and tags, answer, follow-ups, rubric and lesson.

What gives the answer away is in a <details>. Texts are Markdown: an answer may have paragraphs and lists, the
others are one paragraph each.
"""

from dataclasses import dataclass
from xml.etree import ElementTree as etree

from markdown.util import AtomicString

from scripts.extension.headings import headings, title_of
from scripts.extension.page import Page
from scripts.extension.practice.interview_check import MARKS
from scripts.extension.practice.interview_data import Question, Tags


@dataclass(frozen=True)
class Names:
    """What a page calls things. topics: the name of each topic."""

    topics: dict[str, str]
    tags: Tags

    @property
    def of_tags(self) -> dict[str, str]:
        return self.tags.forms | self.tags.subjects


def article(question: Question, names: Names, page: Page) -> etree.Element:
    """Return a question as an <article>."""
    box = etree.Element("article", attributes(question))
    etree.SubElement(box, "h3", {"id": f"question-{question.id}"}).text = question.question
    tag_list = etree.SubElement(box, "ul", {"class": "interview-tags"})
    for word in words(question, names):
        etree.SubElement(tag_list, "li").text = AtomicString(word)
    markdown(details(box, "interview-answer", "Model answer"), question.answer, page)
    etree.SubElement(box, "p", {"class": "interview-label"}).text = "Follow-ups"
    follow_up_list = etree.SubElement(box, "ol", {"class": "interview-follow-ups"})
    for follow_up in question.follow_ups:
        item = etree.SubElement(follow_up_list, "li")
        etree.SubElement(item, "p").text = follow_up.question
        markdown(details(item, "interview-answer", "Answer"), follow_up.answer, page)
    rubric = etree.SubElement(details(box, "interview-rubric", "What a weak, good or excellent answer says"), "dl")
    for mark in MARKS:
        etree.SubElement(rubric, "dt").text = mark.capitalize()
        etree.SubElement(rubric, "dd").text = getattr(question.rubric, mark)
    lesson(box, question, page)
    return box


def attributes(question: Question) -> dict[str, str]:
    """Return what the script filters by and what it keeps a mark under."""
    return {
        "class": "interview-question",
        "data-id": question.id,
        "data-version": question.version,
        "data-topic": question.topic,
        "data-level": question.level,
        "data-tags": " ".join(question.tags),
    }


def words(question: Question, names: Names) -> list[str]:
    """Return the level, the topic and the tags as a reader sees them."""
    return [question.level.capitalize(), names.topics[question.topic], *(names.of_tags[tag] for tag in question.tags)]


def details(parent: etree.Element, name: str, summary: str) -> etree.Element:
    """Add what unfolds, and return the place of its content."""
    element = etree.SubElement(parent, "details", {"class": name})
    etree.SubElement(element, "summary").text = summary
    return etree.SubElement(element, "div")


def markdown(parent: etree.Element, text: str, page: Page) -> None:
    """Add paragraphs and lists; what is inside them is read later, with the page."""
    page.md.parser.parseChunk(parent, text)


def lesson(box: etree.Element, question: Question, page: Page) -> None:
    """Add the link to the heading in a lesson that the question points to."""
    name, _, anchor = question.lesson.partition("#")
    path = page.docs / name
    paragraph = etree.SubElement(box, "p", {"class": "interview-lesson"})
    paragraph.text = "Lesson: "
    link = etree.SubElement(paragraph, "a", {"href": page.link(question.lesson)})
    link.text = f"{title_of(path)}: {headings(path)[anchor]}"
