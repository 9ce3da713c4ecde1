"""Draws the experiment: for every model two bars, facts and form, each with its 95 % interval.

Portrait and 360 units wide, so that it is readable on a phone; the colours are the theme's. Facts are a filled bar and
form a hatched one, so that nobody needs to tell colours apart.
"""

from html import escape

from scripts.results import Result, shown

WIDTH, ROW, BAR, LEFT, RIGHT = 360, 62, 12, 6, 58  # units of the picture; values stand to the right of the bars
SCALE = WIDTH - LEFT - RIGHT


def draw(result: Result, arms: dict[str, str], with_pages: dict[str, str]) -> str:
    """Return the figure. arms: id -> label, closed book; with_pages: the same ids -> the arm with retrieval."""
    closed = [(label, f"arms.{arm}") for arm, label in arms.items()]
    pages = [(f"{label} + RAG", f"arms.{with_pages[arm]}") for arm, label in arms.items()]
    groups = [("Without a page", closed), ("With retrieval (RAG)", pages)]
    top, drawn, told = 8, "", []
    for title, rows in groups:
        drawn += f'<text class="name" x="{LEFT}" y="{top + 16}">{escape(title)}</text>'
        top += 26
        for label, start in rows:
            facts, form = (result.measured.get(f"{start}.{end}") for end in ("facts-right", "valid-format"))
            if facts is None or form is None:
                continue
            drawn += f'<text class="small" x="{LEFT}" y="{top + 13}">{escape(label)}</text>'
            drawn += bar(facts, top + 19, "facts") + bar(form, top + 35, "form")
            told.append(f"{label}: facts {shown(facts['value'])}, valid JSON {shown(form['value'])}")
            top += ROW
    description = "Share of private facts right and of valid JSON answers. " + "; ".join(told) + "."
    return f"""<figure class="picture experiment-chart">
<svg viewBox="0 0 {WIDTH} {top}" role="img" aria-labelledby="experiment-title experiment-desc">
<title id="experiment-title">RAG adds facts, fine-tuning changes form</title>
<desc id="experiment-desc">{escape(description)}</desc>
<defs><pattern id="experiment-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect class="hatch" width="3" height="6"/></pattern></defs>
{drawn}</svg>
<figcaption><span class="key facts"></span> private facts right, <span class="key form"></span> valid JSON. Bars from
0 to 1, with 95 % intervals.</figcaption>
</figure>"""


def bar(one: dict, top: float, kind: str) -> str:
    """Return one bar with its interval and its value."""
    end = LEFT + SCALE * one["value"]
    middle = top + BAR / 2
    drawn = f'<rect class="ground" x="{LEFT}" y="{top}" width="{SCALE}" height="{BAR}"/>'
    drawn += f'<rect class="{kind}" x="{LEFT}" y="{top}" width="{end - LEFT:.1f}" height="{BAR}"/>'
    if {"low", "high"} <= set(one):
        low, high = (LEFT + SCALE * one[side] for side in ("low", "high"))
        drawn += f'<path class="interval" d="M{low:.1f} {middle}H{high:.1f}"/>'
    return drawn + f'<text class="small" x="{WIDTH - RIGHT + 8}" y="{top + BAR - 1}">{shown(one["value"])}</text>'
