"""The prompt as chat messages: rules, page, question. Every script asks like this."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

NOT_THERE = "not in the handbook"
RULES = (
    "Answer from the page of the handbook, briefly, in JSON: "
    '{"answer": ..., "source": the page\'s name}. '
    f'If the page does not say: {{"answer": "{NOT_THERE}", "source": null}}.'
)


@dataclass(frozen=True)
class Page:
    """A page of the handbook. name: its file name without `.md`. text: Markdown."""

    name: str
    text: str


def page_name(title: str) -> str:
    """Return the name of the page with this title: the title in kebab case."""
    plain = (
        title.lower().replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", "")
    )
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def ask(question: str, pages: Sequence[Page] = ()) -> dict:
    """Return the user's message: the pages, each under its name, then the question."""
    shown = [f"Page: {page.name}\n{page.text.strip()}\n\n" for page in pages]
    return {"role": "user", "content": "".join(shown) + f"Question: {question}"}


def reply(answer: str | None, source: str | None) -> dict:
    """Return the assistant's message in the form that is asked for."""
    said = json.dumps({"answer": answer, "source": source}, ensure_ascii=False)
    return {"role": "assistant", "content": said}


def lesson(question: str, pages: Sequence[Page], answer: str, source: str | None):
    """Return a row to train on: the prompt, and the completion that is wanted."""
    return {"prompt": prompt(question, pages), "completion": [reply(answer, source)]}


def prompt(
    question: str, pages: Sequence[Page] = (), shots: Sequence[dict] = ()
) -> list[dict]:
    """Return the whole prompt. shots: rows of --examples, shown before the question."""
    shown = [
        message
        for shot in shots
        for message in [*shot["prompt"], *shot["completion"]]
        if message["role"] != "system"
    ]
    return [{"role": "system", "content": RULES}, *shown, ask(question, pages)]


def with_page(row: dict, pages: Mapping[str, Page], shots: Sequence[dict] = ()) -> list:
    """Return the prompt of a question with its own page, or the one it is about."""
    page = pages.get(row["source"] or row.get("page"))
    return prompt(row["question"], [page] if page else [], shots)
