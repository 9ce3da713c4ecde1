"""What each chart is on a page: a bold title that says the finding, the picture, its caption, its numbers in a fold."""

from html import escape
from xml.etree import ElementTree as etree

from scripts.extension.charts import plot
from scripts.extension.page import Page

FOLD = """<details class="fold">
<summary>The numbers as a table</summary>
<table class="chart-table">
<thead><tr>{heads}</tr></thead>
<tbody>
{rows}</tbody>
</table>
</details>"""


def figure(form: str, title: str, picture: str, caption: etree.Element, numbers: str, page: Page) -> etree.Element:
    """Return the figure. title: Markdown. picture, numbers: HTML. caption: a figcaption, read as Markdown too."""
    element = etree.Element("figure", {"class": f"chart {form}"})
    etree.SubElement(etree.SubElement(element, "p", {"class": "chart-title"}), "strong").text = title
    etree.SubElement(element, "p").text = page.md.htmlStash.store(f'<div class="chart-drawing">\n{picture}</div>')
    element.append(caption)
    etree.SubElement(element, "p").text = page.md.htmlStash.store(numbers)
    return element


def draw(form: str, name: str, title: str, description: str, data: dict, page: Page) -> str:
    """Return the SVG, see `plot.draw`; SiteError at the block's line when it cannot be drawn."""
    try:
        return plot.draw(form, name, title, description, data)
    except OSError as error:
        raise page.error(page.line, str(error)) from None


def table(heads: list[str], rows: list[list[str]]) -> str:
    """Return the numbers of a chart as a table that unfolds; the first cell of a row names it."""
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>\n'
        for name, *cells in rows
    )
    return FOLD.format(heads="".join(f'<th scope="col">{escape(head)}</th>' for head in heads), rows=body)
