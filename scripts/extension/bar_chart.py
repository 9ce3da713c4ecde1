"""Draws measured shares as bars, each with its 95 % interval and its value; what is not measured has no bar.

Portrait and 360 units wide, so that it is readable on a phone; the colours are the theme's. Bars are solid or hatched,
so that nobody needs to tell colours apart.
"""

from dataclasses import dataclass
from html import escape

from scripts.results import shown

WIDTH, BAR, LEFT, RIGHT = 360, 12, 6, 66  # units of the picture; values stand to the right of the bars
SCALE = WIDTH - LEFT - RIGHT
HEADING, LABEL, GAP, FOOT = 26, 19, 4, 11  # heights: of a group's name, of a row's label, between bars, under a row
KINDS = ("solid", "hatched")


@dataclass(frozen=True)
class Row:
    """One label with its bars. bars: (what it shows, measurement as a result file has it, a kind of KINDS)."""

    label: str
    bars: list[tuple[str, dict, str]]


def draw(name: str, title: str, description: str, caption: str, groups: list[tuple[str, list[Row]]]) -> str:
    """Return the figure. name: starts its ids. description: what it shows; the values are added. caption: HTML."""
    top, drawn, told = 8, "", []
    for heading, rows in groups:
        if heading:
            drawn += f'<text class="name" x="{LEFT}" y="{top + 16}">{escape(heading)}</text>'
            top += HEADING
        for row in rows:
            drawn += f'<text class="small" x="{LEFT}" y="{top + 13}">{escape(row.label)}</text>'
            top += LABEL
            for _, one, kind in row.bars:
                drawn += bar(one, top, kind, name)
                top += BAR + GAP
            values = ", ".join(f"{what} {shown(one['value'])}".strip() for what, one, _ in row.bars)
            told.append(f"{row.label}: {values}")
            top += FOOT
    description = f"{description} {'; '.join(told)}."
    return f"""<figure class="picture bars">
<svg viewBox="0 0 {WIDTH} {top}" role="img" aria-labelledby="{name}-title {name}-desc">
<title id="{name}-title">{escape(title)}</title>
<desc id="{name}-desc">{escape(description)}</desc>
<defs><pattern id="{name}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect class="hatch" width="3" height="6"/></pattern></defs>
{drawn}</svg>
<figcaption>{caption}</figcaption>
</figure>"""


def bar(one: dict, top: float, kind: str, name: str) -> str:
    """Return one bar from 0 to 1 with its interval and its value."""
    end = LEFT + SCALE * one["value"]
    middle = top + BAR / 2
    fill = f' style="fill:url(#{name}-hatch)"' if kind == "hatched" else ""
    drawn = f'<rect class="ground" x="{LEFT}" y="{top}" width="{SCALE}" height="{BAR}"/>'
    drawn += f'<rect class="{kind}" x="{LEFT}" y="{top}" width="{end - LEFT:.1f}" height="{BAR}"{fill}/>'
    if {"low", "high"} <= set(one):
        low, high = (LEFT + SCALE * one[side] for side in ("low", "high"))
        drawn += f'<path class="interval" d="M{low:.1f} {middle}H{high:.1f}"/>'
    return drawn + f'<text class="small" x="{WIDTH - RIGHT + 8}" y="{top + BAR - 1}">{shown(one["value"])}</text>'


def key_of(kind: str) -> str:
    """Return a small piece of a bar, for the caption."""
    return f'<span class="key {kind}"></span>'
