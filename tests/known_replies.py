"""Runs of the experiment in small whose every reply is of a known kind, and what a count by hand makes of them."""

import random

import pytest

from scripts.measuring.metrics import SHARE
from tests.made_runs import SMALL, experiment_run, said

HALF = "lora-questions-half"
PAGES = tuple(f"page-{letter}" for letter in "abcd")
WIDE = ("closed_book", "retrieved", "changed", "top_3", "right_page")
CELLS = {"base": WIDE, "examples": WIDE[:3], HALF: WIDE[:2], "lora-behaviour": WIDE}
# What a reply is, by kind, when it is held against the answer of then: right, in the form, its source, declined.
KINDS = {
    "now": (True, True, True, False),
    "later": (False, True, True, False),
    "bare": (True, False, False, False),
    "wrong": (False, True, False, False),
    "declined": (False, True, False, True),
    "chat": (False, False, False, False),
}
PLAN = """
[evidence]
seeds = [0, 1]
"""


def comparison(name: str, first: str, second: str, questions: str = "now", family: str = "primary") -> dict:
    return {
        "name": name,
        "family": family,
        "set": questions,
        "metric": "right",
        "first": first,
        "second": second,
    }


COMPARISONS = [
    comparison("page", "base closed_book", "base retrieved"),
    comparison("after", "examples closed_book_later", "base changed", "later-changed"),
    comparison("kept", "examples old_index", "base changed", "later-kept"),
    comparison("other", "base retrieved", "lora-behaviour retrieved", family="secondary"),
]


def plan_of(comparisons: list[dict]) -> str:
    tables = ["".join(f'{name} = "{value}"\n' for name, value in each.items()) for each in comparisons]
    return PLAN + "".join(f"\n[[comparison]]\n{table}" for table in tables)


def rows_of(seed: int, half: bool) -> list[dict]:
    """Return rows: three facts a page, of which another one changes on every seed, and two questions without answer."""
    rows = []
    for place, page in enumerate(PAGES):
        for fact in range(3):
            answer = f"old {page[-1] * 3}{'xyz'[fact]}"
            changed = (place + fact + seed) % 3 == 0 or (seed == 0 and fact == 2)
            later = answer.replace("old", "new") if changed else answer
            about = {"question": f"What is {answer[4:]}?", "source": page}
            rows.append({**about, "answer": answer, "later": later, "taught": half and fact < 2 and place % 2 == 0})
    for page in PAGES[:2]:
        there_is_none = {"answer": "not in the handbook", "later": "not in the handbook"}
        rows.append({"question": f"Why {page}?", "source": None, "page": page, "taught": False, **there_is_none})
    return rows


def reply_of(kind: str, row: dict) -> str:
    """Return a reply of a kind; one is wrong in its source too."""
    return {
        "now": said(row["answer"], row["source"]),
        "later": said(row["later"], row["source"]),
        "bare": f"It is {row['answer']}.",
        "wrong": said("something else", "page-z"),
        "declined": said(None),
        "chat": "Hello \u2028 there\x85{",
    }[kind]


class Experiment:
    """Runs of every arm on some seeds, and what kind each reply is."""

    def __init__(self, root, seeds=(0, 1), arms=SMALL):
        self.root, self.seeds, self.rows, self.kinds, self.runs = root, seeds, {}, {}, []
        for seed in seeds:
            rng = random.Random(seed)
            for arm in arms:
                rows = self.rows[arm, seed] = rows_of(seed, arm == HALF)
                replies = {}
                for cell in CELLS[arm]:
                    kinds = rng.choices(list(KINDS), weights=[4, 2, 2, 1, 2, 1], k=len(rows))
                    self.kinds[arm, seed, cell] = kinds
                    replies[cell] = [reply_of(kind, row) for kind, row in zip(kinds, rows, strict=True)]
                found = {"retrieved": [], "changed": []}
                for number, row in enumerate(rows):
                    first, second = row["source"] or row["page"], "page-z"
                    found["retrieved"].append([first, second] if number % 2 else [second, second, first])
                    found["changed"].append([first] if number % 4 else [second, second, second, first])
                chat, index = 10.0 + 2 * SMALL.index(arm) + seed, 0.5 + seed
                self.runs.append(
                    experiment_run(
                        root,
                        arm,
                        seed,
                        rows,
                        replies,
                        found=found,
                        general={"marks": [seed == 0, arm == "base", arm in SMALL[:2], False], "perplexity": chat},
                        seconds={"training": 3.0 if arm == HALF else 0.0, "index": index},
                    )
                )

    def count(self, arm: str, cell: str, chosen, mark) -> tuple[float, int, list[float]]:
        """Return share, cases and the share by seed of the marks of chosen rows."""
        marks = {
            seed: [
                mark(kind, row)
                for kind, row in zip(self.kinds[arm, seed, cell], self.rows[arm, seed], strict=True)
                if chosen(row)
            ]
            for seed in self.seeds
        }
        every = [each for seed in self.seeds for each in marks[seed]]
        return sum(every) / len(every), len(every), [sum(each) / len(each) for each in marks.values()]


def is_right(kind: str, row: dict) -> bool:
    """Say by hand whether a reply of a kind states the answer of then."""
    return kind in ("now", "bare") or (kind == "later" and row["later"] == row["answer"])


def is_right_later(kind: str, row: dict) -> bool:
    """Say by hand whether it states the answer of later."""
    return kind == "later" or (kind in ("now", "bare") and row["later"] == row["answer"])


def same(measured: dict, counted: tuple[float, int, list[float]]) -> None:
    """Hold a measured share against a count: its value, cases, and what each seed gave."""
    value, cases, seeds = counted
    assert measured["value"] == pytest.approx(value, abs=1e-4) and measured["cases"] == cases
    assert measured["seeds"] == pytest.approx(seeds, abs=1e-4)
    assert (measured["min"], measured["max"]) == pytest.approx((min(seeds), max(seeds)), abs=1e-4)
    assert measured["low"] <= measured["value"] <= measured["high"] and measured["unit"] == SHARE


def has_answer(row: dict) -> bool:
    return row["source"] is not None
