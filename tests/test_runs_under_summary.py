"""A summary is stale when one of its runs is stale, changed, gone or edited, or what sums up has changed."""

import json

import pytest

from scripts.measuring import results, runs
from scripts.measuring.summary import summarise
from tests.made_runs import checkout, edit, put
from tests.toy_runs import COMMAND, written


@pytest.fixture
def root(tmp_path):
    return checkout(tmp_path)


@pytest.fixture
def summed(root):
    """A checkout with a summary of two runs."""
    for seed in (0, 1):
        written(root, arm="default", seed=seed, metrics={"right": 0.5 + seed / 4})
    summarise("toy", "cpu", root)
    assert results.load(root)["toy-cpu"].value("right")["value"] == 0.625
    return root


def test_the_code_that_sums_up_makes_the_summary_stale_and_not_the_runs(summed):
    put(summed, "scripts/measuring/metrics.py", "def combine():\n    return 1\n")
    with pytest.raises(
        results.StaleResult, match=rf"toy-cpu\.json is stale: scripts/measuring/metrics\.py has .*{COMMAND}"
    ):
        results.load(summed)
    assert len(runs.load("toy", summed)) == 2


def test_stale_code_of_a_run_makes_the_summary_stale(summed):
    edit(summed, "snippets/other.py", "LIFT = 0.3", "LIFT = 0.4")
    with pytest.raises(results.StaleResult, match=r"default-0\.json is stale: snippets/other\.py has changed; run: "):
        results.load(summed)


def test_a_run_that_changed_under_a_summary_makes_it_stale(summed):
    written(summed, arm="default", seed=1, metrics={"right": 0.7})
    with pytest.raises(results.StaleResult, match=rf"default-1\.json has changed; run: {COMMAND}"):
        results.load(summed)


def test_a_summary_without_its_runs_does_not_load(summed):
    (summed / "results/runs/toy/default-1.json").unlink()
    with pytest.raises(results.StaleResult, match=rf"default-1\.json is gone; run: {COMMAND}"):
        results.load(summed)


def test_a_run_that_is_edited_together_with_its_summary_is_seen(summed):
    path = summed / "results/runs/toy/default-1.json"
    edit(summed, "results/runs/toy/default-1.json", '"right":0.75', '"right":0.95')
    result = json.loads((summed / "results/toy-cpu.json").read_text(encoding="utf-8"))
    result["code"]["results/runs/toy/default-1.json"] = results.fingerprint(path)
    put(summed, "results/toy-cpu.json", results.canonical(result))
    with pytest.raises(results.BadResult, match=r"default-1\.json was edited: .*; delete it and run: "):
        results.load(summed)
