"""Measure the time to the first verdict: `python -m scripts.bench_first_verdict [--rounds 7] [--smoke]`.

Navigation to the first verdict that Python computed, in Chromium, on loopback, with brotli, in a fresh profile each
time. Every round opens the stock page (`loadPyodide()` from npm's files in a module worker, then the quiz's wheel)
and ours (the worker and engine that ship), in turns first; their ratio is what counts, as times are those of one
machine on one day. Then the built site, where there is one: what a page weighs before its quiz is touched.

Progress on stderr; the last line on stdout is one JSON document, which also goes to `results/` (not with --smoke).
"""

import argparse
import json
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Error, Page, sync_playwright

from scripts.bootstrap import CHROMIUM
from scripts.measuring import results
from scripts.measuring.first_verdict import VARIANTS, compare
from scripts.publishing.static_host import StaticHost
from scripts.runtime import RuntimeBuildError, build_runtime
from scripts.runtime.bundle import STOCK

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "site"
PAGES = ROOT / "scripts" / "bench_pages"
QUIZ = ROOT / "docs" / "assets" / "quiz"
NETWORK_FLAGS = ("disable-quic", "disable-background-networking", "disable-component-update", "disable-sync")
FLAGS = [f"--{flag}" for flag in ("no-sandbox", "disable-gpu", "no-first-run", *NETWORK_FLAGS)]
KB = 1e3
MEASURED_CODE = [
    *sorted((ROOT / "scripts" / "runtime").iterdir()),
    *sorted(PAGES.iterdir()),
    QUIZ / "engine.mjs",
    QUIZ / "worker.mjs",
    ROOT / "scripts" / "publishing" / "static_host.py",
    Path(__file__).resolve(),
    ROOT / "scripts" / "measuring" / "first_verdict.py",
    ROOT / "node_modules" / "pyodide" / "package.json",  # names its version; other packages change nothing here
]


class BenchError(Exception):
    """The measurement cannot be made; the message is one line."""


def main(arguments: list[str] | None = None) -> int:
    """Measure, write and print; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="rounds of both variants (default: 7)")
    parser.add_argument("--smoke", action="store_true", help="one round, and nothing written: does it still run?")
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error("--rounds must be at least 1")
    try:
        with sync_playwright() as playwright:
            measured, browser = measure(playwright.chromium, 1 if options.smoke else options.rounds)
    except (BenchError, RuntimeBuildError, Error) as error:
        print(f"bench: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    for key, number in measured.items():
        bound = f"  (limit {number['limit']:g})" if "limit" in number else ""
        bound += "  OVER" if number["value"] > number.get("limit", number["value"]) else ""
        print(f"{key:>28}  {number['value']:>8.3g} {number['unit']}{bound}", file=sys.stderr)
    if not options.smoke:
        path = results.write(
            "first-verdict",
            "cpu",
            command="make bench",
            code=[path for path in MEASURED_CODE if path.is_file()],
            measured=measured,
            notes="Loopback, brotli, a fresh browser profile for every visit. Sizes are of bodies, without headers.",
            packages=["playwright", "brotli"],
            environment={"browser": browser, "rounds": options.rounds},
        )
        print(f"bench: {path.relative_to(ROOT)} written", file=sys.stderr)
    print(json.dumps({"browser": browser, "rounds": 1 if options.smoke else options.rounds, "measured": measured}))
    return 0


def measure(chromium, rounds: int) -> tuple[dict[str, dict], str]:
    """Return all measurements, by key, and the browser's name and version."""
    runtime = build_runtime()
    (wheel,) = runtime.glob("*.whl")
    runs: dict[str, list[dict]] = {variant: [] for variant in VARIANTS}
    with StaticHost({"/": PAGES, "/assets/quiz": QUIZ, "/assets/runtime": runtime, "/stock": STOCK}) as host:
        for number in range(rounds + 1):  # round 0 fills the host's store of compressed files, and is not counted
            for variant in VARIANTS if number % 2 else reversed(VARIANTS):
                with fresh_page(chromium) as page:
                    run = first_verdict(page, host, f"/{variant}.html?wheel=/assets/runtime/{wheel.name}")
                    browser = f"Chromium {page.context.browser.version}"
                if number:
                    runs[variant].append(run)
                    print(f"bench: round {number} of {rounds}: {variant} {run['ms']:.0f} ms", file=sys.stderr)
    if len({run["text"] for variant in VARIANTS for run in runs[variant]}) != 1:
        raise BenchError("the variants gave different verdicts; is the runtime's wheel the quiz as it stands?")
    return {**compare(runs), **weigh_site(chromium)}, browser


@contextmanager
def fresh_page(chromium):
    """Yield a page in a profile that has never been used."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    with tempfile.TemporaryDirectory() as profile:
        context = chromium.launch_persistent_context(profile, executable_path=program, args=FLAGS)
        try:
            yield context.new_page()
        finally:
            context.close()


def first_verdict(page: Page, host: StaticHost, path: str) -> dict:
    """Open a bench page and return its text, ms since navigation, long tasks in ms, and bytes on the wire by coding."""
    host.log.clear()
    page.goto(host.address + path)
    run = json.loads(page.locator("#result").text_content(timeout=120_000))
    if "failed" in run:
        raise BenchError(f"{path} failed: {run['failed']}")
    return {**run, "sizes": {coding: sum(host.size(file, coding) for file in host.log) for coding in ("br", "gzip")}}


def weigh_site(chromium) -> dict[str, dict]:
    """Return what pages of the built site ask for before a quiz is touched; nothing where no site has been built."""
    if not (SITE / "index.html").exists():
        print("bench: no site/ yet, so its pages are not weighed; run: make build", file=sys.stderr)
        return {}
    requests = {}
    with StaticHost({"/": SITE}) as host:
        for path in ("/", "/references/"):
            host.log.clear()
            with fresh_page(chromium) as page:
                page.goto(host.address + path, wait_until="networkidle")
            requests[path] = list(host.log)
        kilobytes = round(sum(host.size(path, "br") for path in requests["/"] if not of_runtime(path)) / KB, 1)
    return {
        "page-before-quiz": {
            "value": kilobytes,
            "unit": "kB",
            "limit": 300,
            "says": "What the decision page, theme included, takes over the wire before Python starts, with brotli.",
        },
        "runtime-requests-without-quiz": {
            "value": sum(map(of_runtime, requests["/references/"])),
            "unit": "requests",
            "limit": 0,
            "says": "Files of the runtime that a page without a quiz asks for.",
        },
    }


def of_runtime(path: str) -> bool:
    """Say whether a path belongs to Python in the browser."""
    return path.startswith("/assets/runtime/") or path.endswith("/worker.mjs")


if __name__ == "__main__":
    sys.exit(main())
