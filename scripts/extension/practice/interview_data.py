"""Interview practice: the questions of `docs/_data/interview/<topic>.yml`, read and checked.

A file is a list of {id, level, tags, question, answer, follow_ups: two of {question, answer}, rubric: {weak,
good, excellent}, lesson: rag.md#when-it-fails}; the few that are shown first also have an `order`, 1 and up.
The texts are Markdown with citations; `answer` may have several paragraphs and lists. `tags.yml` beside them
names every tag: `forms` say what a question makes one do, and each question has exactly one of these;
`subjects` say what it is about. What else must hold is in `interview_check.py`.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from scripts.extension.data_file import Entries, load
from scripts.extension.page import SiteError
from scripts.extension.practice.interview_check import Check
from scripts.nearest import nearest

FOLDER = "docs/_data/interview"
TOPICS = {  # in the order of the site, with the page of each
    "decision": "index.md",
    "prompting": "prompting.md",
    "rag": "rag.md",
    "lora-qlora": "lora-qlora.md",
    "distillation": "distillation.md",
    "constrained-decoding": "constrained-decoding.md",
    "evals": "evals.md",
}


@dataclass(frozen=True)
class FollowUp:
    question: str
    answer: str


@dataclass(frozen=True)
class Rubric:
    """What an answer of each mark says."""

    weak: str
    good: str
    excellent: str


@dataclass(frozen=True)
class Question:
    """lesson: page and anchor, named from `docs/`. order: place among those shown first, or None.

    version: changes with any of its words, so that a kept mark never shows for another question.
    """

    id: str
    topic: str
    level: str
    tags: tuple[str, ...]
    question: str
    answer: str
    follow_ups: tuple[FollowUp, ...]
    rubric: Rubric
    lesson: str
    order: int | None = None

    @property
    def version(self) -> str:
        words = (self.question, self.answer, self.follow_ups, self.rubric)
        return hashlib.sha256(repr(words).encode()).hexdigest()[:8]


@dataclass(frozen=True)
class Tags:
    """Both map a tag to the words that a page prints for it."""

    forms: dict[str, str]
    subjects: dict[str, str]


def load_questions(root: Path) -> tuple[Question, ...]:
    """Return all questions by topic, in the order of the site; SiteError with file and line of the first mistake."""
    for path in sorted((root / FOLDER).glob("*.yml")):
        if path.stem not in TOPICS and path.stem != "tags":
            name = path.relative_to(root).as_posix()
            raise SiteError(f"{name}:1: there is no topic {path.stem}; {nearest(path.stem, TOPICS)}")
    tags = load_tags(root)
    check, questions = Check(root, set(tags.forms), set(tags.subjects)), []
    for topic in TOPICS:
        for entry in load(root / FOLDER / f"{topic}.yml", root, "interview"):
            check.entry(entry)
            questions.append(_question(topic, entry))
    check.all_together()
    return tuple(questions)


def shown_first(questions: tuple[Question, ...]) -> tuple[Question, ...]:
    """Return the questions that have an `order`, in that order."""
    return tuple(sorted((q for q in questions if q.order is not None), key=lambda q: q.order))


def load_tags(root: Path) -> Tags:
    """Return the vocabulary of `tags.yml`; SiteError with file and line of the first mistake."""
    data = load(root / FOLDER / "tags.yml", root, "tags")
    for tag in data["forms"].keys() & data["subjects"].keys():
        raise data["subjects"].error(f"{tag} is also a form; choose another word", tag)
    return Tags(dict(data["forms"]), dict(data["subjects"]))


def _question(topic: str, entry: Entries) -> Question:
    fields = {
        "tags": tuple(entry["tags"]),
        "answer": entry["answer"].strip(),
        "follow_ups": tuple(FollowUp(**follow_up) for follow_up in entry["follow_ups"]),
        "rubric": Rubric(**entry["rubric"]),
    }
    return Question(topic=topic, **{**entry, **fields})
