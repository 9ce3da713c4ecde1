"""The block `::: differences paired`: paired differences and their intervals around zero, drawn from results.

They are described in `docs/_data/charts/paired.yml`. title: its name for who cannot see it; description: what it shows;
caption: a sentence under it. rows: list of {label, result, pair}, where `pair` is the middle of the keys
`pairs.<pair>.difference`, `.won` and `.lost` that evals.py gives. An interval clear of zero is told in words, never by
colour alone. While a result is only announced, the page says "not measured yet" in place of the picture.
"""

from dataclasses import dataclass
from html import escape
from math import ceil
from xml.etree import ElementTree as etree

from scripts import results
from scripts.extension.authored import Entries, check_fields, load_figure
from scripts.extension.bars import FOLDER, announced
from scripts.extension.measured import not_yet
from scripts.extension.page import Page
from scripts.nearest import nearest
from scripts.results import Result, shown

WIDTH, SIDE, ROW, FOOT = 360, 14, 116, 44  # units of the picture: its width, its margins, a row, the axis
STEP = 0.05  # the axis ends at a multiple of it
TEXTS = {"title": str, "description": str, "caption": str, "rows": list}
KEY = "Dot: the mean of the differences. Line: its 95 % interval. Rings: the lowest and the highest seed."


@dataclass(frozen=True)
class Pair:
    """One comparison. ends: lowest and highest seed, () for one seed. won, lost: questions, a mean over seeds."""

    label: str
    value: float
    low: float
    high: float
    ends: tuple[float, ...]
    won: float
    lost: float

    @property
    def verdict(self) -> str:
        if self.low > 0:
            return "clear of zero: better"
        return "clear of zero: worse" if self.high < 0 else "holds zero: not shown"

    @property
    def numbers(self) -> str:
        return f"{sign(self.value)}, from {sign(self.low)} to {sign(self.high)}"

    @property
    def counts(self) -> str:
        return f"{shown(self.won)} won, {shown(self.lost)} lost"


def block(argument: str, page: Page) -> etree.Element | str:
    """Return the picture; SiteError with file and line for a mistake, an unknown key or a stale result."""
    data = load_figure(FOLDER, argument, TEXTS, {}, page)
    for row in data["rows"]:
        check_fields(row, "rows", {"label": str, "result": str, "pair": str}, {}, data)
    if awaited := announced([row["result"] for row in data["rows"]], page):
        return not_yet(awaited, page)
    made = results.load(page.root)
    return draw(argument, data, [read(row, made) for row in data["rows"]])


def read(row: Entries, made: dict[str, Result]) -> Pair:
    """Return the comparison that a row names."""
    if row["result"] not in made:
        raise row.error(f"there is no result {row['result']}; {nearest(row['result'], made)}", "result")
    result, found = made[row["result"]], {}
    for end in ("difference", "won", "lost"):
        key = f"pairs.{row['pair']}.{end}"
        if key not in result.measured:
            raise row.error(f"{result.stem} has no {key}; {nearest(key, result.measured)}", "pair")
        found[end] = result.measured[key]
    one = found["difference"]
    if not {"low", "high"} <= set(one):
        raise row.error(f"the difference of {row['pair']} has no interval to draw", "pair")
    ends = (one["min"], one["max"]) if one.get("n", 1) > 1 and "min" in one else ()
    counts = (found[end]["value"] for end in ("won", "lost"))
    return Pair(row["label"], one["value"], one["low"], one["high"], ends, *counts)


def draw(name: str, data: Entries, pairs: list[Pair]) -> str:
    """Return the figure. name: starts its ids."""
    reach = STEP * ceil(max(abs(x) for pair in pairs for x in (pair.low, pair.high, *pair.ends)) / STEP)
    height = len(pairs) * ROW + FOOT
    drawn = "".join(draw_pair(pair, place * ROW, reach) for place, pair in enumerate(pairs))
    told = "; ".join(f"{pair.label}: {pair.numbers}, {pair.counts}, {pair.verdict}" for pair in pairs)
    return f"""<figure class="picture differences">
<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{name}-title {name}-desc">
<title id="{name}-title">{escape(data["title"])}</title>
<desc id="{name}-desc">{escape(f"{data['description']} {told}.")}</desc>
{drawn}{axis(reach, height)}</svg>
<figcaption>{KEY} {escape(data["caption"])}</figcaption>
</figure>"""


def draw_pair(pair: Pair, top: float, reach: float) -> str:
    """Return one comparison: its name, its interval with the mean on it, and what it says."""
    y = top + 48
    at = {side: across(getattr(pair, side), reach) for side in ("value", "low", "high")}
    rings = "".join(f'<circle class="ring" cx="{across(x, reach):.1f}" cy="{y}" r="6"/>' for x in pair.ends)
    ends = "".join(f"M{at[side]:.1f} {y - 7}V{y + 7}" for side in ("low", "high"))
    return (
        f'<path class="zero" d="M{WIDTH / 2:g} {top + 30}V{top + 66}"/>'
        f'<text class="name" x="{SIDE}" y="{top + 20}">{escape(pair.label)}</text>'
        f'<path class="interval" d="M{at["low"]:.1f} {y}H{at["high"]:.1f}{ends}"/>{rings}'
        f'<circle class="mean" cx="{at["value"]:.1f}" cy="{y}" r="5"/>'
        f'<text class="small" x="{SIDE}" y="{top + 84}">'
        f'<tspan class="verdict">{pair.verdict};</tspan> {pair.counts}</text>'
        f'<text class="small" x="{SIDE}" y="{top + 101}">{pair.numbers}</text>'
    )


def axis(reach: float, height: int) -> str:
    """Return the scale at the foot: worse on the left, better on the right."""
    y = height - FOOT + 12
    ticks = "".join(
        f'<path class="axis" d="M{across(x, reach):g} {y - 5}v10"/>'
        f'<text class="small {place}" x="{x_text:g}" y="{y + 22}">{label}</text>'
        for x, x_text, place, label in (
            (-reach, SIDE, "start", f"{sign(-reach)} worse"),
            (0, WIDTH / 2, "middle", "0"),
            (reach, WIDTH - SIDE, "end", f"better {sign(reach)}"),
        )
    )
    return f'<path class="axis" d="M{SIDE} {y}H{WIDTH - SIDE}"/>{ticks}'


def across(difference: float, reach: float) -> float:
    """Return where a difference stands, in units of the picture."""
    return WIDTH / 2 + difference / reach * (WIDTH / 2 - SIDE)


def sign(number: float) -> str:
    """Return a difference with its sign, a real minus for a minus."""
    return f"{'+' if number > 0 else ''}{shown(round(number, 10))}".replace("-", "\N{MINUS SIGN}")
