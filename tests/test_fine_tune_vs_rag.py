"""The experiment on a tiny model: every arm runs, by the functions that are taught, and no run is made twice."""

import json

import pytest

import arms
import fine_tune_vs_rag
import lora
from case.make import make
from tests.tiny_model import command

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning", "ignore::DeprecationWarning"),
]


def run(tiny_model, capsys, out, *flags):
    given = ("--model", tiny_model, "--device", "cpu", "--quick", "--out", out, *flags)
    return command(fine_tune_vs_rag, capsys, *given)


def test_every_arm_answers_every_cell_and_is_kept(tiny_model, tmp_path, capsys):
    status, report, shown = run(tiny_model, capsys, tmp_path)
    assert status == 0, shown
    assert set(report["metrics"]) == {f"{name}-0" for name in arms.ARMS}
    for name in arms.ARMS:
        kept = json.loads((tmp_path / "test-0" / f"{name}.json").read_text(encoding="utf-8"))
        assert set(kept["cells"]) == set(fine_tune_vs_rag.CELLS)
        assert all(len(cell["replies"]) == 4 for cell in kept["cells"].values())
        assert kept["general"]["perplexity"] > 1 and kept["general"]["right"]["n"] == 4
        assert (kept["processor_seconds"] > 0) == bool(arms.ARMS[name].teach)


def test_a_run_that_is_there_is_not_made_again(tiny_model, tmp_path, capsys, monkeypatch):
    first = run(tiny_model, capsys, tmp_path, "--arms", "base")
    monkeypatch.setattr(fine_tune_vs_rag, "ask_arm", None)
    assert run(tiny_model, capsys, tmp_path, "--arms", "base")[:2] == first[:2]


@pytest.mark.parametrize(
    ("text", "flags", "says"),
    [
        (None, ("--k", "2"), "made with other settings"),
        ('{"cells": ', (), "not JSON"),
        ('{"cells": {}}', (), "no settings"),
    ],
)
def test_a_run_of_other_settings_or_a_broken_one_is_not_taken(text, flags, says, tiny_model, tmp_path, capsys):
    assert run(tiny_model, capsys, tmp_path, "--arms", "base")[0] == 0
    file = tmp_path / "test-0" / "base.json"
    if text:
        file.write_text(text, encoding="utf-8")
    status, report, shown = run(tiny_model, capsys, tmp_path, "--arms", "base", *flags)
    assert (status, report) == (2, None) and says in shown and str(file) in shown


def test_a_changed_function_changes_the_arm(tiny_model, tmp_path, capsys, monkeypatch):
    taught = []
    real = lora.train
    monkeypatch.setattr(lora, "train", lambda *given, **more: taught.append(given[2]) or real(*given, **more))
    assert run(tiny_model, capsys, tmp_path, "--arms", "lora-half-of-questions")[0] == 0
    (rows,) = taught
    assert len(rows) == 96  # of 96 facts on test pages half, in two wordings


def test_arms_learn_only_the_facts_that_are_asked_for():
    world = make(0)
    for split in ("questions", "development"):
        asked = getattr(world, split)
        sources = {row["source"] for row in asked if row["source"]}
        rows = arms.choose_rows(arms.ARMS["lora-questions"], world, asked)
        assert len(rows) == len(sources) * 12
        assert len(arms.choose_rows(arms.ARMS["lora-pages"], world, asked)) == len(sources)
        assert len(arms.choose_rows(arms.ARMS["lora-rewrites"], world, asked)) == 3 * len(sources)
    again = arms.choose_rows(arms.ARMS["lora-questions-again"], world, world.questions)
    answers = {row["answer"] for row in world.changed_questions}
    told = {json.loads(row["completion"][0]["content"])["answer"] for row in again}
    assert told == answers - {"not in the handbook"}


def test_an_unknown_arm_is_refused(tiny_model, tmp_path, capsys):
    status, report, shown = run(tiny_model, capsys, tmp_path, "--arms", "lora-facts")
    assert (status, report) == (2, None) and "none of base, examples" in shown
