"""The picture of a verdict for where its link is shared: what to do now and then, the headline, the ladder."""

from collections.abc import Mapping
from html import escape
from textwrap import wrap

from quiz import decide
from quiz.outcomes import OUTCOMES
from quiz.rules import STEPS

WIDTH, HEIGHT = 1200, 630  # units, which are pixels of the PNG
LINE, CHARACTERS = 58, 28  # of the headline: height of a line, and how many characters fit into one
GREEN, AMBER, PAPER = "#0f5a53", "#ffb36b", "#ffffff"
TOP, RUNG, GAP = 70, 82, 16  # of the ladder: where it begins, height of a rung, space between two


def drawing(answers: Mapping[str, str]) -> str:
    """Return the SVG."""
    verdict = decide(answers)
    later = ", then ".join(OUTCOMES[step].label for step in verdict.later)
    lines = wrap(verdict.headline, CHARACTERS, break_on_hyphens=False)
    headline = "".join(text(80, 340 + number * LINE, 44, line, PAPER, 700) for number, line in enumerate(lines))
    rungs = "".join(rung(step, place, verdict) for place, step in enumerate(reversed(STEPS)))
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"
font-family="DejaVu Sans, Verdana, sans-serif">
<rect width="{WIDTH}" height="{HEIGHT}" fill="{GREEN}"/>
{text(80, 110, 34, "Fine-tune or RAG?", PAPER)}
{text(80, 200, 54, f"{OUTCOMES[verdict.now].label} now", AMBER, 700)}
{text(80, 244, 26, f"then {later}" if later else "", AMBER)}
{headline}
<path d="M884 50V580M1136 50V580" stroke="{PAPER}" stroke-width="8" stroke-linecap="round"/>
{rungs}
</svg>
"""


def rung(step: str, place: int, verdict) -> str:
    """Return one rung: filled is now, outlined is then. place: from the top, which is the most effort."""
    now, later = step == verdict.now, step in verdict.later
    y = TOP + place * (RUNG + GAP)
    edge = AMBER if now or later else PAPER
    box = f'<rect x="896" y="{y}" width="228" height="{RUNG}" rx="10" fill="{AMBER if now else GREEN}" stroke="{edge}" '
    ink = GREEN if now else edge
    return f'{box}stroke-width="{5 if now or later else 1}"/>{text(916, y + 53, 32, OUTCOMES[step].label, ink, 700)}'


def text(x: int, y: int, size: int, words: str, colour: str, weight: int = 400) -> str:
    """Return a line of text."""
    return f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{colour}">{escape(words)}</text>'
