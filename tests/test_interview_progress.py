"""A reader's marks: which file is progress, when a question comes back, and what a filter lets through."""

import copy
import json
import shutil
import subprocess
from datetime import UTC, datetime

import pytest

from scripts.publishing import vendor
from tests.conftest import ROOT

NOON = int(datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp() * 1000)
MINUTE, DAY = 60_000, 86_400_000
CARD = {
    "due": "2026-11-26T12:00:00.000Z",
    "last_review": "2026-11-24T12:00:00.000Z",
    "stability": 2.3,
    "difficulty": 5.1,
    "scheduled_days": 2,
    "learning_steps": 0,
    "reps": 1,
    "lapses": 0,
    "state": 2,
}
ENTRY = {"version": "0123abcd", "mark": "good", "card": CARD}
FILE = {"format": "fine-tune-vs-rag/interview", "schema": 1, "marks": {"a-question": ENTRY}}


@pytest.fixture(scope="module")
def call(tmp_path_factory):
    """Run a list of calls in one Node process."""
    folder = tmp_path_factory.mktemp("modules")
    shutil.copytree(ROOT / "docs/assets/interview", folder / "interview")
    vendor.publish(ROOT, folder / "vendor")

    def run(*calls):
        command = ["node", ROOT / "tests/interview_node.mjs", folder]
        done = subprocess.run(command, input=json.dumps(calls), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def changed(path, value):
    """Return the file with one field, named by its path, set to a value or taken out."""
    data = copy.deepcopy(FILE)
    *above, last = path.split("/")
    at = data
    for name in above:
        at = at[name]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return json.dumps(data)


IN_CARD = "marks/a-question/card"
REFUSED = {
    "no JSON": ("{", "no-json"),
    "empty": ("", "no-json"),
    "a list": ("[]", "foreign"),
    "null": ("null", "foreign"),
    "another program's": ('{"marks": {}}', "foreign"),
    "another format": (changed("format", "anki"), "foreign"),
    "a later schema": (changed("schema", 2), "newer"),
    "no schema": (changed("schema", None), "broken"),
    "a schema in words": (changed("schema", "1"), "broken"),
    "marks in a list": (changed("marks", []), "broken"),
    "too many": (changed("marks", {f"q-{n}": 1 for n in range(5001)}), "broken"),
    "an id that is none": (changed("marks", {"__proto__": ENTRY}), "broken"),
    "an id with HTML": (changed("marks", {"<img src=x onerror=alert(1)>": ENTRY}), "broken"),
    "a mark that is none": (changed("marks/a-question/mark", "best"), "broken"),
    "a version that is none": (changed("marks/a-question/version", "new"), "broken"),
    "no card": (changed(IN_CARD, None), "broken"),
    "a date that is none": (changed(f"{IN_CARD}/due", "tomorrow"), "broken"),
    "a day that is none": (changed(f"{IN_CARD}/due", "2026-13-26T12:00:00.000Z"), "broken"),
    "due before the review": (changed(f"{IN_CARD}/due", "2025-11-26T12:00:00.000Z"), "broken"),
    "stability in words": (changed(f"{IN_CARD}/stability", "2"), "broken"),
    "no stability": (changed(f"{IN_CARD}/stability", 0), "broken"),
    "too difficult": (changed(f"{IN_CARD}/difficulty", 11), "broken"),
    "half a repetition": (changed(f"{IN_CARD}/reps", 1.5), "broken"),
    "too far away": (changed(f"{IN_CARD}/scheduled_days", 1e9), "broken"),
    "a state that is none": (changed(f"{IN_CARD}/state", 4), "broken"),
    "too big": (json.dumps(FILE) + " " * 1_000_000, "big"),
}


def test_what_is_not_progress_is_refused_with_a_reason(call):
    said = call(*(["parse", text] for text, _ in REFUSED.values()))
    expected = {case: {"error": f"ProgressError: {reason}"} for case, (_, reason) in REFUSED.items()}
    assert dict(zip(REFUSED, said, strict=True)) == expected


def test_progress_is_read_as_it_was_written(call):
    marks = {"a-question": ENTRY, "constructor": ENTRY, "unknown-question": ENTRY}
    (text,) = call(["write", marks])
    assert json.loads(text) == {**FILE, "marks": marks}
    assert call(["parse", text]) == [marks]


def test_what_nobody_asked_for_is_left_out(call):
    assert call(["parse", changed(f"{IN_CARD}/note", "x")]) == [FILE["marks"]]
    damaged = changed("marks", {"a-question": ENTRY, "b": {}})
    assert call(["parse", damaged, False]) == [FILE["marks"]], "in the storage one damaged mark costs only itself"


def test_of_two_marks_the_later_one_stays(call):
    card = {**CARD, "last_review": "2026-11-25T12:00:00.000Z"}
    later = {**ENTRY, "mark": "weak", "card": card}
    one, other = {"a": ENTRY, "b": later}, {"a": later, "b": ENTRY, "c": ENTRY}
    assert call(["merge", one, other], ["merge", other, one]) == [{"a": later, "b": later, "c": ENTRY}] * 2


def milliseconds(date):
    return int(datetime.fromisoformat(date).timestamp() * 1000)


def test_a_better_mark_comes_back_later(call):
    marks = ["weak", "hard", "good", "excellent"]
    made = call(*(["marked", None, "0123abcd", mark, NOON] for mark in marks))
    waits = [milliseconds(entry["card"]["due"]) - NOON for entry in made]
    assert waits[:2] == [10 * MINUTE, 15 * MINUTE] and DAY < waits[2] < waits[3] < 30 * DAY
    assert [entry["mark"] for entry in made] == marks
    assert call(*(["parse", json.dumps({**FILE, "marks": {"a": entry}})] for entry in made)) == [{"a": e} for e in made]


def test_good_answers_in_a_row_wait_longer_and_longer_but_a_year_at_most(call):
    entry, now, waits = None, NOON, []
    for _ in range(8):
        (entry,) = call(["marked", entry, "0123abcd", "good", now])
        waits.append(milliseconds(entry["card"]["due"]) - now)
        now += waits[-1]
    assert waits == sorted(waits) and waits[-1] <= 366 * DAY
    (weak,) = call(["marked", entry, "0123abcd", "weak", now])
    assert milliseconds(weak["card"]["due"]) - now == 10 * MINUTE and weak["card"]["lapses"] == 1


def test_new_words_start_anew_and_are_due_at_once(call):
    (again,) = call(["marked", ENTRY, "ffffffff", "good", NOON])
    assert again["version"] == "ffffffff" and again["card"]["reps"] == 1
    due = call(["due", ENTRY, "0123abcd"], ["due", ENTRY, "ffffffff"], ["due", None, "ffffffff"])
    assert due == [str(milliseconds(CARD["due"])), "-Infinity", "Infinity"]


def test_a_clock_that_was_set_back_does_no_harm(call):
    (entry,) = call(["marked", ENTRY, "0123abcd", "good", NOON - 40 * DAY])
    assert milliseconds(entry["card"]["due"]) > NOON and entry["card"]["last_review"] == CARD["last_review"]


def test_a_filter_asks_for_all_of_its_parts(call):
    question = {"topic": "rag", "level": "senior", "tags": ["explain", "cost"], "text": "does resume retrieval pay?"}
    every = {"words": "", "topic": "", "level": "", "tag": ""}
    fitting = [every, {"topic": "rag"}, {"level": "senior", "tag": "cost"}, {"words": " PAY Résumé "}]
    other = [{"topic": "evals"}, {"level": "screening"}, {"tag": "os"}, {"words": "retrieval nothing"}]
    assert call(*(["fits", question, {**every, **one}] for one in fitting)) == [True] * len(fitting)
    assert call(*(["fits", question, {**every, **one}] for one in other)) == [False] * len(other)
