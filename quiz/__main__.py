"""The quiz in a terminal: `python -m quiz`, or `python -m quiz tried=yes gap=facts scale=ordinary`.

The questions are asked on standard error and read from standard input, so that both work in a pipe;
the verdict goes to standard output. Exit status: 0, 2 after bad input, 130 after an interruption.
"""

import argparse
import json
import os
import shutil
import sys
import textwrap

from quiz.engine import AnswerError, Verdict, check_answers, decide, short
from quiz.outcomes import OUTCOMES, outline
from quiz.questions import BY_ID, QUESTIONS, Question
from quiz.record import decision_record


class OneLineParser(argparse.ArgumentParser):
    """A parser whose errors are one line: usage is for --help."""

    def error(self, message: str):
        """Leave with exit status 2 and one line."""
        raise AnswerError(f"{message}; try --help", None, ())


def main(arguments: list[str] | None = None) -> int:
    """Run the quiz; return the exit status."""
    try:
        options = parse(arguments)
        answers = parse_answers(options.answers) if options.answers else ask_all()
        text = render(answers, options.format, options.site)
    except AnswerError as error:
        print(f"quiz: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nquiz: stopped, nothing was decided", file=sys.stderr)
        return 130
    try:
        print(text, flush=True)
    except BrokenPipeError:  # the reader, `head` say, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = OneLineParser(
        prog="python -m quiz",
        description="Fine-tune or RAG? A few questions, one verdict.",
        epilog="\n".join(f"{q.id}: {', '.join(option.id for option in q.options)}" for q in QUESTIONS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("answers", nargs="*", metavar="QUESTION=OPTION", help="an answer to every question, or none to be asked")
    add("--format", choices=("text", "json", "markdown"), default="text", help="markdown: the decision record")
    add("--site", default="", metavar="URL", help="address of the site, for the record's links")
    return parser.parse_args(arguments)


def parse_answers(arguments: list[str]) -> dict[str, str]:
    """Return `question=option` arguments as answers; AnswerError when one is wrong, missing or repeated."""
    answers: dict[str, str] = {}
    for argument in arguments:
        question, equals, option = argument.partition("=")
        if not equals:
            message = f"expected QUESTION=OPTION, not {short(argument)}; valid questions: {', '.join(BY_ID)}"
            raise AnswerError(message, None, ())
        if question in answers:
            raise AnswerError(f"{short(question)} is answered twice; give it once", question, ())
        answers[question] = option
    return check_answers(answers)


def ask_all() -> dict[str, str]:
    """Ask the questions on standard error and return the answers read from standard input."""
    return {question.id: ask(question) for question in QUESTIONS}


def ask(question: Question) -> str:
    """Ask until there is an answer: a number or an option's id. AnswerError when the input ends before it."""
    print(question.asks, file=sys.stderr)
    valid = {option.id: option.id for option in question.options}
    for number, option in enumerate(question.options, 1):
        print(f"  {number}  {option.label} ({option.hint})", file=sys.stderr)
        valid[str(number)] = option.id
    while True:
        print(f"1 to {len(question.options)}: ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            print(file=sys.stderr)
            names = tuple(option.id for option in question.options)
            message = f"the input ended before {question.id} was answered; valid options: {', '.join(names)}"
            raise AnswerError(message, question.id, names)
        if (answer := line.strip().lower()) in valid:
            print(file=sys.stderr)
            return valid[answer]
        print(f"{short(line.strip())} is not one of them.", file=sys.stderr)


def render(answers: dict[str, str], form: str, site: str) -> str:
    """Return the verdict on the answers as text, JSON or the Markdown record."""
    if form == "json":
        return json.dumps(decide(answers).as_dict(), indent=2)
    if form == "markdown":
        return decision_record(answers, site=site).rstrip("\n")
    return as_text(decide(answers))


def as_text(verdict: Verdict) -> str:
    """Return the verdict as plain text, wrapped to the terminal."""
    width = min(shutil.get_terminal_size((88, 24)).columns, 88)

    def block(title: str, items: list[str]) -> str:
        wrapped = [textwrap.fill(item, width, initial_indent="  - ", subsequent_indent="    ") for item in items]
        return "\n".join([title, *wrapped])

    changes = [f"{BY_ID[q].name}: {other['text']}" for q, others in verdict.changes.items() for other in others]
    return "\n\n".join(
        [
            textwrap.fill(verdict.headline, width),
            textwrap.fill(outline(verdict.now, verdict.later), width),
            block("Because", verdict.because),
            block("This week", verdict.first_moves),
            block("Avoid", [verdict.avoid]),
            block("How you will know", [OUTCOMES[verdict.now].proof]),
            block("What would change it", changes),
            f"Lesson: {verdict.lesson}   Snippet: {verdict.snippet}",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
