"""Bad input, a full disk, another base: each ends in one line, with nothing half-written."""

from pathlib import Path

import pytest
import torch

import lora
from case.model import open_model
from tests.lora_rows import CPU, chats_of
from tests.tiny_model import command, write_rows

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning", "ignore::DeprecationWarning")


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
