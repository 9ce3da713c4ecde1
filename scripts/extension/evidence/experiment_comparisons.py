"""The paired comparisons of the experiment: `scripts/experiment.toml` says which, the result what came out.

What each asks stands in `docs/_data/comparisons.yml`, and so do the sentences that the protocol fixed for an outcome.
The outcome is told by the interval: clear of zero or not; p after Holm is told where it disagrees.
"""

import tomllib
from collections.abc import Mapping
from xml.etree import ElementTree as etree

from scripts.extension.data_file import Entries, load
from scripts.extension.evidence.table import Cell, Row, Table, add_table, fold, place, points
from scripts.extension.page import Page
from scripts.measuring import results
from scripts.nearest import nearest

PLAN = "scripts/experiment.toml"
FILE = "docs/_data/comparisons.yml"
OUTCOMES = ("first", "second", "unclear")
TITLE = "Comparisons"
ASKS = "Which differences are shown?"
NOTE = (
    "Percentage points, the second minus the first on the same questions, 95 % interval in brackets. "
    "Primary ones decide what this site says; p is corrected within each family."
)
NOTE_ALL = "Only the second, only the first: questions that only one of the two has right."
SURE = 0.05  # of p after Holm
LEAST = 0.001  # a smaller p is printed so
CELLS = {
    "closed_book": "without a page",
    "retrieved": "with the page retrieved",
    "top_3": "with three pages retrieved",
    "right_page": "with the right page",
    "changed": "with the page retrieved from the new index",
    "old_index": "with the page retrieved from the old index",
    "closed_book_later": "without a page",
}
SETS = {
    "now": "",
    "later": " after the change",
    "later-changed": ", of those that changed",
    "later-kept": ", of those that did not change",
}
METRICS = {"right": "facts right", "valid_json": "replies in the asked form", "source": "sources right"}
COMPARED = "The second minus the first"
ALL = {
    "difference": "Difference",
    "won": "Only the second",
    "lost": "Only the first",
    "p": "p",
    "p-holm": "p after Holm",
}
NEEDS = {"needs": "Questions to show five points"}


def add_comparisons(box: etree.Element, result: results.Result, labels: Mapping[str, str], page: Page) -> list[str]:
    """Add the comparisons of a result and a fold with all their numbers; return the keys that stand there."""
    plan = [pair for pair in read_plan(page) if f"compare.{pair['name']}.difference" in result.measured]
    if not plan:
        return []
    sentences = load_sentences(page, [pair["name"] for pair in read_plan(page)])
    etree.SubElement(box, "h3", {"id": f"{result.stem}-comparisons"}).text = TITLE
    shown: dict[str, list[Row]] = {}
    whole: dict[str, list[Row]] = {}
    for pair in plan:
        name, family = pair["name"], pair["family"].capitalize()
        if name not in sentences:
            raise sentences.error(f"the comparison {name} was measured and asks nothing here")
        numbers = {end: result.measured.get(f"compare.{name}.{end}") for end in (*ALL, *NEEDS)}
        says, asks = words(numbers, pair, labels, sentences[name]), sentences[name]["asks"]
        difference = Cell(points(numbers["difference"]))
        row = f"{result.stem}-compare-{name}"
        shown.setdefault(family, []).append(Row(asks, [difference], row, says, describe_comparison(pair, labels)))
        cells = [
            Cell(format_cell(end, number), place(result.stem, f"compare.{name}.{end}") if number else "")
            for end, number in numbers.items()
        ]
        whole.setdefault(family, []).append(Row(asks, cells))
    add_table(box, Table(TITLE, ASKS, NOTE, [COMPARED, "Difference"], shown))
    heads = [COMPARED, *(ALL | NEEDS).values()]
    asks = "Every comparison with all its numbers."
    add_table(fold(box, "All columns"), Table(f"{TITLE}, all columns", asks, NOTE_ALL, heads, whole))
    return [key for pair in plan for key in result.measured if key.startswith(f"compare.{pair['name']}.")]


def read_plan(page: Page) -> list[dict]:
    """Return the comparisons that are planned."""
    path = page.root / PLAN
    return tomllib.loads(path.read_text(encoding="utf-8"))["comparison"] if path.is_file() else []


def load_sentences(page: Page, names: list[str]) -> Entries:
    """Return what each comparison asks, with sentences for some outcomes; SiteError for one that is not planned."""
    data = load(page.root / FILE, page.root, "comparisons")
    page.data.append(page.root / FILE)
    for name in data:
        if name not in names:
            raise data.error(f"there is no comparison {name} in {PLAN}; {nearest(name, names)}", name)
    return data


def describe_comparison(pair: Mapping, labels: Mapping[str, str]) -> str:
    """Say which versions are compared, and what is counted."""
    first, second = (f"{labels[arm]}, {CELLS[cell]}" for arm, cell in (pair[side].split() for side in OUTCOMES[:2]))
    return f"{second}, minus {in_sentence(first)}: {METRICS[pair['metric']]}{SETS[pair['set']]}."


def in_sentence(label: str) -> str:
    """Return a label as it stands within a sentence; a name such as LoRA stays what it is."""
    rest = label[1:].partition(" ")[0]
    return label[0].lower() + label[1:] if rest == rest.lower() else label


def words(numbers: Mapping[str, dict], pair: Mapping, labels: Mapping[str, str], sentences: Mapping[str, str]) -> str:
    """Say what came out: in the protocol's own sentence where it has one."""
    difference = numbers["difference"]
    outcome = "second" if difference["low"] > 0 else "first" if difference["high"] < 0 else "unclear"
    if outcome == "unclear":
        default = "No difference is shown."
    else:
        arm, _, cell = pair[outcome].partition(" ")
        default = f"Ahead: {in_sentence(labels[arm])}, {CELLS[cell]}."
    sentence = sentences.get(outcome, default)
    if outcome != "unclear" and numbers["p-holm"] and numbers["p-holm"]["value"] > SURE:
        sentence += " After Holm's correction this is no longer sure."
    return sentence


def format_cell(end: str, number: dict | None) -> str:
    """Return a number of a comparison as the table of all columns prints it."""
    if not number:
        return ""
    if end in ("p", "p-holm"):
        return f"{number['value']:.2g}" if number["value"] >= LEAST else f"<{LEAST}"
    return points(number) if end == "difference" else results.format_number(number["value"])
