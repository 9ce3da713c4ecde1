"""The interview questions as an Anki package: `python -m scripts.anki` notes which questions have new words.

Who imports a later package gets the changed questions into the notes that are there: a note is known by its question's
id, deck and note type by the two numbers below. Anki takes over a note only if it is newer than the reader's. So
`anki_changed.json` holds when each question last changed, in seconds since 1970, and what a reader wrote into a note is
not overwritten for nothing.

The bytes are the same at every build: that file is the only clock, nothing is compressed, and the one place in the
database where SQLite writes its own version is overwritten. Another SQLite could still lay out its pages differently.
"""

import io
import itertools
import json
import sqlite3
import sys
import time
import zipfile
from pathlib import Path

import genanki

from scripts.downloads import MOMENT, PLAIN
from scripts.extension.interview_data import Question, load_questions

FOLDER = "interview"
NAME = "fine-tune-vs-rag-interview.apkg"
CHANGED = "scripts/anki_changed.json"
DECK, NOTE_TYPE = 1_874_203_651, 1_593_027_744  # drawn once; other numbers would be another deck
CARD_CHANGED = 1_795_000_000  # raise it to now when the card's HTML or style changes: all notes are newer then
SQLITE_VERSION = slice(96, 100)  # of the database file: which SQLite wrote it last. Nothing reads it


def package(root: Path) -> bytes:
    """Return the .apkg, a zip with the database of the notes."""
    from scripts.anki_card import notes  # the cards need the extension, whose blocks need this module

    changed = {question: since for question, (_, since) in load_changed(root).items()}
    deck = genanki.Deck(DECK, "Fine-tune vs RAG: interview")
    for note in notes(load_questions(root), root):
        note.changed = max(changed.get(note.question, 0), CARD_CHANGED)
        deck.add_note(note)
    return packed({"collection.anki2": database(deck), "media": b"{}"})


def database(deck: genanki.Deck) -> bytes:
    """Return the deck as Anki's database. genanki writes the tables; its own zip would hold the time of the build."""
    connection = sqlite3.connect(":memory:")
    try:
        ids = itertools.count(CARD_CHANGED * 1000)
        genanki.Package(deck).write_to_db(connection.cursor(), CARD_CHANGED, ids)
        connection.commit()
        content = bytearray(connection.serialize())
    finally:
        connection.close()
    content[SQLITE_VERSION] = bytes(4)
    return bytes(content)


def packed(files: dict[str, bytes]) -> bytes:
    """Return a zip that is the same on every machine, as the one with the snippets is."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name, MOMENT)
            member.create_system, member.external_attr = 3, PLAIN
            archive.writestr(member, content)
    return into.getvalue()


def publish(root: Path, folder: Path) -> None:
    """Write the package into a folder of the site."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_bytes(package(root))


def load_changed(root: Path) -> dict[str, tuple[str, int]]:
    """Return question id -> version of its words, and since when they are so."""
    path = root / CHANGED
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def renew(known: dict[str, tuple[str, int]], questions: tuple[Question, ...], now: int) -> dict[str, tuple[str, int]]:
    """Return what the file must hold: `now` for new words, and what was known for the others."""
    old = {question.id: known.get(question.id, ("", 0)) for question in questions}
    return {
        question.id: tuple(old[question.id]) if old[question.id][0] == question.version else (question.version, now)
        for question in sorted(questions, key=lambda question: question.id)
    }


def main(root: Path) -> int:
    """Write the file anew and say how many questions have new words."""
    known = load_changed(root)
    renewed = renew(known, load_questions(root), int(time.time()))
    lines = ",\n".join(f"  {json.dumps(id_)}: {json.dumps(entry)}" for id_, entry in renewed.items())
    (root / CHANGED).write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(f"anki: {sum(known.get(i, [''])[0] != entry[0] for i, entry in renewed.items())} questions have new words")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent.parent))
