"""What the browser tests share: the built site on a host of its own, a browser, and pages that must stay silent."""

import os
import shutil
import signal
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before torch: spinning threads halve the speed on shared cores

import pytest
from playwright.sync_api import sync_playwright

from scripts.bootstrap import CHROMIUM
from scripts.build import build
from scripts.runtime import build_runtime
from scripts.static_host import StaticHost

# Started in the background, a shell's children ignore Ctrl-C, and theirs too; the tests send it and mean it.
signal.signal(signal.SIGINT, signal.default_int_handler)
ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "build" / f"test-site-{os.getpid()}"
SUB_PATH = "/docs/decision"
REPORT = pytest.StashKey[str]()  # how the pages read, for the end of the run
# Without these a browser on a closed network keeps asking its maker's hosts.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items):
    """Fast tests first, browsers last: a typing mistake should not wait for Chromium."""
    items.sort(key=lambda item: ("browser" in item.keywords) + ("slow" in item.keywords))


def pytest_terminal_summary(terminalreporter, config):
    """Report how long and how hard the pages are, where the site was built. Nothing is enforced."""
    if told := config.stash.get(REPORT, ""):
        terminalreporter.section("how the pages read")
        terminalreporter.write_line(told)


@pytest.fixture(scope="session")
def runtime():
    """The folder that the browser's Python boots from, already compressed: the first time takes many seconds."""
    folder = build_runtime()
    with StaticHost({"/": folder}) as host:
        for file in folder.iterdir():
            assert host.size(f"/{file.name}", "br")
    return folder


@pytest.fixture(scope="session")
def host(runtime):
    """The site as a static host serves it, at the root and under a sub-path; `host.faults` breaks files."""
    with StaticHost({"/": SITE, SUB_PATH: SITE}) as host:
        build(SITE, address=f"{host.address}/")
        yield host
    shutil.rmtree(SITE)


@pytest.fixture(autouse=True)
def whole_host(request):
    """Mend after each test what it broke."""
    yield
    if "host" in request.fixturenames:
        request.getfixturevalue("host").faults.clear()


@pytest.fixture(scope="session")
def chromium():
    """Chromium from the path, else Playwright's own."""
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, host):
    """Open pages of the site in fresh profiles; at the end nothing may have been said on the console.

    `visit("/path", **context)` returns the page; `page.said` has what the console said, for a test that expects
    something there to take it out. No page may ask another host for anything.
    """
    pages = []

    def open_page(path="/", **context):
        page = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **context}).new_page()
        page.said, page.elsewhere = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(f"uncaught: {error}"))
        page.on("request", lambda request: page.elsewhere.append(request.url))
        pages.append(page)
        page.goto(host.address + path)
        return page

    yield open_page
    for page in pages:
        page.context.close()
    for page in pages:
        assert page.said == []
        ours = (host.address, "data:", "blob:")
        assert [url for url in page.elsewhere if not url.startswith(ours)] == []
