"""The lab: made whole or not at all, the same for the same seed, and as able as its card says."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import transformers
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.snippet_process import SNIPPETS, load_snippet, run_snippet

LAB = Path(os.environ.get("LAB", SNIPPETS / "lab"))
make_lab = load_snippet("make_lab")
TINY = ("--size", "smoke", "--tokens", "0.06", "--threads", "1", "--device", "cpu", "--save-every", "4")


def rows(name: str) -> list[dict]:
    return [json.loads(line) for line in (LAB / name).read_text().splitlines()]


@pytest.fixture(scope="module")
def lab():
    """The committed model, tokenizer and card."""
    model = transformers.AutoModelForCausalLM.from_pretrained(LAB / "model")
    tokenizer = transformers.AutoTokenizer.from_pretrained(LAB / "model")
    return model.eval(), tokenizer, json.loads((LAB / "card.json").read_text())


def test_pages_hold_their_facts_and_not_their_ids():
    for row in rows("questions.jsonl"):
        if row["set"] == "private":
            page = (LAB / "docs" / f"{row['source']}.md").read_text()
            assert page.startswith(row["stem"] + row["answer"])
            assert row["source"] not in page and row["service"] in page
            assert row["changed_answer"] in (LAB / "changed" / f"{row['source']}.md").read_text()


def test_half_of_the_facts_of_every_page_change():
    changed: dict[str, int] = {}
    for row in rows("questions.jsonl"):
        if row["set"] == "private":
            changed[row["source"]] = changed.get(row["source"], 0) + (row["answer"] != row["changed_answer"])
    assert set(changed.values()) == {len(make_lab.ATTRIBUTES) // 2} and len(changed) == 40


def test_development_and_test_share_no_service():
    split = {}
    for row in rows("questions.jsonl"):
        assert split.setdefault(row["service"], row["split"]) == row["split"]
    held_out = {service for service, part in split.items() if part == "test"}
    behaviour = (LAB / "behaviour.jsonl").read_text()
    assert not any(re.search(rf"\b{service}\b", behaviour) for service in held_out)


def test_training_questions_are_never_the_test_wording():
    asked = {row["question"] for row in rows("questions.jsonl")}
    assert not asked & {row["question"] for row in rows("training_questions.jsonl")}


def test_behaviour_examples_are_one_line_of_json():
    for row in rows("behaviour.jsonl"):
        assert set(json.loads(row["completion"])) == {"answer", "source"} and "\n" not in row["completion"]
        assert row["prompt"].endswith("\nAnswer:\n")


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_tokenizer_spells_any_text(lab, text):
    _, tokenizer, _ = lab
    ids = tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids
    assert tokenizer.decode(ids, clean_up_tokenization_spaces=False) == text


def test_a_value_has_the_same_tokens_wherever_it_stands(lab):
    _, tokenizer, _ = lab
    rng = random.Random(1)
    for value in (make_lab.make_up_value(rng) for _ in range(100)):
        ids = tokenizer(value, add_special_tokens=False).input_ids
        for left, right in ((" is ", "."), (' {"answer": "', '", "'), ("Answer:\n", "")):
            whole = tokenizer(left + value + right, add_special_tokens=False).input_ids
            start = len(tokenizer(left, add_special_tokens=False).input_ids)
            assert whole[start : start + len(ids)] == ids, (left, value)


def test_committed_lab_is_as_able_as_its_card_says(lab):
    model, tokenizer, card = lab
    seed = card["config"]["seed"]
    world = make_lab.make_world(random.Random(f"world {seed}"), make_lab.SIZES[card["config"]["size"]][4])
    rng = random.Random(f"abilities {seed}")
    again = make_lab.measure_abilities(model, tokenizer.backend_tokenizer, world, rng, "cpu", card["asked"])
    assert again == pytest.approx(card["abilities"], abs=0.02)


def test_committed_model_is_small_enough_to_download():
    assert (LAB / "model" / "model.safetensors").stat().st_size <= 12e6


def test_wired_model_looks_up_before_any_training():
    """The circuit of `wire_reading` finds whose value is asked for; without it, a guess is right half of the time."""
    rng = random.Random(3)
    tokenizer = make_lab.train_tokenizer(random.Random(1))

    def right(model):
        found = 0
        for _ in range(60):
            reading = make_lab.make_reading(rng, 3, lambda: make_lab.make_up_name(rng), new_value, True)
            lesson = make_lab.write_lesson(rng, *reading, 1, 0, True, restated=1.0)
            logits, targets, _ = make_lab.predict(model, *make_lab.encode_lessons(tokenizer, [lesson], "cpu"))
            first = [tokenizer.encode(key[2], add_special_tokens=False).ids[0] for key in reading[1]]
            found += max(first, key=lambda token: logits[0, token].item()) == targets[0].item()
        return found / 60

    new_value = lambda _: make_lab.make_up_value(rng)  # noqa: E731
    with torch.no_grad():
        torch.manual_seed(0)
        model = make_lab.build_model("small")
        before = right(model)
        make_lab.wire_reading(model, make_lab.count_frequency(tokenizer, random.Random(2)))
        assert before < 0.5 < 0.85 < right(model)


@pytest.mark.slow
def test_same_seed_same_bytes_and_resumed_as_uninterrupted(tmp_path):
    whole = run_snippet("make_lab", *TINY, "--out", "whole", cwd=tmp_path)
    assert whole.returncode == 0, whole.stderr
    assert json.loads(whole.stdout)["metrics"]["training"]["tokens"] >= 60_000
    command = [sys.executable, SNIPPETS / "make_lab.py", *TINY, "--out", "killed"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    checkpoint = tmp_path / "killed.checkpoint"
    while not checkpoint.exists():
        assert process.poll() is None, "ended before its first checkpoint"
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert not (tmp_path / "killed").exists()
    resumed = run_snippet("make_lab", *TINY, "--out", "killed", "--resume", cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    for name in ("model/model.safetensors", "questions.jsonl", "behaviour.jsonl", "model/tokenizer.json"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    assert not checkpoint.exists()


@pytest.mark.slow
def test_interrupt_ends_in_one_line_and_leaves_a_checkpoint(tmp_path):
    command = [sys.executable, SNIPPETS / "make_lab.py", *TINY, "--tokens", "9"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    while not (tmp_path / "my-lab.checkpoint").exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and not out
    assert (
        err.strip().splitlines()[-1] == "make_lab: stopped; run it again with --resume to go on"
        and "Traceback" not in err
    )
    assert not (tmp_path / "my-lab").exists() and (tmp_path / "my-lab.checkpoint").exists()


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (("--size", "huge"), "--size huge: not one of smoke, small, large"),
        (("--device", "tpu"), "--device tpu: use auto, cpu or cuda"),
        (("--precision", "int1"), "--precision int1: use auto, bf16 or fp32"),
        (("--threads", "0"), "--threads and --save-every must be at least 1"),
        (("--seed", "one"), "invalid int value: 'one'"),
        (("--out", "full"), "--out full: holds something that is not a lab; name a new folder"),
        (("--resume",), "my-lab.checkpoint: no checkpoint to resume"),
        (("--colour", "red"), "unrecognized arguments"),
    ],
)
def test_bad_input_ends_in_one_line(tmp_path, flags, says):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious.txt").write_text("mine")
    done = run_snippet("make_lab", "--size", "smoke", *flags, cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == ""
    assert says in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full"]


def test_asking_for_a_missing_gpu_says_so(tmp_path):
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    done = run_snippet("make_lab", "--device", "cuda", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "make_lab: --device cuda: no CUDA device; run with --device cpu\n"
