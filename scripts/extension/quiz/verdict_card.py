"""A verdict as HTML: those that stand in the page, one for each set of answers, and the empty one for the browser.

Both come from `card`, so that a reader without JavaScript sees what the others see.
"""

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
    snippets: names of the snippets that can be downloaded already.
    """

    root: str
    sources: dict[str, str]
    snippets: frozenset[str]


def query(answers: dict[str, str]) -> str:
    """Return the answers as a link's query: `?tried=yes&gap=facts&scale=ordinary`."""
    return "?" + "&".join(f"{question.id}={answers[question.id]}" for question in QUESTIONS)


def anchor(answers: dict[str, str]) -> str:
    """Return the id of the card that stands in the page for these answers."""
    return "-".join(["verdict", *(answers[question.id] for question in QUESTIONS)])


def card(answers: dict[str, str], site: Site) -> str:
    """Return the card of one complete set of answers."""
    verdict = decide(answers)
    now, later = OUTCOMES[verdict.now], [OUTCOMES[step].label for step in verdict.later]
    return shape(
        now=escape(now.label),
        later=escape(", then ".join(later)),
        headline=escape(verdict.headline),
        because=items(verdict.because),
        first_moves=items(verdict.first_moves),
        avoid=escape(verdict.avoid),
        changes="".join(changes_of(question, verdict.changes[question.id], answers) for question in QUESTIONS),
        lesson=f'<a href="{site.root}{verdict.lesson}">{escape(now.label)}</a>',
        snippet=snippet_of(verdict.snippet, site),
        evidence=", ".join(source_of(key, site) for key in verdict.evidence),
        record=escape(decision_record(answers, site=site.root)),
    )


def empty_card() -> str:
    """Return the card with nothing in its slots, for the browser to fill."""
    return shape()


def shape(**filled: str) -> str:
    """Return a card's HTML; `filled` maps the name of a slot to its HTML.

    Only plan and headline are announced when they change: `aria-live="off"` keeps a screen reader from reading
    the whole card at every answer.
    """

    def slot(name: str, tag: str, attributes: str = "") -> str:
        return f'<{tag} data-slot="{name}"{attributes}>{filled.get(name, "")}</{tag}>'

    hidden = "" if filled.get("later") or not filled else " hidden"
    return f"""<div class="verdict-card">
<p class="verdict-plan"><span>Now</span> {slot("now", "strong")}
<span data-then{hidden}>then {slot("later", "span")}</span></p>
<h3 class="verdict-headline" data-slot="headline" tabindex="-1">{filled.get("headline", "")}</h3>
<div aria-live="off">
<h4>Because</h4>{slot("because", "ul")}
<h4>First moves, this week</h4>{slot("first_moves", "ol")}
<h4>Avoid</h4>{slot("avoid", "p")}
<h4>What would change it</h4>{slot("changes", "ul")}
<p class="verdict-links"><span>Lesson: {slot("lesson", "span")}</span> <span>Snippet: {slot("snippet", "span")}</span>
<span>Sources: {slot("evidence", "span")}</span></p>
<details class="verdict-record"><summary>Decision record, in Markdown</summary>
{slot("record", "pre", ' tabindex="0"')}</details>
</div></div>"""


def items(texts: list[str]) -> str:
    """Return texts as list items."""
    return "".join(f"<li>{escape(text)}</li>" for text in texts)


def changes_of(question, others: list[dict], answers: dict[str, str]) -> str:
    """Return a list item with a link for every other answer to a question."""
    links = []
    for other in others:
        changed = {**answers, question.id: other["option"]}
        href = escape(query(changed) + "#" + anchor(changed))
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
