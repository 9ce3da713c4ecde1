"""The block `::: bars few-shot`: a chart of measured shares, described in `docs/_data/charts/few-shot.yml`.

title: its name for who cannot see it; description: what it shows; caption: a sentence under it. solid, hatched: what
the two kinds of bars show. groups: list of {name, rows}, each row {label, solid and/or hatched: `result:key`}. Values
are shares, 0 to 1. While a result is only announced, the page says "not measured yet" in place of the chart.
"""

from html import escape
from xml.etree import ElementTree as etree

from scripts import results
from scripts.extension import bar_chart
from scripts.extension.authored import Entries, check_fields, load_figure
from scripts.extension.measured import load_expected, not_yet
from scripts.extension.page import Page
from scripts.nearest import nearest

FOLDER = "docs/_data/charts"
TEXTS = {"title": str, "description": str, "caption": str, "groups": list}
KINDS = dict.fromkeys(bar_chart.KINDS, str)


def block(argument: str, page: Page) -> etree.Element | str:
    """Return the chart; SiteError with file and line for a mistake, an unknown key or a stale result."""
    data = load_figure(FOLDER, argument, TEXTS, KINDS, page)
    for group in data["groups"]:
        check_fields(group, "groups", {"name": str, "rows": list}, {}, data)
        for entry in group["rows"]:
            check_row(entry, data, group)
    rows = [entry for group in data["groups"] for entry in group["rows"]]
    if awaited := announced([entry[kind] for entry in rows for kind in KINDS if kind in entry], page):
        return not_yet(awaited, page)
    groups = [(group["name"], [row(entry, data, page) for entry in group["rows"]]) for group in data["groups"]]
    keys = ", ".join(f"{bar_chart.key_of(kind)} {escape(data[kind])}" for kind in KINDS if kind in data)
    caption = f"{keys}. {escape(data['caption'])} Bars from 0 to 1, with 95 % intervals where there are any."
    return bar_chart.draw(argument, data["title"], data["description"], caption, groups)


def check_row(entry: Entries, chart: Entries, group: Entries) -> None:
    """Raise SiteError unless a row has a label and bars whose kinds the chart explains."""
    check_fields(entry, "rows", {"label": str}, KINDS, group)
    kinds = [kind for kind in KINDS if kind in entry]
    if not kinds:
        raise entry.error(f"{entry['label']} has no bar; give it {' or '.join(KINDS)}")
    for kind in kinds:
        if kind not in chart:
            raise entry.error(f"the chart does not say what {kind} bars show; add {kind} at its top", kind)


def announced(keys: list[str], page: Page) -> str:
    """Return the first result named by these keys that is announced and not made yet; empty where there is none."""
    try:
        made, expected = results.load(page.root), load_expected(page.root)
    except (results.StaleResult, results.BadResult) as error:
        raise page.error(page.line, str(error)) from None
    names = (key.partition(":")[0] for key in keys)
    return next((name for name in names if name in expected and name not in made), "")


def row(entry: Entries, chart: Entries, page: Page) -> bar_chart.Row:
    """Return one row with its measured bars."""
    bars = [(chart[kind], measured(entry, kind, page), kind) for kind in KINDS if kind in entry]
    return bar_chart.Row(entry["label"], bars)


def measured(entry: Entries, kind: str, page: Page) -> dict:
    """Return the measurement that a row names."""
    name, _, key = entry[kind].partition(":")
    try:
        made = results.load(page.root)
        if name not in made:
            raise results.UnknownResult(f"there is no result {name}; {nearest(name, made)}")
        one = made[name].value(key)
    except (results.StaleResult, results.UnknownResult, results.BadResult) as error:
        raise entry.error(str(error), kind) from None
    if not 0 <= one["value"] <= 1:
        raise entry.error(f"{entry[kind]} is {one['value']}, and a bar goes from 0 to 1", kind)
    return one
