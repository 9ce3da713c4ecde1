"""The block `::: experiment fine-tune-vs-rag-cpu What it found`: a result of the experiment, a table for each question.

The words behind the result's name are its heading. While the result is only announced, the heading and what it will
answer stand in its place.
"""

from collections.abc import Mapping
from xml.etree import ElementTree as etree

from markdown.util import AtomicString

from scripts.extension.evidence.birth_certificate import add_certificate
from scripts.extension.evidence.evidence import MISSING, load, natural
from scripts.extension.evidence.experiment_arms import load_arms
from scripts.extension.evidence.experiment_comparisons import add_comparisons
from scripts.extension.evidence.experiment_questions import QUESTIONS
from scripts.extension.evidence.experiment_tables import keys_of, table
from scripts.extension.evidence.table import add_numbers, add_table, fold, words_of
from scripts.extension.numbers.inline import NOT_YET
from scripts.extension.page import Page
from scripts.measuring import results
from scripts.nearest import nearest

TITLE = "What the experiment found"
NO_ARMS = {"retrieval", "compare"}  # first parts of keys that are no arms


def block(argument: str, page: Page) -> etree.Element:
    """Return the experiment's tables; SiteError for an unknown, stale or bad result and a mistake in its words."""
    name, _, title = argument.partition(" ")
    measured, expected = load(page)
    if name not in measured and name not in expected:
        raise page.error(
            page.line, f"there is no result {name or 'without a name'}; {nearest(name, [*measured, *expected])}"
        )
    box = etree.Element("div", {"class": "evidence experiment"})
    etree.SubElement(box, "h2", {"id": name}).text = AtomicString(title.strip() or TITLE)
    if name in measured:
        add_result(box, measured[name], page)
    else:
        add_announced(box, page)
    return box


def add_announced(box: etree.Element, page: Page) -> None:
    """Say what the experiment will answer."""
    arms = load_arms(page, ())
    link = etree.SubElement(etree.SubElement(box, "p"), "a", {"href": f"#{MISSING}"})
    link.text, link.tail = AtomicString(NOT_YET.capitalize()), AtomicString(f". With {len(arms)} arms, it will answer:")
    listed = etree.SubElement(box, "ul")
    for question in QUESTIONS:
        etree.SubElement(listed, "li").text = AtomicString(question.asks)


def add_result(box: etree.Element, result: results.Result, page: Page) -> None:
    """Add a table for each question, each with its numbers by seed in a fold, and how all of it was made."""
    arms = {key.partition(".")[0] for key in result.measured if "." in key} - NO_ARMS
    labels = {arm: entry["label"] for arm, entry in load_arms(page, sorted(arms)).items()}
    order = {arm: place for place, arm in enumerate(labels)}
    rest = sorted(result.measured, key=lambda key: (order.get(key.partition(".")[0], -1), natural(key)))
    compared = add_comparisons(box, result, labels, page)
    rest = [key for key in rest if key not in compared]
    for question in QUESTIONS:
        if answer := table(question, result.measured, labels, result.stem):
            etree.SubElement(box, "h3", {"id": f"{result.stem}-{question.id}"}).text = question.title
            add_table(box, answer)
            keys = keys_of(question, rest)
            add_numbers(fold(box, "By seed"), result, keys, make_labeller(labels), question.title)
            rest = [key for key in rest if key not in keys]
    if rest:
        add_numbers(fold(box, f"All other numbers: {len(rest)}"), result, rest, make_labeller(labels), "Other numbers")
    etree.SubElement(box, "h3", {"id": f"{result.stem}-made"}).text = "How it was made"
    add_certificate(box, result, page)


def make_labeller(labels: Mapping[str, str]):
    """Return a function that words a number, with the label of its arm in place of the name."""

    def label(key: str, number: dict) -> str:
        arm, words = key.partition(".")[0], words_of(number)
        return labels[arm] + words.removeprefix(arm) if arm in labels and words.startswith(arm) else words

    return label
