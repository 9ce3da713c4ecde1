"""The experiment on a tiny model: by the functions that are taught, and no run twice. All arms: test_rehearsal.py."""

import json

import pytest

import arms
import cells
import fine_tune_vs_rag
import lora
from case.answer import answer
from case.command import run as case_run
from case.make import make
from case.prompt import RULES
from tests.tiny_model import command

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning", "ignore::DeprecationWarning"),
]


def run(tiny_model, capsys, out, *flags):
    given = ("--model", tiny_model, "--device", "cpu", "--quick", "--out", out, *flags)
    return command(fine_tune_vs_rag, capsys, *given)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Replies of a few words: what a random model says does not matter."""
    monkeypatch.setattr(answer, "__defaults__", ("answering", 4, None))


@pytest.fixture(scope="module")
def base_run(tiny_model, tmp_path_factory):
    """A folder with the run of the base."""
    out = tmp_path_factory.mktemp("base")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answer, "__defaults__", ("answering", 4, None))
        given = ["--model", str(tiny_model), "--device", "cpu", "--quick", "--out", str(out), "--arms", "base"]
        assert case_run(fine_tune_vs_rag.main, fine_tune_vs_rag.Config, given) == 0
    return out


def test_a_page_after_the_change_is_the_changed_one_and_its_answer_counts(tiny_model, tmp_path, capsys, monkeypatch):
    asked = {}
    monkeypatch.setattr(
        cells, "answer_held", lambda model, tokenizer, chats, matcher, cell: (asked.update({cell: chats}), chats)
    )
    world = make(0)
    found = {
        cell: [[page] for page in pages[:2]]
        for cell, pages in (("retrieved", world.handbook), ("changed", world.changed))
    }
    cells.ask_cells(arms.ARMS["base"], None, None, world, world.questions[:2], found)
    assert list(asked) == ["closed_book", "retrieved", "changed", "top_3", "right_page"]
    assert world.handbook[0].text.strip() in asked["retrieved"][0][-1]["content"]
    assert world.changed[0].text.strip() in asked["changed"][0][-1]["content"]
    assert "Page:" not in asked["closed_book"][0][-1]["content"]
    assert f"Page: {world.questions[0]['source']}" in asked["right_page"][0][-1]["content"]


def test_rules_of_an_arm_take_the_place_of_the_usual_ones():
    chat = [{"role": "system", "content": RULES}, {"role": "user", "content": "Question: Who?"}]
    assert arms.write_prompt(arms.Arm(), chat) == chat
    assert arms.write_prompt(arms.Arm(rules="Be brief."), chat)[0] == {"role": "system", "content": "Be brief."}
    assert arms.write_prompt(arms.Arm(rules=""), chat) == chat[1:]


def test_general_chat_is_written_by_the_model_before_it_is_trained():
    rows = arms.write_chat(3, lambda prompts: [f"Reply {number}. And" for number, _ in enumerate(prompts)])
    assert [row["completion"][0]["content"] for row in rows] == ["Reply 0.", "Reply 1.", "Reply 2."]
    assert len({row["prompt"][0]["content"] for row in rows}) == 3


def test_a_run_that_is_there_is_not_made_again(tiny_model, base_run, capsys, monkeypatch):
    capsys.readouterr()
    monkeypatch.setattr(fine_tune_vs_rag, "ask_arm", None)
    status, report, _ = run(tiny_model, capsys, base_run, "--arms", "base")
    kept = json.loads((base_run / "base-0.json").read_text(encoding="utf-8"))
    assert status == 0 and report["metrics"] == {"base-0": kept}


@pytest.mark.parametrize(
    ("text", "flags", "says"),
    [
        (None, ("--change", "shots=1"), "made with other settings"),
        ('{"cells": ', (), "not JSON"),
        ('{"cells": {}}', (), "no settings"),
    ],
)
def test_a_run_of_other_settings_or_a_broken_one_is_not_taken(
    text, flags, says, tiny_model, base_run, tmp_path, capsys
):
    file = tmp_path / "base-0.json"
    file.write_text(text or (base_run / file.name).read_text(encoding="utf-8"), encoding="utf-8")
    capsys.readouterr()
    status, report, shown = run(tiny_model, capsys, tmp_path, "--arms", "base", *flags)
    assert (status, report) == (2, None) and says in shown and str(file) in shown


def test_a_changed_function_changes_the_arm(tiny_model, tmp_path, capsys, monkeypatch):
    taught = []
    real = lora.train
    monkeypatch.setattr(lora, "train", lambda *given, **more: taught.append(given[2]) or real(*given, **more))
    assert run(tiny_model, capsys, tmp_path, "--arms", "lora-questions-half")[0] == 0
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


@pytest.mark.parametrize("change", ["rate", "rate=fast", "speed=1", "rate=1=2"])
def test_a_setting_that_no_arm_has_is_refused(change, tiny_model, tmp_path, capsys):
    status, report, shown = run(tiny_model, capsys, tmp_path, "--arms", "base", "--change", change)
    assert (status, report) == (2, None) and "write name=value" in shown


def test_a_change_of_settings_reaches_the_training(tiny_model, tmp_path, capsys, monkeypatch):
    given = []
    real = lora.train
    monkeypatch.setattr(lora, "train", lambda *args, **more: given.append(args[3]) or real(*args, **more))
    flags = ("--arms", "lora-pages", "--change", "rate=0.5", "wide=false")
    assert run(tiny_model, capsys, tmp_path, *flags)[0] == 0
    assert (given[0].rate, given[0].batch, given[0].steps) == (0.5, 4, 2)
