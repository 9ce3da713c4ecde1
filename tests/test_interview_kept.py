"""The reader's marks in a real Chromium: storage that is blocked, full, foreign or shared, and files."""

import json

import pytest
from playwright.sync_api import expect

from tests.interview_page import KEPT, KEY, counts, mark, question, said
from tests.interview_page import address as address
from tests.interview_page import page as page
from tests.interview_page import visit_page as visit_page

pytestmark = pytest.mark.browser

BLOCKED = "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('blocked') }})"
FULL = "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }"


def give(page, text, name="progress.json"):
    """Import a file with this text."""
    file = {"name": name, "mimeType": "application/json", "buffer": text.encode()}
    page.locator("input[type=file]").set_input_files(file)


def test_changed_words_ask_again_and_unknown_questions_are_kept(page):
    mark(page, "Excellent")
    page.evaluate(f"""() => {{ const kept = JSON.parse(localStorage.getItem("{KEY}")), entry = kept.marks["rag-one"];
        kept.marks = {{"rag-one": {{...entry, version: "00000000"}}, "of-another-day": entry}};
        localStorage.setItem("{KEY}", JSON.stringify(kept)); }}""")
    page.reload()
    expect(counts(page)).to_have_text("7 of 7 questions shown. 1 due now. 6 not marked yet.")
    expect(question(page)).to_contain_text("The words have changed since you marked this")
    expect(question(page).locator("[aria-pressed=true]")).to_have_count(0)
    mark(page, "Weak")
    kept = page.evaluate(KEPT)["marks"]
    assert kept.keys() == {"rag-one", "of-another-day"} and kept["rag-one"]["card"]["reps"] == 1


def test_export_and_import_carry_the_marks(page, visit_page):
    mark(page, "Weak")
    mark(page, "Good", "evals")
    page.locator(".interview-progress > summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export", exact=True).click()
    expect(said(page)).to_have_text("Written to a file: 2 marks.")
    assert download.value.suggested_filename == "interview-progress.json"
    text = download.value.path().read_text(encoding="utf-8")
    assert json.loads(text) == page.evaluate(KEPT)
    other = visit_page()
    mark(other, "Excellent", "decision")
    give(other, text)
    expect(said(other)).to_have_text("Read: 2 marks. Where both had one, the later mark stays.")
    expect(counts(other)).to_contain_text("4 not marked yet.")
    assert other.evaluate(KEPT)["marks"].keys() == {"decision-one", "rag-one", "evals-one"}


BAD_FILES = {
    "no JSON": ("<html>", "the file is not JSON"),
    "foreign": ('{"decks": []}', "the file is not progress of this page"),
    "newer": ('{"format": "fine-tune-vs-rag/interview", "schema": 9, "marks": {}}', "a newer version of this page"),
    "damaged": ('{"format": "fine-tune-vs-rag/interview", "schema": 1, "marks": {"a": 1}}', "something in the file"),
    "huge": (" " * 4_000_001, "the file is larger than progress can be"),
}


def test_a_file_that_is_no_progress_changes_nothing(page):
    mark(page, "Weak")
    before = page.evaluate(KEPT)
    for text, reason in BAD_FILES.values():
        give(page, text)
        expect(said(page)).to_contain_text(f"Not read: {reason}")
        expect(said(page)).to_contain_text("Your marks are as they were.")
        assert page.evaluate(KEPT) == before
    expect(counts(page)).to_contain_text("6 not marked yet.")


@pytest.mark.parametrize("kept", ["no JSON", "null", '{"marks": {"rag-one": 1}}'])
def test_foreign_data_in_the_storage_is_ignored(page, kept):
    page.evaluate(f"kept => localStorage.setItem('{KEY}', kept)", kept)
    page.reload()
    expect(counts(page)).to_contain_text("7 not marked yet.")


def test_forgetting_asks_first(page):
    mark(page, "Weak")
    page.locator(".interview-progress > summary").click()
    forget = page.get_by_role("button", name="Forget all marks")
    for stay in (lambda: page.get_by_role("button", name="Keep them").click(), lambda: page.keyboard.press("Escape")):
        forget.click()
        expect(page.get_by_role("dialog")).to_contain_text("Forget all 1 marks?")
        stay()
        expect(page.get_by_role("dialog")).to_be_hidden()
        expect(counts(page)).to_contain_text("6 not marked yet.")
    forget.click()
    page.get_by_role("button", name="Forget them").click()
    expect(said(page)).to_have_text("All marks are gone.")
    expect(counts(page)).to_contain_text("7 not marked yet.")
    assert page.evaluate(KEPT) is None


@pytest.mark.parametrize("script", [BLOCKED, FULL], ids=["blocked", "full"])
def test_without_storage_it_works_for_the_visit_and_says_so(visit_page, script):
    page = visit_page(script)
    note = page.locator(".interview-note")
    expect(note).to_be_hidden()
    mark(page, "Weak")
    mark(page, "Good", "evals")
    expect(note).to_contain_text("your marks are gone when you leave it")
    expect(counts(page)).to_contain_text("5 not marked yet.")


def test_two_tabs_do_not_forget_each_others_marks(page, address):
    other = page.context.new_page()
    other.goto(address)
    other.wait_for_selector(".interview-bar")
    mark(page, "Weak")
    expect(counts(other)).to_contain_text("6 not marked yet.")
    mark(other, "Weak", "evals")
    expect(counts(page)).to_contain_text("5 not marked yet.")
    assert page.evaluate(KEPT)["marks"].keys() == {"rag-one", "evals-one"}
