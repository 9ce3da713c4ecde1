"""The block `::: map fine-tune-vs-rag-cpu What the picture shows`: where each change moves the model, from a result.

What stands on it is described in `docs/_data/map.yml`: `points`, each a {cell, label, role}, and `arrows` between them.
A cell's place is two shares of the result, such as `<cell>.valid-json` across and `<cell>.right` up. The words after
the result's name are the bold title; a number in them is a `[=result:key]`. While the result is only announced, the
page says "not measured yet" in place of the picture.
"""

from html import escape
from xml.etree import ElementTree as etree

from scripts.extension.charts import figure
from scripts.extension.charts.map_points import ROLES, Point, load_data, ranked, read
from scripts.extension.data_file import Entries
from scripts.extension.numbers.inline import RESULT, load_expected, not_yet
from scripts.extension.numbers.loose_numbers import figures
from scripts.extension.numbers.percent import NO_BREAK, percent, with_interval
from scripts.extension.page import Page
from scripts.measuring import results
from scripts.nearest import nearest


def block(argument: str, page: Page) -> etree.Element:
    """Return the figure; SiteError with file and line for a mistake, an unknown key or a stale result."""
    name, _, title = argument.partition(" ")
    if loose := figures(RESULT.sub("", title)):
        raise page.error(page.line, f"the title holds {loose[0]!r}, which may go stale; write [=result:key]")
    data = load_data(page)
    try:
        measured, expected = results.load(page.root), load_expected(page.root)
    except (results.StaleResult, results.BadResult) as error:
        raise page.error(page.line, str(error)) from None
    if name in expected and name not in measured:
        return not_yet(name, page)
    if name not in measured:
        raise page.error(page.line, f"there is no result {name}; {nearest(name, [*measured, *expected])}")
    points = [read(entry, data, measured[name]) for entry in data["points"]]
    axes = (data["up"], data["across"])
    rows = [[point.label, *map(with_interval, (point.up, point.across))] for point in ranked(points)]
    return figure.figure(
        "map",
        title.strip() or data["title"],
        picture(data, points, name, page),
        caption(data, points, name, page),
        figure.table(["Model", *(axis["name"] for axis in axes)], rows),
        page,
    )


def picture(data: Entries, points: list[Point], name: str, page: Page) -> str:
    """Return the drawing, and the list of what has only a number in its narrow form."""
    up, across = data["up"], data["across"]

    def values(point: Point, as_text) -> str:
        return f"{up['short']} {as_text(point.up)}, {across['short']} {as_text(point.across)}"

    def whole(share: dict) -> str:
        return percent(share["value"])

    connected = {arrow[end] for arrow in data["arrows"] for end in ("from", "to")}
    numbered = [point for point in ranked(points) if point.cell not in connected]
    drawn = [
        {
            "key": point.cell,
            "label": point.label,
            "value": values(point, whole),
            "role": point.role,
            "number": numbered.index(point) + 1 if point in numbered else 0,
            **point.place,
        }
        for point in points
    ]
    labels = {point.cell: point.label for point in points}
    places = "; ".join(f"{point.label}: {values(point, with_interval)}" for point in points)
    arrows = "; ".join(f"{labels[arrow['from']]} to {labels[arrow['to']]}" for arrow in data["arrows"])
    description = (
        f"Across: {across['name']}. Up: {up['name']}. In brackets: 95{NO_BREAK}% intervals. {places}. Arrows: {arrows}."
    )
    chart = {"across": across["name"], "up": up["name"], "points": drawn, "arrows": [dict(a) for a in data["arrows"]]}
    key = "".join(f"<li>{escape(point.label)}: {escape(values(point, whole))}</li>\n" for point in numbered)
    svg = figure.draw("map", f"map-{name}", data["title"], description, chart, page)
    return f'{svg}<ol class="chart-key">\n{key}</ol>\n' if key else svg


def caption(data: Entries, points: list[Point], name: str, page: Page) -> etree.Element:
    """Return the caption: what a mark is, what its sign and its lines stand for, and where it was measured."""
    figcaption = etree.Element("figcaption")
    figcaption.text = f"{data['caption']} "
    used = [role for role in ROLES if role in {point.role for point in points}]
    for role in used:
        sign, meaning = ROLES[role]
        key = etree.SubElement(figcaption, "span", {"class": f"key {role}"})
        etree.SubElement(key, "span", {"aria-hidden": "true"}).text = sign
        key[0].tail = f" {meaning}"
        key.tail = ", " if role != used[-1] else f". Thin lines: 95{NO_BREAK}% intervals. "
    link = etree.SubElement(figcaption, "a", {"href": page.link(f"evidence.md#{name}")})
    link.text, link.tail = "How it was measured", "."
    return figcaption
