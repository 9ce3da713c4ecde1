"""A page for each verdict, `v/<answers>/`, so that a shared link shows the answer and a picture of it.

It holds the head and the card that stand in the quiz's page, and leads there. It needs no script and is no page of
MkDocs: a new option brings its pages without a file of its own. Search engines are led to the quiz instead.
"""

from collections.abc import Mapping
from html import escape
from pathlib import Path

from quiz import all_answers, decide
from quiz.outcomes import outline
from quiz.questions import QUESTIONS
from scripts.downloads.snippet_files import snippets_of
from scripts.extension.quiz.verdict_card import Site, card, name_of, query
from scripts.extension.sources.citations import load_references

FOLDER = "v"
CARDS = "assets/cards"  # in `docs/` and in the site; `social_card.py` draws what is in it
TITLE = "Fine-tune or RAG?"
STYLES = ("assets/site.css", "assets/quiz/verdict.css", "assets/quiz/verdict-page.css")


def publish(root: Path, site: Path, address: str | None) -> None:
    """Write every page. address: where the site will be; only with it can a page name its picture."""
    for answers in all_answers():
        folder = site / FOLDER / name_of(answers)
        folder.mkdir(parents=True)
        (folder / "index.html").write_text(page(answers, around(root), address), encoding="utf-8")


def around(root: Path) -> Site:
    """Return what a card on such a page has to know of the site."""
    sources = {key: reference.short for key, reference in load_references(root).items()}
    snippets = frozenset(snippet.name for snippet in snippets_of(root))
    return Site(root="../../", sources=sources, snippets=snippets, quiz="../../")


def page(answers: Mapping[str, str], site: Site, address: str | None) -> str:
    """Return the HTML of one verdict's page."""
    title, description = f"{decide(answers).headline} {TITLE}", description_of(answers)
    styles = "".join(f'<link rel="stylesheet" href="{site.root}{style}">' for style in STYLES)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{escape(title)}</title>
<meta name="description" content="{escape(description)}">
{shared(answers, title, description, address)}<link rel="icon" href="{site.root}assets/favicon.svg">
{styles}
</head>
<body>
<main class="md-typeset verdict-page">
<h1><a href="{site.root}">{TITLE}</a></h1>
<section class="verdict-static">{card(dict(answers), site)}</section>
<p><a class="verdict-page-open" href="{site.root}{escape(query(dict(answers)))}">Open in the quiz</a></p>
</main>
</body>
</html>
"""


def description_of(answers: Mapping[str, str]) -> str:
    """Return the plan and the answers that it is for, in a sentence each."""
    verdict = decide(answers)
    chosen = "; ".join(
        f"{question.name.lower()}: {question.option(answers[question.id]).short}" for question in QUESTIONS
    )
    return f"{outline(verdict.now, verdict.later)} The answers: {chosen}. With reasons and first moves."


def shared(answers: Mapping[str, str], title: str, description: str, address: str | None) -> str:
    """Return what is shown where a link to the page is shared; nothing while nobody knows the site's address."""
    if not address:
        return ""
    here = f"{address.rstrip('/')}/"
    named = {
        "og:type": "article",
        "og:title": title,
        "og:description": description,
        "og:url": f"{here}{FOLDER}/{name_of(answers)}/",
        "og:image": f"{here}{CARDS}/{name_of(answers)}.png",
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": f"{TITLE} {outline(*plan(answers))} {decide(answers).headline}",
    }
    tags = "".join(f'<meta property="{name}" content="{escape(text)}">\n' for name, text in named.items())
    return f'{tags}<meta name="twitter:card" content="summary_large_image">\n'


def plan(answers: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return what to do now and what comes later."""
    verdict = decide(answers)
    return verdict.now, verdict.later
