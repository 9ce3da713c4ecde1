"""Unpack a GGUF file into an ordinary model folder; bootstrap.py runs `python -m scripts.unpack_model FILE FOLDER`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "snippets"))

import torch

from case.model import open_model


def unpack(file: str, folder: str) -> None:
    """Write the model of a GGUF file, and its tokenizer, into a folder, in bfloat16."""
    model, tokenizer = open_model(file, torch.device("cpu"), dtype=torch.bfloat16)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    unpack(*sys.argv[1:])
