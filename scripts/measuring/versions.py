"""The versions that evals.py compares: from the runs of the experiment, a line for each question that was asked.

A version is an arm in a cell, such as `base retrieved`. The cells of a run are what it was asked; two more need no new
reply, as the prompt would be the same to the letter: after the handbook changed, `closed_book_later` is the closed book
and `old_index` what the index of the old handbook retrieved, both held against the new answers.
"""

from collections.abc import Callable, Iterator, Sequence

from scripts.measuring.runs import Run

SAME_PROMPT = {"closed_book_later": "closed_book", "old_index": "retrieved"}
Row = dict[str, object]
Lines = dict[str, list[Row]]  # by version, what evals.py reads of it


def is_now(row: Row) -> bool:
    """Say whether the handbook answers the question."""
    return row["source"] is not None


def is_changed(row: Row) -> bool:
    """Say whether the answer changed with the handbook."""
    return is_now(row) and row["later"] != row["answer"]


def is_kept(row: Row) -> bool:
    """Say whether the answer stayed the same when the handbook changed."""
    return is_now(row) and row["later"] == row["answer"]


# Sets of questions: which rows, and which of their answers counts.
SETS: dict[str, tuple[Callable[[Row], bool], str]] = {
    "now": (is_now, "answer"),
    "later": (is_now, "later"),
    "later-changed": (is_changed, "later"),
    "later-kept": (is_kept, "later"),
    "unanswerable": (lambda row: row["source"] is None, "answer"),
    "taught": (lambda row: is_now(row) and bool(row["taught"]), "answer"),
    "untaught": (lambda row: is_now(row) and not row["taught"], "answer"),
}


def lines_of(runs: Sequence[Run], questions: str) -> Lines:
    """Return the lines of every version for a set of questions."""
    is_asked, key = SETS[questions]
    versions: Lines = {}
    for run in runs:
        for cell, replies in cells_of(run, later=key == "later"):
            for number, (row, reply) in enumerate(zip(run.metrics["rows"], replies, strict=True)):
                if is_asked(row):
                    versions.setdefault(f"{run.arm} {cell}", []).append(
                        {
                            "id": f"{run.seed}:{number}",
                            "question": row["question"],
                            "reply": reply,
                            "answer": row[key],
                            "source": row["source"],
                            "page": row["source"] or row.get("page"),
                        }
                    )
    return versions


def cells_of(run: Run, later: bool) -> Iterator[tuple[str, list[str]]]:
    """Yield the cells that are held against the answers of then or of now, with their replies."""
    replies = run.metrics["replies"]
    if later:
        yield from ((cell, replies[original]) for cell, original in SAME_PROMPT.items())
        yield from (("changed", replies["changed"]) for _ in replies.keys() & {"changed"})
    else:
        yield from ((cell, texts) for cell, texts in replies.items() if cell != "changed")


def hits_of(runs: Sequence[Run]) -> Lines:
    """Return whether the right page was among the first one or three retrieved, before and after the change."""
    versions: Lines = {}
    for run in runs:
        for cell, retrieved in run.metrics["found"].items():
            for top in (1, 3):
                for number, (row, pages) in enumerate(zip(run.metrics["rows"], retrieved, strict=True)):
                    if is_now(row):
                        line = {
                            "id": f"{run.seed}:{number}",
                            "page": row["source"],
                            "right": row["source"] in pages[:top],
                        }
                        versions.setdefault(f"{cell} top-{top}", []).append(line)
    return versions


def general_of(runs: Sequence[Run], base: str) -> Lines:
    """Return the marks of every arm on general questions, of those that the untouched model gets right."""
    known = {run.seed: run.metrics["general"]["marks"] for run in runs if run.arm == base}
    return {
        arm: [
            {"id": f"{run.seed}:{number}", "page": f"general {number}", "right": mark}
            for run in runs
            if run.arm == arm
            for number, mark in enumerate(run.metrics["general"]["marks"])
            if known[run.seed][number]
        ]
        for arm in dict.fromkeys(run.arm for run in runs)
    }
