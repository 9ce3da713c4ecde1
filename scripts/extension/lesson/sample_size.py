"""Two tables of statistics, computed when the page is built: `::: sample-size` and `::: error-bars`.

The first says how many questions a paired comparison needs, two-sided at 5 %, to see a difference in 80 % of
evaluations; the formula is that of `questions_needed` in `snippets/evals.py`, and a test holds the two equal. The
second says how far the 95 % interval of a single score reaches.
"""

from collections.abc import Callable, Iterable
from math import ceil, sqrt
from statistics import NormalDist

from scripts.extension.page import Page

LEVEL, POWER = 0.05, 0.8
DIFFERENCES = (0.01, 0.02, 0.03, 0.05, 0.1)  # of accuracy; the smallest that one wants to see
DIFFER = (0.05, 0.1, 0.2, 0.3)  # share of questions that the two systems answer differently
ASKED = (50, 100, 200, 500, 1000)
SCORES = (0.5, 0.7, 0.8, 0.9)
NOT_SO_FAR = "\N{EN DASH}"  # systems that differ on so few questions cannot be that far apart


def block(argument: str, page: Page) -> str:
    """Return the table of questions that a paired comparison needs."""
    if argument:
        raise page.error(page.line, "sample-size takes no argument")
    return table(
        "Questions needed",
        ("Smallest difference to see", "Share of questions on which the two differ"),
        [(points(difference), difference) for difference in DIFFERENCES],
        [(f"{share:.0%}", share) for share in DIFFER],
        lambda difference, share: f"{questions_needed(difference, share):,}" if share >= difference else NOT_SO_FAR,
    )


def error_bars(argument: str, page: Page) -> str:
    """Return the table of what a single score is worth."""
    if argument:
        raise page.error(page.line, "error-bars takes no argument")
    return table(
        "Points to either side of one score",
        ("Questions", "Share right"),
        [(f"{questions:,}", questions) for questions in ASKED],
        [(f"{share:.0%}", share) for share in SCORES],
        lambda questions, share: f"{100 * reach(share, questions):.1f}",
    )


def questions_needed(difference: float, differ: float) -> int:
    """Return how many questions show a true difference (0 to 1) in 80 % of evaluations, by the exact McNemar test.

    differ: share of questions that the systems answer differently, at least `difference`. The last term is the
    continuity correction: right and wrong come in whole questions.
    """
    alpha, beta = (NormalDist().inv_cdf(p) for p in (1 - LEVEL / 2, POWER))
    questions = ((alpha * sqrt(differ) + beta * sqrt(differ - difference**2)) / difference) ** 2
    return ceil(questions + 2 / difference)


def points(difference: float) -> str:
    """Return a difference of accuracy (0 to 1) in points."""
    return f"{difference * 100:g} point{'s' * (difference != 0.01)}"


def reach(share: float, questions: int) -> float:
    """Return how far the 95 % interval of a share (0 to 1) of questions reaches to either side, as a share."""
    return NormalDist().inv_cdf(1 - LEVEL / 2) * sqrt(share * (1 - share) / questions)


def table(
    name: str,
    heads: tuple[str, str],
    rows: Iterable[tuple[str, float]],
    columns: list[tuple[str, float]],
    cell: Callable[[float, float], str],
) -> str:
    """Return a table of `cell(row, column)`. heads: what rows and columns are. rows, columns: (label, number)."""
    labels = "".join(f'<th scope="col">{label}</th>' for label, _ in columns)
    body = "".join(
        f'<tr><th scope="row">{label}</th>{"".join(f"<td>{cell(row, column)}</td>" for _, column in columns)}</tr>'
        for label, row in rows
    )
    return f"""<div class="computed"><table aria-label="{name}">
<thead><tr><th scope="col" rowspan="2">{heads[0]}</th><th scope="colgroup" colspan="{len(columns)}">{heads[1]}</th></tr>
<tr>{labels}</tr></thead><tbody>{body}</tbody></table></div>"""
