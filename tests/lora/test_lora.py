"""LoRA and QLoRA in process, on a tiny model: what is trained, and what is not."""

import difflib
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from peft import PeftModel

import before_after
import lora
import qlora
from case import CASE
from case.files import read_examples
from case.model import open_model
from case.prompt import prompt
from tests.lora_rows import CPU, chats_of, short_rows
from tests.tiny_model import command, write_rows

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning", "ignore::DeprecationWarning")


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


@pytest.mark.parametrize("script", [lora, qlora])
def test_help_tells_every_flag(script, capsys):
    status, _, _ = command(script, capsys, "--help")
    assert status == 0


def test_before_and_after_are_read_from_the_trainers_log():
    metrics = {"before": {"held_out": {}}, "after": {"held_out": {}}}
    before_after.add_losses(metrics, [{"eval_loss": 2.0}, {"loss": 1.5}, {"eval_loss": 1.0}])
    assert (metrics["before"]["held_out"]["loss"], metrics["after"]["held_out"]["loss"]) == (2.0, 1.0)
