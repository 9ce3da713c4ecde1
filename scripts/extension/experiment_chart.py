"""Draws the experiment: for every model two bars, facts and form, without a page and with retrieval."""

from scripts.extension import bar_chart
from scripts.results import Result

CAPTION = (
    f"{bar_chart.key_of('solid')} private facts right, {bar_chart.key_of('hatched')} valid JSON. "
    "Bars from 0 to 1, with 95 % intervals."
)


def draw(result: Result, arms: dict[str, str], with_pages: dict[str, str]) -> str:
    """Return the figure. arms: id -> label, closed book; with_pages: the same ids -> the arm with retrieval."""
    closed = [row(result, label, f"arms.{arm}") for arm, label in arms.items()]
    pages = [row(result, f"{label} + RAG", f"arms.{with_pages[arm]}") for arm, label in arms.items()]
    groups = [("Without a page", closed), ("With retrieval (RAG)", pages)]
    return bar_chart.draw(
        "experiment",
        "RAG adds facts, fine-tuning changes form",
        "Share of private facts right and of valid JSON answers.",
        CAPTION,
        [(name, [one for one in rows if one]) for name, rows in groups],
    )


def row(result: Result, label: str, start: str) -> bar_chart.Row | None:
    """Return one model's two bars; None when it was not measured."""
    facts, form = (result.measured.get(f"{start}.{end}") for end in ("facts-right", "valid-format"))
    if facts is None or form is None:
        return None
    return bar_chart.Row(label, [("facts", facts, "solid"), ("valid JSON", form, "hatched")])
