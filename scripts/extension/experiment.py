"""The block `::: experiment fine-tune-vs-rag-cpu closed-book`: one table of the experiment, from its result file.

The tables: `closed-book`, `with-pages` and `cost`; `chart` is a picture (`experiment_chart.py`). A result that is only
announced gives "not measured yet"; a key that the result lacks gives an empty cell, as an arm may not have it.
"""

from html import escape
from xml.etree import ElementTree as etree

from markdown.util import AtomicString

from scripts import results
from scripts.extension import experiment_chart
from scripts.extension.measured import NOT_YET, load_expected
from scripts.extension.page import Page
from scripts.nearest import nearest

# arm -> how a reader would call it
ARMS = {
    "base": "Base model",
    "constrained": "Constrained decoding",
    "few-shot": "Examples in the prompt",
    "few-shot-constrained": "Examples and constrained decoding",
    "lora-documents": "LoRA on the documents",
    "full-documents": "Full fine-tuning on the documents",
    "lora-questions": "LoRA on questions about half of the facts",
    "lora-behaviour": "LoRA on the behaviour",
    "qlora-behaviour": "QLoRA on the behaviour",
    "distilled": "Distilled student",
}
WITH_PAGES = {arm: "rag" if arm == "base" else f"{arm}-rag" for arm in ARMS}
# table -> caption and columns: heading -> end of the key
CLOSED_BOOK = {
    "Private facts right": "facts-right",
    "Wrong, and it sounds right": "fluent-but-wrong",
    "Own sentence completed": "completed",
    "Valid JSON": "valid-format",
    "Public facts kept": "public-kept",
    "Changed facts right": "after-change.changed-facts-right",
}
PAGES = {
    "Private facts right": "facts-right",
    "Valid JSON": "valid-format",
    "Source right": "source-right",
    "Right, given the right page": "given-right-page",
    "Changed page followed": "context-used",
    "Changed facts right, new index": "after-change.changed-facts-right",
    "The same, old index": "after-change-old-index.changed-facts-right",
}
COST = {
    "Trained weights": "trainable-parameters",
    "Share of all": "trainable-share",
    "Saved file, bytes": "file-bytes",
}
TABLES = ("chart", "closed-book", "with-pages", "cost")


def block(argument: str, page: Page) -> etree.Element | str:
    """Return a table or the chart of one result, or a link that says that it is not measured yet."""
    name, _, table = argument.partition(" ")
    if table not in TABLES:
        raise page.error(page.line, f"{table!r} is no table of an experiment; {nearest(table, TABLES)}")
    try:
        made, expected = results.load(page.root), load_expected(page.root)
    except (results.StaleResult, results.BadResult) as error:
        raise page.error(page.line, str(error)) from None
    if name not in {*made, *expected}:
        raise page.error(page.line, f"there is no result {name}; {nearest(name, [*made, *expected])}")
    if name not in made:
        paragraph = etree.Element("p")
        link = etree.SubElement(paragraph, "a", {"class": "measured", "href": page.link(f"evidence.md#{name}")})
        link.text = AtomicString(NOT_YET.capitalize())
        return paragraph
    result = made[name]
    if table == "chart":
        return experiment_chart.draw(result, ARMS, WITH_PAGES)
    rows = {
        "closed-book": [(ARMS[arm], f"arms.{arm}") for arm in ARMS],
        "with-pages": [(f"{ARMS[arm]} + RAG", f"arms.{WITH_PAGES[arm]}") for arm in ARMS],
        "cost": [(ARMS[arm], f"tuning.{arm}") for arm in ARMS],
    }[table]
    columns = {"closed-book": CLOSED_BOOK, "with-pages": PAGES, "cost": COST}[table]
    rows = [(label, start) for label, start in rows if any(key.startswith(f"{start}.") for key in result.measured)]
    return draw_table(result, table, rows, columns)


def draw_table(result: results.Result, table: str, rows: list[tuple[str, str]], columns: dict[str, str]) -> str:
    """Return a table in a box that scrolls, with the interval under each share."""
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in columns)
    body = ""
    for name, start in rows:
        cells = "".join(cell(result.measured.get(f"{start}.{end}")) for end in columns.values())
        body += f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>'
    label = escape(table.replace("-", " "))
    head = f'<thead><tr><th scope="col">Model</th>{head}</tr></thead>'
    return f'<div class="experiment"><table aria-label="{label}">{head}<tbody>{body}</tbody></table></div>'


def cell(one: dict | None) -> str:
    """Return one measured value as a table cell; an empty one where there is none."""
    if one is None:
        return "<td></td>"
    spread = ""
    if {"low", "high"} <= set(one):
        spread = f"<small>{results.shown(one['low'])} to {results.shown(one['high'])}</small>"
    value = results.shown(one["value"])
    return f'<td><data value="{one["value"]!r}" title="{escape(one["says"])}">{value}</data>{spread}</td>'
