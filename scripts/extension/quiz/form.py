"""The block `::: quiz`: the form, the table of all replies, the empty card, and every verdict as HTML.

The page works before and without JavaScript: style rules written here show the verdict that belongs to the radio
buttons. `docs/assets/quiz/decision-quiz.mjs` takes over where it runs.
"""

import json
from collections.abc import Iterator
from html import escape
from pathlib import Path

from quiz.api import reply
from quiz.engine import all_answers, decide
from quiz.outcomes import OUTCOMES
from quiz.questions import QUESTIONS, Question
from scripts.downloads.snippet_files import snippets_of
from scripts.extension.page import Page
from scripts.extension.quiz.verdict_card import QUIZ, UNPUBLISHED, Site, anchor, card, empty_card
from scripts.extension.quiz.verdict_table import verdict_table
from scripts.extension.sources.citations import load_references

# What the page says about itself; the words of the verdicts are the quiz's own. {python} is filled in the browser.
WORDS = {
    "idle": "From the table in this page.",
    "loading": "From the table in this page. Python is on its way to check it.",
    "slow": "Python is taking longer than {seconds} seconds. The verdict stands: it is from the table in this page.",
    "ready": "Checked by Python {python} in your browser.",
    "failed": "Python did not start ({reason}). The verdict stands: it is from the table in this page.",
    "retry": "Try again",
    "reasons": {
        "no-wasm": "WebAssembly is blocked or missing in this browser",
        "no-worker": "this browser has no module workers",
        "offline": "you are offline",
        "failed-to-load": "one of its files is missing or damaged",
        "crashed": "it stopped by itself",
    },
    "progress": "{answered} of {questions} answered",
    "incomplete": "Still open: “{question}”",
    "ignored": "This link has something that the quiz does not know, which was left out: {what}",
    "too-long": "This link is too long to be one of ours, so its answers were left out.",
    "repeated": "{question} (more than once)",
    "unpublished": UNPUBLISHED,
    "copied-link": "Link copied.",
    "copied-record": "Decision record copied.",
    "copy-failed": "The browser did not allow copying. Here it is, to copy by hand:",
}


def block(argument: str, page: Page) -> str:
    """Return the whole quiz as HTML."""
    if argument:
        raise page.error(page.line, "quiz takes no argument")
    site = site_around(page)
    verdicts = "".join(
        f'<section class="verdict-static" id="{anchor(answers)}">{answers_line(answers)}{card(answers, site)}</section>'
        for answers in all_answers()
    )
    return f"""<decision-quiz class="quiz" id="{QUIZ}" data-search-exclude>
<style>{rules_without_script()}</style>
<form class="quiz-form" method="get">
{"".join(fieldset(number, question) for number, question in enumerate(QUESTIONS, 1))}
<p class="quiz-bar"><button type="submit" class="md-button md-button--primary">Show the verdict</button>
<button type="reset" class="md-button">Start over</button> <span data-progress></span></p>
<p class="quiz-note" role="status" data-note></p>
</form>
<p class="quiz-state" data-state><span data-state-text>{WORDS["idle"]}</span>
<button type="button" data-retry hidden>{WORDS["retry"]}</button></p>
<section class="verdict" aria-label="Verdict" aria-live="polite" data-verdict data-engine="static">
<div data-card hidden>{empty_card()}
<p class="verdict-actions" aria-live="off">
<button type="button" class="md-button" data-copy="link">Copy link</button>
<button type="button" class="md-button" data-copy="record">Copy decision record</button>
<a class="md-button" data-download download="decision-record.md" href="#">Download it</a>
</p></div>
<p role="status" data-copied></p>
<textarea data-by-hand hidden readonly rows="6" aria-label="To copy by hand"></textarea>
</section>
{verdict_table()}
<div class="verdicts-static">{verdicts}</div>
<template data-table>{escape(table(site), quote=False)}</template>
</decision-quiz>"""


def site_around(page: Page) -> Site:
    """Return what the cards need to know of the site."""
    references = load_references(page.root)
    return Site(
        root=page.link("index.md").removesuffix("index.md") or "./",
        sources={key: reference.short for key, reference in references.items()},
        snippets=frozenset(snippet.name for snippet in snippets_of(page.root)),
    )


def fieldset(number: int, question: Question) -> str:
    """Return one question with its options as radio buttons."""
    options = "".join(
        f'<label class="quiz-option"><input type="radio" name="{question.id}" value="{option.id}">'
        f"<span><b>{escape(option.label)}</b> <small>{escape(option.hint)}</small></span></label>"
        for option in question.options
    )
    legend = f'<legend><span class="quiz-number">{number}</span> {escape(question.asks)}</legend>'
    return f'<fieldset data-question="{question.id}">{legend}<div class="quiz-options">{options}</div></fieldset>'


def answers_line(answers: dict[str, str]) -> str:
    """Return one line that says which answers a verdict is for."""
    choices = [f"{question.name}: {question.option(answers[question.id]).label}" for question in QUESTIONS]
    return f'<p class="verdict-for">{escape(". ".join(choices))}.</p>'


def rules_without_script() -> str:
    """Return the style rules that show the verdict of the chosen radio buttons before JavaScript runs."""
    waiting = "decision-quiz:not(:defined)"
    selectors = []
    for answers in all_answers():
        chosen = "".join(f":has([name={q}][value={option}]:checked)" for q, option in answers.items())
        selectors.append(f"{waiting}{chosen} #{anchor(answers)}")
    return (
        "@supports selector(:has(a)){"
        f"{waiting} .verdict-static:not(:target){{display:none}}"
        f"{','.join(selectors)}{{display:block !important}}"
        "}"
    )


def table(site: Site) -> str:
    """Return the JSON that the page falls back on: every reply of the quiz, names of steps and sources, words."""
    replies = {anchor(answers): reply(json.dumps({"answers": answers})) for answers in all_answers()}
    used = {key for text in replies.values() for key in json.loads(text)["verdict"]["evidence"]}
    names = {question.id: {"name": question.name, "asks": question.asks} for question in QUESTIONS}
    return json.dumps(
        {
            "replies": replies,
            "questions": names,
            "steps": {step: outcome.label for step, outcome in OUTCOMES.items()},
            "sources": {key: site.sources[key] for key in sorted(used)},
            "snippets": sorted(site.snippets),
            "words": WORDS,
        }
    )


def cites(argument: str, root: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Yield what the verdicts rest on; they are no section of their own."""
    yield "", "", [key for answers in all_answers() for key in decide(answers).evidence]
