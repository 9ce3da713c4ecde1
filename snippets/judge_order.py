"""Check a judge: does it keep its verdict when the two answers change places?

A file of judgements has two lines for each pair of answers, one for each order:

    {"id": 7, "first": "old", "second": "new", "winner": "first"}
    {"id": 7, "first": "new", "second": "old", "winner": "first"}

This judge chose the first place twice, and no version.  Used by evals.py --judgements.
Lesson: /evals/
"""

from pathlib import Path

from scipy.stats import binomtest

from case.errors import BadInput
from case.files import read_rows
from case.report import table
from case.shares import share

PLACES = {"first": 1, "second": -1, "tie": 0}


def check_judge(file: Path) -> tuple[dict, str]:
    """Count how often a judge keeps its verdict when the two answers change places.

    Returns the counts, and a table of them.

    consistent: the same answer wins in both orders, or both are ties (Zheng et al.
    2023, arXiv 2306.05685). Of the others, a judge without a habit leans to the first
    place as often as to the second (exact binomial test).
    """
    orders: dict[str, dict] = {}
    for where, row in read_rows(file, "id", "first", "second", "winner"):
        if row["winner"] not in PLACES:
            raise BadInput(f"{where}: winner must be {', '.join(PLACES)}")
        shown = orders.setdefault(str(row["id"]), {})
        shown[str(row["first"]), str(row["second"])] = PLACES[row["winner"]]
    for name, shown in orders.items():
        if len(shown) != 2 or next(iter(shown)) != list(shown)[1][::-1]:
            raise BadInput(f"{file}: pair {name}: needs two lines, one for each order")
    leans = [sum(shown.values()) for shown in orders.values()]
    first, second = sum(lean > 0 for lean in leans), sum(lean < 0 for lean in leans)
    consistent = share([lean == 0 for lean in leans])
    to_first = share([lean > 0 for lean in leans if lean])
    p = float(binomtest(first, first + second).pvalue) if first + second else 1.0
    rows = [["same verdict in both orders", consistent]]
    rows.append(["of the others, for the first place", to_first])
    title = f"A judge of {len(leans)} pairs, asked in both orders; p of a lean {p:.3f}"
    found = {"consistent": consistent, "leans_to_first": to_first, "p": p}
    return found, table(title, ("pairs of answers", "share"), rows)
