"""Answer with the sentence of the page that shares the most words with the question.

Known as answer sentence selection. No model is needed, so evals.py has something to
compare that runs anywhere.  Lesson: /evals/
"""

import re
from collections import Counter
from itertools import product
from pathlib import Path

from case.files import read_docs, read_questions
from case.judge import judge
from eval_logs import Mark

READERS = {  # letters of each word that are compared; do rare words count more?
    "whole words": (None, False),
    "rare words count more": (None, True),
    "and by four letters": (4, True),
}


def read_by_words(text: str, question: str, letters: int | None, rare: bool) -> str:
    """Answer with the page's sentence that shares the most words with the question.

    letters: compare only so many of each word. rare: a word counts less the more
    sentences hold it.
    """

    def cut(text: str) -> set[str]:
        return {word[:letters] for word in re.findall(r"\w+", text.lower())}

    lines = re.split(r"(?<=[.?!])\s+|\n", text)
    sentences = [line for line in lines if line.strip() and not line.startswith("#")]
    counts = Counter(word for sentence in sentences for word in cut(sentence))
    asked = cut(question)

    def likeness(sentence: str) -> float:
        return sum(1 / counts[word] if rare else 1 for word in asked & cut(sentence))

    return max(sentences, key=likeness, default="")


def read_handbook(docs: Path, questions: Path) -> dict[str, dict[str, Mark]]:
    """Let three readers without a model answer from the right page.

    Returns their marks, by reader and question.
    """
    pages = read_docs(docs)
    rows = [row for row in read_questions(questions, pages) if row["source"]]
    versions: dict[str, dict[str, Mark]] = {name: {} for name in READERS}
    for name, row in product(READERS, rows):
        page, question = pages[row["source"]], row["question"]
        reply = read_by_words(page.text, question, *READERS[name])
        versions[name][question] = Mark(float(judge(reply, row).right), page.name)
    return versions
