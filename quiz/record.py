"""The verdict as a decision record: Markdown to paste into a pull request."""

from collections.abc import Mapping

from quiz.engine import decide
from quiz.outcomes import OUTCOMES, outline
from quiz.questions import QUESTIONS
from quiz.rules import RULES_VERSION, STEPS


def decision_record(answers: Mapping[str, str], site: str = "") -> str:
    """Return the decision record for a complete set of answers, as Markdown.

    site: address of the site with a slash at its end, put before every link; empty for relative links.
    Raises AnswerError like `decide`.
    """
    verdict = decide(answers)
    steps = [verdict.now, *verdict.later]
    outcome = OUTCOMES[verdict.now]
    query = "&".join(f"{question.id}={answers[question.id]}" for question in QUESTIONS)
    context = [f"- {q.asks} **{q.option(answers[q.id]).label}** (`{q.id}={answers[q.id]}`)" for q in QUESTIONS]
    changes = [
        f"- {question.name}: {change['text']}" for question in QUESTIONS for change in verdict.changes[question.id]
    ]
    links = [
        f"- [The lesson on this step]({site}{outcome.lesson})",
        f"- [These answers in the quiz]({site}?{query})",
        *(f"- [Source: {key}]({site}references/#{key})" for key in verdict.evidence),
    ]
    sections = [
        f"# Decision: {outline(verdict.now, verdict.later).removesuffix('.')}",
        "Status: proposed",
        "## Context",
        "\n".join(context),
        "## Decision",
        verdict.headline,
        "First moves:",
        numbered(verdict.first_moves),
        "## Why",
        bullets(verdict.because),
        "## Options not chosen now",
        bullets(options_not_chosen(steps, unsettled(answers))),
        f"The mistake to avoid: {verdict.avoid}",
        "## What would change it",
        "\n".join(changes),
        "## How we will know",
        outcome.proof,
        "## Links",
        "\n".join(links),
        f'Made with the rules of "Fine-tune vs RAG: the decision", version {RULES_VERSION}.',
    ]
    return "\n\n".join(sections) + "\n"


def unsettled(answers: Mapping[str, str]) -> set[str]:
    """Return the steps that a question would ask for whose answer is not known yet."""
    unknown = [question for question in QUESTIONS if question.option(answers[question.id]).undiagnosed]
    return {step for question in unknown for option in question.options for step in option.needs}


def options_not_chosen(steps: list[str], unsettled: set[str]) -> list[str]:
    """Return a line for every step that is not the one to do now: deferred, unsettled, or left out and why."""
    lines = []
    for step in STEPS:
        outcome = OUTCOMES[step]
        if step in steps[1:]:
            previous = OUTCOMES[steps[steps.index(step) - 1]].label
            lines.append(f'{outcome.label}: Not yet. It comes after "{previous}" has been measured.')
        elif step in unsettled:
            lines.append(f"{outcome.label}: Open. The failures, once sorted, say whether it is needed.")
        elif step not in steps:
            lines.append(f"{outcome.label}: {outcome.not_chosen}")
    return lines


def bullets(lines: list[str]) -> str:
    """Return lines as a Markdown list."""
    return "\n".join(f"- {line}" for line in lines)


def numbered(lines: list[str]) -> str:
    """Return lines as a numbered Markdown list."""
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))
