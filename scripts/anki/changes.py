"""When the words of each interview question last changed: `changed.json`, in seconds since 1970.

Anki takes over a note only if it is newer than the reader's, so what a reader wrote into a note is not overwritten for
nothing. The file is the only clock of a package.
"""

import json
from pathlib import Path

from scripts.extension.practice.interview_data import Question

CHANGED = "scripts/anki/changed.json"


def load_changed(root: Path) -> dict[str, tuple[str, int]]:
    """Return for each question id the version of its words, and when they last changed."""
    path = root / CHANGED
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def renew(known: dict[str, tuple[str, int]], questions: tuple[Question, ...], now: int) -> dict[str, tuple[str, int]]:
    """Return what the file must hold: `now` for new words, and what was known for the others."""
    old = {question.id: known.get(question.id, ("", 0)) for question in questions}
    return {
        question.id: tuple(old[question.id]) if old[question.id][0] == question.version else (question.version, now)
        for question in sorted(questions, key=lambda question: question.id)
    }
