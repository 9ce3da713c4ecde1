"""The Anki package: a note for every question, the same bytes at every build, and later words are newer."""

import io
import json
import sqlite3
import time
import zipfile

import pytest

from scripts.anki import card, changes, deck
from scripts.anki.__main__ import main
from scripts.extension.page import SiteError
from scripts.extension.practice.interview_data import load_questions
from tests.conftest import ROOT
from tests.test_interview_page import site as site

QUESTIONS = load_questions(ROOT)
AGAIN = "run: python -m scripts.anki"


def read(package, question):
    """Return the rows that a query finds in a package."""
    content = zipfile.ZipFile(io.BytesIO(package)).read("collection.anki2")
    connection = sqlite3.connect(":memory:")
    connection.deserialize(content)
    rows = connection.execute(question).fetchall()
    connection.close()
    return rows


@pytest.fixture(scope="module")
def package():
    return deck.package(ROOT)


def test_a_note_for_every_question(package):
    assert read(package, "pragma integrity_check") == [("ok",)]
    notes = {
        guid: (fields.split("\x1f"), tags.split())
        for guid, fields, tags in read(package, "select guid, flds, tags from notes")
    }
    assert notes.keys() == {f"fine-tune-vs-rag/{question.id}" for question in QUESTIONS}
    assert read(package, "select count(*) from cards") == [(len(QUESTIONS),)]
    for question in QUESTIONS:
        fields, tags = notes[f"fine-tune-vs-rag/{question.id}"]
        assert len(fields) == 5 and all(fields)
        assert fields[2].startswith("<p>") and fields[3].count("<strong>") >= 2 and fields[4].count("<dd>") == 3
        assert tags == [f"fine-tune-vs-rag::{tag}" for tag in (question.topic, question.level, *question.tags)]
        assert "[@" not in "".join(fields) and 'href="references' not in "".join(fields)


def test_deck_and_note_type_keep_their_numbers(package):
    ((decks, models),) = read(package, "select decks, models from col")
    assert json.loads(decks)[str(deck.DECK)]["name"] == "Fine-tune vs RAG: interview"
    model = json.loads(models)[str(card.NOTE_TYPE)]
    assert [field["name"] for field in model["flds"]] == [
        "Question",
        "Level and tags",
        "Answer",
        "Follow-ups",
        "Rubric",
    ]
    assert read(package, "select distinct did from cards") == [(deck.DECK,)]
    assert read(package, "select distinct mid from notes") == [(card.NOTE_TYPE,)]
    assert (deck.DECK, card.NOTE_TYPE) == (1_874_203_651, 1_593_027_744), "readers' decks are known by these"


@pytest.mark.slow
def test_same_bytes_at_any_time(package, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    assert deck.package(ROOT) == package
    members = zipfile.ZipFile(io.BytesIO(package)).infolist()
    assert {member.date_time for member in members} == {(2026, 1, 1, 0, 0, 0)}
    assert [member.filename for member in members] == ["collection.anki2", "media"]


def test_new_words_are_newer_and_old_ones_are_not(site):
    assert read(deck.package(site.root), "select distinct mod from notes") == [(card.CARD_CHANGED,)]
    questions = load_questions(site.root)
    known = changes.renew({}, questions, card.CARD_CHANGED + 10)
    path = site.root / "docs/_data/interview/rag.yml"
    path.write_text(path.read_text().replace("Because.", "For a reason."))
    renewed = changes.renew(known, load_questions(site.root), card.CARD_CHANGED + 20)
    site.write(changes.CHANGED, json.dumps(renewed))
    moments = dict(read(deck.package(site.root), f"select guid, mod - {card.CARD_CHANGED} from notes"))
    assert moments.pop("fine-tune-vs-rag/rag-one") == 20 and set(moments.values()) == {10}


def test_command_notes_what_is_new_once(site, capsys):
    (site.root / "scripts/anki").mkdir(parents=True)
    assert main(site.root) == 0 and "7 questions have new words" in capsys.readouterr().out
    before = (site.root / changes.CHANGED).read_text()
    assert main(site.root) == 0 and "0 questions have new words" in capsys.readouterr().out
    assert (site.root / changes.CHANGED).read_text() == before


def test_the_dates_in_the_repository_are_those_of_the_words():
    known = changes.load_changed(ROOT)
    assert {question: version for question, (version, _) in known.items()} == {
        question.id: question.version for question in QUESTIONS
    }, AGAIN
    assert all(1_795_000_000 < since < time.time() + 86_400 for _, since in known.values())


def test_page_states_the_hash_of_what_is_published(site):
    from hashlib import sha256

    page = site.render("# Page\n\n::: anki\n", "docs/interview.md")
    deck.publish(site.root, site.root / "out")
    digest = sha256((site.root / "out" / deck.NAME).read_bytes()).hexdigest()
    assert f'href="../interview/{deck.NAME}" download data-sha256="{digest}"' in page
    with pytest.raises(SiteError, match=r"^docs/interview\.md:3: anki takes no argument"):
        site.render("# Page\n\n::: anki all\n", "docs/interview.md")
