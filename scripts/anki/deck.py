"""The package: a zip with Anki's database of all notes.

Who imports a later package gets the changed questions into the notes that are there: a note is known by its question's
id, deck and note type by a number of their own.

The bytes are the same at every build: `changed.json` is the only clock, nothing is compressed, and the one place in the
database where SQLite writes its own version is overwritten. Another SQLite could still lay out its pages differently.
"""

import io
import itertools
import sqlite3
import zipfile
from pathlib import Path

import genanki

from scripts.anki.card import CARD_CHANGED, notes
from scripts.anki.changes import load_changed
from scripts.downloads.snippet_files import MOMENT, PLAIN
from scripts.extension.practice.interview_data import load_questions

FOLDER = "interview"
NAME = "fine-tune-vs-rag-interview.apkg"
DECK = 1_874_203_651  # drawn once; another number would be another deck
SQLITE_VERSION = slice(96, 100)  # of the database file: which SQLite wrote it last. Nothing reads it


def package(root: Path) -> bytes:
    """Return the .apkg, a zip with the database of the notes."""
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
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name, MOMENT)
            member.create_system, member.external_attr = 3, PLAIN
            archive.writestr(member, content)
    return buffer.getvalue()


def publish(root: Path, folder: Path) -> None:
    """Write the package into a folder of the site."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_bytes(package(root))
