"""What must hold for an interview question, and for all of them together.

As on a page, a figure stands in one paragraph with a citation of a source that was read. Our own measured
values stay out: they change, and the answer would go on standing. Point to the lesson that prints them.
"""

import re
from pathlib import Path

from scripts.extension.data_file import Entries
from scripts.extension.headings import headings
from scripts.extension.numbers.inline import RESULT
from scripts.extension.numbers.loose_numbers import figures
from scripts.extension.practice.similarity import alike
from scripts.extension.sources.citations import NO_NUMBERS, keys_in, load_references
from scripts.nearest import nearest

LEVELS = ("screening", "working", "senior")
MARKS = ("weak", "good", "excellent")
FOLLOW_UPS = 2
MOST_TAGS = 4
WORDS = 60, 160  # of an answer: shorter is a slogan, longer is not said aloud
PARAGRAPH = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.)\s)")  # a list item is one too


class Check:
    """Checks one entry after the other, and remembers what may be there only once."""

    def __init__(self, root: Path, forms: set[str], subjects: set[str]):
        self.docs, self.references = root / "docs", load_references(root)
        self.forms, self.subjects = forms, subjects
        self.ids: dict[str, str] = {}  # id -> file:line
        self.rubric_texts: dict[str, str] = {}  # text of a mark, as normalised -> file:line
        self.orders: dict[int, Entries] = {}
        self.questions: list[Entries] = []  # questions and follow-ups

    def entry(self, entry: Entries) -> None:
        """Raise SiteError with file and line of the first mistake; the fields are there and of their types."""
        name = entry["id"]
        if name in self.ids:
            raise entry.error(f"the id {name} is also in {self.ids[name]}; choose another", "id")
        self.ids[name] = f"{entry.file}:{entry.lines['id']}"
        if entry["level"] not in LEVELS:
            raise entry.error(f"{name}: unknown level {entry['level']}; {nearest(entry['level'], LEVELS)}", "level")
        self._tags(entry)
        self._asks(entry, name)
        words = len(re.sub(r"\[@[^\]]*\]", "", entry["answer"]).split())
        if not WORDS[0] <= words <= WORDS[1]:
            raise entry.error(f"{name}: the answer has {words} words; write {WORDS[0]} to {WORDS[1]}", "answer")
        self._follow_ups(entry)
        self._rubric(entry)
        self._lesson(entry)
        if "order" in entry and self.orders.setdefault(entry["order"], entry) is not entry:
            other = self.orders[entry["order"]]["id"]
            raise entry.error(f"{name}: order {entry['order']} is taken by {other}; choose another", "order")

    def all_together(self) -> None:
        """Check that the orders are 1, 2, 3 without a gap, and that no two questions ask the same."""
        for place, number in enumerate(sorted(self.orders), 1):
            if number != place:
                entry = self.orders[number]
                raise entry.error(f"{entry['id']}: order {number}, but nothing has order {place}", "order")
        for first, second in alike(entry["question"] for entry in self.questions):
            earlier, later = self.questions[first], self.questions[second]
            line = f"{earlier.file}:{earlier.lines['question']}"
            raise later.error(
                f"{later['question']!r} asks nearly the same as {line}; ask something else or drop it", "question"
            )

    def _tags(self, entry: Entries) -> None:
        name, tags, known = entry["id"], entry["tags"], self.forms | self.subjects
        for tag in tags:
            if tag not in known:
                raise entry.error(f"{name}: unknown tag {tag}; {nearest(str(tag), known)}", "tags")
        if len(tags) > MOST_TAGS or len(set(tags)) < len(tags):
            raise entry.error(f"{name} has the tags {', '.join(tags)}; write 1 to {MOST_TAGS} different ones", "tags")
        forms = [tag for tag in tags if tag in self.forms]
        if len(forms) != 1:
            raise entry.error(f"{name} has {len(forms)} forms; give it one of {', '.join(sorted(self.forms))}", "tags")

    def _asks(self, entry: Entries, label: str) -> None:
        """Check a question and its answer, of an entry or a follow-up."""
        self._text(entry, "question", label)
        self._text(entry, "answer", label)
        if "\n" in entry["question"].strip():
            raise entry.error(f"{label}: write the question on one line", "question")
        self.questions.append(entry)

    def _follow_ups(self, entry: Entries) -> None:
        name, follow_ups = entry["id"], entry["follow_ups"]
        if len(follow_ups) != FOLLOW_UPS:
            raise entry.error(f"{name} has {len(follow_ups)} follow-ups; write {FOLLOW_UPS}", "follow_ups")
        for number, follow_up in enumerate(follow_ups, 1):
            self._asks(follow_up, f"{name}, follow-up {number}")

    def _rubric(self, entry: Entries) -> None:
        name, rubric = entry["id"], entry["rubric"]
        for mark in MARKS:
            self._text(rubric, mark, f"{name}, {mark}")
            plain = re.sub(r"\W+", " ", rubric[mark]).strip().lower()
            if plain in self.rubric_texts:
                other = self.rubric_texts[plain]
                raise rubric.error(f"{name}, {mark} says the same as {other}; say what is true here", mark)
            self.rubric_texts[plain] = f"{rubric.file}:{rubric.lines[mark]}"

    def _lesson(self, entry: Entries) -> None:
        name, (page, _, anchor) = entry["id"], entry["lesson"].partition("#")
        pages = {path.relative_to(self.docs).as_posix() for path in self.docs.rglob("*.md")}
        if page not in pages:
            raise entry.error(f"{name}: there is no lesson {page}; {nearest(page, pages)}", "lesson")
        if anchor not in (known := headings(self.docs / page)):
            raise entry.error(f"{name}: {page} has no heading #{anchor}; {nearest(anchor, known)}", "lesson")

    def _text(self, entry: Entries, field: str, label: str) -> None:
        """Check a text's citations and figures, paragraph by paragraph."""
        if own := RESULT.search(entry[field]):
            raise entry.error(f"{label}: {own[0]} is our own value and will change; point to the lesson", field)
        for paragraph in PARAGRAPH.split(entry[field]):
            keys, numbers = keys_in(paragraph), figures(paragraph)
            for key in keys:
                if key not in self.references:
                    raise entry.error(f"{label}: there is no reference {key}; {nearest(key, self.references)}", field)
            if numbers and all(self.references[key].verified in NO_NUMBERS for key in keys):
                why = f"[@{keys[0]}] was not read far enough to carry it" if keys else "cite a source beside it"
                raise entry.error(f"{label}: loose number {numbers[0]!r}; {why}", field)
