"""Opening a model, and asking it: what a reader may name, and what each mistake says."""

import pytest
import torch
from transformers import AutoModelForCausalLM

from case.answer import answer
from case.errors import BadInput
from case.model import choose_device, choose_dtype, open_model
from case.prompt import Page, ask, page_name, prompt
from tests.tiny_model import MODEL

CPU = torch.device("cpu")


def test_a_folder_opens_ready_to_generate(tiny_model):
    model, tokenizer = open_model(str(tiny_model), CPU)
    assert not model.training and tokenizer.padding_side == "left" and tokenizer.pad_token
    assert model.dtype == choose_dtype(CPU)


def test_a_batch_gives_what_one_at_a_time_gives(tiny_model):
    """In float32: padding changes no reply, and each stays with its prompt."""
    model, tokenizer = open_model(str(tiny_model), CPU, dtype=torch.float32)
    torch.manual_seed(0)
    model.lm_head.weight = torch.nn.Parameter(torch.randn_like(model.lm_head.weight))  # else it repeats the last token
    prompts = [prompt("When? " * count) for count in (1, 9, 3)]
    together = answer(model, tokenizer, prompts, new_tokens=6)
    assert together == [answer(model, tokenizer, [one], new_tokens=6)[0] for one in prompts]
    assert len(set(together)) > 1


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("./nowhere", "no such folder"),
        ("a/b/c", "no such folder"),
        ("nowhere.gguf", "no such file"),
        ("HuggingFaceTB/no-such-model", "not to be had from the hub"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(name, says, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(BadInput, match=says) as caught:
        open_model(name, CPU)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_model_is_refused(tmp_path, tiny_model):
    (tmp_path / "broken.gguf").write_bytes(b"GGUF but not really")
    (tmp_path / "config.json").write_text((tiny_model / "config.json").read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    for name in (tmp_path / "broken.gguf", tmp_path):
        with pytest.raises(BadInput, match="cannot be read as a model"):
            open_model(str(name), CPU)


def test_a_model_without_a_chat_template_is_refused(tmp_path, tiny_model):
    for file in tiny_model.iterdir():
        if file.name != "chat_template.jinja":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(BadInput, match="no chat template"):
        open_model(str(tmp_path), CPU)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_devices_are_checked_before_anything_is_opened():
    assert choose_device() == CPU
    for name, says in (("cuda", "run with --device cpu"), ("tpu", "must be auto, cpu or cuda")):
        with pytest.raises(BadInput, match=says):
            choose_device(name)


@pytest.mark.slow
def test_the_unpacked_model_is_whole():
    """What scripts/bootstrap.py unpacked: the real model's shape, ordinary weights, no trace of the 4-bit file."""
    if not MODEL.is_dir():
        pytest.skip("no build/model: run `python scripts/bootstrap.py model`")
    model = AutoModelForCausalLM.from_pretrained(MODEL)
    assert sum(weight.numel() for weight in model.parameters()) == 134_515_008
    assert not hasattr(model.config, "quantization_config")


def test_pages_stand_in_the_prompt_under_their_names():
    assert page_name("The ship's shop") == "the-ships-shop"
    shown = ask("When?", [Page("doors", "# Doors\n\nDoors close.\n"), Page("bars", "Bars open.")])["content"]
    assert shown == "Page: doors\n# Doors\n\nDoors close.\n\nPage: bars\nBars open.\n\nQuestion: When?"
    shot = {"prompt": prompt("Who?"), "completion": [{"role": "assistant", "content": "the cook"}]}
    roles = [message["role"] for message in prompt("When?", [], [shot])]
    assert roles == ["system", "user", "assistant", "user"]
