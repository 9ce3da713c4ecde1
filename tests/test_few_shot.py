"""Few-shot prompting: which examples are shown, where they stand, and how the draws are counted."""

import re

import pytest

import few_shot
from case import CASE
from case.files import read_examples, read_questions
from case.judge import judge
from case.prompt import RULES, Page, prompt, reply, with_page
from tests.tiny_model import command, write_rows

PAGES = {"pets": Page("pets", "# Pets\n\nA dog costs 9 euros."), "bikes": Page("bikes", "# Bikes\n\nA bike is free.")}
ROW = {"question": "What does a dog cost?", "answer": "9 euros", "source": "pets"}
NO_ANSWER = {"question": "May a cat sing?", "answer": "not in the handbook", "source": None, "page": "bikes"}


def declines(example: dict) -> bool:
    return judge(example["completion"][-1]["content"], {"source": None}).declined


def an_example(answer: str, source: str | None) -> dict:
    return {"prompt": prompt(f"Which is {answer}?", [PAGES["pets"]]), "completion": [reply(answer, source)]}


@pytest.mark.parametrize("seed", range(5))
def test_a_longer_draw_holds_the_shorter_and_from_two_on_one_declines_first(seed):
    examples = read_examples(CASE / "examples.jsonl")
    draws = {shots: few_shot.draw_examples(examples, shots, seed) for shots in (0, 1, 2, 4, 8)}
    assert {shots: len(shown) for shots, shown in draws.items()} == {shots: shots for shots in draws}
    assert not declines(draws[1][0])
    for shots in (2, 4, 8):
        assert [declines(example) for example in draws[shots]] == [True] + [False] * (shots - 1)
        assert draws[shots][1] == draws[1][0]
    assert draws[8][:4] == draws[4] and draws[4] != few_shot.draw_examples(examples, 4, seed + 1)


def test_examples_of_one_kind_are_drawn_as_they_are():
    answering = [an_example(f"{n} euros", "pets") for n in range(3)]
    assert len(few_shot.draw_examples(answering, 3, 0)) == 3
    assert few_shot.draw_examples([an_example("not in the handbook", None)], 1, 0)


def test_examples_of_the_case_are_about_pages_that_no_question_is_about():
    shown = {
        re.findall("Page: (.+)", example["prompt"][-1]["content"])[0]
        for example in read_examples(CASE / "examples.jsonl")
    }
    asked = {row["source"] for name in ("questions", "development") for row in read_questions(CASE / f"{name}.jsonl")}
    assert shown and not shown & asked


def test_the_prompt_is_rules_then_examples_then_the_question_with_its_own_page():
    shown = [an_example("8 euros", "pets"), an_example("7 euros", "pets")]
    messages = with_page(ROW, PAGES, shown)
    assert [message["role"] for message in messages] == ["system"] + ["user", "assistant"] * 2 + ["user"]
    assert messages[0]["content"] == RULES and messages[2] == shown[0]["completion"][0]
    assert messages[-1]["content"] == f"Page: pets\n{PAGES['pets'].text}\n\nQuestion: {ROW['question']}"
    assert "Page: bikes" in with_page(NO_ANSWER, PAGES, [])[-1]["content"]
    alone = with_page({"question": "?", "source": None}, PAGES, [])[-1]["content"]
    assert alone == "Question: ?"


def test_shares_are_over_all_draws_and_the_range_over_single_ones(tiny_model, monkeypatch):
    _, tokenizer = few_shot.open_model(str(tiny_model), few_shot.choose_device("cpu"))
    said = iter(
        [["9 euros", "no", "not in the handbook"], ["9 euros", '{"answer": "9 euros", "source": "pets"}', "yes"]]
    )
    monkeypatch.setattr(few_shot, "answer", lambda *_: next(said))
    count = few_shot.ask_with_examples(None, tokenizer, [ROW, ROW, NO_ANSWER], PAGES, [[], []])
    assert (count["right"]["value"], count["right"]["n"]) == (0.75, 4)
    assert (count["lowest"], count["highest"]) == (0.5, 1.0)
    assert (count["valid_json"]["value"], count["declined_right"]["value"]) == (0.25, 0.5)
    assert count["reply"] == "9 euros" and 20 < count["prompt_tokens"] < 200


def test_a_run_reports_every_number_of_examples(tiny_model, capsys):
    status, report, err = command(few_shot, capsys, "--model", tiny_model, "--limit", "3", "--shots", "0", "2")
    assert status == 0 and set(report) == {"config", "metrics", "environment"}
    counts = report["metrics"]["examples"]
    assert list(counts) == ["0", "2"] and counts["0"]["prompt_tokens"] < counts["2"]["prompt_tokens"]
    for count, draws in (("0", 1), ("2", 2)):
        cells = [counts[count][name]["n"] for name in ("right", "declined_right")]
        assert sum(cells) == 3 * draws and counts[count]["lowest"] <= counts[count]["highest"]
    lines = err.split("Percent by")[-1].splitlines()
    assert max(map(len, lines)) <= 88 and sum(line.startswith("2") for line in lines) == 2


@pytest.mark.parametrize(
    ("rows", "arguments", "says"),
    [
        ([{"prompt": "?", "completion": "9"}], ["--shots", "4"], r"rows\.jsonl: fewer than 4 examples; lower --shots"),
        ([{"prompt": "?", "completion": "9"}, {"prompt": "?"}], [], r"rows\.jsonl, line 2: no completion; each line"),
        ([{"prompt": [], "completion": "9"}], [], r"line 1: prompt: must be text, or .*messages that end with"),
        (
            [{"prompt": "?", "completion": [{"role": "assistant"}]}],
            [],
            r"line 1: completion: a message needs a role",
        ),
        ([], ["--draws", "0"], r"--draws: at least 1"),
        ([], ["--shots", "-1"], r"--shots, --limit: at least 0"),
    ],
)
def test_bad_input_ends_in_one_line(tmp_path, tiny_model, capsys, rows, arguments, says):
    file = write_rows(tmp_path / "rows.jsonl", *rows)
    status, report, err = command(few_shot, capsys, "--model", tiny_model, "--examples", file, *arguments)
    assert status == 2 and report is None and len(err.splitlines()) == 1 and re.search(says, err), err
