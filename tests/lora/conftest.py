"""What the tests of lora.py share. Imports torch only in its fixtures, as `make quick` reads this file."""

import pytest


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Replies of a few words: what a random model says does not matter."""
    from case.answer import answer

    monkeypatch.setattr(answer, "__defaults__", ("answering", 4, None))


@pytest.fixture
def config(tiny_model, tmp_path):
    """Settings of a short training."""
    import lora

    return lora.Config(model=str(tiny_model), out=tmp_path / "out", steps=4, batch=2, device="cpu", quick=True)


@pytest.fixture
def base(tiny_model):
    """The tiny model in 32 bits, and its tokenizer."""
    import torch

    from case.model import open_model

    return open_model(str(tiny_model), torch.device("cpu"), dtype=torch.float32)
