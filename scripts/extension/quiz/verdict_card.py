"""A verdict as HTML: those that stand in the page, one for each set of answers, and the empty one for the browser.

Both come from `head` and `body`, so that a reader without JavaScript sees what the others see.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from quiz import decide, decision_record
from quiz.outcomes import OUTCOMES
from quiz.questions import QUESTIONS

QUIZ = "quiz"  # the id of the quiz in its page
UNPUBLISHED = ", not published yet"  # stands behind the name of a snippet that is not there to download


@dataclass(frozen=True)
class Site:
    """What a card has to know of the site around it.

    root: link from the page to the site's root, with a slash at its end. sources: the short name of each reference.
    snippets: names of the snippets that can be downloaded already. quiz: link to the page of the quiz, if another.
    """

    root: str
    sources: dict[str, str]
    snippets: frozenset[str]
    quiz: str = ""


def name_of(answers: Mapping[str, str]) -> str:
    """Return the short name of a complete set of answers: `yes-facts-ordinary`."""
    return "-".join(answers[question.id] for question in QUESTIONS)


def query(answers: dict[str, str]) -> str:
    """Return the answers as a link's query: `?tried=yes&gap=facts&scale=ordinary`."""
    return "?" + "&".join(f"{question.id}={answers[question.id]}" for question in QUESTIONS)


def anchor(answers: dict[str, str]) -> str:
    """Return the id of the card that stands in the page for these answers."""
    return f"verdict-{name_of(answers)}"


def card(answers: dict[str, str], site: Site) -> str:
    """Return head and card of one complete set of answers."""
    verdict = decide(answers)
    now, later = OUTCOMES[verdict.now], [OUTCOMES[step].label for step in verdict.later]
    filled = {
        "now": escape(now.label),
        "later": escape(", then ".join(later)),
        "headline": escape(verdict.headline),
        "because": items(verdict.because),
        "first_moves": items(verdict.first_moves),
        "avoid": escape(verdict.avoid),
        "changes": "".join(changes_of(question, verdict.changes[question.id], answers, site) for question in QUESTIONS),
        "lesson": f'<a href="{site.root}{verdict.lesson}">{escape(now.label)}</a>',
        "snippet": snippet_of(verdict.snippet, site),
        "evidence": ", ".join(source_of(key, site) for key in verdict.evidence),
        "record": escape(decision_record(answers, site=site.root)),
    }
    name = anchor(answers)
    why = f'<p class="verdict-actions"><a href="#why-{name}">Why, and first moves</a></p>'
    return f"""<div class="verdict-head" id="{name}">{head(filled)}{why}</div>
<div class="verdict-card" id="why-{name}">{answers_line(answers)}{body(filled)}</div>"""


def answers_line(answers: dict[str, str]) -> str:
    """Return one line that says which answers a verdict is for."""
    choices = [f"{question.name}: {question.option(answers[question.id]).label}" for question in QUESTIONS]
    return f'<p class="verdict-for">{escape(". ".join(choices))}.</p>'


def slot(filled: Mapping[str, str], name: str, tag: str, attributes: str = "") -> str:
    """Return the element of one part of a verdict, empty for the browser to fill where nothing is known."""
    return f'<{tag} data-slot="{name}"{attributes}>{filled.get(name, "")}</{tag}>'


def head(filled: Mapping[str, str]) -> str:
    """Return what stands beside the form: what to do now and then, and the headline, which alone is announced."""
    hidden = "" if filled.get("later") or not filled else " hidden"
    return f"""<p class="verdict-plan" aria-live="off"><span>Now</span> {slot(filled, "now", "strong")}
<span data-then{hidden}>then {slot(filled, "later", "span")}</span></p>
{slot(filled, "headline", "h2", ' class="verdict-headline" tabindex="-1"')}"""


def body(filled: Mapping[str, str]) -> str:
    """Return what stands below the form: the reasons, the first moves and all that follows."""
    return f"""<div class="verdict-columns">
<div><h3>Because</h3>{slot(filled, "because", "ul")}</div>
<div><h3>First moves, this week</h3>{slot(filled, "first_moves", "ol")}</div>
<div><h3>Avoid</h3>{slot(filled, "avoid", "p")}</div>
</div>
<h3>What would change it</h3>{slot(filled, "changes", "ul", ' class="verdict-changes"')}
<p class="verdict-links"><span>Lesson: {slot(filled, "lesson", "span")}</span>
<span>Snippet: {slot(filled, "snippet", "span")}</span>
<span>Sources: {slot(filled, "evidence", "span")}</span></p>
<details class="fold verdict-record"><summary>Decision record, in Markdown</summary>
{slot(filled, "record", "pre", ' tabindex="0"')}</details>"""


def items(texts: list[str]) -> str:
    """Return texts as list items."""
    return "".join(f"<li>{escape(text)}</li>" for text in texts)


def changes_of(question, others: list[dict], answers: dict[str, str], site: Site) -> str:
    """Return a list item with a link for every other answer to a question."""
    links = []
    for other in others:
        changed = {**answers, question.id: other["option"]}
        href = escape(f"{site.quiz}{query(changed)}#{anchor(changed)}")
        links.append(f'<li>{escape(question.name)}: <a href="{href}" target="_self">{escape(other["text"])}</a></li>')
    return "".join(links)


def snippet_of(name: str, site: Site) -> str:
    """Return a link to a snippet, or its name where it cannot be downloaded yet."""
    if name in site.snippets:
        return f'<a href="{site.root}snippets/{name}" download><code>{name}</code></a>'
    return f"<code>{name}</code>{UNPUBLISHED}"


def source_of(key: str, site: Site) -> str:
    """Return a link to an entry of the References page."""
    return f'<a href="{site.root}references/#{key}">{escape(site.sources[key])}</a>'
