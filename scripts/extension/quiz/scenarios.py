"""The block `::: scenarios`: situations of `docs/_data/scenarios.yml`, each with the verdict that the quiz gives on it.

The file is a list of {id, says, reflex, answers, first, why}: the situation as one would say it, the wrong reflex, an
answer to each question of the quiz by its id, the right first step and its reason. The texts are Markdown with
citations. The verdict is never written there; `quiz.decide` computes it.
"""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from xml.etree import ElementTree as etree

from quiz import AnswerError, decide
from quiz.outcomes import outline
from quiz.questions import QUESTIONS
from scripts.extension.data_file import Entries, load
from scripts.extension.numbers.inline import RESULT
from scripts.extension.numbers.loose_numbers import figures
from scripts.extension.page import Page
from scripts.extension.quiz.verdict_card import QUIZ, anchor, query
from scripts.extension.sources.citations import NO_NUMBERS, keys_in, load_references

FILE = "docs/_data/scenarios.yml"
TEXTS = ("says", "reflex", "first", "why")


def block(argument: str, page: Page) -> etree.Element:
    """Return the list of situations; their texts are still Markdown."""
    if argument:
        raise page.error(page.line, "scenarios takes no argument")
    path = page.root / FILE
    entries = load(path, page.root, "scenarios")
    page.data.append(path)
    check(entries, page)
    situations = etree.Element("ol", {"class": "scenarios"})
    for entry in entries:
        situations.append(item(entry, page))
    return situations


def check(entries: list, page: Page) -> None:
    """Raise SiteError with file and line of the first mistake."""
    seen: dict[str, int] = {}
    references = load_references(page.root)
    for entry in entries:
        name = entry["id"]
        if name in seen:
            raise entry.error(f"the id {name} is also on line {seen[name]}; choose another", "id")
        seen[name] = entry.lines["id"]
        try:
            decide(entry["answers"])
        except AnswerError as error:
            raise entry["answers"].error(f"{name}: {error}", error.question) from None
        for field in TEXTS:
            keys, numbers = keys_in(entry[field]), figures(entry[field])
            weak = all(key in references and references[key].verified in NO_NUMBERS for key in keys)
            if numbers and weak and not RESULT.search(entry[field]):
                raise entry.error(f"{name}: loose number {numbers[0]!r}; cite a source that we read beside it", field)


def item(entry: Entries, page: Page) -> etree.Element:
    """Return one situation as a list item that unfolds, so that a reader can answer first."""
    element = etree.Element("li", {"id": f"scenario-{entry['id']}"})
    box = etree.SubElement(element, "details", {"class": "scenario"})
    etree.SubElement(box, "summary").text = f"“{entry['says']}”"
    for label, text in (("Reflex", entry["reflex"]), ("First", entry["first"]), ("Why", entry["why"])):
        paragraph = etree.SubElement(box, "p")
        etree.SubElement(paragraph, "b").text = f"{label}:"
        etree.SubElement(paragraph, "span").text = f" {text}"
    # As HTML: MkDocs would look for the verdicts' ids among the headings; `publishing.check` looks at the whole page.
    line = etree.SubElement(box, "p", {"class": "scenario-verdict"})
    line.text = page.md.htmlStash.store(verdict_line(entry["answers"], entry["says"]))
    return element


def verdict_line(answers: dict[str, str], says: str) -> str:
    """Return the answers and where they lead, linked to the verdict as it stands in the page and to the quiz.

    Where the quiz does not run, the first link shows the verdict: its target keeps the theme from fetching the page by
    script, which would leave the browser without the anchor. Where it runs, both put the answers into the quiz.
    """
    verdict, link = decide(answers), escape(query(answers))
    chosen = "; ".join(f"{question.name}: {question.option(answers[question.id]).short}" for question in QUESTIONS)
    plan = escape(outline(verdict.now, verdict.later).removesuffix("."))
    return (
        f'<span>{escape(chosen)}.</span> <a href="{link}#{anchor(answers)}" target="_self"><strong>{plan}</strong></a> '
        f'<a class="scenario-open" href="{link}#{QUIZ}" aria-label="Open in the quiz: {escape(says)}">'
        "Open in the quiz</a>"
    )


def cites(argument: str, root: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Yield what the situations cite; they are no section of their own."""
    yield "", "", keys_in((root / FILE).read_text(encoding="utf-8"))
