"""lora.py: what an adapter is, what training may and may not do, and what a stopped run leaves."""

import ast
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import accelerate
import pytest
import safetensors.torch
import torch
import transformers

from tests.snippet_process import SNIPPETS, load_snippet, run_snippet

LAB = Path(os.environ.get("LAB", SNIPPETS / "lab"))
# transformers 5 warns when peft asks whether a model recomputes its activations.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")
lora = load_snippet("lora")
ONE_THREAD = {"OMP_NUM_THREADS": "1"}  # the same sums in the same order, in every process


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A random Llama of two layers with the lab's tokenizer, and twenty examples: a reader's own model and data."""
    folder = tmp_path_factory.mktemp("tiny")
    torch.manual_seed(1)
    # A frozen model can only reach a low loss if its embeddings are long enough to give large logits.
    sizes = {
        "initializer_range": 0.2,
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    config = transformers.LlamaConfig(
        vocab_size=1024, tie_word_embeddings=True, bos_token_id=0, eos_token_id=1, pad_token_id=2, **sizes
    )
    config.max_position_embeddings = 256
    config.initializer_range = 0.2  # a frozen head with shorter embeddings could not give a low loss
    transformers.LlamaForCausalLM(config).save_pretrained(folder / "model")
    transformers.AutoTokenizer.from_pretrained(LAB / "model").save_pretrained(folder / "model")
    things = ("bill", "door", "lamp")
    tickets = {f"Ticket {i}: the {things[i % 3]} is wrong.\n": f'{{"team": "{i % 3}"}}' for i in range(20)}
    rows = [{"prompt": prompt, "completion": completion} for prompt, completion in tickets.items()]
    (folder / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def open_tiny(tiny, seed=0):
    """-> model with a fresh adapter, tokenizer and encoded examples."""
    model, tokenizer = lora.open_model(str(tiny / "model"), "cpu")
    rows = lora.encode(tokenizer, lora.read_rows(tiny / "mine.jsonl", "prompt", "completion"), 256)
    lora.seed_everything(seed)
    return lora.add_adapters(lora.freeze_base(model), 8), tokenizer, rows


def learn(model, rows, checkpoint, **changed):
    config = lora.Config(**{"steps": 6, "batch": 4, "lr": 1e-3, **changed})
    return lora.train(model, rows, 2, config, accelerate.Accelerator(cpu=True), checkpoint)


def logits(model):
    with torch.no_grad():
        return model.eval()(torch.arange(3, 67)[None]).logits


def fill_b(model, scale=0.05):
    """Give B values, as training would: with B at zero every merge and reload would look right."""
    torch.manual_seed(3)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            weight.data.normal_(0, scale)
    return model


def adapter_of(model):
    return [weight.detach().clone() for weight in model.parameters() if weight.requires_grad]


def refusal(capsys, monkeypatch, *flags):
    """Run main as the guard does -> its one line on stderr; it must end with status 2 and print nothing else."""
    monkeypatch.setattr(sys, "argv", ["lora.py", *map(str, flags)])
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as stop:
        lora.run(lora.main)
    printed = capsys.readouterr()
    assert stop.value.code == 2, printed.err
    assert printed.out == ""
    assert printed.err.count("\n") == 1 and printed.err.startswith("lora: "), printed.err
    return printed.err


# What an adapter is


def test_new_adapter_changes_nothing(tiny):
    model, _, _ = open_tiny(tiny)
    with model.disable_adapter():
        before = logits(model)
    assert torch.equal(logits(model), before)
    assert not torch.equal(logits(fill_b(model)), before)


def test_adapters_sit_on_every_linear_layer_but_the_head(tiny):
    model, _, _ = open_tiny(tiny)
    found = {name.split(".lora_")[0].removeprefix("base_model.model.") for name, _ in model.named_parameters()
             if "lora_" in name}  # fmt: skip
    wanted = {name for name, part in lora.open_model(str(tiny / "model"), "cpu")[0].named_modules()
              if isinstance(part, torch.nn.Linear) and name != "lm_head"}  # fmt: skip
    assert found == wanted


def test_share_counts_what_is_trained(tiny):
    model, _, _ = open_tiny(tiny)
    trained = sum(weight.numel() for weight in adapter_of(model))
    everything = sum(weight.numel() for weight in model.parameters())
    by_hand = 2 * 8 * (4 * (64 + 64) + 2 * (64 + 128) + (128 + 64))
    share = {"trainable": trained, "all": everything, "share": round(trained / everything, 6)}
    assert trained == by_hand and lora.count_trainable(model) == share


def test_a_large_models_share_is_its_own():
    counted = lora.count_large_model()
    assert (counted["trainable"], counted["all"]) == (41_943_040, 8_072_204_288)
    assert counted["share"] == round(41_943_040 / 8_072_204_288, 6)


# What is learned


def test_only_the_completion_and_the_end_token_are_learned(tiny):
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny / "model")
    [(ids, labels)] = lora.encode(tokenizer, [{"prompt": "Question: why?\nAnswer:\n", "completion": "because"}], 256)
    learned = [label for label in labels if label != -100]
    assert learned == ids[-len(learned) :] and learned[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(learned[:-1]) == "because"
    assert tokenizer.decode(ids[: -len(learned)]) == "<s>Question: why?\nAnswer:\n"


def test_all_of_a_page_is_learned_in_windows(tiny):
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny / "model")
    rows = lora.encode(tokenizer, [{"prompt": "", "completion": "one two three " * 60}], 64)
    assert [len(ids) for ids, _ in rows[:-1]] == [64] * (len(rows) - 1) and len(rows) > 2
    text = tokenizer.decode([label for _, labels in rows for label in labels if label != -100])
    assert text == "one two three " * 60 + "</s>"


def test_an_example_that_does_not_fit_is_refused(tiny):
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny / "model")
    rows = [{"prompt": "a", "completion": "b"}, {"prompt": "word " * 99, "completion": "b"}]
    with pytest.raises(lora.Problem, match=r"the example {'prompt': 'word .*: \d+ tokens, the model reads 64"):
        lora.encode(tokenizer, rows, 64)


def test_a_batch_follows_from_seed_and_step():
    rows = list(range(10))
    stream = [row for step in range(10) for row in lora.pick_batch(rows, step, 3, seed=5)]
    epochs = [stream[at : at + 10] for at in range(0, 30, 10)]
    assert [sorted(epoch) for epoch in epochs] == [rows] * 3 and epochs[0] != epochs[1]
    lora.shuffle.cache_clear()
    assert lora.pick_batch(rows, 7, 3, seed=5) == stream[21:24] != lora.pick_batch(rows, 7, 3, seed=6)


def test_loss_is_the_models_own(tiny):
    model, _, rows = open_tiny(tiny)
    with torch.no_grad():
        each = [model(torch.tensor([ids]), labels=torch.tensor([labels])).loss * lora.count_tokens([(ids, labels)])
                for ids, labels in rows[:5]]  # fmt: skip
        assert lora.sum_loss(model, rows[:5], 2).item() == pytest.approx(sum(each).item(), rel=1e-5)


def test_loss_of_a_page_counts_every_token_but_the_first(tiny):
    model, tokenizer, _ = open_tiny(tiny)
    rows = lora.encode(tokenizer, [{"prompt": "", "completion": "one two three " * 60}], 64)
    with torch.no_grad():
        each = [model(torch.tensor([ids]), labels=torch.tensor([ids])).loss * (len(ids) - 1) for ids, _ in rows]
        assert lora.sum_loss(model, rows, 2).item() == pytest.approx(sum(each).item(), rel=1e-5)


def test_frozen_weights_do_not_move_and_adapters_do(tiny, tmp_path):
    model, _, rows = open_tiny(tiny)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    losses = learn(model, rows, tmp_path / "checkpoint", steps=20, lr=1e-2)["losses"]
    moved = {name for name, weight in model.named_parameters() if not torch.equal(weight, before[name])}
    assert moved == {name for name in before if "lora_" in name}
    assert losses[-1] < losses[0] - 1


def test_the_rate_is_the_one_asked_for_or_one_for_the_models_size():
    rates = [
        lora.choose_rate(lora.Config(**given)).lr for given in ({}, {"model": "mine"}, {"model": "mine", "lr": 0.5})
    ]
    assert rates == [3e-3, 2e-4, 0.5]


def test_a_few_examples_at_once_are_the_same_step(tiny, tmp_path):
    runs = []
    for at_once in (4, 1, 3):
        model, _, rows = open_tiny(tiny)
        runs.append(learn(model, rows, tmp_path / f"checkpoint-{at_once}", at_once=at_once)["losses"])
    assert runs[1] == pytest.approx(runs[0], rel=1e-4) and runs[2] == pytest.approx(runs[0], rel=1e-4)


def test_a_loss_that_is_no_number_stops_the_run(tiny, tmp_path):
    model, _, rows = open_tiny(tiny)
    with torch.no_grad():
        next(weight for weight in model.parameters() if weight.requires_grad).fill_(float("nan"))
    with pytest.raises(lora.Problem, match="step 1; use a lower rate"):
        learn(model, rows, tmp_path / "checkpoint")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "text, right",
    [
        ('{"answer": "Kerl", "source": "a-1"}', (True, True, True)),
        ('{"source": "a-1", "answer": " Kerl "}', (True, True, True)),
        ('{"answer": "Kerl", "source": "a-2"}', (True, True, False)),
        ('{"answer": "kerl", "source": null}', (True, False, False)),
        ('{"answer": "Kerl"}', (False, True, False)),
        ('{"answer": "Kerl", "source": "a-1", "more": 1}', (False, True, True)),
        ('["Kerl", "a-1"]', (False, False, False)),
        ("Kerl", (False, True, False)),
        ("Kerl, in a-1", (False, False, False)),
        ("", (False, False, False)),
    ],
)
def test_replies_are_judged(text, right):
    judged = lora.judge_reply(text, {"answer": "Kerl", "source": "a-1"})
    assert tuple(judged.values()) == right and list(judged) == ["valid_json", "answer_right", "source_right"]


def test_a_bare_answer_names_no_source_even_where_none_is_wanted():
    assert lora.judge_reply("Kerl", {"answer": "Kerl", "source": None})["source_right"] is False


def test_free_text_is_judged_by_its_first_line():
    assert lora.judge_reply("yes, gladly", lora.read_reply(" yes, gladly\nand more")) == {
        "valid_json": False,
        "answer_right": True,
    }


def test_lab_questions_come_with_their_own_page_and_without():
    cases = lora.write_cases(lora.Config(lab=str(LAB)), [])
    rows = [row for row in lora.read_rows(LAB / "questions.jsonl", "set") if row["split"] == "test"]
    assert {name: len(some) for name, some in cases.items()} == {
        "with_page": sum(row["set"] == "private" for row in rows),
        "closed_book": sum(row["set"] == "private" for row in rows),
        "public": sum(row["set"] == "public" for row in rows),
    }
    for prompt, wanted in cases["with_page"]:
        assert prompt.startswith(f"Source: {wanted['source']}\n") and wanted["answer"] in prompt
    assert all(prompt.startswith("Question: ") for prompt, _ in cases["closed_book"] + cases["public"])


def test_every_tenth_of_your_own_examples_is_held_out(tiny):
    learned, held_out = lora.read_examples(lora.Config(examples=str(tiny / "mine.jsonl")))
    rows = lora.read_rows(tiny / "mine.jsonl", "prompt")
    assert held_out == [rows[9], rows[19]] and learned == [row for row in rows if row not in held_out]


def test_documents_are_learned_whole_and_in_so_many_wordings():
    pages, _ = lora.read_examples(lora.Config(task="documents", lab=str(LAB)))
    more, _ = lora.read_examples(lora.Config(task="documents", lab=str(LAB), wordings=2))
    assert {row["prompt"] for row in more} == {""} and more[: len(pages)] == pages
    assert [row["completion"] for row in pages] == list(lora.read_documents(LAB / "docs").values())
    assert len(more) == 3 * len(pages)


# What is saved


def test_saved_adapter_reloads_with_equal_outputs(tiny, tmp_path):
    model, _, _ = open_tiny(tiny)
    wanted = logits(fill_b(model))
    size = lora.save_adapter(model, tmp_path / "adapter")
    again = lora.load_adapter(lora.open_model(str(tiny / "model"), "cpu")[0], tmp_path / "adapter")
    assert torch.equal(logits(again), wanted)
    assert size == (tmp_path / "adapter" / "adapter_model.safetensors").stat().st_size
    assert 0 <= size - 4 * sum(weight.numel() for weight in adapter_of(model)) < 8192


def test_merged_model_is_plain_and_equal(tiny, tmp_path):
    """Equal within 1e-4 of logits whose largest is about 1: W x + 2 B A x and (W + 2 B A) x round differently."""
    model, tokenizer, _ = open_tiny(tiny)
    wanted = logits(fill_b(model))
    lora.save_adapter(model, tmp_path / "adapter")
    told = lora.merge(model, str(tiny / "model"), tmp_path / "adapter", tmp_path / "merged")
    plain, its_tokenizer = lora.open_model(str(tmp_path / "merged"), "cpu")
    assert type(plain) is transformers.LlamaForCausalLM and not (tmp_path / "merged" / "adapter_config.json").exists()
    assert list(plain.state_dict()) == list(lora.open_model(str(tiny / "model"), "cpu")[0].state_dict())
    torch.testing.assert_close(logits(plain), wanted, rtol=0, atol=1e-4)
    assert told["largest_difference"] < 1e-4 < 0.1 < told["largest_logit"]
    assert its_tokenizer("a b")["input_ids"] == tokenizer("a b")["input_ids"]


@pytest.mark.parametrize("other", ["embeddings", "wider", "shallower"])
def test_adapter_for_another_base_is_refused(tiny, tmp_path, other):
    model, _, _ = open_tiny(tiny)
    lora.save_adapter(model, tmp_path / "adapter")
    base = lora.open_model(str(tiny / "model"), "cpu")[0]
    if other == "embeddings":  # all shapes fit: only the mark can tell
        base.model.embed_tokens.weight.data += 0.01
    else:
        (tmp_path / "adapter" / "base.json").unlink()  # as if another tool had written it
        change = {"intermediate_size": 160} if other == "wider" else {"num_hidden_layers": 1}
        base = transformers.LlamaForCausalLM(transformers.LlamaConfig(**{**base.config.to_dict(), **change}))
    with pytest.raises(lora.Problem, match=r"does not fit the model \(.*\); name its base with --model"):
        lora.load_adapter(base, tmp_path / "adapter")


def test_a_full_disk_leaves_what_was_there(tiny, tmp_path):
    """A limit on the size of files fails a write in the middle, as a full disk does."""
    model, _, _ = open_tiny(tiny)
    lora.save_adapter(model, tmp_path / "adapter")
    before = {path.name: path.read_bytes() for path in (tmp_path / "adapter").iterdir()}
    fill_b(model)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises((lora.Problem, OSError)) as full:
            lora.save_adapter(model, tmp_path / "adapter")
        with pytest.raises(OSError):
            lora.save_checkpoint(tmp_path / "checkpoint", adapter_of(model), torch.optim.SGD(adapter_of(model), 0.1))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert isinstance(full.value, OSError) or "free some space" in str(full.value)
    assert {path.name: path.read_bytes() for path in (tmp_path / "adapter").iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["adapter"]


# Stopping and going on


def test_resumed_training_is_the_uninterrupted_training(tiny, tmp_path):
    whole, _, rows = open_tiny(tiny)
    losses = learn(whole, rows, tmp_path / "whole")["losses"]
    model, _, _ = open_tiny(tiny)
    stop = SimpleNamespace(left=4)

    def interrupt(*args):
        stop.left -= 1
        if stop.left < 0:
            raise KeyboardInterrupt
        return loss(*args)

    loss = lora.sum_loss
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(lora, "sum_loss", interrupt)
        learn(model, rows, tmp_path / "part", save_every=3)
    again, _, _ = open_tiny(tiny, seed=9)  # another start: everything must come from the checkpoint
    assert learn(again, rows, tmp_path / "part", save_every=3, resume=True)["losses"] == losses
    assert all(map(torch.equal, adapter_of(again), adapter_of(whole)))


def test_resume_without_a_checkpoint_starts(tiny, tmp_path):
    model, _, rows = open_tiny(tiny)
    assert len(learn(model, rows, tmp_path / "none", resume=True)["losses"]) == 6


def test_starting_over_says_so(tiny, tmp_path, capsys):
    model, _, rows = open_tiny(tiny)
    capsys.readouterr()
    learn(model, rows, tmp_path / "checkpoint", steps=1)
    assert capsys.readouterr().err == ""
    learn(model, rows, tmp_path / "checkpoint", steps=1)
    assert "starting over; --resume would go on from there" in capsys.readouterr().err


def test_a_checkpoint_of_another_run_is_refused(tiny, tmp_path):
    model, _, rows = open_tiny(tiny)
    learn(model, rows, tmp_path / "checkpoint")
    with pytest.raises(lora.Problem, match="made with another lr, examples; use the same again"):
        learn(model, rows[1:], tmp_path / "checkpoint", resume=True, lr=5e-4)
    (tmp_path / "checkpoint").write_bytes((tmp_path / "checkpoint").read_bytes()[:1000])
    with pytest.raises(lora.Problem, match="not a checkpoint of this file"):
        learn(model, rows, tmp_path / "checkpoint", resume=True)


# Bad input


@pytest.mark.parametrize(
    "flags, said",
    [
        (["--rank", "0"], "--rank 0: use 1 or more"),
        (["--rank", "eight"], "argument --rank: invalid int value: 'eight'; --help lists the flags"),
        (["--lr", "7"], "--lr 7.0"),
        (["--task", "facts"], "--task facts: use behaviour or documents"),
        (["--wordings", "2"], "--wordings: "),
        (["--examples", "{here}/none.jsonl"], "none.jsonl: cannot be read as JSON lines (FileNotFoundError)"),
        (["--examples", "{here}/bytes.jsonl"], "bytes.jsonl: cannot be read as JSON lines (UnicodeDecodeError)"),
        (["--examples", "{here}/broken.jsonl"], "broken.jsonl:2: not JSON"),
        (["--examples", "{here}/column.jsonl"], "column.jsonl:1: no completion; every line needs prompt, completion"),
        (["--examples", "{here}/empty.jsonl"], "empty.jsonl: holds no rows"),
        (["--examples", "{here}/numbers.jsonl"], "prompt and completion must be text"),
        (["--task", "documents", "--docs", "{here}/none"], "none: no such folder"),
        (["--task", "documents", "--docs", "{here}/nothing"], "nothing: no Markdown with text in it"),
        (["--questions", "{here}/astray.jsonl"], "astray.jsonl: its source 'no-page' is no page"),
        (["--model", "{here}/none"], "--model {here}/none: no model there"),
        (["--lab", "{here}"], "behaviour.jsonl: no lab here"),
        (["--out", "{here}"], "--out {here}: {here} holds something else"),
        (["--adapter", "{here}/none"], "--adapter {here}/none: no adapter_model.safetensors there"),
        (["--adapter", "{here}/broken-adapter"], "--adapter {here}/broken-adapter: does not fit the model"),
    ],
)
def test_bad_input_ends_in_one_line(flags, said, tiny, tmp_path, monkeypatch, capsys):
    here = tmp_path / "here"
    (here / "nothing").mkdir(parents=True)
    (here / "bytes.jsonl").write_bytes(b"\xff\xfe\x00")
    (here / "broken.jsonl").write_text('{"prompt": "a", "completion": "b"}\n{"prompt"\n')
    (here / "column.jsonl").write_text('{"prompt": "a"}\n')
    (here / "empty.jsonl").write_text("\n")
    (here / "numbers.jsonl").write_text('{"prompt": 1, "completion": 2}\n')
    (here / "astray.jsonl").write_text('{"question": "a", "answer": "b", "source": "no-page"}\n')
    (here / "broken-adapter").mkdir()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (here / "broken-adapter" / name).write_text("{")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    small = ["--model", tiny / "model", "--lab", LAB]
    if "--adapter" in flags:
        small += ["--examples", tiny / "mine.jsonl"]
    assert said.format(here=here) in refusal(capsys, monkeypatch, *small, *(flag.format(here=here) for flag in flags))
    assert not list((tmp_path / "work").iterdir())


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the GPU that the test must not find")
def test_a_gpu_that_is_not_there_ends_in_one_line(capsys, monkeypatch):
    assert "--device cuda: no CUDA device; run with --device cpu" in refusal(capsys, monkeypatch, "--device", "cuda")


# As a process


OWN = ("--batch", "4", "--save-every", "1", "--steps", "200", "--lr", "3e-3")


def own(tiny):
    """Flags for 200 small steps on the reader's own model and examples."""
    return ["--model", str(tiny / "model"), "--examples", str(tiny / "mine.jsonl"), *OWN]


def await_step(process, checkpoint: Path, step: int):
    """Wait until the run has saved that step."""
    for _ in range(15000):
        assert process.poll() is None, process.communicate()
        if checkpoint.exists() and len(torch.load(checkpoint, weights_only=True)["losses"]) >= step:
            return
        time.sleep(0.02)
    raise AssertionError("no checkpoint after five minutes")


@pytest.fixture(scope="module")
def uninterrupted(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted")
    done = run_snippet("lora", *own(tiny), cwd=folder, env=ONE_THREAD)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return folder / "lora-behaviour", json.loads(done.stdout)


@pytest.mark.slow
def test_your_own_examples_are_learned_and_measured(uninterrupted):
    folder, told = uninterrupted
    metrics = told["metrics"]
    assert set(told) == {"config", "metrics", "environment"} and told["environment"]["peft"]
    assert metrics["examples"] == 18 and metrics["losses"][-1] < 0.2 < metrics["losses"][0]
    assert set(metrics["after"]["held_out"]) == {"count", "valid_json", "team_right"}
    assert metrics["after"]["held_out"]["valid_json"] == 1 and metrics["before"]["held_out"]["valid_json"] == 0
    assert metrics["adapter_bytes"] == (folder / "adapter_model.safetensors").stat().st_size
    assert metrics["memory"]["bytes"] > 10**8 and "process" in metrics["memory"]["of"]
    assert [path.name for path in folder.parent.iterdir()] == ["lora-behaviour"]


@pytest.mark.slow
def test_interrupted_and_killed_runs_go_on_to_the_same_weights(tiny, tmp_path, uninterrupted):
    checkpoint, flags = tmp_path / "lora-behaviour.checkpoint", own(tiny)
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would not hear it
    for step, ended, code in ((10, signal.SIGINT, 130), (60, signal.SIGKILL, -9)):
        process = subprocess.Popen(
            [sys.executable, SNIPPETS / "lora.py", *flags],
            cwd=tmp_path,
            env={**os.environ, **ONE_THREAD},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        await_step(process, checkpoint, step)
        process.send_signal(ended)
        out, err = process.communicate(timeout=900)
        assert process.returncode == code and out == "" and err.count("stopped") == (code == 130), err
        assert len(err.strip().splitlines()) == (code == 130)
        assert checkpoint.exists() and not (tmp_path / "lora-behaviour").exists()
        flags = [*own(tiny), "--resume"]
    signal.signal(signal.SIGINT, heard)
    done = run_snippet("lora", *flags, cwd=tmp_path, env=ONE_THREAD)
    assert done.returncode == 0, done.stderr
    whole, told = uninterrupted
    assert json.loads(done.stdout)["metrics"]["losses"] == told["metrics"]["losses"]
    name = "adapter_model.safetensors"
    assert (tmp_path / "lora-behaviour" / name).read_bytes() == (whole / name).read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["lora-behaviour"]


@pytest.mark.slow
def test_two_processes_give_one_processs_losses(tiny, tmp_path, uninterrupted):
    """Within 1e-4 of each loss over 200 steps: only the order of the sums differs."""
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    run = [*launch, SNIPPETS / "lora.py", *own(tiny)]
    done = subprocess.run(run, cwd=tmp_path, env={**os.environ, **ONE_THREAD}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    told, alone = json.loads(done.stdout)["metrics"], uninterrupted[1]["metrics"]
    assert (told["processes"], alone["processes"]) == (2, 1)
    assert told["losses"] == pytest.approx(alone["losses"], rel=1e-4, abs=1e-4)
    assert told["after"] == alone["after"]
    assert [path.name for path in tmp_path.iterdir()] == ["lora-behaviour"]


@pytest.fixture(scope="module")
def small_lab(tmp_path_factory):
    """The lab with a few of its questions: enough to see that they are asked."""
    folder = tmp_path_factory.mktemp("small-lab")
    for name in ("model", "docs"):
        shutil.copytree(LAB / name, folder / name)
    for name in ("behaviour.jsonl", "rewrites.jsonl"):
        shutil.copy(LAB / name, folder / name)
    rows = [row for row in lora.read_rows(LAB / "questions.jsonl", "set") if row["split"] == "test"]
    some = [row for kind in ("private", "public") for row in [row for row in rows if row["set"] == kind][:6]]
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in some))
    return folder


@pytest.mark.slow
def test_lab_behaviour_runs_and_merges(small_lab, tmp_path):
    """Merged and unmerged logits differ by less than 1e-3, of logits beyond 5."""
    done = run_snippet("lora", "--lab", small_lab, "--steps", "30", "--merge", cwd=tmp_path, env=ONE_THREAD)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    metrics = json.loads(done.stdout)["metrics"]
    assert {name: some["count"] for name, some in metrics["before"].items()} == {
        "with_page": 6, "closed_book": 6, "public": 6}  # fmt: skip
    assert metrics["before"]["public"]["valid_json"] == 0 and metrics["losses"][-1] < metrics["losses"][0] / 2
    assert metrics["parameters"]["share"] > 10 * metrics["large_model"]["share"]
    assert metrics["merged"]["largest_difference"] < 1e-3 < 5 < metrics["merged"]["largest_logit"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lora-behaviour", "lora-behaviour-merged"]


@pytest.mark.slow
def test_lab_documents_run_and_a_saved_adapter_is_measured_again(small_lab, tmp_path):
    flags = ["--lab", small_lab, "--task", "documents", "--wordings", "1"]
    done = run_snippet("lora", *flags, "--steps", "5", "--out", "facts", cwd=tmp_path, env=ONE_THREAD)
    assert done.returncode == 0, done.stderr
    first = json.loads(done.stdout)["metrics"]
    assert first["examples"] == 80 and first["losses"][-1] < first["losses"][0]
    done = run_snippet("lora", *flags, "--adapter", "facts", cwd=tmp_path, env=ONE_THREAD)
    assert done.returncode == 0, done.stderr
    again = json.loads(done.stdout)["metrics"]
    assert again["after"] == first["after"] and again["before"] == first["before"] and "losses" not in again


def test_header_names_what_is_imported():
    source = (SNIPPETS / "lora.py").read_text()
    header = source.split("# ///")[1]
    listed = {name.replace("-", "_") for name in re.findall(r'"([a-z-]+)>=', header)}
    assert listed == imported(source)


def imported(source):
    """Packages that a file imports and that do not come with Python."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module.split(".")[0])
    return names - sys.stdlib_module_names


def test_safetensors_hold_only_the_adapter(tiny, tmp_path):
    model, _, _ = open_tiny(tiny)
    lora.save_adapter(model, tmp_path / "adapter")
    kept = safetensors.torch.load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    assert len(kept) == 2 * 2 * 7 and all(".lora_A." in name or ".lora_B." in name for name in kept)
