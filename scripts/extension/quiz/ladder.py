"""The block `::: ladder`: every step with what it adds and when it is needed, drawn from the quiz as a ladder.

What stands beside it is no rung: the first thing to try, what to do where no rung is known or needed, and what may
follow a rung. It is a list of text, so that it is as readable on a phone as on a wide screen.
"""

from html import escape

from quiz.outcomes import OUTCOMES
from quiz.rules import DIAGNOSE, SHIP, STEPS
from scripts.extension.page import Page

# No step of the quiz, and in nobody's plan before its rung: name, and when.
BETTER = ("A better model", "Try the next model up, once, on your own questions, before you build anything.")
REINFORCE = ("Reinforcement learning", "After fine-tuning, when a program can score an answer that you cannot write.")


def block(argument: str, page: Page) -> str:
    """Return the ladder, least effort first; styles draw that at its foot."""
    if argument:
        raise page.error(page.line, "ladder takes no argument")
    rungs = "".join(step(name) for name in STEPS)
    beside = [aside(*BETTER), step(DIAGNOSE), aside(*REINFORCE), step(SHIP)]
    return f"""<figure class="ladder">
<div class="ladder-both"><ol class="ladder-rungs" aria-label="The rungs, in order of effort">{rungs}</ol>
<ul class="ladder-beside" aria-label="Beside the ladder">{"".join(beside)}</ul></div>
<figcaption>Start at the foot. Climb to a rung only when its condition holds; skip the ones that do not.</figcaption>
</figure>"""


def step(name: str) -> str:
    """Return one step of the quiz: its name and effort, what it adds, and when it is needed."""
    outcome = OUTCOMES[name]
    return (
        f"<li><b>{escape(outcome.label)}</b> <small>{escape(outcome.effort)}</small>"
        f"<p>Adds {escape(outcome.adds)}.</p><p>When {escape(outcome.when)}.</p></li>"
    )


def aside(name: str, when: str) -> str:
    """Return one thing that the quiz never answers."""
    return f"<li><b>{escape(name)}</b><p>{escape(when)}</p></li>"
