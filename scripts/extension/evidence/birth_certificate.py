"""How a result was made: the command that repeats it, machine, versions, date, hashes, and its runs to download."""

from pathlib import Path
from xml.etree import ElementTree as etree

from markdown.util import AtomicString

from scripts.downloads import run_archives
from scripts.downloads.snippet_files import DownloadError
from scripts.extension.code.downloads import link
from scripts.extension.code.source_code import fenced
from scripts.extension.evidence.table import fold
from scripts.extension.numbers.inline import NOT_YET
from scripts.extension.page import Page
from scripts.measuring import runs
from scripts.measuring.results import Result
from scripts.nearest import nearest

TUNING = "tuning"  # runs that no result is computed from
NAMES = {  # what an environment calls it, and its name here
    "cpu": "Processor",
    "gpu": "GPU",
    "cpus": "Processor cores",
    "threads": "Threads",
    "device": "Device",
    "dtype": "Precision",
    "products": "Products of matrices",
    "model": "Model, and the hash of its weights",
    "embedder": "Embedder, likewise",
    "seeds": "Seeds",
    "platform": "System",
    "python": "Python",
}


def block(argument: str, page: Page) -> etree.Element:
    """Return `::: runs tuning`: the link to the runs of an experiment; SiteError where there are none of that name."""
    known = run_archives.experiments(page.root)
    if argument not in {TUNING, *known}:
        raise page.error(
            page.line, f"there are no runs of {argument or 'nothing'}; {nearest(argument, [TUNING, *known])}"
        )
    box = etree.Element("div", {"class": "evidence"})
    if argument in known:
        add_runs(box, [argument], page)
    else:
        etree.SubElement(box, "p").text = AtomicString(f"{NOT_YET.capitalize()}.")
    return box


def add_runs(box: etree.Element, experiments: list[str], page: Page) -> None:
    """Add the link to the runs of each experiment, with how many there are."""
    for experiment in experiments:
        try:
            recorded, packed = run_archives.runs_of(experiment, page.root), run_archives.archive(experiment, page.root)
        except DownloadError as error:
            raise page.error(page.line, str(error)) from None
        box.append(link(f"{experiment}.zip", packed, page, run_archives.FOLDER))
        kept = run_archives.what_is_kept(recorded)
        words = f"{run_archives.count(recorded)}: {kept}, and how to sum up again."
        etree.SubElement(box, "p", {"class": "runs"}).text = AtomicString(words)


def experiments_of(result: Result) -> list[str]:
    """Return the folders of the runs that a result was computed from."""
    paths = [Path(name) for name in result.code]
    return sorted({path.parent.name for path in paths if path.is_relative_to(runs.RUNS)})


def add_certificate(box: etree.Element, result: Result, page: Page) -> None:
    """Add what a result was made from: the table that was printed, its runs, and the fold that says how."""
    if result.printed:
        fold(box, "The table that it printed").append(fenced(result.printed, "text", page))
    add_runs(box, experiments_of(result), page)
    details = fold(box, "How it was made, and how to repeat it")
    if result.notes:
        etree.SubElement(details, "p").text = AtomicString(result.notes)
    facts = etree.SubElement(details, "ul")
    _fact(facts, "Repeat it", result.command, code=True)
    _fact(facts, "Date", result.date)
    environment = {name: str(value) for name, value in result.environment.items() if value != ""}
    for name, label in NAMES.items():
        if name in environment:
            _fact(facts, label, environment[name])
    if libraries := [f"{name} {version}" for name, version in sorted(environment.items()) if name not in NAMES]:
        _fact(facts, "Versions", ", ".join(libraries))
    files = _fact(facts, "Computed from files with these hashes (sha256, its first twelve digits)", "")
    for path, sha256 in sorted(result.code.items()):
        _fact(files, path, sha256[:12], code=True)


def _fact(facts: etree.Element, label: str, text: str, code: bool = False) -> etree.Element:
    """Add an item; without a text, return a list inside it."""
    item = etree.SubElement(facts, "li")
    item.text = AtomicString(f"{label}: " + ("" if code else text))
    if code:
        etree.SubElement(item, "code").text = AtomicString(text)
    return item if text else etree.SubElement(item, "ul")
