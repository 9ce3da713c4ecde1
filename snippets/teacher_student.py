"""What a student kept of its teacher: the same questions to both, size and speed.

Used by distill.py.  Lesson: /distillation/
"""

import time
from collections.abc import Sequence

from before_after import examine
from case.answer import answer
from case.judge import judge
from case.report import example, percent, table
from case.shares import share


def measure(model, tokenizer, config, prompts: list, who: str):
    """Measure answers, size and speed. Returns metrics, and replies with the page."""
    limit = 4 if config.quick else None
    sources = config.docs, config.questions
    found, replies = examine(model, tokenizer, *sources, who, limit)
    began = time.monotonic()
    texts = answer(model, tokenizer, prompts, f"{who}, speed")
    seconds = time.monotonic() - began
    tokens = sum(len(ids) for ids in tokenizer(texts)["input_ids"])
    found["parameters"] = sum(weight.numel() for weight in model.parameters())
    found["tokens_a_second"] = round(tokens / seconds, 1)
    return found, replies


def keep_share(replies: Sequence[str], its_replies: Sequence[str], rows) -> dict:
    """Return the share of what the teacher has right that the student has right too."""
    passed = [
        (judge(reply, row).right, row["source"])
        for reply, its, row in zip(replies, its_replies, rows, strict=False)
        if row["source"] and judge(its, row).right
    ]
    return share([right for right, _ in passed], [page for _, page in passed])


def show(metrics: dict, replies: dict[str, str]) -> str:
    """Return student beside teacher as a table, and what each said to a question."""
    rows = []
    for who in replies:
        got, near = metrics[who], metrics[who]["with_page"]
        sizes = f"{got['parameters'] / 1e6:.0f}", f"{got['tokens_a_second']:.0f}"
        shares = near["right"], near["valid_json"], near["source_right"]
        rows.append((who, *sizes, *shares, got["closed_book"]["right"]))
    columns = ("", "M", "per s", "right", "valid JSON", "source", "without page")
    title = "Millions of weights, tokens a second, and percent of answers with the page"
    kept = (
        f"Of what the teacher has right, the student has {percent(metrics['kept'])} %."
    )
    said = [example(who, reply) for who, reply in replies.items()]
    return "\n".join([table(title, columns, rows), "", kept, "", *said])
