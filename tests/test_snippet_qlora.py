"""qlora.py: what 4 bits are, that adapters learn on them, and what lora.py promises and this file must keep."""

import difflib
import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import accelerate
import bitsandbytes
import pytest
import torch
import transformers

from tests.snippet_process import SNIPPETS, load_snippet, run_snippet

LAB = Path(os.environ.get("LAB", SNIPPETS / "lab"))
# transformers 5 warns when peft asks whether a model recomputes its activations.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")
qlora = load_snippet("qlora")
CPU = torch.device("cpu")
# The 16 levels of NF4: appendix E of the QLoRA paper (Dettmers et al. 2023).
LEVELS = torch.tensor([
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
    -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0])  # fmt: skip


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A random Llama of two layers with the lab's tokenizer, in float32 and in bfloat16."""
    folder = tmp_path_factory.mktemp("tiny")
    torch.manual_seed(1)
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2}
    model = transformers.LlamaForCausalLM(
        transformers.LlamaConfig(
            vocab_size=1024, tie_word_embeddings=True, bos_token_id=0, eos_token_id=1, pad_token_id=2, **sizes
        )
    )
    tokenizer = transformers.AutoTokenizer.from_pretrained(LAB / "model")
    for name, dtype in (("model", torch.float32), ("bfloat16", torch.bfloat16)):
        model.to(dtype).save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
    return folder


def open_base(tiny, name="model"):
    model, tokenizer = qlora.open_model(str(tiny / name), CPU, **qlora.four_bits(CPU))
    return qlora.freeze_quantised(model), tokenizer


def open_adapted(tiny, seed=0):
    """-> quantised model with a fresh adapter, and encoded examples."""
    model, tokenizer = open_base(tiny)
    examples = [{"prompt": f"Ticket {i}.\n", "completion": f'{{"team": "{i % 3}"}}'} for i in range(12)]
    qlora.seed_everything(seed)
    return qlora.add_adapters(model, 8), qlora.encode(tokenizer, examples, 256)


def learn(model, rows, checkpoint, **changed):
    config = qlora.Config(**{"steps": 6, "batch": 4, "lr": 1e-3, **changed})
    return qlora.train(model, rows, 2, config, accelerate.Accelerator(cpu=True), checkpoint)


def logits(model):
    with torch.no_grad():
        return model.eval()(torch.arange(3, 67)[None]).logits


def fill_b(model):
    """Give B values, as training would: with B at zero every merge and reload would look right."""
    torch.manual_seed(3)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            weight.data.normal_(0, 0.05)
    return model


def layers_of(model):
    return {name: part for name, part in model.named_modules() if isinstance(part, bitsandbytes.nn.Linear4bit)}


def adapter_of(model):
    return [weight.detach().clone() for weight in model.parameters() if weight.requires_grad]


# What 4 bits are


def test_weights_are_the_nearest_of_16_levels_in_blocks_of_64(tiny):
    """Against a float reference: level numbers exactly; values within the rounding of the scales (next test)."""
    full = qlora.open_model(str(tiny / "model"), CPU)[0].state_dict()
    layers = layers_of(open_base(tiny)[0])
    assert len(layers) == 2 * 7
    for name, layer in layers.items():
        blocks = full[f"{name}.weight"].reshape(-1, 64)
        scaled = blocks / blocks.abs().amax(1, keepdim=True)
        nearest = (scaled[..., None] - LEVELS).abs().argmin(-1)
        packed = layer.weight.data.flatten()
        stored = torch.stack([packed >> 4, packed & 15], 1).reshape(-1, 64)
        assert torch.equal(stored.long(), nearest)
        state = layer.weight.quant_state
        values = bitsandbytes.functional.dequantize_4bit(layer.weight.data, state)
        wanted = (LEVELS[nearest] * scales(state)[:, None]).reshape(values.shape)
        torch.testing.assert_close(values, wanted, rtol=1e-6, atol=1e-8)


def scales(state):
    """The scales of a layer's blocks, unpacked by hand: 8-bit codes in blocks of 256, around their mean."""
    codes = state.state2.code[state.absmax.long()]
    return codes * state.state2.absmax.repeat_interleave(256)[: len(codes)] + state.offset


def test_scales_are_quantised_too_and_off_by_less_than_two_percent(tiny):
    full = qlora.open_model(str(tiny / "model"), CPU)[0].state_dict()
    for name, layer in layers_of(open_base(tiny)[0]).items():
        state = layer.weight.quant_state
        true = full[f"{name}.weight"].reshape(-1, 64).abs().amax(1)
        assert state.absmax.dtype == torch.uint8
        assert 0 < (scales(state) - true).abs().max() < 0.02 * (true - true.mean()).abs().max()


def test_bytes_are_the_packed_weights_and_their_scales(tiny):
    counted = qlora.count_bytes(open_base(tiny)[0])
    quantised = 2 * (4 * 64 * 64 + 3 * 64 * 128)
    others = 1024 * 64 + 5 * 64  # embeddings, which are the output head too, and norms
    assert (counted["quantised"], counted["all"]) == (quantised, quantised + others)
    assert counted["bytes_before"] == 4 * (quantised + others)
    layers = 2 * 7
    tables = counted["bytes"] - 4 * others - quantised // 2 - quantised // 64 - 4 * (layers + layers)
    assert 0 < tables <= layers * 4 * (16 + 256)  # scales of scales: one block and one mean a layer; the levels


def test_a_large_layer_takes_4_127_bits_a_weight():
    layer = bitsandbytes.nn.Linear4bit(1024, 1024, bias=False, compress_statistics=True, quant_type="nf4").to("cpu")
    state = layer.weight.quant_state
    held = layer.weight.nbytes + state.absmax.nbytes + state.state2.absmax.nbytes
    assert 8 * held / 1024**2 == pytest.approx(4 + 8 / 64 + 32 / (64 * 256))


def test_what_is_not_quantised_turns_to_float32_and_is_counted(tiny):
    model, _ = open_base(tiny, "bfloat16")
    counted = qlora.count_bytes(model)
    assert model.model.embed_tokens.weight.dtype == model.model.norm.weight.dtype == torch.float32
    assert counted["bytes_before"] == 2 * counted["all"]
    assert counted["bytes"] > 4 * (counted["all"] - counted["quantised"])


# What lora.py promises


def test_new_adapter_changes_nothing(tiny):
    model, _ = open_adapted(tiny)
    with model.disable_adapter():
        before = logits(model)
    assert torch.equal(logits(model), before)
    assert not torch.equal(logits(fill_b(model)), before)


def test_share_counts_real_weights_not_bytes(tiny):
    """Two weights share a byte; the counts must be those of lora.py on the same model."""
    model, _ = open_adapted(tiny)
    plain = qlora.add_adapters(qlora.open_model(str(tiny / "model"), CPU)[0], 8)
    assert qlora.count_trainable(model) == qlora.count_trainable(plain)
    assert qlora.count_trainable(plain)["all"] == sum(weight.numel() for weight in plain.parameters())
    assert sum(weight.numel() for weight in model.parameters()) < qlora.count_trainable(model)["all"]


def test_gradients_reach_the_first_layer_after_answering(tiny):
    """On some CPUs bitsandbytes re-packs weights for eval(), and every gradient below the last layer is then zero."""
    model, rows = open_adapted(tiny)
    plain = qlora.add_adapters(qlora.open_model(str(tiny / "model"), CPU)[0], 8)
    plain.load_state_dict({name: value for name, value in fill_b(model).state_dict().items() if "lora_" in name}, False)
    for layer, whole in zip(layers_of(model).values(), linears_of(plain), strict=True):
        state = layer.weight.quant_state
        whole.weight.data = bitsandbytes.functional.dequantize_4bit(layer.weight.data, state)
    grads = []
    for one in (model, plain):
        logits(one)
        qlora.sum_loss(one.train(), rows[:4], 2).backward()
        grads.append({name: weight.grad for name, weight in one.named_parameters() if "lora_" in name})
    assert not any(getattr(layer.weight.quant_state, "packing_format_for_cpu", False)
                   for layer in layers_of(model).values())  # fmt: skip
    for name, grad in grads[0].items():
        torch.testing.assert_close(grad, grads[1][name], rtol=1e-3, atol=1e-5)
        assert grad.abs().max() > 0


def linears_of(model):
    return [part.base_layer for part in model.modules() if hasattr(part, "base_layer")]


def test_frozen_weights_do_not_move_and_adapters_do(tiny, tmp_path):
    model, rows = open_adapted(tiny)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    logits(model)
    losses = learn(model, rows, tmp_path / "checkpoint", steps=20, lr=1e-2)["losses"]
    moved = {name for name, weight in model.named_parameters() if not torch.equal(weight, before[name])}
    assert moved == {name for name in before if "lora_" in name}
    assert losses[-1] < losses[0] - 0.5


def test_saved_adapter_reloads_with_equal_outputs(tiny, tmp_path):
    model, _ = open_adapted(tiny)
    wanted = logits(fill_b(model))
    qlora.save_adapter(model, tmp_path / "adapter")
    assert torch.equal(logits(qlora.load_adapter(open_base(tiny)[0], tmp_path / "adapter")), wanted)


@pytest.mark.parametrize("name", ["model", "bfloat16"])
def test_merged_model_is_the_full_base_with_the_adapter(tiny, tmp_path, name):
    """Float32: equal within 1e-4 of logits whose largest is about 1. Bfloat16 keeps 8 bits: within 0.05. The 4-bit
    model that the adapter was trained on is further off, and the report says how far."""
    model = fill_b(qlora.add_adapters(open_base(tiny, name)[0], 8))
    qlora.save_adapter(model, tmp_path / "adapter")
    told = qlora.merge(model, str(tiny / name), tmp_path / "adapter", tmp_path / "merged")
    plain, _ = qlora.open_model(str(tmp_path / "merged"), CPU)
    base, _ = qlora.open_model(str(tiny / name), CPU)
    assert not layers_of(plain) and "quantization_config" not in plain.config.to_dict()
    assert {name: weight.dtype for name, weight in plain.state_dict().items()} == {
        name: weight.dtype for name, weight in base.state_dict().items()
    }
    unmerged = logits(qlora.load_adapter(base, tmp_path / "adapter"))
    torch.testing.assert_close(logits(plain), unmerged, rtol=0, atol=1e-4 if name == "model" else 0.05)
    assert 1e-3 < told["largest_difference"] < told["largest_logit"]


def test_resumed_training_is_the_uninterrupted_training(tiny, tmp_path):
    whole, rows = open_adapted(tiny)
    losses = learn(whole, rows, tmp_path / "whole")["losses"]
    model, _ = open_adapted(tiny)
    loss, calls = qlora.sum_loss, []

    def interrupt(*args):
        calls.append(args)
        if len(calls) > 4:
            raise KeyboardInterrupt
        return loss(*args)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(qlora, "sum_loss", interrupt)
        learn(model, rows, tmp_path / "part", save_every=3)
    again, _ = open_adapted(tiny, seed=9)
    assert learn(again, rows, tmp_path / "part", save_every=3, resume=True)["losses"] == losses
    assert all(map(torch.equal, adapter_of(again), adapter_of(whole)))


# As a file beside lora.py


def test_it_differs_from_lora_by_a_screen():
    texts = [(SNIPPETS / f"{name}.py").read_text().splitlines() for name in ("lora", "qlora")]
    changed = [line for line in difflib.unified_diff(*texts, n=0) if line[0] in "+-"]
    assert len(changed) < 80


@pytest.mark.slow
def test_lab_behaviour_runs_and_merges(tmp_path):
    lab = tmp_path / "lab"
    for name in ("model", "docs"):
        shutil.copytree(LAB / name, lab / name)
    shutil.copy(LAB / "behaviour.jsonl", lab)
    rows = [row for row in qlora.read_rows(LAB / "questions.jsonl", "set") if row["split"] == "test"]
    some = [row for kind in ("private", "public") for row in [row for row in rows if row["set"] == kind][:6]]
    (lab / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in some))
    work = tmp_path / "work"
    work.mkdir()
    done = run_snippet("qlora", "--lab", lab, "--steps", "20", "--merge", cwd=work, env={"OMP_NUM_THREADS": "1"})
    assert done.returncode == 0 and done.stderr == "", done.stderr
    told = json.loads(done.stdout)
    metrics = told["metrics"]
    assert told["environment"]["bitsandbytes"] and "saves no memory" in metrics["note"]
    assert metrics["base"]["bytes"] < metrics["base"]["bytes_before"] / 2
    assert metrics["parameters"]["all"] == metrics["base"]["all"] + metrics["parameters"]["trainable"]
    assert metrics["before"]["with_page"]["answer_right"] > 0.5 > metrics["before"]["closed_book"]["answer_right"]
    assert metrics["losses"][-1] < metrics["losses"][0] and not math.isnan(metrics["losses"][-1])
    assert sorted(path.name for path in work.iterdir()) == ["qlora-behaviour", "qlora-behaviour-merged"]


@pytest.mark.slow
def test_two_processes_give_one_processs_losses(tiny, tmp_path):
    """Within 1e-4 of each loss over 20 steps: only the order of the sums differs."""
    rows = [{"prompt": f"Ticket {i}.\n", "completion": f'{{"team": "{i % 3}"}}'} for i in range(20)]
    (tmp_path / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    flags = ["--model", tiny / "model", "--examples", "../mine.jsonl", "--batch", "4", "--steps", "20", "--lr", "3e-3"]
    told = []
    for launch in ([], ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]):
        (work := tmp_path / f"with-{len(launch)}").mkdir()
        command = [sys.executable, *launch, SNIPPETS / "qlora.py", *flags]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True)
        assert done.returncode == 0 and done.stdout.count("\n") == 1, done.stderr
        told.append(json.loads(done.stdout)["metrics"])
    alone, shared = told
    assert (alone["processes"], shared["processes"]) == (1, 2)
    assert shared["losses"] == pytest.approx(alone["losses"], rel=1e-4, abs=1e-4)
    assert alone["losses"][-1] < alone["losses"][0]


@pytest.mark.slow
def test_bad_input_ends_in_one_line(tiny, tmp_path):
    (tmp_path / "broken.jsonl").write_text('{"prompt"\n')
    for flags, said in (
        (["--examples", "broken.jsonl"], "qlora: broken.jsonl:1: not JSON"),
        (["--model", tiny / "model", "--adapter", "none"], "qlora: --adapter none: no adapter_model.safetensors there"),
    ):
        done = run_snippet("qlora", "--lab", LAB, *flags, cwd=tmp_path)
        assert done.returncode == 2 and done.stdout == "", done.stderr
        assert done.stderr.startswith(said) and done.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["broken.jsonl"]
