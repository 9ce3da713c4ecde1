"""LoRA and QLoRA in process, on a tiny model: what is trained, what is not, and that a stopped run goes on."""

import difflib
import json
import math
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from transformers import set_seed

import before_after
import lora
import qlora
from case import CASE
from case.files import read_examples
from case.model import open_model
from case.prompt import prompt
from tests.tiny_model import command, write_rows

ROOT = Path(__file__).resolve().parent.parent
CPU = torch.device("cpu")
ROLES = {"prompt": "user", "completion": "assistant"}
IGNORED = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning", "ignore::DeprecationWarning")
pytestmark = IGNORED


@pytest.fixture
def config(tiny_model, tmp_path):
    return lora.Config(model=str(tiny_model), out=tmp_path / "out", steps=4, batch=2, device="cpu", quick=True)


@pytest.fixture
def base(tiny_model):
    return open_model(str(tiny_model), CPU, dtype=torch.float32)


def short_rows(count: int) -> list[dict]:
    """Rows of a few words: what they say does not matter, and a step on them takes a tenth of the time."""
    return [{"prompt": f"Say {number}", "completion": f"It is {number}"} for number in range(count)]


def chats_of(count: int = 6) -> list[dict]:
    """Return short rows as chat messages."""
    return [{name: [{"role": role, "content": row[name]}] for name, role in ROLES.items()} for row in short_rows(count)]


def logits(model, tokenizer):
    chat = tokenizer.apply_chat_template(prompt("When do the doors close?"), return_tensors="pt", return_dict=True)
    with torch.no_grad():
        return model(**chat).logits


def test_a_new_adapter_changes_nothing(base, config):
    from peft import get_peft_model

    model, tokenizer = base
    before = logits(model, tokenizer)
    assert torch.equal(logits(get_peft_model(model, lora.choose_adapter(config)), tokenizer), before)


def test_training_moves_the_adapter_and_nothing_else(base, config):
    model, tokenizer = base
    frozen = {name: weight.clone() for name, weight in model.named_parameters()}
    trained = lora.train(model, tokenizer, chats_of(), config, adapter=lora.choose_adapter(config)).model
    after = dict(trained.named_parameters())
    for name, weight in frozen.items():
        path, _, kind = f"base_model.model.{name}".rpartition(".")
        same = after.get(f"{path}.{kind}", after.get(f"{path}.base_layer.{kind}"))
        assert torch.equal(same, weight), name
    thin = [weight for name, weight in after.items() if "lora_B" in name]
    assert len(thin) == 2 * 7 and all(weight.abs().sum() > 0 for weight in thin)


def test_without_an_adapter_all_weights_are_trained(base, config):
    model, tokenizer = base
    before = model.model.layers[0].mlp.up_proj.weight.clone()
    lora.train(model, tokenizer, chats_of(), config)
    assert not torch.equal(model.model.layers[0].mlp.up_proj.weight, before)


def test_the_loss_is_on_the_completion_alone(base, config):
    """Against an oracle: the prompt's tokens, counted by the chat template, carry no label."""
    model, tokenizer = base
    row = read_examples(CASE / "examples.jsonl")[0]
    trainer = lora.train(model, tokenizer, [row, row], replace(config, steps=1), adapter=lora.choose_adapter(config))
    labels = next(iter(trainer.get_train_dataloader()))["labels"][0]
    asked = tokenizer.apply_chat_template(row["prompt"], add_generation_prompt=True, return_dict=True)["input_ids"]
    whole = tokenizer.apply_chat_template(row["prompt"] + row["completion"], return_dict=True)["input_ids"]
    assert labels.tolist()[: len(whole)] == [-100] * len(asked) + whole[len(asked) :]
    assert tokenizer.eos_token_id in whole[len(asked) :]  # it learns to stop


def test_merged_equals_unmerged(base, config):
    model, tokenizer = base
    lora.train(model, tokenizer, chats_of(), config, adapter=lora.choose_adapter(config))
    apart, _ = open_model(config.model, CPU, config.out, dtype=torch.float32)
    merged, _ = open_model(str(lora.merge(config)), CPU, dtype=torch.float32)
    assert not isinstance(merged, PeftModel)
    rounding = 0.05 if next(apart.parameters()).dtype == torch.float32 else 0.1  # merged in the precision of the base
    assert torch.allclose(logits(apart, tokenizer), logits(merged, tokenizer), atol=rounding)


def test_a_stopped_run_goes_on_with_the_same_losses(tiny_model, config):
    """Also where a loss is the mean of several steps: none of them may be lost with the run that was stopped."""

    def run(out, **changes):
        set_seed(0)
        model, tokenizer = open_model(str(tiny_model), CPU, dtype=torch.float32)
        settings = replace(config, out=config.out / out, steps=20, **changes)
        trainer = lora.train(model, tokenizer, chats_of(12), settings, adapter=lora.choose_adapter(config))
        return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]

    whole = run("whole")
    assert len(whole) == 10

    class Stopped(Exception):
        pass

    def stop(self, args, state, control, **others):
        if state.global_step == 11:  # the last checkpoint is of step 8
            raise Stopped

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(lora.LossBar, "on_step_end", stop)
        run("stopped")
    (kept,) = (config.out / "stopped").glob("checkpoint-*")
    (config.out / "stopped" / "checkpoint-12").mkdir()  # what a kill leaves in the middle of writing
    assert kept.name == "checkpoint-8" and run("stopped", resume=True) == whole
    assert run("stopped") == whole  # and without --resume it starts anew


def test_on_a_readers_own_rows_every_tenth_is_held_out(tiny_model, tmp_path, capsys):
    mine = write_rows(tmp_path / "mine.jsonl", *short_rows(50))
    out = tmp_path / "out"
    status, report, shown = command(
        lora, capsys, "--model", tiny_model, "--examples", mine, "--out", out, "--quick", "--device", "cpu", "--merge"
    )
    assert status == 0, shown
    metrics = report["metrics"]
    assert metrics["rows"] == 45
    for when in ("before", "after"):
        held_out = metrics[when]["held_out"]
        assert held_out["exact_match"]["n"] == 5 and math.isfinite(held_out["loss"])
        assert "with_page" not in metrics[when]  # the case's questions are not this reader's
    assert (out / "adapter_config.json").is_file() and (out / "merged" / "config.json").is_file()
    assert "held out" in shown and max(map(len, shown.rpartition("\n\n\n")[2].splitlines())) <= 88


@pytest.mark.parametrize("script", [lora, qlora])
def test_the_report_has_what_others_read(script, tiny_model, tmp_path, capsys):
    status, report, shown = command(
        script, capsys, "--model", tiny_model, "--out", tmp_path / "out", "--quick", "--device", "cpu"
    )
    assert status == 0, shown
    assert set(report) == {"config", "metrics", "environment"}
    for when in ("before", "after"):
        for cell in ("with_page", "closed_book"):
            shares = report["metrics"][when][cell]
            assert {"right", "valid_json", "source_right"} <= set(shares)
            assert set(shares["right"]) == {"value", "low", "high", "n"}
    assert 0 < report["metrics"]["parameters"]["trainable"] < report["metrics"]["parameters"]["all"]
    assert report["environment"]["trl"]


@pytest.mark.parametrize("task", ["pages", "questions"])
def test_facts_are_taught_from_their_own_files(task, config):
    rows, held_out = lora.choose_rows(replace(config, task=task))
    assert held_out == []
    if task == "pages":
        assert len(rows) == 36 and all(row["text"].startswith("# ") for row in rows)
        both, _ = lora.choose_rows(replace(config, task=task, rewrites=CASE / "rewrites"))
        assert len(both) == 36 + 48
    else:
        assert len(rows) == 288 and all("Page:" not in row["prompt"][-1]["content"] for row in rows)
        assert json.loads(rows[0]["completion"][0]["content"]).keys() == {"answer", "source"}


def test_four_bits_are_near_the_weights_they_stand_for(tiny_model):
    """NF4 against floats: each weight is off by no more than half the widest gap of its block's levels."""
    whole, _ = open_model(str(tiny_model), CPU, dtype=torch.float32)
    config = qlora.Config(model=str(tiny_model), device="cpu")
    packed, _ = qlora.open_base(config)
    from bitsandbytes.functional import dequantize_4bit

    weight = packed.model.layers[0].mlp.up_proj.weight
    near = dequantize_4bit(weight.data, weight.quant_state).float()
    real = whole.model.layers[0].mlp.up_proj.weight
    widest = 1 - 0.6961928009986877  # between the two outermost of the sixteen levels
    limit = real.abs().reshape(-1, 64).amax(1).repeat_interleave(64).reshape(real.shape) * (widest / 2 + 0.02)
    assert near.shape == real.shape and ((near - real).abs() <= limit + 1e-6).all()
    assert packed.get_memory_footprint() < whole.get_memory_footprint()


def test_qlora_differs_from_lora_by_one_screen():
    one, other = (Path(script.__file__).read_text(encoding="utf-8").splitlines() for script in (lora, qlora))
    changed = [
        line for line in difflib.unified_diff(one, other, n=0) if line[0] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert 10 < len(changed) < 60
    for name in ("choose_adapter", "choose_rows", "train", "merge"):
        assert source_of(one, name) == source_of(other, name)


def source_of(lines, name):
    start = next(i for i, line in enumerate(lines) if line.startswith(f"def {name}("))
    end = next(
        (i for i in range(start + 1, len(lines)) if lines[i] and not lines[i].startswith((" ", ")"))), len(lines)
    )
    return lines[start:end]


BAD = [
    (["--model", "no/such/model/here"], "no such folder"),
    (["--model", "HuggingFaceTB/no-such-model"], "not to be had from the hub"),
    (["--device", "cuda"], "run with --device cpu"),
    (["--examples", "{few}"], "10 are needed"),
    (["--examples", "{broken}"], "broken.jsonl, line 2: not JSON"),
    (["--examples", "{binary}"], "not UTF-8"),
    (["--examples", "{missing}"], "No such file"),
    (["--docs", "{empty}"], "no .md file"),
    (["--docs", "{missing}"], "no such folder"),
    (["--task", "questions", "--facts", "{few}"], "no question, answer, source"),
]


@pytest.mark.parametrize(("flags", "says"), BAD, ids=[" ".join(flags) for flags, _ in BAD])
@pytest.mark.skipif(torch.cuda.is_available(), reason="the flag is right where there is a GPU")
def test_bad_input_ends_in_one_line(flags, says, tiny_model, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    (tmp_path / "empty").mkdir()
    (tmp_path / "binary.jsonl").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "broken.jsonl").write_text('{"prompt": "a", "completion": "b"}\n{"prompt": \n', encoding="utf-8")
    write_rows(tmp_path / "few.jsonl", {"prompt": "a", "completion": "b"})
    names = {name: tmp_path / f"{name}.jsonl" for name in ("few", "broken", "binary", "missing")}
    flags = [flag.format(**names, empty=tmp_path / "empty") for flag in flags]
    out = tmp_path / "out"
    given = ["--model", str(tiny_model), "--out", str(out), "--quick", "--device", "cpu", *flags]
    status, report, shown = command(lora, capsys, *given)
    assert (status, report) == (2, None)
    (line,) = [line for line in shown.splitlines() if line.strip()]
    assert says in line and "Traceback" not in shown
    assert not out.exists()  # nothing half-written


def test_an_adapter_of_another_base_is_refused(base, config, tmp_path, tiny_model):
    from transformers import LlamaForCausalLM

    model, tokenizer = base
    lora.train(model, tokenizer, chats_of(), config, adapter=lora.choose_adapter(config))
    other = LlamaForCausalLM(type(model.config)(**(model.config.to_dict() | {"hidden_size": 32, "head_dim": 8})))
    other.save_pretrained(tmp_path / "other")
    tokenizer.save_pretrained(tmp_path / "other")
    from case.errors import BadInput

    with pytest.raises(BadInput, match="does not fit"):
        open_model(str(tmp_path / "other"), CPU, config.out)


@pytest.mark.parametrize("script", [lora, qlora])
def test_help_tells_every_flag(script, capsys):
    status, _, _ = command(script, capsys, "--help")
    assert status == 0


FULL = [
    OSError(28, "No space left on device", "out"),
    Exception("No space left on device (os error 28)"),  # as tokenizers and safetensors say it
    RuntimeError("[enforce fail at inline_container.cc:672] . PytorchStreamWriter: file write failed"),
]


@pytest.mark.parametrize("place", ["checkpoint", "adapter"])
@pytest.mark.parametrize("error", FULL, ids=lambda error: type(error).__name__)
def test_a_full_disk_ends_in_one_line_with_nothing_half_written(error, place, config, capsys, monkeypatch):
    write = lora.SFTTrainer.save_model

    def write_half(trainer, output_dir=None, **others):
        if place == "adapter" and output_dir:
            return write(trainer, output_dir, **others)
        folder = Path(output_dir or config.out)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "adapter_config.json").write_text("{", encoding="utf-8")
        raise error

    monkeypatch.setattr(lora.SFTTrainer, "save_model", write_half)
    given = ["--model", config.model, "--out", str(config.out), "--device", "cpu", "--quick"]
    found, report, shown = command(lora, capsys, *given)
    assert (found, report) == (2, None) and "Traceback" not in shown
    assert "check the disk and --out" in shown.strip().splitlines()[-1]
    assert list(config.out.glob("adapter*")) == []
    kept = {folder.name for folder in config.out.iterdir() if folder.is_dir()}
    assert kept == ({"checkpoint-2"} if place == "adapter" else set())


def test_another_error_is_not_called_a_full_disk(config, capsys, monkeypatch):
    def fail(*given):
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(lora, "ask", fail)
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        command(lora, capsys, "--model", config.model, "--out", config.out, "--device", "cpu", "--quick")


@pytest.fixture
def long_training(tiny_model, tmp_path):
    """Flags of a training of many short steps, but for --out."""
    mine = write_rows(tmp_path / "mine.jsonl", *short_rows(20))
    flags = {"model": tiny_model, "device": "cpu", "steps": 40, "batch": 2, "examples": mine}
    return [text for name, value in flags.items() for text in (f"--{name}", str(value))]


def test_a_training_stopped_by_ctrl_c_goes_on(long_training, tmp_path, capsys, monkeypatch):
    """Ctrl-C ends in one line and exit status 130; --resume gives the losses of a whole run."""

    def press(self, args, state, control, **others):
        if state.global_step == 10:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(lora.LossBar, "on_step_end", press)
        status, report, said = command(lora, capsys, *long_training, "--out", tmp_path / "stopped")
    assert (status, report) == (130, None) and "Traceback" not in said
    assert "stopped; --resume goes on from there\n" in said
    assert losses(long_training, tmp_path / "stopped", capsys, "--resume") == losses(
        long_training, tmp_path / "whole", capsys
    )


def losses(given, out, capsys, *more):
    status, report, said = command(lora, capsys, *given, "--out", out, *more)
    assert status == 0, said
    return report["metrics"]["losses"]


@pytest.mark.slow
def test_a_killed_process_goes_on(long_training, tmp_path, capsys):
    """kill -9 says nothing; --resume gives the losses of a whole run. The process is one as readers start it."""
    script = [sys.executable, str(ROOT / "snippets" / "lora.py"), *long_training, "--out", str(tmp_path / "stopped")]
    process = subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list((tmp_path / "stopped").glob("checkpoint-*/trainer_state.json")):
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    printed, said = process.communicate(timeout=60)
    assert (process.returncode, printed) == (-signal.SIGKILL, "") and "Traceback" not in said
    assert losses(long_training, tmp_path / "stopped", capsys, "--resume") == losses(
        long_training, tmp_path / "whole", capsys
    )


@pytest.mark.slow
def test_ctrl_c_during_the_imports_ends_in_one_line(tmp_path):
    (tmp_path / "datasets.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(ROOT / "snippets" / "lora.py")],
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.split() == ["lora.py:", "stopped"]


@pytest.mark.slow
def test_two_processes_give_the_losses_of_one(tiny_model, tmp_path, capsys):
    """At an equal global batch. gloo adds in another order: equal to 1e-3."""
    mine = write_rows(tmp_path / "mine.jsonl", *short_rows(20))
    flags = {"model": tiny_model, "device": "cpu", "steps": 4, "batch": 4, "examples": mine}
    given = [text for name, value in flags.items() for text in (f"--{name}", str(value))]
    launcher = ["-m", "torch.distributed.run", "--nproc_per_node", "2", "--master_port", "29731"]
    script = [str(ROOT / "snippets" / "lora.py"), "--out", str(tmp_path / "two")]
    done = subprocess.run([sys.executable, *launcher, *script, *given], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()  # one of the processes reports
    one = losses(given, tmp_path / "one", capsys)
    assert json.loads(line)["metrics"]["losses"] == pytest.approx(one, abs=1e-3)


def test_before_and_after_are_read_from_the_trainers_log():
    metrics = {"before": {"held_out": {}}, "after": {"held_out": {}}}
    before_after.add_losses(metrics, [{"eval_loss": 2.0}, {"loss": 1.5}, {"eval_loss": 1.0}])
    assert (metrics["before"]["held_out"]["loss"], metrics["after"]["held_out"]["loss"]) == (2.0, 1.0)
