# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.9", "transformers>=5", "lancedb>=0.40", "sentence-transformers>=5", "tqdm>=4.66"]
# ///
"""RAG on a folder of Markdown: find the passage, put it before the question, answer, cite the source.

    uv run rag.py                                               # the lab's private pages and questions
    uv run rag.py --docs handbook --model Qwen/Qwen2.5-0.5B-Instruct --question "How long do we keep invoices?"
    uv run rag.py --docs handbook --model ... --questions asked.jsonl --embedder BAAI/bge-small-en-v1.5

Two numbers, never one: was the right page *retrieved*, and was the answer *right*? A wrong answer without its page is
the retriever's fault, a wrong answer with it the model's. An answer is right when it equals the expected text exactly.
Every run brings the index up to date first: only passages that are new, changed or gone are touched.
Lesson: RAG (rag/).
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import hashlib
import json
import logging
import os
import platform
import re
import shutil
import signal
import sys
import time
import urllib.error
import urllib.request
from importlib import metadata
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning threads halve the speed on shared cores
os.environ.setdefault("LANCEDB_LOG", "error")  # LanceDB's own remarks
if __name__ == "__main__":  # the libraries take seconds to load: end a Ctrl-C meanwhile in one line as well
    signal.signal(signal.SIGINT, lambda *_: (print("\nstopped before it began", file=sys.stderr), os._exit(130)))

import lancedb
import torch
import transformers
from lancedb.expr import col
from lancedb.index import FTS
from lancedb.query import MatchQuery
from tqdm import tqdm

LAB = str(Path(__file__).resolve().parent / "lab")


@dataclasses.dataclass(frozen=True)
class Config:
    model: str = ""  # language model, a folder or a hub id; without it the lab's
    docs: str = ""  # folder of Markdown to answer from; without it the lab's private pages
    questions: str = ""  # JSON lines: question, answer, source (file name without .md); or the lab's private ones
    question: str = ""  # ask this one question instead, and see the passages
    lab: str = LAB  # where the lab is
    index: str = "rag-index"  # folder of the index and of answers.jsonl; this one is made where you stand
    embedder: str = ""  # sentence-transformers model, a folder or a hub id; without it full text alone, no download
    search: str = "auto"  # text, dense or hybrid; auto is hybrid with an embedder, text without
    k: int = 1  # passages shown; one is enough for pages of one subject, more finds more and distracts a small model
    longest: int = 1000  # characters; a longer page is cut at blank lines (many embedders read no more than this)
    limit: int = 0  # ask only the first so many questions; 0 asks all
    device: str = "auto"  # auto, cpu or cuda


def cut_passages(pages: dict[str, str], longest: int) -> list[dict]:
    """Make passages of pages (source -> text): a short page stays whole, a longer one is cut at blank lines.

    Every passage of a page carries its title, so that it says what it is about. A paragraph is never cut.
    -> [{"id", "source", "text", "sha256"}]; the id is the source, with #1, #2, ... where a page was cut.
    """
    passages = []
    for source, text in pages.items():
        title, pieces = re.match(r"(#+ .+)?", text)[0].strip(), [""]
        for block in re.split(r"\n\s*\n", text) if len(text) > longest else [text]:
            if pieces[-1] not in ("", title) and len(pieces[-1]) + len(block) > longest:
                pieces.append(title)
            pieces[-1] = f"{pieces[-1]}\n\n{block}".strip("\n")
        for number, piece in enumerate(pieces, 1):
            name = f"{source}#{number}" if len(pieces) > 1 else source
            sha256 = hashlib.sha256(piece.encode()).hexdigest()
            passages.append({"id": name, "source": source, "text": piece, "sha256": sha256})
    return passages


def open_embedder(path: str, device: str):
    """Load a sentence-transformers model from a folder or the hub: it turns text into a vector of length 1."""
    try:
        from sentence_transformers import SentenceTransformer  # takes seconds, and full text does without

        return SentenceTransformer(path, device=device, local_files_only=hub_is_away(path))
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # a damaged file can raise anything
        why = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise Problem(f"--embedder {path}: none there, or no network to fetch it ({why}); name a folder") from None


def open_index(folder: Path, embedder):
    """Open the table of passages, or return None where there is no index yet.

    A vector means nothing to another embedder, so the first passage is embedded again and must come out the same.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return None
    with one_line_errors(folder):
        table = lancedb.connect(folder).open_table("passages")
        first = table.search().limit(1).to_list()[0]
        text, vector, made = first["text"], first.get("vector"), first["embedder"]
    same = bool(embedder) == bool(vector)
    if same and embedder:
        again = embedder.encode_document([text], normalize_embeddings=True)[0]
        same = len(again) == len(vector) and again @ vector > 0.999
    if not same:
        made = f"with --embedder {made}" if made else "without --embedder"
        raise Problem(f"{folder}: this index was made {made}; run so again, or name a new folder with --index")
    return table


def update_index(folder: Path, table, passages: list[dict], embedder, name: str):
    """Bring the index up to date and touch nothing else -> the table, and how many passages were added, changed, ...

    The first build appears as a whole. Later ones are a single LanceDB commit: a reader sees the old or the new state.
    """
    stored = {}
    with one_line_errors(folder):
        if table is not None:
            rows = table.search().select(["id", "sha256"]).limit(table.count_rows()).to_list()
            stored = {row["id"]: row["sha256"] for row in rows}
    fresh = [row | {"embedder": name} for row in passages if stored.get(row["id"]) != row["sha256"]]
    gone = sorted(stored.keys() - {row["id"] for row in passages})
    changed = sum(row["id"] in stored for row in fresh)
    counts = {"added": len(fresh) - changed, "changed": changed, "removed": len(gone)}
    counts["kept"] = len(passages) - len(fresh)
    if embedder and fresh:
        texts, bar = [row["text"] for row in fresh], sys.stderr.isatty()
        vectors = embedder.encode_document(texts, normalize_embeddings=True, show_progress_bar=bar)
        fresh = [row | {"vector": vector.tolist()} for row, vector in zip(fresh, vectors, strict=True)]

    def build(new_folder):
        lancedb.connect(new_folder).create_table("passages", fresh).create_index("text", config=FTS())

    with one_line_errors(folder):
        if table is None:
            replace_with(folder, build)
            table = lancedb.connect(folder).open_table("passages")
        elif fresh or gone:
            merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
            if gone:
                merge = merge.when_not_matched_by_source_delete(col("id").isin(gone))
            merge.execute(fresh)
            table.optimize()  # takes the new passages into the full-text index; until then they are scanned
    return table, counts


def retrieve(folder: Path, table, questions: list[str], search: str, k: int, embedder) -> list[list[dict]]:
    """Find the k passages most like each question, best first: [{"id", "source", "text"}]. Unknown words find nothing.

    text: BM25 over words, their endings cut off. dense: cosine, every passage compared. hybrid: both rankings, fused.
    """
    vectors, found = [None] * len(questions), []
    if search != "text":
        vectors = embedder.encode_query(questions, normalize_embeddings=True, show_progress_bar=False)
    with one_line_errors(folder):
        pairs = zip(questions, vectors, strict=True)
        for question, vector in tqdm(pairs, "retrieve", len(questions), disable=None, leave=False, file=sys.stderr):
            words = MatchQuery(question, "text")  # words only: quotes and operators of the reader mean nothing here
            if search == "text":
                query = table.search(words)
            elif search == "dense":
                query = table.search(vector).distance_type("cosine")
            else:
                query = table.search(query_type="hybrid").vector(vector).text(words).distance_type("cosine")
            rows = query.limit(max(k, 20)).to_list()[:k]  # fusing needs more than the first of each ranking
            found.append([{name: row[name] for name in ("id", "source", "text")} for row in rows])
    return found


def answer_from(model, tokenizer, questions: list[str], found: list[list[dict]], longest: int = 32) -> list[str]:
    """Let the model answer from the passages found. Where nothing was found, nothing can be cited: the answer is ""."""
    shown = [{row["id"]: row["text"] for row in rows} for rows in found]
    asked = [i for i, passages in enumerate(shown) if passages]
    prompts = [write_prompt(shown[i], questions[i]) for i in asked]
    room = getattr(model.config, "max_position_embeddings", None)
    needed = longest + max((len(tokenizer(prompt, verbose=False)["input_ids"]) for prompt in prompts), default=0)
    if room and needed > room:
        fix = "lower --k or --longest, or put blank lines into long pages"
        raise Problem(f"a prompt and its answer take {needed} tokens, the model reads {room}; {fix}")
    answers = [""] * len(questions)
    for i, said in zip(asked, generate(model, tokenizer, prompts, longest), strict=True):
        answers[i] = take_answer(said)
    return answers


def take_answer(said: str) -> str:
    """Take the answer out of {"answer": ...}, which a tuned model may write; leave other text as it is."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        return str(json.loads(said)["answer"]).strip()
    return said.strip()


def judge(rows: list[dict], found: list[list[dict]], answers: list[str]) -> list[dict]:
    """Add to each question what was said, the passages it cites, and two verdicts: "retrieved" and "right"."""
    results = []
    for row, passages, said in zip(rows, found, answers, strict=True):
        retrieved = row["source"] in {passage["source"] for passage in passages}
        cites, right = [passage["id"] for passage in passages], said == row["answer"].strip()
        results.append(row | {"said": said, "cites": cites, "retrieved": retrieved, "right": right})
    return results


def score(results: list[dict]) -> dict:
    """Count the two verdicts apart and together; a rate over no questions is None."""

    def share(some):
        return round(sum(some) / len(some), 4) if some else None

    cells = {"retrieved_right": 0, "retrieved_wrong": 0, "missed_right": 0, "missed_wrong": 0}
    for row in results:
        cells[("retrieved" if row["retrieved"] else "missed") + ("_right" if row["right"] else "_wrong")] += 1
    return {
        "questions": len(results),
        "retrieval_hit_rate": share([row["retrieved"] for row in results]),
        "answer_accuracy": share([row["right"] for row in results]),
        "answer_accuracy_when_retrieved": share([row["right"] for row in results if row["retrieved"]]),
        "cells": cells,
    }


def main():
    config = check(read_config(Config))
    device = choose_device(config.device)
    pages = read_documents(in_lab(config.docs, config.lab, "docs"))
    rows = read_asked(config, pages)
    embedder = open_embedder(config.embedder, device) if config.embedder else None
    folder = Path(config.index).absolute()
    table = open_index(folder, embedder)
    model, tokenizer = open_model(str(in_lab(config.model, config.lab, "model")), device)
    search = {"auto": "hybrid" if embedder else "text"}.get(config.search, config.search)
    questions, clock = [row["question"] for row in rows], [time.perf_counter()]

    table, counts = update_index(folder, table, cut_passages(pages, config.longest), embedder, config.embedder)
    clock.append(time.perf_counter())
    found = retrieve(folder, table, questions, search, config.k, embedder)
    clock.append(time.perf_counter())
    answers = answer_from(model, tokenizer, questions, found)
    clock.append(time.perf_counter())

    steps = zip(("index", "retrieve", "answer"), clock, clock[1:], strict=False)
    metrics = {"search": search, "index": counts, "seconds": {name: round(b - a, 3) for name, a, b in steps}}
    if config.question:
        print(write_prompt({p["id"]: p["text"] for p in found[0]}, config.question) + answers[0], file=sys.stderr)
        metrics |= {"answer": answers[0], "cites": found[0]}
    else:
        results = judge(rows, found, answers)
        lines = "".join(json.dumps(row) + "\n" for row in results)
        replace_with(folder / "answers.jsonl", lambda new: new.write_text(lines, encoding="utf-8"))
        metrics |= score(results)
    report(config, metrics, device)


def check(config: Config) -> Config:
    """Refuse settings that cannot work, before anything is read or written."""
    if config.search not in ("auto", "text", "dense", "hybrid"):
        raise Problem(f"--search {config.search}: use auto, text, dense or hybrid")
    if config.search in ("dense", "hybrid") and not config.embedder:
        raise Problem(f"--search {config.search}: needs a model for vectors; name one with --embedder")
    for name, least in (("k", 1), ("longest", 1), ("limit", 0)):
        if getattr(config, name) < least:
            raise Problem(f"--{name} {getattr(config, name)}: at least {least}")
    return config


def read_asked(config: Config, pages: dict[str, str]) -> list[dict]:
    """Read the questions about these pages (the lab's public ones name no source), or take the reader's one."""
    if config.question:
        return [{"question": config.question, "answer": "", "source": ""}]
    path = in_lab(config.questions, config.lab, "questions.jsonl")
    columns = ("question", "answer", "source")
    rows = [{name: str(row[name]) for name in columns} for row in read_rows(path, *columns) if row["source"]]
    if not any(row["source"] in pages for row in rows):
        raise Problem(f"{path}: no source is a page of the documents; a source is a file name without .md")
    return rows[: config.limit or None]


@contextlib.contextmanager
def one_line_errors(folder: Path):
    """Say in one line what LanceDB says in many."""
    try:
        yield
    except (OSError, RuntimeError, ValueError, LookupError) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0].split(", /")[0][:160]
        fix = "free some space there, or name a new folder with --index"
        raise Problem(f"{folder}: cannot be used as an index ({why}); {fix}") from None


# Plumbing: the same text in every snippet.


class Problem(Exception):
    """What is wrong, where, and the nearest fix: one line for the reader."""


def read_config(config, argv=None):
    """Make a flag of every field of a dataclass: its default, and the comment behind it as help."""
    source = Path(__file__).read_text(encoding="utf-8")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])

    def refuse(message):
        raise Problem(f"{message}; --help lists the flags")

    parser.error = refuse
    for field in dataclasses.fields(config):
        why = re.search(rf"^    {field.name}: .*?# (.*)$", source, re.M)[1]
        kind = {"action": "store_true"} if field.default is False else {"type": type(field.default)}
        flag = f"--{field.name.replace('_', '-')}"
        parser.add_argument(flag, default=field.default, help=f"{why} (default: {field.default!r})", **kind)
    return config(**vars(parser.parse_args(argv)))


def choose_device(wanted: str) -> str:
    """Return cpu or cuda; auto takes a GPU where there is one."""
    if wanted not in ("auto", "cpu", "cuda"):
        raise Problem(f"--device {wanted}: use auto, cpu or cuda")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise Problem("--device cuda: no CUDA device; run with --device cpu")
    return "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"


def in_lab(path: str, lab: str, name: str) -> Path:
    """Return the reader's own path, or the lab's file of that name when none was given."""
    found = Path(path) if path else Path(lab) / name
    if not path and not found.exists():
        raise Problem(f"{found}: no lab here; unpack snippets.zip, run make_lab.py, or name a lab with --lab")
    return found


def read_rows(path: Path, *columns: str) -> list[dict]:
    """Read JSON lines that have these columns."""
    rows = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"{path}: cannot be read as JSON lines ({type(error).__name__}); name another file") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise Problem(f"{path}:{number}: not JSON ({error}); write one object a line") from None
            missing = [name for name in columns if not isinstance(row, dict) or name not in row]
            if missing:
                raise Problem(f"{path}:{number}: no {', '.join(missing)}; every line needs {', '.join(columns)}")
            rows.append(row)
    if not rows:
        raise Problem(f"{path}: holds no rows; write at least one line with {', '.join(columns)}")
    return rows


def read_documents(folder: Path) -> dict[str, str]:
    """Read a folder of Markdown: file name without .md -> text."""
    if not folder.is_dir():
        raise Problem(f"{folder}: no such folder; name a folder of Markdown files")
    texts = {}
    for path in sorted(folder.glob("**/*.md")):
        try:
            texts[path.relative_to(folder).with_suffix("").as_posix()] = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Problem(f"{path}: cannot be read as text ({type(error).__name__}); save it as UTF-8") from None
    texts = {name: text for name, text in texts.items() if text}
    if not texts:
        raise Problem(f"{folder}: no Markdown with text in it; put .md files there")
    return texts


def write_prompt(passages: dict[str, str], question: str) -> str:
    """The one prompt of all snippets: labelled passages (source -> text), the question, and the start of the answer."""
    shown = "".join(f"Source: {source}\n{text}\n\n" for source, text in passages.items())
    return f"{shown}Question: {question}\nAnswer:\n"


def hub_is_away(path: str) -> bool:
    """True for a hub id while the hub cannot be reached: only the local cache is left, asking would take a minute."""
    try:
        if not Path(path).exists():
            urllib.request.urlopen(os.environ.get("HF_ENDPOINT", "https://huggingface.co"), timeout=5).close()
    except urllib.error.HTTPError:
        return False  # it answered
    except (OSError, ValueError):
        return True
    return False


def open_model(path: str, device: str, **how):
    """Load model and tokenizer from a folder or the hub, ready to answer."""
    how["local_files_only"] = hub_is_away(path)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(path, local_files_only=how["local_files_only"])
        model = transformers.AutoModelForCausalLM.from_pretrained(path, **how)
    except Exception as error:  # a damaged file can raise anything
        why = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise Problem(f"--model {path}: no model there, or no network to fetch it ({why}); name a folder") from None
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    return model.to(device).eval(), tokenizer


@torch.no_grad()
def generate(model, tokenizer, prompts: list[str], longest: int = 32, batch: int = 32, hold=None) -> list[str]:
    """Answer prompts greedily; an answer ends at the end token, at its first line break or after `longest` tokens.
    hold: from a number of rows to the logits processors that hold so many answers to a form."""
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))  # like lengths together: little padding
    answers = [""] * len(prompts)
    for start in tqdm(range(0, len(prompts), batch), desc="answer", disable=None, leave=False, file=sys.stderr):
        rows = order[start : start + batch]
        asked = tokenizer([prompts[i] for i in rows], return_tensors="pt", padding=True, padding_side="left")
        asked = {name: asked[name].to(model.device) for name in ("input_ids", "attention_mask")}
        how = {"pad_token_id": tokenizer.pad_token_id, "logits_processor": hold(len(rows)) if hold else None}
        made = model.generate(**asked, max_new_tokens=longest, do_sample=False, **how)
        told = tokenizer.batch_decode(made[:, asked["input_ids"].shape[1] :], skip_special_tokens=True)
        for i, text in zip(rows, told, strict=True):
            answers[i] = (text.strip().splitlines() or [""])[0].strip()
    return answers


def replace_with(path: Path, write) -> None:
    """Let `write` fill a file or folder under a temporary name beside `path`, then rename: never half-written."""
    fresh, old = path.with_name(path.name + ".new"), path.with_name(path.name + ".old")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        discard(fresh)
        write(fresh)
        discard(old)
        if path.is_dir():
            path.rename(old)
        fresh.replace(path)
    finally:
        discard(fresh)
    discard(old)


def discard(path: Path) -> None:
    """Remove a file or a folder, if there is one."""
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def environment(device: str) -> dict:
    """What the numbers depend on: machine, Python and the packages in use."""
    packages = ("torch", "transformers", "peft", "bitsandbytes", "accelerate", "lancedb", "sentence-transformers")
    used = {name: metadata.version(name) for name in packages if name.replace("-", "_") in sys.modules}
    name = torch.cuda.get_device_name() if device == "cuda" else platform.machine()
    threads = torch.get_num_threads()
    return {"python": platform.python_version(), "device": device, "name": name, "threads": threads, **used}


def report(config, metrics: dict, device: str) -> None:
    """Print the one line of JSON on stdout."""
    print(json.dumps({"config": dataclasses.asdict(config), "metrics": metrics, "environment": environment(device)}))


def run(main) -> None:
    """Run `main`; end bad input in one line and status 2, Ctrl-C in one line and status 130."""
    name = Path(sys.argv[0]).stem
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)
    logging.disable(logging.WARNING)  # remarks of the libraries; what matters ends in one line
    if not sys.stderr.isatty():
        transformers.utils.logging.disable_progress_bar()
    try:
        main()
    except Problem as problem:
        sys.exit(print(f"{name}: {problem}", file=sys.stderr) or 2)
    except torch.OutOfMemoryError:
        sys.exit(print(f"{name}: the GPU's memory is full; use a smaller batch or model", file=sys.stderr) or 2)
    except OSError as error:
        why = f"{error.filename or 'output'}: {error.strerror or error}"
        sys.exit(print(f"{name}: {why}; free some space or name another folder", file=sys.stderr) or 2)
    except KeyboardInterrupt:
        again = "run it again with --resume" if hasattr(Config, "resume") else "run it again"
        sys.exit(print(f"\n{name}: stopped; {again} to go on", file=sys.stderr) or 130)


if __name__ == "__main__":
    run(main)
