"""Retrieval finds what brute force finds: BM25, cosine, both together, and a reranker; no question breaks it."""

import math
import random
from collections import Counter

import numpy
import pytest

import rag
from case import CASE
from case.files import read_docs, read_questions
from passage_index import cut_passages, open_index, update_index
from tests.rag_data import MINILM, names, pages_of

# peft asks transformers a question that the latter no longer likes to be asked.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")


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
