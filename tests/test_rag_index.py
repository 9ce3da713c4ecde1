"""Pages are cut into passages, and an index touches only what changed."""

import pytest

import rag
from case import CASE
from case.files import read_docs, read_questions
from passage_index import LONGEST, cut_passages, open_index, update_index
from tests.rag_data import MINILM, STAFF, names, pages_of

# peft asks transformers a question that the latter no longer likes to be asked.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")


@pytest.fixture(scope="module")
def minilm():
    return rag.open_ranker("embedder", str(MINILM), "cpu")


@pytest.fixture(scope="module")
def handbook():
    return read_docs(CASE / "handbook")


def contents(index) -> dict[str, dict]:
    return {row["id"]: row for row in index.search().limit(index.count_rows() or 1).to_list()}


class Recorder:
    """The real embedder, and a list of the texts that it was given."""

    def __init__(self, embedder):
        self.embedder, self.texts = embedder, []

    def encode_document(self, texts, **options):
        self.texts += texts
        return self.embedder.encode_document(texts, **options)


def test_every_page_of_the_handbook_is_one_passage(handbook):
    assert {p["source"]: p["text"] for p in cut_passages(handbook)} == {n: p.text.strip() for n, p in handbook.items()}


def test_long_pages_are_cut_at_blank_lines_under_their_title_and_lose_nothing():
    blocks = [f"- Rule {i}: " + f"word{i} " * (i % 90) for i in range(60)] + ["long " * 900]
    passages = cut_passages(pages_of({"rules": "# Rules\n\n" + "\n\n".join(blocks)}))
    assert [p["id"] for p in passages] == [f"rules#{i}" for i in range(1, len(passages) + 1)]
    assert all(p["text"].startswith("# Rules\n\n") and len(p["text"]) <= LONGEST + 20 for p in passages)
    assert " ".join(p["text"].removeprefix("# Rules") for p in passages).split() == " ".join(blocks).split()


def test_indexing_again_touches_only_what_changed(tmp_path, minilm):
    watched = Recorder(minilm)
    watched.get_embedding_dimension = minilm.get_embedding_dimension
    index = open_index(tmp_path, watched, "minilm")
    assert update_index(index, cut_passages(pages_of(STAFF)), watched)["added"] == 3
    before, version, watched.texts = contents(index), index.version, []
    counts = update_index(index, cut_passages(pages_of(STAFF)), watched)
    assert counts == {"added": 0, "changed": 0, "removed": 0, "kept": 3}
    assert index.version == version and watched.texts == []
    texts = STAFF | {"travel": STAFF["travel"].replace("120", "140"), "it's new": "# Parking\n\nBehind us."}
    del texts["invoices"]
    index = open_index(tmp_path, watched, "minilm")
    counts = update_index(index, cut_passages(pages_of(texts)), watched)
    assert counts == {"added": 1, "changed": 1, "removed": 1, "kept": 1}
    assert watched.texts == [texts["travel"], texts["it's new"]]
    after = contents(index)
    assert after["holidays#1"] == before["holidays#1"] and after["travel#1"] != before["travel#1"]
    questions = ["parking", "140", "120", "invoices"]
    assert names(rag.retrieve(index, questions, "full-text", 3)) == [["it's new"], ["travel"], [], []]


def test_an_updated_index_finds_what_a_new_one_finds(tmp_path, handbook, minilm):
    few = list(handbook)[:9]
    changed = read_docs(CASE / "changed")
    handbook, changed = ({name: pages[name] for name in few} for pages in (handbook, changed))
    questions = read_questions(CASE / "changed_questions.jsonl")[::6]
    found = {}
    for history in ([handbook, changed], [changed]):
        index = open_index(tmp_path / str(len(history)), minilm, "minilm")
        counts = [update_index(index, cut_passages(pages), minilm) for pages in history]
        assert counts[-1]["kept"] == 0
        for search in ("full-text", "dense", "hybrid"):
            asked = [row["question"] for row in questions]
            found.setdefault(search, []).append(rag.retrieve(index, asked, search, 1, minilm))
    for search, (updated, new) in found.items():
        assert updated == new, search


def test_removing_the_last_page_but_one_and_stopping_before_the_full_text_index(tmp_path, monkeypatch):
    def stop():
        raise KeyboardInterrupt

    index = open_index(tmp_path)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("passage_index.FTS", stop)  # the passages are in by then
        update_index(index, cut_passages(pages_of(STAFF)))
    index = open_index(tmp_path)
    counts = update_index(index, cut_passages(pages_of({"travel": STAFF["travel"]})))
    assert counts == {"added": 0, "changed": 0, "removed": 2, "kept": 1}
    assert names(rag.retrieve(index, ["trains and holidays"], "full-text", 3)) == [["travel"]]


def test_each_embedder_has_a_table_of_its_own(tmp_path, minilm):
    for embedder, name in ((None, ""), (minilm, "mini/LM"), (minilm, "other")):
        counts = update_index(open_index(tmp_path, embedder, name), cut_passages(pages_of(STAFF)), embedder)
        assert counts["added"] == 3
