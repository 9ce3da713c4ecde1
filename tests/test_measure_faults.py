"""A run that fails, takes too long, was edited or cannot be summed up leaves no result."""

import time

import pytest

from scripts.measure import measure
from scripts.measuring import results, snippet_process, summary
from scripts.measuring.metrics import BadMetrics
from scripts.measuring.runs import BadRun
from scripts.measuring.snippet_process import RunError
from tests.made_runs import checkout, edit
from tests.toy_plan import plan


@pytest.fixture
def root(tmp_path):
    return checkout(tmp_path)


def test_an_edited_run_is_not_summed_up(root):
    measure(plan(), root)
    edit(root, "results/runs/toy/default-0.json", '"losses":[1.0,0.5]', '"losses":[1.0,0.4]')
    message = r"default-0\.json was edited: .*; delete it and run: python -m scripts\.measure toy"
    with pytest.raises(BadRun, match=message):
        measure(plan(), root)
    measure(plan(again=True), root)
    results.load(root)


BROKEN = {
    "fails": ("fail", r"toy\.py ended with status 2; the line above says why"),
    "prints more": ("chat", r"toy\.py printed 'hello.*it must print one line of JSON"),
    "changes a function": ("edit snippets/other.py", r"toy\.py or what it uses was changed while it ran"),
    "changes a default": ("edit snippets/toy.py", r"toy\.py or what it uses was changed while it ran"),
}


@pytest.mark.parametrize(("act", "message"), BROKEN.values(), ids=BROKEN)
def test_a_run_without_a_report_leaves_no_result(root, act, message):
    with pytest.raises(RunError, match=message) as raised:
        measure(plan("--act", act), root)
    assert raised.value.status == 2
    assert not (root / "results").exists()


@pytest.mark.parametrize("act", ["odd", "--device=cuda"])
def test_a_run_that_cannot_be_summed_up_is_not_kept(root, act):
    given = (act,) if "=" in act else ("--act", act)
    message = "must have both low and high|ran on cuda; name another machine, with --machine gpu"
    with pytest.raises((RunError, BadMetrics), match=message):
        measure(plan(*given), root)
    assert not list((root / "results").rglob("*.json"))


def test_nothing_is_summed_up_without_a_run(root):
    with pytest.raises(BadRun, match=r"there is no run of toy on gpu in results/runs; measure it first"):
        summary.summarise("toy", "gpu", root)


def test_a_run_that_takes_too_long_is_stopped(root):
    with pytest.raises(RunError, match=r"toy\.py was not done after 1 s"):
        measure(plan("--act", "wait", seeds=(1,), limit=1), root)


def test_a_process_that_does_not_listen_is_killed(root, monkeypatch):
    monkeypatch.setattr(snippet_process, "PATIENCE", 0.2)
    started = time.monotonic()
    with pytest.raises(RunError, match=r"toy\.py was not done after 1 s"):
        measure(plan("--act", "stubborn", limit=1), root)
    assert time.monotonic() - started < 5
