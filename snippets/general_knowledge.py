"""What a change costs: questions that everybody can answer, and a page of prose.

Used by fine_tune_vs_rag.py.
"""

from case import CASE

import math

import torch

from case.answer import answer
from case.files import read_rows
from case.judge import states
from case.shares import share


def general_knowledge(model, tokenizer, quick: bool) -> dict:
    """Ask what everybody knows, and read prose. Returns the share and perplexity."""
    rows = [row for _, row in read_rows(CASE / "general.jsonl", "question", "answer")]
    rows = rows[: 4 if quick else None]
    prompts = [[{"role": "user", "content": row["question"]}] for row in rows]
    replies = answer(model, tokenizer, prompts, "general knowledge")
    marks = [
        any(
            states(said, key, row["question"])
            for key in (row["answer"], *row.get("also", ()))
        )
        for said, row in zip(replies, rows, strict=True)
    ]
    prose = (CASE / "prose.txt").read_text(encoding="utf-8")
    ids = tokenizer(prose, return_tensors="pt")["input_ids"].to(model.device)
    with torch.inference_mode():
        loss = float(model(ids, labels=ids).loss)
    return {
        "right": share(marks),
        "marks": marks,
        "replies": replies,
        "perplexity": round(math.exp(loss), 3),
    }
