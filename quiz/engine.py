"""From a complete set of answers to one verdict."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import product

from quiz import outcomes, verdicts
from quiz.questions import BY_ID, QUESTIONS
from quiz.rules import DIAGNOSE, SHIP, STEPS
from quiz.words import combine


class AnswerError(ValueError):
    """An answer is missing, unknown or one too many.

    `question` is the id of the question that it is about (None when it is about none of ours),
    `options` the ids that would have been valid there (empty with no question).
    """

    def __init__(self, message: str, question: str | None, options: tuple[str, ...]):
        super().__init__(message)
        self.question = question
        self.options = options


@dataclass(frozen=True)
class Verdict:
    """What to do, why, and what would change it. All texts are plain text in English.

    now: what to do now, one of `prompt diagnose constrain rag fine-tune distill ship`.
    later: the steps after it, in order of effort; may be empty.
    because: one reason for each answer, in the order of the questions, each naming the answer.
    first_moves: what to do this week, three things.
    changes: by question id, what the verdict becomes for each other answer to it:
        a list of {"option", "now", "later", "text"}.
    lesson, snippet: the page (relative to the site's root) and the file that show how.
    evidence: keys of references and results on the site.
    """

    now: str
    later: list[str]
    headline: str
    because: list[str]
    first_moves: list[str]
    avoid: str
    changes: dict[str, list[dict]]
    lesson: str
    snippet: str
    evidence: list[str]

    def as_dict(self) -> dict:
        """Return the verdict as plain lists, dicts and strings, ready for JSON."""
        return asdict(self)


def decide(answers: Mapping[str, str]) -> Verdict:
    """Return the verdict on a complete set of answers, the option id of each by question id.

    Raises AnswerError when an answer is missing, unknown or answers no question of ours.
    """
    checked = check_answers(answers)
    now, later = plan(checked)
    words = combine(verdicts.WORDS, checked)
    outcome = outcomes.OUTCOMES[now]
    return Verdict(
        now=now,
        later=later,
        headline=words.headline,
        because=[
            f"{question.name}: {question.option(checked[question.id]).label}. {words.because[question.id]}"
            for question in QUESTIONS
        ],
        first_moves=list(words.first_moves),
        avoid=words.avoid,
        changes={question.id: other_answers(checked, question.id) for question in QUESTIONS},
        lesson=outcome.lesson,
        snippet=outcome.snippet,
        evidence=list(words.evidence),
    )


def check_answers(answers: Mapping[str, str]) -> dict[str, str]:
    """Return the answers in the order of the questions, or raise AnswerError for the first that is wrong."""
    if not isinstance(answers, Mapping):
        raise AnswerError(f"answers must map question ids to option ids: {', '.join(BY_ID)}", None, ())
    for question_id in answers:
        if question_id not in BY_ID:
            raise AnswerError(f"unknown question {short(question_id)}; valid questions: {', '.join(BY_ID)}", None, ())
    for question in QUESTIONS:
        valid = tuple(option.id for option in question.options)
        hint = f"valid options: {', '.join(valid)}"
        if question.id not in answers:
            raise AnswerError(f"no answer to {question.id}; {hint}", question.id, valid)
        if (answer := answers[question.id]) not in valid:
            raise AnswerError(f"unknown answer {short(answer)} to {question.id}; {hint}", question.id, valid)
    return {question.id: answers[question.id] for question in QUESTIONS}


def plan(answers: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return the step to do now and the steps for later, in order of effort."""
    chosen = [BY_ID[question].option(option) for question, option in answers.items()]
    steps = [step for step in STEPS if any(step in option.needs for option in chosen)]
    if any(option.undiagnosed for option in chosen) and "prompt" not in steps:
        return DIAGNOSE, steps
    return (steps[0], steps[1:]) if steps else (SHIP, [])


def other_answers(answers: Mapping[str, str], question_id: str) -> list[dict]:
    """Return, for every option of the question that was not chosen, what the verdict would become."""
    changes = []
    for option in BY_ID[question_id].options:
        if option.id != answers[question_id]:
            now, later = plan({**answers, question_id: option.id})
            text = f'"{option.label}" instead: {outcomes.outline(now, later)}'
            changes.append({"option": option.id, "now": now, "later": later, "text": text})
    return changes


def all_answers() -> list[dict[str, str]]:
    """Return all complete sets of answers, in the order of the questions and their options."""
    ids = [[option.id for option in question.options] for question in QUESTIONS]
    return [dict(zip(BY_ID, options, strict=True)) for options in product(*ids)]


def short(value: object) -> str:
    """Return a value as one printable line of at most 40 characters, for an error message."""
    text = ascii(value) if isinstance(value, str) else f"of type {type(value).__name__}"
    return text if len(text) <= 40 else text[:37] + "..."
