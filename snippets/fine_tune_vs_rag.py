# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "torch>=2.6", "transformers>=5", "peft>=0.19", "trl>=1.16", "datasets>=4",
#   "bitsandbytes>=0.49", "gguf>=0.17", "lancedb>=0.30", "pyarrow>=20", "numpy>=2",
#   "sentence-transformers>=5", "llguidance>=1.3", "scipy>=1.15", "statsmodels>=0.14",
#   "tqdm>=4.66", "tyro>=1",
# ]
# ///
"""Fine-tuning against retrieval: one model, changed in many ways, asked the same.

Each arm is asked closed book and with the page that it retrieved; then half of the
handbook's facts change. Everything is done by the functions of the other scripts. A run
that is there already is not made again:

    python fine_tune_vs_rag.py --arms base lora-behaviour    # two arms
    python fine_tune_vs_rag.py --seeds 0 1 2                 # all arms, many hours

Lesson: /evidence/
"""

import case  # noqa: F401 -- first: Ctrl-C during the slow imports ends in one line

import json
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import torch
from datasets import disable_progress_bars
from transformers import set_seed

import lora
import qlora
from arms import ARMS, Arm, choose_facts, choose_rows, write_chat
from case.answer import answer
from case.command import Common, run
from case.errors import BadInput
from case.files import read_rows
from case.make import make
from case.model import choose_device, open_model
from case.report import environment, table
from case.shares import score
from cells import ask_cells, search_both
from general_knowledge import general_knowledge
from passage_index import open_index
from rag import open_ranker

KINDS = {"test": "questions", "development": "development"}
SHOWN = ("closed_book", "retrieved", "changed")
SETTINGS = ("model", "quick", "split", "embedder", "change")  # what a run holds for
BATCH = 4  # rows a step, in all arms


@dataclass(frozen=True)
class Config(Common):
    """Which arms, on which handbooks, asked what."""

    arms: tuple[str, ...] = tuple(ARMS)  # all of them, or some
    seeds: tuple[int, ...] = (0,)  # handbooks; 100 is the one that settings come from
    split: Literal["test", "development"] = "test"  # development to choose settings
    embedder: str = ""  # for hybrid search; without one, full text
    change: tuple[str, ...] = ()  # settings of the arms, to try: rate=5e-4 passes=4
    out: Path = Path("out/fine-tune-vs-rag")  # a file for each arm and seed


def teach(arm: Arm, rows: list[dict], seed: int, config: Config, out: Path):
    """Train what the arm trains, and open what was saved.

    Returns model, tokenizer, and the processor seconds of the training.
    """
    flags = {"model": config.model, "device": config.device, "seed": seed, "out": out}
    settings = lora.Config(**flags, rate=arm.rate, batch=BATCH)
    set_seed(seed)
    device, full = choose_device(config.device), arm.base == "trained"
    open_base = qlora.open_base if arm.base == "4 bits" else lora.open_base
    if not arm.teach:
        return *open_base(settings), 0.0
    if full:  # its steps are too small for weights of 16 bits
        model, tokenizer = open_model(config.model, device, dtype=torch.float32)
    else:
        model, tokenizer = open_base(settings)
    start = time.process_time()
    if arm.chat:
        ask = partial(answer, model, tokenizer, title="own chat", new_tokens=160)
        rows = rows + write_chat(round(arm.chat * len(rows)), ask)
    steps = math.ceil(arm.passes * len(rows) / BATCH)
    settings = replace(settings, steps=2 if config.quick else steps)
    adapter = None if full else lora.choose_adapter(settings)
    lora.train(model, tokenizer, rows, settings, adapter=adapter)
    seconds = round(time.process_time() - start, 1)
    saved = open_model(str(out), device) if full else open_base(settings, out)
    return *saved, seconds


def change_arm(arm: Arm, settings: Sequence[str]) -> Arm:
    """Return the arm with other settings, each as `name=value`; raises BadInput."""
    try:
        pairs = [setting.split("=", 1) for setting in settings]
        return replace(arm, **{name: json.loads(value) for name, value in pairs})
    except (TypeError, ValueError):
        names = ", ".join(arm.__dataclass_fields__)
        fix = f"write name=value in JSON, where name is one of {names}"
        raise BadInput(f"--change {' '.join(settings)}: {fix}") from None


def ask_arm(name: str, seed: int, embedder, config: Config) -> dict:
    """Make one run: change the model and ask it. Returns what the run's file holds."""
    arm, world = change_arm(ARMS[name], config.change), make(seed)
    kind = KINDS[config.split]
    asked, later = getattr(world, kind), getattr(world, f"changed_{kind}")
    taught = choose_facts(arm, world, asked) if arm.teach == "questions" else []
    known = {(fact["source"], fact["answer"]) for fact in taught}
    rows = [
        {
            **now,
            "later": new["answer"],
            "taught": (now["source"], now["answer"]) in known,
        }
        for now, new in zip(asked, later, strict=True)
    ]
    rows = rows[:: len(rows) // 12] if config.quick else rows  # a few of each kind
    work = config.out / f"{name}-{seed}"
    lessons = choose_rows(arm, world, asked)
    model, tokenizer, seconds = teach(arm, lessons, seed, config, work)
    questions = [row["question"] for row in rows]
    index = open_index(config.out / "index", embedder, config.embedder)
    found, spent = search_both(index, world, questions, embedder)
    said = ask_cells(arm, model, tokenizer, world, rows, found)
    keys = {cell: "later" if cell == "changed" else "answer" for cell in said}
    return {
        "arm": asdict(arm),
        "rows": rows,
        "found": {
            cell: [[p.name for p in pages] for pages in found[cell]] for cell in found
        },
        "cells": {
            cell: score(replies, [row | {"answer": row[keys[cell]]} for row in rows])
            for cell, replies in said.items()
        },
        "replies": said,
        "general": general_knowledge(model, tokenizer, config.quick),
        "seconds": {"training": seconds, "index": spent},
        "environment": environment(model),
    }


def keep(found: dict, file: Path) -> None:
    """Write a run's file whole, or not at all."""
    part = file.with_suffix(".part")
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        part.write_text(json.dumps(found), encoding="utf-8")
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)


def main(config: Config) -> tuple[dict, str]:
    """Make every run that is not there yet, and show all of them."""
    if unknown := [name for name in config.arms if name not in ARMS]:
        raise BadInput(f"--arms {unknown[0]}: none of {', '.join(ARMS)}")
    disable_progress_bars()
    device, runs, shares = choose_device(config.device), {}, []
    settings = json.loads(json.dumps({n: getattr(config, n) for n in SETTINGS}))
    named = config.embedder
    embedder = open_ranker("embedder", named, device) if named else None
    for seed in config.seeds:
        for name in config.arms:
            file = config.out / f"{name}-{seed}.json"
            if not file.is_file():
                found = ask_arm(name, seed, embedder, config) | {"settings": settings}
                keep(found, file)
            ((_, found),) = read_rows(file, "settings", "cells")
            if found["settings"] != settings:
                raise BadInput(f"{file}: made with other settings; name another --out")
            runs[f"{name}-{seed}"] = found
            cells = [found["cells"].get(cell, {}).get("right") for cell in SHOWN]
            shares.append([name, *[cell or "-" for cell in cells]])
    shown = table("Facts right, percent", ("arm", *SHOWN), shares)
    return {"metrics": runs, "environment": environment()}, shown


if __name__ == "__main__":
    sys.exit(run(main, Config))
