"""few_shot.py: what is shown, how answers are read and compared, and that a shared beginning changes no answer."""

import itertools
import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from scripts.measure import measured_in
from scripts.measured_words import load_words
from tests.snippet_process import SNIPPETS, load_snippet, run_snippet

LAB = Path(os.environ.get("LAB", SNIPPETS / "lab"))
NO_GPU = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
few = load_snippet("few_shot")
PLAIN = st.text("abcXYZ019 -.é", min_size=1, max_size=12).map(str.strip).filter(bool)
POOL = [{"prompt": f"p{i}\n", "answer": f"a{i}", "source": f"s{i}"} for i in range(9)]


@pytest.fixture(scope="module")
def model():
    return few.open_model(str(LAB / "model"), "cpu")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A random Llama of one layer with the lab's tokenizer, and a reader's own pages, questions and examples."""
    folder = tmp_path_factory.mktemp("tiny")
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.LlamaConfig(vocab_size=1024, max_position_embeddings=512, eos_token_id=1, **sizes)
    transformers.LlamaForCausalLM(config).save_pretrained(folder / "model")
    transformers.AutoTokenizer.from_pretrained(LAB / "model").save_pretrained(folder / "model")
    (folder / "docs").mkdir()
    for name, text in {"invoices": "Invoices are kept for ten years.", "travel": "Trains are red."}.items():
        (folder / "docs" / f"{name}.md").write_text(text)
    asked = [{"question": f"How long, {i}?", "answer": "ten years", "source": "invoices"} for i in range(4)]
    shown = [{"question": f"Which, {i}?", "answer": "red", "source": "travel"} for i in range(3)]
    for name, rows in (("asked", asked), ("shown", shown)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


# Forms of the answer


@given(st.text(), st.text())
def test_json_is_read_as_it_was_written(answer, source):
    assert few.read_written("json", few.write_answer("json", answer, source)) == (answer, source)


@given(st.sampled_from([form for form in few.FORMS if form != "json"]), PLAIN, PLAIN)
def test_text_is_read_as_it_was_written(form, answer, source):
    assert few.read_written(form, few.write_answer(form, answer, source)) == (answer, source)


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("json", '{"answer": "x"}'),
        ("json", '{"answer": "x", "source": "y", "more": 1}'),
        ("json", '{"answer": "x", "source": null}'),
        ("json", '{"answer": "x", "source": "y"'),
        ("json", '["answer", "source"]'),
        ("json", "x"),
        ("bracketed", "[x] y"),
        ("bracketed", "[x] [y]."),
        ("bracketed", "[] [y]"),
        ("key-value", "answer: x"),
        ("key-value", "answer: x, source: y"),
        ("key-value", "Answer: x; source: y"),
    ],
)
def test_another_form_is_not_read(form, line):
    assert few.read_written(form, line) is None


@pytest.mark.parametrize(
    ("form", "line", "true_of_it"),
    [
        ("json", '{"answer": "x", "source": "s"}', {"valid_format", "accuracy", "usable", "source_right"}),
        ("json", '{"answer": "x", "source": "t"}', {"valid_format", "accuracy", "usable"}),
        ("json", '{"answer": "y", "source": "s"}', {"valid_format", "source_right"}),
        ("json", "x", {"accuracy"}),
        ("json", "[x] [s]", set()),
        ("bracketed", "[x] [s]", {"valid_format", "accuracy", "usable", "source_right"}),
        ("key-value", "answer: x y; source: s", {"valid_format", "source_right"}),
        ("key-value", "", set()),
    ],
)
def test_form_and_fact_are_judged_apart(form, line, true_of_it):
    judged = few.grade(form, line, {"answer": "x", "source": "s"})
    assert {name for name, true in judged.items() if true} == true_of_it


# Examples


def test_a_longer_draw_starts_with_the_shorter_one():
    pool = POOL * 6  # 54: sample() chooses in two ways, by the sizes
    for draw in range(3):
        long = few.draw_examples(pool, 54, draw, seed=5)
        assert all(few.draw_examples(pool, count, draw, seed=5) == long[:count] for count in range(54))
        assert sorted(one["prompt"] for one in long) == sorted(one["prompt"] for one in pool)


def test_draws_differ_in_choice_or_in_order_alone():
    spell = lambda draw, same: [one["prompt"] for one in few.draw_examples(POOL, 4, draw, 0, same)]  # noqa: E731
    chosen, ordered = ([spell(draw, same) for draw in range(6)] for same in (False, True))
    assert len({frozenset(draw) for draw in chosen}) > 1
    assert len({frozenset(draw) for draw in ordered}) == 1 and len(set(map(tuple, ordered))) > 1


def test_the_prompt_shows_the_examples_in_the_form_and_then_asks():
    made = few.write_few_shot_prompt("Do so.", POOL[:2], "bracketed", "p?\n", "</s>")
    assert made == "Do so.\n\np0\n[a0] [s0]</s>\n\np1\n[a1] [s1]</s>\n\np?\n"
    assert few.write_few_shot_prompt("", [], "json", "p?\n") == "p?\n"


def test_the_lab_shows_made_up_pages_only():
    rows = few.read_paged(few.Config(lab=str(LAB)), LAB / "questions.jsonl")
    pool = few.read_pool(few.Config(lab=str(LAB)), {row["prompt"] for row in rows})
    pages = few.read_documents(LAB / "docs")
    assert len(pool) > 100 and not {one["source"] for one in pool} & set(pages)
    names = {page.splitlines()[0].lstrip("# ") for page in pages.values()}
    assert not any(name in one["prompt"] for one in pool for name in names)
    development = [row for row in few.read_rows(LAB / "questions.jsonl", "split") if row["split"] == "development"]
    asked = {(row["question"], row["source"]) for row in rows}
    assert not asked & {(row["question"], row["source"]) for row in development}


def test_examples_that_do_not_fit_are_left_out(tiny, capsys):
    model, tokenizer = few.open_model(str(tiny / "model"), "cpu")
    rows = few.read_paged(few.Config(docs=str(tiny / "docs")), tiny / "asked.jsonl")
    config = few.Config(shots="0,2,4,20,9", longest=8)
    counts, left_out = few.fit_context(config, model, tokenizer, rows, POOL * 2)
    assert (counts, left_out) == ([0, 2, 4, 9], [20]) and "left out: 20 examples" in capsys.readouterr().err
    model.config.max_position_embeddings = 130
    counts, left_out = few.fit_context(config, model, tokenizer, rows, POOL * 2)
    made = lambda count: few.write_prompts(config, tokenizer, POOL * 2, "json", count, 0, [rows[0]["prompt"]])  # noqa: E731
    longest = {count: len(tokenizer(made(count))["input_ids"][0]) + 8 for count in (2, 4, 9)}
    assert counts == [0] + [count for count in longest if longest[count] <= 130] and left_out[-1] == 20
    with pytest.raises(few.Problem, match="none fits 130 tokens or 18 examples"):
        few.fit_context(few.Config(shots="20"), model, tokenizer, rows, POOL * 2)


# Answers


def test_reading_the_examples_once_changes_no_answer(model):
    plain, pool = load_snippet("rag"), few.read_pool(few.Config(lab=str(LAB)), set())
    asked = [row["prompt"] for row in few.read_paged(few.Config(lab=str(LAB)), LAB / "questions.jsonl")[::40]]
    for count, prompts in ((0, asked), (2, asked), (1, asked[:1]), (1, asked[:1] * 2)):
        made = few.write_prompts(few.Config(), model[1], pool, "key-value", count, 0, prompts)
        together = few.answer_alike(*model, model[1](made)["input_ids"], 12)
        assert together == plain.generate(*model, made, 12) and any(together)


def test_prompts_with_nothing_in_common_are_answered(model):
    rows = [model[1](text, add_special_tokens=False)["input_ids"] for text in ("Zegai: port?\n", "Question: ?\n")]
    assert few.answer_alike(*model, rows, 4) == [few.answer_alike(*model, [ids], 4)[0] for ids in rows]


# Numbers


def test_shares_are_means_over_draws_with_an_interval_over_questions():
    draws = [[{"usable": right} for right in draw] for draw in ([1, 1, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0])]
    cell = few.sum_up(draws)
    assert (cell["usable_lowest"], cell["usable_highest"]) == (0.25, 1.0)
    assert cell["usable"]["value"] == round(7 / 12, 4) and cell["usable"]["n"] == 4
    one = few.sum_up([[{"usable": right} for right in (1, 1, 1, 0)]])["usable"]
    wilson = binomtest(3, 4).proportion_ci(method="wilson")
    assert (one["low"], one["high"]) == pytest.approx((wilson.low, wilson.high), abs=1e-4)


def test_sign_test_is_the_exact_binomial_test():
    for better, worse in itertools.product(range(9), repeat=2):
        wanted = binomtest(better, better + worse).pvalue if better + worse else 1.0
        assert few.sign_test(better, worse) == pytest.approx(wanted)


def test_more_do_not_help_once_no_later_count_is_better():
    none, some, all_right = [0.0] * 10, [1 / 3] * 6 + [0.0] * 4, [1.0] * 10
    p = few.compare_counts({0: none, 1: some, 2: all_right, 4: all_right, 8: none})
    assert p[0] == p[1] == few.sign_test(10, 0) < 0.05 and p[2] == p[4] == p[8] == 1
    one_more = [1.0] + [0.0] * 9
    assert few.compare_counts({0: none, 1: one_more})[0] == few.sign_test(1, 0) == 1


# As a reader runs it


def as_json(done: subprocess.CompletedProcess) -> dict:
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


@pytest.mark.slow
def test_own_files_are_asked_and_every_number_has_words(tiny):
    own = ["--model", tiny / "model", "--docs", tiny / "docs", "--questions", tiny / "asked.jsonl", "--longest", 4]
    told = as_json(run_snippet("few_shot", *own, "--examples", tiny / "shown.jsonl", "--shots", "2,0,5", "--orders", 2))
    metrics = told["metrics"]
    assert metrics["questions"] == 4 and metrics["left_out"] == [5]
    assert set(metrics["forms"]) == set(few.FORMS)
    for form in metrics["forms"].values():
        assert list(form["examples"]) == ["0", "2"] and form["no_help_after"] == 0
        assert form["examples"]["2"]["prompt_tokens"] > form["examples"]["0"]["prompt_tokens"]
    words = load_words("few-shot")
    measured = measured_in([{"report": told, "seconds": 1.0}], words)
    assert "forms.json.examples.2.usable" in measured and words.note


def test_the_lab_runs_and_a_seed_repeats(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    flags = ["--lab", LAB, "--shots", "0,1", "--forms", "json", "--orders", 1, "--limit", 4]
    monkeypatch.setattr(sys, "argv", ["few_shot.py", *map(str, flags)])
    first, again = (few.main() or json.loads(capsys.readouterr().out)["metrics"] for _ in range(2))
    assert first == again and first["forms"]["json"]["examples"]["0"]["accuracy"]["n"] == 4
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_ctrl_c_ends_in_one_line(tmp_path):
    flags = [sys.executable, SNIPPETS / "few_shot.py", "--lab", LAB, "--limit", 0, "--orders", 50]
    with subprocess.Popen([*map(str, flags)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None and "prompts" not in process.stderr.readline(8):
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and out == ""
    assert err.splitlines()[-1] == "few_shot: stopped; run it again to go on" and "Traceback" not in err


# Bad input


@pytest.fixture
def bad(tiny, tmp_path, monkeypatch):
    """A folder of bad things to name, and the folder to stand in."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00")
    good = {"question": "?", "answer": "!", "source": "travel"}
    lines = {
        "broken": json.dumps(good) + "\n{broken",
        "column": '{"question": "?", "answer": "!"}',
        "elsewhere": json.dumps(good | {"source": "no-such-page"}),
        "development": json.dumps(good | {"split": "development"}),
        "public": json.dumps(good | {"source": None}),
    }
    for name, text in lines.items():
        (tmp_path / f"{name}.jsonl").write_text(text)
    for name in ("docs", "model", "asked.jsonl", "shown.jsonl"):
        (tmp_path / name).symlink_to(tiny / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody listens there
    yield tmp_path
    logging.disable(logging.NOTSET)
    transformers.utils.logging.enable_progress_bar()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


BAD = [
    ("--shots 1,two", "few_shot: --shots 1,two: use whole numbers joined by commas"),
    ("--shots -1", "use whole numbers joined by commas"),
    ("--shots ,", "few_shot: --shots ,: use whole numbers"),
    ("--shots 7", "few_shot: --shots 7: none fits 512 tokens or 3 examples; use fewer"),
    ("--forms yaml", "few_shot: --forms yaml: use some of json,bracketed,key-value"),
    ("--orders 0", "few_shot: --orders 0: use 1 or more"),
    ("--orders some", "few_shot: argument --orders: invalid int value: 'some'; --help lists the flags"),
    ("--limit -1", "few_shot: --limit -1: use 0 or more"),
    ("--device tpu", "few_shot: --device tpu: use auto, cpu or cuda"),
    pytest.param("--device cuda", "few_shot: --device cuda: no CUDA device; run with --device cpu", marks=NO_GPU),
    ("--lab empty", "empty/behaviour.jsonl: no lab here"),
    ("--docs empty", "few_shot: empty: no Markdown with text in it"),
    ("--docs no-such", "few_shot: no-such: no such folder"),
    ("--model no-such", "few_shot: --model no-such: no model there, or no network to fetch it"),
    ("--questions no-such", "few_shot: no-such: cannot be read as JSON lines (FileNotFoundError)"),
    ("--questions binary.jsonl", "few_shot: binary.jsonl: cannot be read as JSON lines (UnicodeDecodeError)"),
    ("--questions broken.jsonl", "few_shot: broken.jsonl:2: not JSON"),
    ("--questions column.jsonl", "few_shot: column.jsonl:1: no source; every line needs question, answer, source"),
    ("--questions elsewhere.jsonl", "elsewhere.jsonl: its source 'no-such-page' is no page; name the folder"),
    ("--questions development.jsonl", "few_shot: development.jsonl: no test question names a page"),
    ("--questions public.jsonl", "few_shot: public.jsonl: no test question names a page"),
    ("--examples asked.jsonl", "is asked as well; an example must not be a test question, remove it"),
    ("--examples broken.jsonl", "few_shot: broken.jsonl:2: not JSON"),
]


@pytest.mark.parametrize(("flags", "line"), BAD, ids=lambda value: value if value.startswith("--") else "")
def test_bad_input_is_one_line(bad, monkeypatch, capfd, flags, line):
    own = {"--model": "model", "--docs": "docs", "--questions": "asked.jsonl", "--examples": "shown.jsonl"}
    if "--lab" in flags:
        del own["--examples"]
    given = [word for flag, value in own.items() if flag not in flags for word in (flag, value)]
    monkeypatch.setattr(sys, "argv", ["few_shot.py", *given, *flags.split()])
    before = sorted(bad.rglob("*"))
    with pytest.raises(SystemExit) as end:
        few.run(few.main)
    out, err = capfd.readouterr()
    assert end.value.code == 2 and out == ""
    assert line in err and err.count("\n") == 1
    assert sorted(bad.rglob("*")) == before
