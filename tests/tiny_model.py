"""A tiny random Llama with the tokenizer of the model that readers run, and scripts run on it in process."""

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from case.command import run

MODEL = Path(__file__).resolve().parent.parent / "build" / "model"


def make_tiny_model(folder: Path, seed: int = 0) -> Path:
    """Write a model that knows nothing into a folder; returns the folder."""
    if not (MODEL / "tokenizer.json").is_file():
        pytest.skip("no build/model: run `python scripts/bootstrap.py model`")
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=2048,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=True,
        **sizes,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def command(script, capsys, *arguments) -> tuple[int, dict | None, str]:
    """Run a script in process; returns its status, its report, and what it wrote on stderr."""
    try:
        status = run(script.main, script.Config, [str(argument) for argument in arguments])
    except SystemExit as stopped:
        status = stopped.code
    out, err = capsys.readouterr()
    return status, json.loads(out) if out.startswith("{") else None, err


def write_rows(file: Path, *rows: dict) -> Path:
    """Write JSON lines; returns the file."""
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file
