# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "torch>=2.6", "transformers>=5", "peft>=0.19", "gguf>=0.17", "lancedb>=0.40",
#   "pyarrow>=20", "sentence-transformers>=6", "numpy>=2", "scipy>=1.15",
#   "statsmodels>=0.14", "tqdm>=4.66", "tyro>=1",
# ]
# ///
"""RAG: find the passage, put it before the question, and answer from it.

Two scores, never one: was the page retrieved, and is the answer right? A wrong answer
without its page is the search's fault; with its page, the model's.

    python rag.py                                      # the ferry line's handbook
    python rag.py --question "Who signs the galley's hygiene log?"
    python rag.py --search dense --k 2                 # downloads an embedder once
    python rag.py --docs FOLDER --questions mine.jsonl --model ID_OR_FOLDER

Edit a page and run again: passage_index.py takes up that page and no other.
Lesson: /rag/
"""

from case import CASE  # first: Ctrl-C during the slow imports ends in one line

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lancedb.query import MatchQuery
from tqdm import tqdm

from case.answer import answer
from case.command import Common, run
from case.errors import BadInput
from case.files import read_docs, read_questions
from case.judge import judge
from case.model import choose_device, one_line, open_model
from case.prompt import Page, prompt
from case.report import environment, example, table
from case.shares import score, share
from passage_index import cut_passages, open_index, update_index

CANDIDATES = 20  # passages that hybrid search fuses and a reranker reads
LABELS = {
    "page retrieved": "retrieved",
    "answer right": "right",
    "answer right, page retrieved": "right_when_retrieved",
    "valid JSON": "valid_json",
    "source right": "source_right",
    "declined, though there is an answer": "declined",
    "declined, as there is none": "declined_right",
}


@dataclass(frozen=True)
class Config(Common):
    """What to ask, of which pages, and how to search them."""

    adapter: Path | None = None  # folder that lora.py wrote, to answer with it
    docs: Path = CASE / "handbook"  # folder of Markdown to answer from
    questions: Path = CASE / "questions.jsonl"  # rows of question, answer, source
    question: str = ""  # ask only this one, and see its passages
    search: Literal["full-text", "dense", "hybrid"] = "full-text"  # words, sense, both
    embedder: str = "sentence-transformers/all-MiniLM-L6-v2"  # for dense and hybrid
    reranker: str = ""  # cross-encoder to sort what was found: hub id or folder
    k: int = 1  # passages shown: more finds more, and distracts a small model
    index: Path = Path("rag-index")  # folder of the index, brought up to date each run


def open_ranker(flag: str, name: str, device):
    """Open an embedder or a reranker of sentence-transformers; raises BadInput."""
    import sentence_transformers  # here: takes seconds, and full text does without

    kinds = {"embedder": "SentenceTransformer", "reranker": "CrossEncoder"}
    try:
        return getattr(sentence_transformers, kinds[flag])(name, device=str(device))
    except Exception as error:  # the loaders raise a dozen kinds
        why = f"--{flag} {name}: cannot be opened ({one_line(error)})"
        raise BadInput(f"{why}; name a folder, or check id and network") from None


def retrieve(
    index, questions: Sequence[str], search: str, k: int, embedder=None, reranker=None
) -> list[list[Page]]:
    """Find the k passages most like each question, best first.

    full-text: BM25 over word stems; a question without a known word finds nothing.
    dense: cosine of the embeddings. hybrid: both rankings, fused by reciprocal rank.
    """
    vectors, found = [None] * len(questions), []
    if search != "full-text":
        vectors = embedder.encode_query(list(questions), normalize_embeddings=True)
    asked = tqdm(questions, "retrieving", leave=False)
    for question, vector in zip(asked, vectors, strict=True):
        words = MatchQuery(question, "text")  # words only: no operators in a question
        if search == "full-text":
            query = index.search(words)
        elif search == "dense":
            query = index.search(vector).distance_type("cosine")
        else:
            query = index.search(query_type="hybrid").vector(vector).text(words)
            query = query.distance_type("cosine")
        rows = query.limit(max(k, CANDIDATES)).to_list()
        passages = [Page(row["source"], row["text"]) for row in rows]
        if reranker and passages:
            passages = rerank(reranker, question, passages)
        found.append(passages[:k])
    return found


def rerank(reranker, question: str, passages: list[Page]) -> list[Page]:
    """Sort passages by how well each answers the question, read together with it."""
    scores = reranker.predict([(question, passage.text) for passage in passages])
    order = sorted(range(len(passages)), key=lambda i: -scores[i])
    return [passages[i] for i in order]


def score_apart(rows: list[dict], found: list[list[Page]], replies: list[str]) -> dict:
    """Score retrieval and answers apart, and the answers whose page was retrieved."""
    there = [i for i, row in enumerate(rows) if row["source"]]
    shown = [i for i in there if rows[i]["source"] in {page.name for page in found[i]}]
    sources = [rows[i]["source"] for i in there]
    read = score([replies[i] for i in shown], [rows[i] for i in shown])
    return {
        "retrieved": share([i in shown for i in there], sources),
        "right_when_retrieved": read["right"],
        **score(replies, rows),
    }


def show(title: str, rows: list[dict], found: list, replies: list, scores: dict) -> str:
    """Return the scores, and one question of each kind: right, misread, not found."""
    shares = [(label, scores[key], scores[key]["n"]) for label, key in LABELS.items()]
    kinds = dict.fromkeys(("right", "misread", "not found"))
    for row, pages, reply in zip(rows, found, replies, strict=True):
        hit, right = row["source"] in [p.name for p in pages], judge(reply, row).right
        kind = "not found" if not hit else "right" if right else "misread"
        if row["source"] and not kinds[kind]:
            lines = {kind: row["question"], "  reply": reply, "  key": row["answer"]}
            kinds[kind] = "\n".join(["", *[example(*line) for line in lines.items()]])
    head = table(title, ("", "percent", "questions"), shares)
    return "\n".join([head, *filter(None, kinds.values())])


def main(config: Config) -> tuple[dict, str]:
    """Bring the index up to date, retrieve, answer, and score both."""
    if config.k < 1:
        raise BadInput(f"--k {config.k}: at least 1")
    device = choose_device(config.device)
    pages = read_docs(config.docs)
    rows = [] if config.question else read_questions(config.questions, pages)
    rows = rows[:: len(rows) // 8 + 1] if config.quick else rows
    questions = [row["question"] for row in rows] or [config.question]
    dense, sort = config.search != "full-text", bool(config.reranker)
    embedder = open_ranker("embedder", config.embedder, device) if dense else None
    reranker = open_ranker("reranker", config.reranker, device) if sort else None
    model, tokenizer = open_model(config.model, device, config.adapter)

    clock = [time.perf_counter()]
    try:
        index = open_index(config.index, embedder, config.embedder)
        counts = update_index(index, cut_passages(pages), embedder)
    except (OSError, RuntimeError, ValueError) as error:
        why = f"--index {config.index}: {one_line(error)}"
        raise BadInput(f"{why}; name another folder") from None
    clock.append(time.perf_counter())
    found = retrieve(index, questions, config.search, config.k, embedder, reranker)
    clock.append(time.perf_counter())
    prompts = [prompt(*asked) for asked in zip(questions, found, strict=True)]
    replies = answer(model, tokenizer, prompts)
    clock.append(time.perf_counter())

    steps = zip(("index", "retrieve", "answer"), clock, clock[1:], strict=False)
    seconds = {step: round(end - start, 2) for step, start, end in steps}
    metrics = {"index": counts, "seconds": seconds}
    report = {"metrics": metrics, "environment": environment(model)}
    if config.question:
        metrics |= {"passages": [vars(page) for page in found[0]], "reply": replies[0]}
        texts = [f"[{page.name}]\n{page.text}\n" for page in found[0]]
        shown = "\n".join(texts) or "No passage has a word of the question.\n"
        return report, f"{shown}\nReply: {replies[0]}"
    metrics |= score_apart(rows, found, replies)
    passages = ", ".join(f"{number} {what}" for what, number in counts.items())
    title = f"{config.search} search, k = {config.k}; passages: {passages}"
    return report, show(title, rows, found, replies, metrics)


if __name__ == "__main__":
    sys.exit(run(main, Config))
