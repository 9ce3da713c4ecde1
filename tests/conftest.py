"""What the tests share: built sites, a host and a browser for each worker, and pages that must stay silent.

The tests run in several processes. What is big is made once for all of them, by whoever needs it first, and each worker
serves a copy of the site that bears its own address. `--quick` leaves out what needs a browser, torch or seconds.
"""

import fcntl
import os
import re
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # before torch: spinning threads halve the speed on shared cores
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # there is a worker for every core

import pytest
from playwright.sync_api import sync_playwright

from scripts.bootstrap import CHROMIUM
from scripts.build import build
from scripts.publishing.static_host import StaticHost
from scripts.runtime import build_runtime
from tests.heavy import needs_torch

# Started in the background, a shell's children ignore Ctrl-C, and theirs too; the tests send it and mean it.
signal.signal(signal.SIGINT, signal.default_int_handler)
ROOT = Path(__file__).resolve().parent.parent
RUN = os.environ.setdefault("TEST_RUN", str(os.getpid()))  # the same in every worker: they inherit it
SHARED = ROOT / "build" / f"test-{RUN}"
SITE = SHARED / f"site-of-{os.environ.get('PYTEST_XDIST_WORKER', 'all')}"
ANYWHERE = "https://anywhere.example"  # stands in a built site for the address of a host
SUB_PATH = "/docs/decision"
TEXTS = (".html", ".json", ".md", ".txt", ".xml")
REPORT = pytest.StashKey[str]()  # how the pages read, for the end of the run
# Without these a browser on a closed network keeps asking its maker's hosts.
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def pytest_addoption(parser):
    parser.addoption("--quick", action="store_true", help="only what needs no browser, no torch and no seconds")


def pytest_ignore_collect(collection_path, config):
    """With --quick, do not even read a test file that imports torch: that alone takes seconds."""
    quick = config.getoption("--quick") and collection_path.suffix == ".py"
    return True if quick and needs_torch(collection_path, set()) else None


def pytest_collection_modifyitems(config, items):
    """Fast files first, browsers last: a typing mistake should not wait for Chromium.

    A file stays together, as a worker takes a whole one. Of the slow files the long ones go first, so that no worker is
    left alone with one in the end.
    """
    sizes = Counter(item.path for item in items)
    weights = {path: int(needs_torch(path, set())) for path in sizes}
    for item in items:
        weight = 2 * ("browser" in item.keywords) + ("slow" in item.keywords)
        weights[item.path] = max(weight, weights[item.path])
    if config.getoption("--quick"):
        slow = [item for item in items if {"browser", "slow"} & set(item.keywords)]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]

    def place(item) -> tuple[int, int, int]:
        heavy = weights[item.path]
        return (1, -heavy, -sizes[item.path]) if heavy else (0, 0, 0)

    items.sort(key=place)


def pytest_sessionfinish(session):
    """Hand a worker's report on how the pages read to the main process, which clears up behind all."""
    if output := getattr(session.config, "workeroutput", None):
        output["report"] = session.config.stash.get(REPORT, "")
    else:
        shutil.rmtree(SHARED, ignore_errors=True)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    if told := getattr(node, "workeroutput", {}).get("report"):
        node.config.stash[REPORT] = told


def pytest_terminal_summary(terminalreporter, config):
    """Report how long and how hard the pages are, where the site was built. Nothing is enforced."""
    if told := config.stash.get(REPORT, ""):
        terminalreporter.section("how the pages read")
        terminalreporter.write_line(told)


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Keep other workers out of what has this name."""
    SHARED.mkdir(parents=True, exist_ok=True)
    with (SHARED / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def built(address: str | None) -> Path:
    """Return the whole site as built for an address, or for none; built once for all workers. Do not write there."""
    folder = SHARED / (re.sub(r"\W+", "-", address).strip("-") if address else "no-address")
    with alone(folder.name):
        if not folder.is_dir():
            build(folder, address)
    return folder


def moved(folder: Path, to: Path, old: str, new: str) -> Path:
    """Copy a built site for another address; return where the copy is."""
    shutil.copytree(folder, to, dirs_exist_ok=True)
    for file in to.rglob("*"):
        if file.suffix in TEXTS and old in (text := file.read_text(encoding="utf-8")):
            file.write_text(text.replace(old, new), encoding="utf-8")
    return to


@pytest.fixture(scope="session")
def runtime():
    """The folder that the browser's Python boots from, already compressed: the first time takes many seconds."""
    with alone("runtime"):
        folder = build_runtime()
        with StaticHost({"/": folder}) as host:
            for file in folder.iterdir():
                assert host.size(f"/{file.name}", "br")
    return folder


@pytest.fixture(scope="session")
def host(runtime):
    """The site as a static host serves it, at the root and under a sub-path; `host.faults` breaks files."""
    with StaticHost({"/": SITE, SUB_PATH: SITE}) as host:
        moved(built(f"{ANYWHERE}/"), SITE, ANYWHERE, host.address)
        yield host


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


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """The folder of a tiny random model, with the tokenizer of the one that readers run."""
    from tests.tiny_model import make_tiny_model  # here: imports torch

    return make_tiny_model(tmp_path_factory.mktemp("model"))
