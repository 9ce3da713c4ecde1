"""Rows to train on, where what they say does not matter."""

import torch

CPU = torch.device("cpu")

ROLES = {"prompt": "user", "completion": "assistant"}


def short_rows(count: int) -> list[dict]:
    """Rows of a few words: what they say does not matter, and a step on them takes a tenth of the time."""
    return [{"prompt": f"Say {number}", "completion": f"It is {number}"} for number in range(count)]


def chats_of(count: int = 6) -> list[dict]:
    """Return short rows as chat messages."""
    return [{name: [{"role": role, "content": row[name]}] for name, role in ROLES.items()} for row in short_rows(count)]
