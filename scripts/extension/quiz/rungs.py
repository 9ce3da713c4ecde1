"""The ladder beside the form: a rung for each step, lit by the answers, and the style rules that light them.

The rules are computed from the quiz, also for answers that are not complete yet: a step is *later* as soon as one
answer asks for it, and *now* as soon as every way to answer the rest begins with it. Styles alone light the rungs, so
that they do the same before, with and without JavaScript. `docs/assets/quiz/hero.css` says how a lit one looks.
"""

from collections.abc import Iterator, Mapping
from html import escape
from itertools import product

from quiz.engine import all_answers, decide
from quiz.outcomes import OUTCOMES
from quiz.questions import QUESTIONS
from quiz.rules import DIAGNOSE, SHIP, STEPS

NOW = '--rung-fill:var(--action);--rung-ink:var(--on-action);--rung-edge:var(--action);--rung-mark:"now"'
LATER = '--rung-edge:var(--action);--rung-mark:"then"'


def ladder() -> str:
    """Return the rungs as a list, in order of effort, and beside it the steps that are no rungs."""
    rungs = "".join(rung(step, OUTCOMES[step].effort) for step in STEPS)
    beside = "".join(rung(step, OUTCOMES[step].effort) for step in (DIAGNOSE, SHIP))
    return (
        f'<div class="quiz-ladder"><ol class="rungs" aria-label="The ladder, in order of effort">{rungs}</ol>'
        f'<ul class="rungs beside" aria-label="Before the climb, and instead of it">{beside}</ul></div>'
    )


def rung(step: str, effort: str) -> str:
    """Return one step: its name and its usual effort."""
    return f'<li data-step="{step}"><b>{escape(OUTCOMES[step].label)}</b> <small>{escape(effort)}</small></li>'


def lights(scope: str) -> str:
    """Return the style rules that light the rungs; `scope` is the selector of what holds the form and the ladder."""
    rules = [f"{chosen(scope, {question: option})} {place(step)}{{{LATER}}}" for question, option, step in needs()]
    rules += [f"{chosen(scope, answers)} {place(step)}{{{NOW}}}" for answers, step in certain()]
    return "".join(rules)


def chosen(scope: str, answers: Mapping[str, str]) -> str:
    """Return the selector of `scope` while these answers are chosen."""
    return scope + "".join(f":has([name={question}][value={option}]:checked)" for question, option in answers.items())


def place(step: str) -> str:
    """Return the selector of a step's rung."""
    return f"[data-step={step}]"


def needs() -> Iterator[tuple[str, str, str]]:
    """Yield question, option and step for each step that an option asks for."""
    for question in QUESTIONS:
        for option in question.options:
            yield from ((question.id, option.id, step) for step in option.needs)


def certain() -> Iterator[tuple[dict[str, str], str]]:
    """Yield the smallest sets of answers that settle what comes first, each with that step."""
    settled: list[dict[str, str]] = []
    for answers in sorted(partial_answers(), key=len):
        first = {decide(full).now for full in all_answers() if answers.items() <= full.items()}
        if len(first) == 1 and not any(smaller.items() <= answers.items() for smaller in settled):
            settled.append(answers)
            yield answers, first.pop()


def partial_answers() -> Iterator[dict[str, str]]:
    """Yield every way to answer all questions, some or none."""
    options = [[None, *(option.id for option in question.options)] for question in QUESTIONS]
    for choice in product(*options):
        yield {question.id: option for question, option in zip(QUESTIONS, choice, strict=True) if option}
