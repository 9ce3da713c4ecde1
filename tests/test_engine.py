"""The engine and its worker by themselves: a page with nothing else, under a strict policy, below a sub-path."""

import json

import pytest

from quiz.api import reply
from scripts.publishing.static_host import Fault, StaticHost
from scripts.runtime.bundle import ROOT
from scripts.runtime.exercise import requests

pytestmark = pytest.mark.browser

STRICT = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'"
PAGE = '<!doctype html><title>Engine</title><script type="module" src="page.mjs"></script>'
MODULE = """
import * as engine from "./assets/quiz/engine.mjs";
globalThis.engine = engine;
globalThis.states = [];
engine.subscribe((state) => states.push(state));
globalThis.settled = (phase) =>
  new Promise((resolve) => engine.subscribe((state) => state.phase === phase && resolve(state)));
globalThis.outcome = (promise) => promise.then((text) => ({ text }), (error) => ({ reason: error.message }));
"""
REQUEST = '{"answers": {"tried": "yes", "gap": "facts", "scale": "ordinary"}}'


@pytest.fixture(scope="module")
def folders(tmp_path_factory, runtime):
    page = tmp_path_factory.mktemp("page")
    (page / "index.html").write_text(PAGE)
    (page / "page.mjs").write_text(MODULE)
    quiz = ROOT / "docs" / "assets" / "quiz"
    return {"/a/site": page, "/a/site/assets/quiz": quiz, "/a/site/assets/runtime": runtime}


@pytest.fixture
def open_engine(chromium, folders):
    """Open the page in a fresh profile under a policy; nothing uncaught may be left at the end."""
    opened = []

    def open_page(policy=STRICT):
        host = StaticHost(folders, {"Content-Security-Policy": policy} if policy else None).__enter__()
        page = chromium.new_context().new_page()
        page.uncaught, page.host = [], host
        page.on("pageerror", lambda error: page.uncaught.append(str(error)))
        page.on(
            "request", lambda request: page.uncaught.append(request.url) if host.address not in request.url else None
        )
        page.on("console", lambda said: page.uncaught.append(said.text) if "Uncaught" in said.text else None)
        opened.append(page)
        page.goto(f"{host.address}/a/site/")
        page.wait_for_load_state("networkidle")
        return page

    yield open_page
    for page in opened:
        page.context.close()
        page.host.__exit__()
    for page in opened:
        assert page.uncaught == []


def test_a_shipped_python_answers_every_request_under_a_strict_policy(open_engine):
    page = open_engine()
    assert page.evaluate("states") == [{"phase": "idle"}] and not page.workers
    answers = page.evaluate("(texts) => Promise.all(texts.map(engine.ask))", requests())
    assert answers == [reply(text) for text in requests()]
    assert page.evaluate("states") == [{"phase": "idle"}, {"phase": "loading"}, {"phase": "ready", "python": "3.14"}]
    assert len(page.workers) == 1


def test_start_again_changes_nothing(open_engine):
    page = open_engine()
    page.evaluate("engine.start(); engine.start(); settled('ready')")
    page.evaluate("engine.start()")
    assert len(page.workers) == 1 and page.host.log.count("/a/site/assets/quiz/worker.mjs") == 1


def test_wasm_that_a_policy_forbids_is_told_from_a_damaged_file(open_engine):
    page = open_engine(STRICT.replace(" 'wasm-unsafe-eval'", ""))
    page.evaluate("engine.start()")
    assert page.evaluate("settled('failed')") == {"phase": "failed", "reason": "no-wasm"}
    assert page.evaluate(f"outcome(engine.ask('{REQUEST}'))") == {"reason": "no-wasm"}


def test_a_worker_that_a_policy_forbids_is_a_failure_and_no_exception(open_engine):
    page = open_engine(STRICT.replace("worker-src 'self'", "worker-src 'none'"))
    page.evaluate("engine.start()")
    assert page.evaluate("settled('failed')")["reason"] in ("no-worker", "failed-to-load")


@pytest.mark.parametrize(
    "name",
    ["manifest.json", "python_stdlib.gzip", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide.mjs", "pyodide-lock.json"],
)
@pytest.mark.parametrize("fault", [Fault(status=503), Fault(body=b"\0asm damaged")], ids=["missing", "damaged"])
def test_what_was_asked_is_refused_when_a_file_fails_and_answered_after_a_retry(open_engine, name, fault):
    page = open_engine()
    page.host.faults[f"/a/site/assets/runtime/{name}"] = fault
    asked = page.evaluate(f"Promise.all([1, 2, 3].map(() => outcome(engine.ask('{REQUEST}'))))")
    assert asked == [{"reason": "failed-to-load"}] * 3
    page.host.faults.clear()
    page.evaluate("engine.retry()")
    assert page.evaluate(f"engine.ask('{REQUEST}')") == reply(REQUEST)
    assert len(page.workers) == 1


def test_a_damaged_file_in_the_cache_does_not_outlive_a_retry(open_engine):
    page = open_engine()
    path = "/a/site/assets/runtime/pyodide.asm.wasm"
    page.host.faults[path] = Fault(body=b"damaged")
    page.evaluate("engine.start(); settled('failed')")
    page.host.faults.clear()
    page.evaluate("engine.retry()")
    page.evaluate("settled('ready')")
    page.host.log.clear()
    page.reload()
    page.wait_for_load_state("networkidle")
    assert page.evaluate(f"engine.ask('{REQUEST}')") == reply(REQUEST)
    assert path not in page.host.log, "the second visit takes it from the cache"


def test_a_worker_that_dies_without_a_word_refuses_what_is_open_and_can_be_replaced(open_engine):
    page = open_engine()
    page.clock.install()
    page.reload()
    page.evaluate(f"engine.ask('{REQUEST}')")
    page.workers[0].evaluate("self.close()")
    page.evaluate(f"() => {{ globalThis.asked = outcome(engine.ask('{REQUEST}')) }}")
    page.clock.fast_forward(15_001)
    assert page.evaluate("asked") == {"reason": "crashed"}
    assert page.evaluate("states.at(-1)") == {"phase": "failed", "reason": "crashed"}
    page.evaluate("engine.retry()")
    assert page.evaluate(f"engine.ask('{REQUEST}')") == reply(REQUEST)


def test_a_subscriber_that_left_hears_nothing(open_engine):
    page = open_engine()
    page.evaluate(
        "globalThis.heard = []; globalThis.leave = engine.subscribe((state) => heard.push(state.phase)); leave()"
    )
    page.evaluate("engine.start(); settled('ready')")
    assert page.evaluate("heard") == ["idle"]


def test_a_second_visit_with_unchanged_files_asks_only_for_the_list(open_engine):
    page = open_engine()
    page.evaluate("engine.start(); settled('ready')")
    page.host.log.clear()
    page.reload()
    page.wait_for_load_state("networkidle")
    page.evaluate("engine.start(); settled('ready')")
    assert [path for path in page.host.log if "/runtime/" in path] == ["/a/site/assets/runtime/manifest.json"]


def test_the_manifest_is_what_the_worker_asks_for(open_engine, runtime):
    page = open_engine()
    page.evaluate("engine.start(); settled('ready')")
    asked = [path.rpartition("/")[2] for path in page.host.log if "/runtime/" in path]
    manifest = json.loads((runtime / "manifest.json").read_text())
    assert sorted(asked) == sorted([*manifest, "manifest.json"])
