"""The block `::: ladder`: the steps as a picture, drawn from the quiz's rules.

Portrait and 360 units wide, so that its text is readable on a phone; the colours are the theme's.
"""

from html import escape
from textwrap import wrap

from quiz.outcomes import OUTCOMES, Outcome
from quiz.rules import DIAGNOSE, SHIP, STEPS
from scripts.extension.page import Page

WIDTH, GAP, RAIL = 360, 16, 14  # units of the picture
NAME, LINE, FOOT = 29, 17, 16  # heights in a rung: of its name, of a line of small text, under the last one
BESIDE = (DIAGNOSE, SHIP)  # no rungs: before the climb, and instead of it
CHARACTERS = 42  # of small text that fit into a rung, also in a wide font


def block(argument: str, page: Page) -> str:
    """Return the picture with its description."""
    if argument:
        raise page.error(page.line, "ladder takes no argument")
    tops, rungs, height = [], "", GAP
    for step in [*reversed(STEPS), *BESIDE]:  # the least effort stands at the foot
        tops.append(height)
        rungs += rung(step, height)
        height += high(step) + GAP
    foot = tops[len(STEPS)] - GAP / 2  # beside the ladder stands what is no rung
    rails = "".join(f'<path class="rail" d="M{x} 2V{foot:g}"/>' for x in (RAIL, WIDTH - RAIL))
    return f"""<figure class="picture ladder">
<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="ladder-title ladder-desc">
<title id="ladder-title">The ladder: {escape(", ".join(OUTCOMES[step].label for step in STEPS))}</title>
<desc id="ladder-desc">{escape(description())}</desc>
{rails}{rungs}</svg>
<figcaption>Start at the foot. Climb to a rung only when its condition holds; skip the ones that do not.</figcaption>
</figure>"""


def rung(step: str, top: int) -> str:
    """Return one step as a box: its name and effort, what it adds, and when it is needed."""
    outcome = OUTCOMES[step]
    left, right = RAIL + 14, WIDTH - RAIL - 14
    texts = "".join(
        f'<text class="small" x="{left}" y="{top + NAME + number * LINE}">{escape(line)}</text>'
        for number, line in enumerate(lines(outcome), 1)
    )
    box = f'<rect x="{RAIL}" y="{top}" width="{WIDTH - 2 * RAIL}" height="{high(step)}" rx="8"/>'
    return (
        f'<g class="rung rung-{step}">{box}'
        f'<text class="name" x="{left}" y="{top + 24}">{escape(outcome.label)}</text>'
        f'<text class="small effort" x="{right}" y="{top + 24}">{escape(outcome.effort)}</text>{texts}</g>'
    )


def lines(outcome: Outcome) -> list[str]:
    """Return a rung's small text: what it adds, and when."""
    sentences = (f"Adds {outcome.adds}", f"When {outcome.when}")
    return [line for sentence in sentences for line in wrap(sentence, CHARACTERS)]


def high(step: str) -> int:
    """Return the height of a rung."""
    return NAME + len(lines(OUTCOMES[step])) * LINE + FOOT


def description() -> str:
    """Return the picture in words, for who cannot see it."""
    sentences = [sentence(number, OUTCOMES[step]) for number, step in enumerate(STEPS, 1)]
    beside = "; ".join(f"{OUTCOMES[step].label}, when {OUTCOMES[step].when}" for step in BESIDE)
    return " ".join(["The rungs, in order of effort.", *sentences, f"Beside the ladder: {beside}."])


def sentence(number: int, outcome: Outcome) -> str:
    """Return one rung in words."""
    return f"{number}: {outcome.label}, {outcome.effort}. Adds {outcome.adds}. Needed when {outcome.when}."
