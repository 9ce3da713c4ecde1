"""The block `::: downloads`: a table of all snippets, the zip, and a card for each with what it printed where.

The links are HTML, as the build adds the files after the generator: `scripts/publishing/check.py` sees that they arrive
and that each file has the hash that is stated here.
"""

import hashlib
import posixpath
from html import escape
from xml.etree import ElementTree as etree

from markdown.util import AtomicString

from scripts.downloads.snippet_files import (
    FOLDER,
    LINES,
    UV,
    ZIP,
    DownloadError,
    Snippet,
    archive,
    settings_of,
    size,
    snippets_of,
)
from scripts.extension.code.source_code import fenced
from scripts.extension.numbers.inline import NOT_YET, load_expected
from scripts.extension.page import Page
from scripts.measuring import results

MACHINES = {"cpu": "On a CPU", "gpu": "On a GPU"}  # the end of a result's name, and its column


def block(argument: str, page: Page) -> etree.Element:
    """Return all downloads, the zip first; SiteError for a stale or broken result."""
    if argument:
        raise page.error(page.line, "downloads takes no argument")
    try:
        measurements, expected = results.load(page.root), load_expected(page.root)
        box = etree.Element("div", {"class": "downloads"})
        runs = {snippet: runs_of(snippet, measurements, expected) for snippet in snippets_of(page.root)}
        add_overview(box, runs)
        add_zip(box, archive(page.root), page)
        for snippet in runs:
            add_snippet(box, snippet, runs[snippet], page)
        for name, content in settings_of(page.root).items():
            add_settings(box, name, content, page)
    except (results.StaleResult, results.BadResult, DownloadError) as error:
        raise page.error(page.line, str(error)) from None
    return box


def add_overview(box: etree.Element, runs: dict[Snippet, dict[str, results.Result | None]]) -> None:
    """Add the table of all snippets: what each shows, and how long a whole run takes without and with a GPU."""
    table = etree.SubElement(box, "table", {"class": "overview"})
    head = etree.SubElement(etree.SubElement(table, "thead"), "tr")
    for title in ("Script", "What it shows", *MACHINES.values()):
        etree.SubElement(head, "th", {"scope": "col"}).text = title
    body = etree.SubElement(table, "tbody")
    for snippet, measured in runs.items():
        row = etree.SubElement(body, "tr")
        script = etree.SubElement(etree.SubElement(row, "th", {"scope": "row"}), "a", {"href": f"#{anchor(snippet)}"})
        script.text = AtomicString(snippet.name)
        etree.SubElement(row, "td").text = AtomicString(snippet.shows)
        for machine, title in MACHINES.items():
            etree.SubElement(row, "td", {"data-on": title}).text = minutes(measured, machine)


def minutes(runs: dict[str, results.Result | None], machine: str) -> str:
    """Return how long a whole run took on a kind of machine; empty where nobody means to measure it."""
    on_it = {name: result for name, result in runs.items() if name.endswith(f"-{machine}")}
    for result in filter(None, on_it.values()):
        if "run-seconds" in result.measured:
            return f"{max(1, round(result.measured['run-seconds']['value'] / 60))} min"
    return NOT_YET if on_it else ""


def anchor(snippet: Snippet) -> str:
    """Return the id of a snippet's card."""
    return snippet.name.removesuffix(".py").replace("_", "-")


def add_zip(box: etree.Element, packed: bytes, page: Page) -> None:
    """Add the zip: its link, and how to run what is in it."""
    etree.SubElement(box, "h2", {"id": "all"}).text = "All in one zip"
    box.append(link(ZIP, packed, page))
    add_text(box, "It holds every script, the case that they share, and the list of packages. Unpack it, then:")
    box.append(fenced("\n".join([f"cd {FOLDER}", *LINES]), "sh", page))
    add_text(box, "With uv, one line and nothing to install first:")
    box.append(fenced(UV, "sh", page))


def add_snippet(box: etree.Element, snippet: Snippet, runs: dict[str, results.Result | None], page: Page) -> None:
    """Add one snippet's card: what it shows, how to run it, its link, where it ran; the rest of it folded."""
    box = etree.SubElement(box, "section", {"class": "file-card"})
    heading = etree.SubElement(box, "h2", {"id": anchor(snippet)})
    etree.SubElement(heading, "code").text = AtomicString(snippet.name)
    add_text(box, snippet.shows)
    (command, _), *others = snippet.run_lines
    box.append(fenced(command, "sh", page))
    box.append(link(snippet.name, snippet.content, page))
    add_runs(box, runs, page)
    if others:
        lines = "\n".join(f"{command}  # {remark}" if remark else command for command, remark in others)
        code = f'<pre><code tabindex="0">{escape(lines)}</code></pre>'
        add_html(box, f'<details class="more"><summary>Other ways to run it</summary>{code}</details>', page)
    source = f'<pre><code tabindex="0">{escape(snippet.text)}</code></pre>'
    details = '<details class="source" data-search-exclude>'
    add_html(box, f"{details}<summary>Source of <code>{snippet.name}</code></summary>{source}</details>", page)


def add_settings(box: etree.Element, name: str, content: bytes, page: Page) -> None:
    """Add a file of settings: its link and its text, whose comments say what it is for."""
    box = etree.SubElement(box, "section", {"class": "file-card"})
    heading = etree.SubElement(box, "h2", {"id": name.partition(".")[0].replace("_", "-")})
    etree.SubElement(heading, "code").text = AtomicString(name)
    box.append(link(name, content, page))
    box.append(fenced(content.decode("utf-8").rstrip(), name.rpartition(".")[2], page))


def link(name: str, content: bytes, page: Page, folder: str = FOLDER) -> etree.Element:
    """Return a line with the link to a download in a folder of the site, its size and, folded, its sha256."""
    sha256 = hashlib.sha256(content).hexdigest()
    href = posixpath.join(posixpath.relpath(".", address(page)), folder, name)
    button = f'<a class="md-button" href="{href}" download data-sha256="{sha256}">Download {name}</a>'
    folded = f"<details><summary>sha256</summary><code>{sha256}</code></details>"
    line = etree.Element("div", {"class": "download"})
    line.text = page.md.htmlStash.store(f"{button} <span>{size(len(content))}</span> {folded}")
    return line


def address(page: Page) -> str:
    """Return the folder of the site in which a page is published: `docs/snippets.md` is `snippets/index.html`."""
    return page.path.relative_to(page.docs).with_suffix("").as_posix().removesuffix("index") if page.path else "."


def runs_of(snippet: Snippet, measurements: dict, expected: dict) -> dict[str, results.Result | None]:
    """Return what was measured of a snippet, by the result's name; None for what is only announced."""
    name = snippet.name.removesuffix(".py").replace("_", "-")
    runs = {stem: result for stem, result in measurements.items() if result.name == name}
    return {stem: None for stem in expected if stem.rpartition("-")[0] == name} | runs


def add_runs(box: etree.Element, runs: dict[str, results.Result | None], page: Page) -> None:
    """Add where it ran and for how long, and the table that it printed."""
    run_list = etree.SubElement(box, "ul")
    if not runs:
        etree.SubElement(run_list, "li").text = NOT_YET.capitalize()
    for name, result in sorted(runs.items()):
        item = etree.SubElement(run_list, "li")
        evidence = etree.SubElement(item, "a", {"href": page.link(f"evidence.md#{name}")})
        evidence.text = AtomicString(name)
        evidence.tail = AtomicString(f": {took(result) if result else NOT_YET}.")
    for name, result in sorted(runs.items()):
        if result and result.printed:
            folded = etree.SubElement(box, "details", {"class": "printed"})
            etree.SubElement(folded, "summary").text = AtomicString(f"What it printed ({name})")
            folded.append(fenced(result.printed, "text", page))
            return


def took(result: results.Result) -> str:
    """Say how long a whole run took, and on what."""
    environment, run_time = result.environment, result.measured.get("run-seconds")
    formats = {"gpu": "{}", "cpu": "{}", "threads": "{} threads", "torch": "torch {}"}
    machine = ", ".join(text.format(environment[key]) for key, text in formats.items() if key in environment)
    machine = machine.replace(", 1 threads", ", 1 thread")
    if not run_time:
        return f"measured on {machine}"
    spread = (
        f" ({results.format_number(run_time['min'])} to {results.format_number(run_time['max'])})"
        if "min" in run_time
        else ""
    )
    return f"a whole run took {results.format_number(run_time['value'])} {run_time['unit']}{spread} on {machine}"


def add_text(box: etree.Element, text: str) -> None:
    """Add a paragraph of plain text."""
    etree.SubElement(box, "p").text = AtomicString(text)


def add_html(box: etree.Element, html: str, page: Page) -> None:
    """Add a piece of HTML as it is."""
    etree.SubElement(box, "p").text = page.md.htmlStash.store(html)
