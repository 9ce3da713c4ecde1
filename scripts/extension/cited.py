"""Where each source is cited: the page and the section in it, from the pages and the data that their blocks show."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown.extensions.toc import slugify, unique

from quiz.engine import all_answers, decide
from scripts.extension.citations import keys_in
from scripts.extension.interview_article import title_of
from scripts.extension.interview_data import TOPICS, Question, load_questions

FENCE = re.compile(r"^(`{3,}|~{3,}).*?^\1", re.DOTALL | re.MULTILINE)  # neither a heading nor a citation
FRONT_MATTER = re.compile(r"\A---\n.*?^---$", re.DOTALL | re.MULTILINE)
CODE_SPAN = re.compile(r"`[^`\n]*`")
HEADING = re.compile(r"^(#{1,6}) +(.+?) *#*$")
OWN_ID = re.compile(r" *\{:?[^{}]*#([\w-]+)[^{}]*\}$")
BLOCK = re.compile(r"^ {0,3}::: ([a-z-]+)(?: +(\S+))? *$")


@dataclass(frozen=True)
class Place:
    """A section of a page: its file in docs/, the anchor (empty before the first heading), and both names."""

    page: str
    title: str
    anchor: str = ""
    section: str = ""

    @property
    def link(self) -> str:
        return f"{self.page}#{self.anchor}" if self.anchor else self.page

    @property
    def name(self) -> str:
        return f"{self.title}: {self.section}" if self.section else self.title


def cited_in(root: Path) -> dict[str, list[Place]]:
    """Return key -> every section that cites it, in the order of pages and sections."""
    found: dict[str, list[Place]] = {}
    for path in sorted((root / "docs").rglob("*.md")):
        for place, keys in _cited_by(path, root):
            for key in keys:
                places = found.setdefault(key, [])
                if place not in places:
                    places.append(place)
    return found


def _cited_by(path: Path, root: Path) -> Iterator[tuple[Place, list[str]]]:
    """Yield sections of one page with the keys cited there."""
    text = FENCE.sub("", FRONT_MATTER.sub("", path.read_text(encoding="utf-8")))
    name, title = path.relative_to(root / "docs").as_posix(), title_of(path)
    here, ids = Place(name, title), set()
    for line in text.split("\n"):
        if heading := HEADING.match(line):
            own = OWN_ID.search(heading[2])
            words = OWN_ID.sub("", heading[2]).replace("`", "")
            anchor = own[1] if own else unique(slugify(words, "-"), ids)
            here = Place(name, title, anchor, words) if heading[1] != "#" else Place(name, title)
        if keys := keys_in(CODE_SPAN.sub("", line)):
            yield here, keys
        if block := BLOCK.match(line):
            for anchor, section, keys in _in_block(block[1], block[2] or "", root):
                yield (Place(name, "Interview", anchor, section) if anchor else here), keys


def _in_block(name: str, argument: str, root: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Yield what a block cites: anchor and name of a section that it makes itself, or two empty texts; the keys."""
    data = root / "docs" / "_data"
    if name == "quiz":
        yield "", "", [key for answers in all_answers() for key in decide(answers).evidence]
    elif name == "interview":
        for question in load_questions(root):
            first = question.order is not None
            topic = title_of(root / "docs" / TOPICS[question.topic])
            anchor = "first" if first else f"topic-{question.topic}"
            yield anchor, "First questions" if first else topic, keys_in(_texts(question))
    elif name != "references":
        for path in (data / f"{name}.yml", data / f"{name}s" / f"{argument}.yml"):
            if path.is_file():
                yield "", "", keys_in(path.read_text(encoding="utf-8"))


def _texts(question: Question) -> str:
    rubric = question.rubric
    parts = [question.question, question.answer, rubric.weak, rubric.good, rubric.excellent]
    return "\n".join([*parts, *(f"{one.question}\n{one.answer}" for one in question.follow_ups)])
