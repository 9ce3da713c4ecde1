"""The table of fine_tune_vs_rag.py: each measure on cases made by hand, a fair choice of settings, and a whole run."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import torch
from scipy.stats import binomtest

from tests.snippet_process import SNIPPETS, load_snippet, run_snippet

LAB = Path(os.environ.get("LAB", SNIPPETS / "lab"))
table = load_snippet("fine_tune_vs_rag")
SHAPES = {"port": {"0"}, "owner": {"a"}, "region": {"a-0"}}


def row_of(attribute: str = "port", answer: str = "4021", changed: str = "777", source: str = "doc-1", row: int = 0):
    return {
        "row": row,
        "question": f"{attribute}?",
        "answer": answer,
        "changed_answer": changed,
        "source": source,
        "service": f"S{row}",
        "attribute": attribute,
        "stem": f"The {attribute} is ",
    }


@pytest.fixture(scope="module")
def world():
    return table.read_world(table.Config(lab=str(LAB), smoke=True))


@pytest.fixture
def model():
    return table.open_model(str(LAB / "model"), "cpu")


# The measures.


@pytest.mark.parametrize(
    ("line", "attribute", "wanted", "true_of_it"),
    [
        ("4021", "port", "4021", {"facts_right"}),
        (" 4021 ", "port", "4021", {"facts_right"}),
        ("4022", "port", "4021", {"fluent_but_wrong"}),
        ("Team Blue", "port", "4021", set()),
        ("", "port", "4021", {"abstained"}),
        ("Unknown.", "owner", "Blai", {"abstained"}),
        ("ko-12", "region", "brai-3", {"fluent_but_wrong"}),
        ('{"answer": "4021", "source": "doc-1"}', "port", "4021", {"facts_right", "valid_format", "source_right"}),
        ('{"answer": "4021", "source": "doc-2"}', "port", "4021", {"facts_right", "valid_format"}),
        ('{"answer": 4021, "source": "doc-1"}', "port", "4021", {"facts_right", "valid_format", "source_right"}),
        ('{"answer": "9", "source": "doc-1"}', "port", "4021", {"fluent_but_wrong", "valid_format", "source_right"}),
        ('{"answer": null, "source": null}', "port", "4021", {"abstained", "valid_format"}),
        ('{"answer": "4021"}', "port", "4021", set()),
        ('{"answer": "4021", "source": "doc-1", "why": 1}', "port", "4021", set()),
        ('{"answer": "4021", "source": "doc-1"} and more', "port", "4021", set()),
        ('{"answer": "4021", "sou', "port", "4021", set()),
        ('["4021", "doc-1"]', "port", "4021", set()),
    ],
)
def test_an_answer_is_judged_as_a_person_would(line, attribute, wanted, true_of_it):
    judged = table.judge_answer(line, row_of(attribute, wanted), wanted, SHAPES)
    assert {name for name, is_so in judged.items() if is_so} == true_of_it


@pytest.mark.parametrize(
    ("line", "value", "whole"),
    [
        ("4021. Nothing here is secret.", "4021", True),
        ("4021", "4021", True),
        ("40217.", "4021", False),
        ("3.12. It", "3.1", False),
        ("Blai. It", "Blai", True),
        ("Blais", "Blai", False),
        ("in Blai", "Blai", False),
        ("", "Blai", False),
    ],
)
def test_a_sentence_is_completed_when_exactly_the_value_follows(line, value, whole):
    assert table.completed(line, value) is whole


@pytest.mark.parametrize(("right", "n"), [(0, 12), (1, 180), (90, 180), (171, 180), (180, 180)])
def test_the_interval_is_wilsons(right, n):
    ours, theirs = table.wilson(right, n), binomtest(right, n).proportion_ci(method="wilson")
    assert ours == pytest.approx((theirs.low, theirs.high), abs=1e-6)


def test_a_share_says_of_how_many_and_of_none_nothing():
    assert table.share([True, False, False, False]) == {"value": 0.25, "low": 0.0456, "high": 0.6994, "n": 4}
    assert table.share([]) == {"value": None}


def test_after_the_change_old_facts_are_told_apart_from_errors():
    rows = [row_of(row=0), row_of(row=1), row_of(row=2), row_of(changed="4021", row=3)]
    made = table.after_change(rows, ["777", "4021", "12", '{"answer": "4021", "source": null}'])
    assert {name: (one["value"], one["n"]) for name, one in made.items()} == {
        "facts_right": (0.5, 4),
        "changed_facts_right": (0.3333, 3),
        "old_fact_told": (0.3333, 3),
    }


def small_world(rows):
    lessons = [{"service": row["service"], "attribute": row["attribute"], "half": row["row"] % 2} for row in rows]
    pages, changed = {"doc-1": "old page", "doc-2": "other"}, {"doc-1": "new page", "doc-2": "other"}
    found = {("old", 0): "doc-1", ("old", 1): "doc-2", ("new", 0): "doc-1", ("new", 1): None}
    public = [row_of("owner", "Blai", "Blai", None, 7)]
    return table.World(pages, changed, [], lessons, [], rows, rows, public, [], SHAPES, found)


def test_closed_book_counts_what_a_scripted_model_says():
    rows = [row_of(row=0), row_of(answer="5", changed="5", row=1)]

    def ask(asked, passages=None):
        assert passages is None
        return ["4021" if row["row"] == 0 else "6" if row["row"] == 1 else "Blai" for row in asked]

    ask.complete = lambda stems: ["4021. It", "55"]
    noted = []
    made = table.measure_closed_book(ask, small_world(rows), lambda *what: noted.append(what))
    values = {name: one["value"] for name, one in made.items() if "value" in one}
    assert values == {
        "facts_right": 0.5,
        "fluent_but_wrong": 0.5,
        "abstained": 0.0,
        "valid_format": 0.0,
        "first_half_right": 1.0,
        "second_half_right": 0.0,
        "public_kept": 1.0,
        "completed": 0.5,
    }
    assert made["after_change"]["facts_right"]["value"] == 0.0
    assert made["after_change"]["old_fact_told"] == table.share([True])
    assert [(what[0], what[3]) for what in noted] == [
        ("closed book", [True, False]),
        ("public", [True]),
        ("completed", [True, False]),
    ]


def test_with_pages_every_prompt_holds_the_page_it_should():
    rows = [row_of(row=0), row_of(answer="5", changed="5", row=1)]
    shown = []

    def ask(asked, passages):
        shown.append(passages)
        read = {"old page": "4021", "new page": "777", "other": "5"}
        return [read["".join(passage.values())] if passage else "" for passage in passages]

    made = table.measure_with_pages(ask, small_world(rows), lambda *what: None)
    old, new, other = {"doc-1": "old page"}, {"doc-1": "new page"}, {"doc-2": "other"}
    assert shown == [[old, other], [old, old], [new], [new, {}]]
    values = {name: one["value"] for name, one in made.items() if "value" in one}
    assert values["facts_right"] == 1.0 and values["given_right_page"] == 0.5 and values["context_used"] == 1.0
    assert made["after_change"]["facts_right"]["value"] == 0.5
    assert made["after_change_old_index"]["old_fact_told"]["value"] == 1.0


# What is taught, and how the settings are chosen.


def test_nothing_that_is_tested_is_taught_by_its_own_question(world):
    whole = table.read_world(table.Config(lab=str(LAB)))
    tested = {row["question"] for row in whole.private + whole.public + whole.development}
    taught = table.teach_questions(whole, {}) + table.teach_behaviour(whole, {})
    asked = {prompt.rsplit("Question: ", 1)[1].split("\n")[0] for prompt, _ in taught}
    assert not asked & tested
    held_out = {row["service"] for row in whole.public}
    text = "".join(a + b for a, b in taught + table.teach_documents(whole, {"wordings": 8}))
    assert not any(f" {service}" in text for service in held_out)
    assert not {row["service"] for row in whole.private} & {row["service"] for row in whole.development}


def test_questions_teach_the_first_half_only(world):
    answers = Counter(answer for _, answer in table.teach_questions(world, {}))
    assert answers == Counter(row["answer"] for row in world.lessons if row["half"] == 0)
    assert not world.half(0) & world.half(1)


@pytest.mark.parametrize("wordings", [1, 8])
def test_documents_are_taught_in_so_many_wordings(world, wordings):
    taught = [pair for pair in table.teach_documents(world, {"wordings": wordings}) if not pair[0]]
    assert len({text for _, text in taught}) == len(taught) == wordings * len(world.pages)


def test_old_tasks_are_repeated_with_bare_answers_and_no_private_page(world):
    replayed = table.repeat_old_tasks(world)
    assert table.teach_documents(world, {"wordings": 1})[len(world.pages) :] == replayed
    assert {(table.write_prompt({}, row["question"]), row["answer"]) for row in world.known} <= set(replayed)
    assert any(prompt.startswith("Source: ") for prompt, _ in replayed)
    assert not any(answer.startswith("{") for _, answer in replayed)
    assert not any(row["service"] in prompt for prompt, _ in replayed for row in world.private)


def test_the_loss_is_on_the_completion_and_the_end_token_alone(model):
    _, tokenizer = model
    prompt, completion = table.write_prompt({"doc-1": "A page."}, "Which?"), '{"answer": "x", "source": "doc-1"}'
    ids, labels = table.encode_example(tokenizer, prompt, completion)
    learned = [token for token in labels if token != -100]
    assert ids[: -len(learned)] == tokenizer(prompt)["input_ids"] and ids[-len(learned) :] == learned
    assert tokenizer.decode(learned[:-1]) == completion and learned[-1] == tokenizer.eos_token_id


def test_padding_changes_no_loss(model):
    base, tokenizer = model
    short, long = (table.encode_example(tokenizer, "", text) for text in ("A page.", "A page that goes on for longer."))
    pad = len(long[0]) - len(short[0])
    padded = base(input_ids=torch.tensor([short[0] + [0] * pad]), labels=torch.tensor([short[1] + [-100] * pad]))
    alone = base(input_ids=torch.tensor([short[0]]), labels=torch.tensor([short[1]]))
    assert padded.loss.item() == pytest.approx(alone.loss.item(), abs=1e-5)


def test_the_best_on_the_development_questions_is_chosen_and_of_equals_the_first():
    scores = {"gentle": {"value": 0.5}, "good": {"value": 0.8}, "as good, but harder": {"value": 0.8}}
    assert table.choose_setting(scores) == "good"


@pytest.mark.parametrize("kind", ["lora", "full", "qlora"])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_the_chosen_weights_are_used_and_the_base_stays_as_it_was(model, world, kind):
    base, tokenizer = model
    before = {name: weight.clone() for name, weight in base.state_dict().items()}
    marks, said = iter([1, 3, 2]), []

    def score(ask, world):
        said.append(ask(world.development[:4]))
        return [True] * (mark := next(marks)) + [False] * (4 - mark)

    pages = [("", text) for text in list(world.pages.values())[:4]]
    sweep = table.grid(epochs=(8,), lr=(1e-4, 3e-2, 1e-3))
    way = table.Way(kind, lambda world, setting: pages, score, sweep)
    config = table.Config(lab=str(LAB), precision="fp32")
    with table.change_model(kind, way, base, tokenizer, world, config, str(LAB / "model")) as (ask, cost):
        assert ask(world.development[:4]) == said[1] != said[0]
    assert cost["chosen"] == {"epochs": 8, "lr": 3e-2}
    assert [one["value"] for one in cost["development"].values()] == [0.25, 0.75, 0.5]
    assert cost["trainable_parameters"] < 0.1 * base.num_parameters() or kind == "full"
    after = base.state_dict()
    assert before.keys() == after.keys() and all(torch.equal(weight, after[name]) for name, weight in before.items())
    assert kind == "full" or 4 * cost["trainable_parameters"] < cost["file_bytes"] < 5 * cost["trainable_parameters"]


def test_every_tuned_way_is_tried_with_two_learning_rates_at_least():
    for name, way in table.WAYS.items():
        rates = {setting.get("lr") for setting in way.sweep}
        assert len(rates) >= 2 or way.kind in ("none", "shots", "student"), name
    lora, full = (
        [{**setting, "lr": 0} for setting in table.WAYS[f"{kind}-documents"].sweep] for kind in ("lora", "full")
    )
    assert lora == full, "documents are tried in the same ways, each kind at its own rates"
    assert {setting["wordings"] for setting in table.WAYS["lora-documents"].sweep} == {1, 8}


def test_shots_are_of_the_kind_that_is_asked(world):
    closed, open_book = table.write_shots(table.teach_behaviour(world, {}), {"shots": 2, "end_token": 1}, 0, "</s>")
    assert closed.count("Question: ") == open_book.count("Question: ") == open_book.count("Source: ") == 2
    assert closed.count("Source: ") == 0 and closed.endswith("}</s>\n\n")


def test_shared_words_find_the_page_that_lancedb_finds(world, tmp_path):
    find, name = table.index_pages(world.pages, tmp_path)
    assert "LanceDB" in name
    for row in random.Random(0).sample(world.private + world.development, 20):
        assert find(row["question"]) == table.rank_by_words(world.pages, row["question"]) == row["source"]
    assert find("xyzzy") is table.rank_by_words(world.pages, "xyzzy") is None


# The run, as a process.


def intervals(metrics):
    """Yield every {"value", "low", "high", "n"}."""
    if isinstance(metrics, dict) and "low" in metrics:
        yield metrics
    elif isinstance(metrics, dict):
        for inside in metrics.values():
            yield from intervals(inside)


@pytest.mark.slow
def test_a_smoke_run_fills_the_table(tmp_path):
    flags = ["--lab", LAB, "--student", LAB / "model", "--smoke", "--device", "cpu"]
    done = run_snippet("fine_tune_vs_rag", *flags, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    told = json.loads(line)
    assert json.loads((tmp_path / "fine-tune-vs-rag.json").read_text()) == told
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"fine-tune-vs-rag.json", "fine-tune-vs-rag.json.predictions.jsonl"}
    metrics = told["metrics"]
    assert list(metrics["arms"]) == table.ARMS and set(metrics["tuning"]) == {*table.WAYS} - {"base", "constrained"}
    assert all(one["low"] <= one["value"] <= one["high"] and one["n"] > 0 for one in intervals(metrics))
    for arm, made in metrics["arms"].items():
        assert ("given_right_page" in made) == arm.endswith("rag") != ("completed" in made), arm
        assert {"facts_right", "fluent_but_wrong", "abstained", "valid_format", "after_change"} <= made.keys()
    assert metrics["tuning"].pop("distilled")["parameters"] == json.loads((LAB / "card.json").read_text())["parameters"]
    assert metrics["arms"]["distilled"] == metrics["arms"]["base"], "the student of this test is the base"
    for name, cost in metrics["tuning"].items():
        assert cost["chosen"] and cost["development"], name
        trained = table.WAYS[name].kind != "shots"
        assert not trained or min(cost["peak_memory_bytes"], cost["file_bytes"], cost["training_seconds"]) > 0
    for arm in ("constrained", "constrained-rag", "few-shot-constrained", "few-shot-constrained-rag"):
        assert metrics["arms"][arm]["valid_format"]["value"] == 1.0, arm
    assert metrics["tuning"]["full-documents"]["trainable_share"] == 1.0 > 0.1
    assert 0 < metrics["tuning"]["qlora-behaviour"]["trainable_share"] < 0.1
    lines = (tmp_path / "fine-tune-vs-rag.json.predictions.jsonl").read_text().splitlines()
    predictions = [json.loads(line) for line in lines]
    for arm, made in metrics["arms"].items():
        asked = "retrieved" if arm.endswith("rag") else "closed book"
        right = [one["right"] for one in predictions if (one["arm"], one["asked"]) == (arm, asked)]
        assert table.share(right) == made["facts_right"]


@pytest.mark.slow
def test_a_stopped_run_keeps_its_finished_arms(tmp_path):
    flags = ["--lab", LAB, "--smoke", "--device", "cpu", "--arms", "base,lora-behaviour", "--out", "table.json"]
    partial = tmp_path / "table.json.partial"
    command = [sys.executable, SNIPPETS / "fine_tune_vs_rag.py", *map(str, flags)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        waited = time.monotonic() + 120
        while not partial.exists() and process.poll() is None and time.monotonic() < waited:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        printed, said = process.communicate(timeout=60)
    assert process.returncode == 130 and printed == ""
    assert said.splitlines()[-1] == "fine_tune_vs_rag: stopped; run it again with --resume to go on"
    assert "Traceback" not in said
    kept = json.loads(partial.read_text())
    assert list(kept["arms"]) == ["base"]
    assert [path.name for path in tmp_path.iterdir()] == [partial.name]
    kept["arms"]["base"]["facts_right"] = mark = {"value": 0.125, "low": 0.0, "high": 1.0, "n": 8}
    partial.write_text(json.dumps(kept))

    other = run_snippet("fine_tune_vs_rag", *flags, "--resume", "--seed", "1", cwd=tmp_path)
    assert (other.returncode, other.stdout) == (2, "") and "run without --resume" in other.stderr.splitlines()[-1]

    done = run_snippet("fine_tune_vs_rag", *flags, "--resume", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    arms = json.loads(done.stdout)["metrics"]["arms"]
    assert list(arms) == ["base", "lora-behaviour"] and arms["base"]["facts_right"] == mark
    assert not partial.exists()


def copy_lab(folder: Path) -> Path:
    for path in ("docs", "changed"):
        shutil.copytree(LAB / path, folder / path)
    for path in LAB.glob("*.jsonl"):
        shutil.copy(path, folder)
    (folder / "model").symlink_to(LAB / "model")
    return folder


def lose_a_column(lab: Path):
    path = lab / "questions.jsonl"
    first, rest = path.read_text().split("\n", 1)
    row = json.loads(first)
    del row["stem"], row["set"]
    path.write_text(json.dumps(row) + "\n" + rest)


def lose_a_page(lab: Path):
    sorted((lab / "changed").glob("*.md"))[0].unlink()


def lose_a_split(lab: Path):
    path = lab / "questions.jsonl"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if '"development"' not in line))


def empty_the_docs(lab: Path):
    for path in (lab / "docs").glob("*.md"):
        path.unlink()


NO_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU, so asking for one is no mistake")


@pytest.mark.parametrize(
    ("flags", "harm", "says"),
    [
        (["--lab", "nowhere"], None, "no lab here"),
        (["--arms", "rag,lora-behavior"], None, "no such arm, the nearest is lora-behaviour;"),
        (["--model", "nowhere"], None, "nowhere"),
        (["--student", "nowhere"], None, "name a folder that distill.py wrote"),
        (["--arms", "distilled-rag"], None, "make one with distill.py and name it with --student"),
        (["--precision", "fp8"], None, "use auto, bf16 or fp32"),
        (["--epochs", "3"], None, "--help lists the flags"),
        (["--out", "."], None, "is a folder"),
        ([], lose_a_column, "questions.jsonl:1: no set, stem"),
        ([], lose_a_page, "which docs or changed lacks"),
        ([], lose_a_split, "no private questions of the development split"),
        ([], empty_the_docs, "no Markdown with text in it"),
        pytest.param(["--device", "cuda"], None, "run with --device cpu", marks=NO_GPU),
    ],
    ids=lambda what: getattr(what, "__name__", None) or (" ".join(what) if isinstance(what, list) else None),
)
def test_bad_input_ends_in_one_line(tmp_path, monkeypatch, capsys, flags, harm, says):
    (tmp_path / "lab").mkdir()
    lab = copy_lab(tmp_path / "lab")
    if harm:
        harm(lab)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["fine_tune_vs_rag.py", "--lab", str(lab), *flags])
    with pytest.raises(table.Problem) as problem:
        table.main()
    assert says in str(problem.value) and "\n" not in str(problem.value)
    assert capsys.readouterr().out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["lab"]


def test_bad_input_is_one_line_of_a_process_too(tmp_path):
    done = run_snippet("fine_tune_vs_rag", "--lab", "nowhere", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("fine_tune_vs_rag: nowhere") and done.stderr.count("\n") == 1
