"""The block `::: quiz`: the form, the ladder, the verdict's place, every verdict as HTML, and the table of all replies.

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
from scripts.extension.quiz.rungs import chosen, ladder, lights
from scripts.extension.quiz.verdict_card import QUIZ, UNPUBLISHED, Site, anchor, body, card, head
from scripts.extension.quiz.verdict_table import verdict_table
from scripts.extension.sources.citations import load_references

# What the page says about itself; the words of the verdicts are the quiz's own. {python} is filled in the browser.
WORDS = {
    "waiting": "Your verdict appears here.",
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
    "progress": "{answered} of {questions} answered.",
    "at": "{at} of {of}",
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
    verdicts = "".join(f'<section class="verdict-static">{card(answers, site)}</section>' for answers in all_answers())
    return f"""<decision-quiz class="quiz" id="{QUIZ}" data-search-exclude>
<style>{lights("decision-quiz")}{rules_without_script()}</style>
<form class="quiz-form" method="get">
<p class="quiz-at" data-at-text></p>
{"".join(fieldset(number, question) for number, question in enumerate(QUESTIONS, 1))}
<p class="quiz-bar"><button type="button" class="md-button" data-back>Back</button>
<button type="submit" class="md-button md-button--primary">Next</button>
<button type="reset" class="md-button">Start over</button></p>
<p class="quiz-note" role="status" data-note></p>
</form>
{ladder()}
<section class="verdict" aria-label="Verdict" aria-live="polite" data-verdict data-engine="static">
<p class="verdict-waiting" aria-live="off" data-waiting>{WORDS["waiting"]} <span data-progress></span></p>
<div data-head hidden>{head({})}
<p class="verdict-actions" aria-live="off"><a href="#why">Why, and first moves</a>
<button type="button" data-copy="link">Copy link</button></p></div>
</section>
<p class="quiz-foot">Not sure? <a href="#situations">Try one of the situations</a>
· <a href="#before-you-start">Read first</a></p>
<p class="quiz-state" data-state><span data-state-text>{WORDS["idle"]}</span>
<button type="button" data-retry hidden>{WORDS["retry"]}</button></p>
<p class="quiz-copied" role="status" data-copied></p>
<textarea data-by-hand hidden readonly rows="6" aria-label="To copy by hand"></textarea>
<section class="verdict-card" id="why" aria-label="The verdict in full" data-card hidden>
<p class="verdict-actions"><button type="button" class="md-button" data-copy="record">Copy decision record</button>
<a class="md-button" data-download download="decision-record.md" href="#">Download it</a>
<button type="button" class="md-button" data-print>Print the verdict</button>
<a class="md-button" data-share target="_self" href="#">A page to share</a></p>
{body({})}
</section>
<div class="verdicts-static">{verdicts}</div>
{verdict_table()}
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
    legend = f'<legend tabindex="-1"><span class="quiz-number">{number}</span> {escape(question.asks)}</legend>'
    return f'<fieldset data-question="{question.id}">{legend}<div class="quiz-options">{options}</div></fieldset>'


def rules_without_script() -> str:
    """Return the style rules that show the verdict of the chosen radio buttons, or of the link, before JavaScript runs.

    Head and card of it take their places in the quiz's grid, as those do that the browser fills.
    """
    waiting = "decision-quiz:not(:defined)"
    complete = "".join(f":has([name={question.id}]:checked)" for question in QUESTIONS)
    heads = [f"{chosen(waiting, answers)} .verdict-static:has(#{anchor(answers)})" for answers in all_answers()]
    return (
        "@supports selector(:has(a)){"
        f"{waiting} .verdict-static{{display:none}}"
        f"{waiting}:not({complete}) .verdict-static:has(:target),{','.join(heads)}{{display:contents}}"
        f"{waiting}:is({complete},:has(.verdict-static :target)) [data-verdict]{{visibility:hidden}}"
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
