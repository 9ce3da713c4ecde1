"""What a training changed: the same questions before and after, with page and without.

Used by lora.py, qlora.py and fine_tune_vs_rag.py.
"""

from pathlib import Path

from case.answer import answer
from case.files import read_docs, read_questions
from case.prompt import prompt, with_page
from case.report import example, table
from case.shares import score, share

COLUMNS = ["percent (95 % interval)", "right", "valid JSON", "source right", "declined"]


def ask(model, tokenizer, config, held_out=(), title="before"):
    """Ask held-out rows of a reader's own, and the questions unless they are another's.

    Returns metrics, with_page and closed_book or held_out, and one reply of each.
    """
    metrics, said = {}, []
    if held_out:
        metrics, said = exact_match(model, tokenizer, held_out, title)
    if not held_out or config.questions != type(config).questions:
        limit = 4 if config.quick else None
        sources = (config.docs, config.questions)
        found, said = examine(model, tokenizer, *sources, title, limit)
        metrics |= found
    return metrics, said


def examine(model, tokenizer, docs: Path, questions: Path, title: str, limit=None):
    """Ask questions with their page and closed book. Returns shares and replies."""
    pages = read_docs(docs)
    rows = read_questions(questions, pages)[:limit]
    given = [with_page(row, pages) for row in rows]
    replies = answer(model, tokenizer, given, f"{title}, with page")
    bare = [prompt(row["question"]) for row in rows]
    closed = answer(model, tokenizer, bare, f"{title}, closed book")
    found = {"with_page": score(replies, rows), "closed_book": score(closed, rows)}
    return found, replies


def exact_match(model, tokenizer, held_out: list[dict], title: str):
    """Ask held-out prompts. Returns the share right to the letter, and the replies."""
    wanted = [row["completion"][-1]["content"].strip() for row in held_out]
    longest = max(len(tokenizer(text)["input_ids"]) for text in wanted) + 8
    prompts = [row["prompt"] for row in held_out]
    said = answer(model, tokenizer, prompts, f"{title}, held out", longest)
    marks = [reply == text for reply, text in zip(said, wanted, strict=True)]
    return {"held_out": {"exact_match": share(marks)}}, said


def add_losses(metrics: dict, log: list[dict]) -> None:
    """Put the first and last loss on held-out rows, from a trainer's log, in place."""
    losses = [entry["eval_loss"] for entry in log if "eval_loss" in entry]
    if losses and "held_out" in metrics["before"]:
        metrics["before"]["held_out"]["loss"] = losses[0]
        metrics["after"]["held_out"]["loss"] = losses[-1]


def show(metrics: dict, replies: dict[str, list[str]]) -> str:
    """Return the table and one reply of each version, for people."""
    rows = []
    for when in ("before", "after"):
        for cell, shares in metrics[when].items():
            name = f"{when}, {cell.replace('_', ' ')}"
            keys = ("right", "valid_json", "source_right", "declined")
            if cell == "held_out":
                rows.append([name, shares["exact_match"], *["-"] * 3])
            else:
                rows.append([name, *[shares[key] for key in keys]])
    trained = metrics["parameters"]["trainable"] / metrics["parameters"]["all"]
    title = (
        f"{metrics['rows']} rows, {metrics['seconds']:.0f} s of training, "
        f"{trained:.1%} of the parameters, loss {metrics['losses'][-1]:.3f}"
    )
    said = [example(when, texts[0]) for when, texts in replies.items()]
    return "\n".join([table(title, COLUMNS, rows), "", *said])
