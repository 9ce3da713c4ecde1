"""What the reader gets when something is missing: no JavaScript, no WebAssembly, no file, no network, no hurry."""

import pytest
from playwright.sync_api import expect

from quiz import all_answers, decide
from scripts.publishing.static_host import Fault
from tests.quiz_page import BOOT, FACTS, QUERY, answer, expect_verdict, go_to, region, state

pytestmark = pytest.mark.browser


def test_without_javascript_the_chosen_verdict_is_shown(visit):
    page = visit("/", java_script_enabled=False)
    expect(page.locator(".verdict-head").first).to_be_hidden()
    shown = page.locator(".verdict-static .verdict-head").filter(visible=True)
    for answers in all_answers():
        answer(page, **answers)
        expect(shown).to_have_count(1)
        expect(shown).to_have_id(f"verdict-{'-'.join(answers.values())}")
        expect(shown.locator(".verdict-headline")).to_have_text(decide(answers).headline)


def test_without_javascript_a_row_of_the_table_leads_to_its_verdict(visit):
    page = visit("/", java_script_enabled=False)
    page.get_by_text("answers at a glance").click()
    page.locator(".verdict-table a", has_text="Ship it now").click()
    expect(page.locator("#verdict-yes-none-ordinary")).to_be_visible()


def failed_files(page):
    """Take what the browser itself says of files that did not arrive out of the console, and nothing else."""
    page.said[:] = [
        text for text in page.said if not text.startswith(("Failed to load resource", "Failed to find a valid digest"))
    ]


@pytest.mark.parametrize("module", ["engine", "answers", "frame", "taking-away", "verdict-card", "decision-quiz"])
def test_a_missing_module_leaves_the_verdicts_of_the_page(visit, host, module):
    host.faults[f"/assets/quiz/{module}.mjs"] = Fault(status=404)
    page = visit("/")
    answer(page, **FACTS)
    expect(page.locator("#verdict-yes-facts-ordinary")).to_be_visible()
    page.locator("#why-verdict-yes-facts-ordinary [data-slot=changes] a").first.click()
    expect(page.locator("#verdict-no-facts-ordinary")).to_be_visible()
    page.get_by_text("answers at a glance").click()
    page.locator(".verdict-table a", has_text="Ship it now").click()
    expect(page.locator("#verdict-yes-none-ordinary")).to_be_visible()
    failed_files(page)


@pytest.mark.parametrize("name", ["manifest.json", "pyodide.mjs"])
def test_a_missing_file_is_one_line_with_a_retry_that_works(visit, host, name):
    """One that the worker asks for, and one that Pyodide does; test_engine.py breaks all of them."""
    host.faults[f"/assets/runtime/{name}"] = Fault(status=404)
    page = visit(QUERY)
    expect(state(page)).to_have_text(
        "Python did not start (one of its files is missing or damaged). "
        "The verdict stands: it is from the table in this page.",
        timeout=BOOT,
    )
    expect_verdict(page, "rag", engine="static")
    host.faults.clear()
    page.get_by_role("button", name="Try again").click()
    expect_verdict(page, "rag", engine="python")
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    failed_files(page)


def test_a_damaged_file_is_one_line_with_a_retry_that_works(visit, host):
    host.faults["/assets/runtime/python_stdlib.gzip"] = Fault(body=b"damaged" * 100)
    page = visit(QUERY)
    expect(state(page)).to_contain_text("Python did not start (one of its files is missing or damaged)", timeout=BOOT)
    expect_verdict(page, "rag", engine="static")
    host.faults.clear()
    page.get_by_role("button", name="Try again").click()
    expect_verdict(page, "rag", engine="python")
    library = [text.startswith("Error occurred while installing the standard library") for text in page.said]
    if any(library):  # Pyodide read it before its digest was known: its own traceback, and the second boot says nothing
        del page.said[library.index(True) :]
    failed_files(page)


def test_a_missing_worker_is_one_line_and_the_table_stands(visit, host):
    host.faults["/assets/quiz/worker.mjs"] = Fault(status=404)
    page = visit(QUERY)
    expect(state(page)).to_contain_text("Python did not start", timeout=BOOT)
    answer(page, gap="both")
    expect_verdict(page, "rag", "fine-tune", engine="static")
    failed_files(page)


def test_blocked_webassembly_is_said_at_once(visit):
    page = visit("/")
    page.context.add_init_script("delete globalThis.WebAssembly")
    page.goto(page.url + QUERY.lstrip("/"))
    expect(state(page)).to_contain_text("WebAssembly is blocked or missing in this browser")
    expect_verdict(page, "rag", engine="static")


def test_offline_after_the_page_has_loaded(visit, host):
    page = visit("/")  # nobody has touched the quiz, so nothing has been asked for
    page.context.set_offline(True)
    answer(page, **FACTS)
    expect_verdict(page, "rag", engine="static")
    expect(state(page)).to_contain_text("you are offline", timeout=BOOT)
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect_verdict(page, "rag", engine="python")
    page.said[:] = [text for text in page.said if "ERR_INTERNET_DISCONNECTED" not in text]


def test_slow_files_never_make_the_reader_wait(visit, host):
    host.faults["/assets/runtime/pyodide.asm.wasm"] = Fault(delay=3)
    page = visit(QUERY)
    expect_verdict(page, "rag", engine="static")
    expect(state(page)).to_have_text("From the table in this page. Python is on its way to check it.")
    expect_verdict(page, "rag", engine="python")


def test_a_boot_of_more_than_20_seconds_is_said_in_one_line(visit, host):
    host.faults["/assets/runtime/pyodide.asm.wasm"] = Fault(delay=4)
    page = visit("/")
    page.clock.install()
    page.goto(page.url + QUERY.lstrip("/"))
    expect(state(page)).to_contain_text("Python is on its way")
    page.clock.fast_forward(19_000)
    expect(state(page)).to_contain_text("Python is on its way")
    page.clock.fast_forward(1_001)
    expect(state(page)).to_contain_text("Python is taking longer than 20 seconds.")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    expect_verdict(page, "rag", engine="static")
    expect_verdict(page, "rag", engine="python")
    # A clock that jumps also runs timers that the theme cancelled on the way, and its library reports each.
    page.said[:] = [text for text in page.said if text != "uncaught: executing a cancelled action"]


def test_a_killed_worker_is_noticed_and_can_be_replaced(visit):
    page = visit("/")
    page.context.add_init_script(
        """const Real = Worker;
           globalThis.Worker = class extends Real { constructor(...all) { super(...all); globalThis.last = this } }"""
    )
    page.goto(page.url + QUERY.lstrip("/"))
    expect_verdict(page, "rag", engine="python")
    page.evaluate("last.dispatchEvent(new ErrorEvent('error', { cancelable: true }))")
    expect(state(page)).to_contain_text("it stopped by itself")
    expect(region(page)).to_have_attribute("data-now", "rag")
    page.get_by_role("button", name="Try again").click()
    expect_verdict(page, "rag", engine="python")


def test_only_pages_with_a_quiz_ask_for_python(visit):
    page = visit("/references/")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload(wait_until="networkidle")
    assert asked and not [url for url in asked if "/runtime/" in url or "worker.mjs" in url]


@pytest.mark.parametrize(
    "touch", [lambda quiz: quiz.locator("label").first.click(), lambda quiz: quiz.locator("input").first.focus()]
)
def test_python_is_asked_for_at_the_first_touch_and_then_all_at_once(visit, host, touch):
    host.log.clear()
    page = visit("/")
    page.wait_for_load_state("networkidle")
    assert not [path for path in host.log if "/runtime/" in path]
    touch(page.locator("decision-quiz"))
    page.wait_for_selector("decision-quiz[data-phase=ready]", timeout=BOOT)
    asked = [path.rpartition("/")[2] for path in host.log if "/runtime/" in path]
    assert len(asked) == len(set(asked)), "each file once"
    assert asked[0] == "manifest.json" and len(asked) == 7


def test_one_worker_for_a_visit_of_several_pages(visit):
    page = visit("/")
    workers = []
    page.on("worker", lambda worker: workers.append(worker.url))
    page.evaluate("window.alive = true; window.verdicts = 0; document.addEventListener('verdict', () => verdicts++)")
    answer(page, **FACTS)
    expect_verdict(page, "rag", engine="python")
    for _ in range(2):
        go_to(page, "Evidence")
        page.wait_for_url("**/evidence/")
        go_to(page, "Decide")
        page.wait_for_selector("decision-quiz[data-phase=ready]")
    assert page.evaluate("alive"), "the navigation was not an instant one"
    before = page.evaluate("verdicts")
    answer(page, **{**FACTS, "gap": "both"})
    expect_verdict(page, "rag", "fine-tune", engine="python")
    assert page.evaluate("verdicts") == before + 1
    assert len([url for url in workers if "/assets/quiz/worker.mjs" in url]) == 1


def test_a_late_module_still_brings_the_verdict_of_a_link_into_view(visit, host):
    """By then the theme has noted the top of the page as the reader's place."""
    host.faults["/assets/quiz/engine.mjs"] = Fault(delay=0.6)
    page = visit(QUERY)
    expect_verdict(page, "rag")
    expect(page.locator("[data-slot=headline]")).to_be_in_viewport()
