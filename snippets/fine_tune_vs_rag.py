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

Each arm is asked closed book, with the page it retrieved, and with the right page; then
half of the handbook's facts change. Everything is done by the functions of the other
scripts. A run that is there already is not made again:

    python fine_tune_vs_rag.py --arms base lora-behaviour    # two arms
    python fine_tune_vs_rag.py --seeds 0 1 2                 # all arms, many hours

Lesson: /evidence/
"""

from case import CASE  # first: Ctrl-C during the slow imports ends in one line

import json
import math
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from datasets import disable_progress_bars
from transformers import set_seed

import lora
import qlora
from arms import ARMS, Arm, choose_rows
from case.answer import answer
from case.command import Common, run
from case.errors import BadInput
from case.files import read_rows
from case.judge import states
from case.make import World, make, write
from case.model import choose_device, open_model
from case.prompt import Page, prompt
from case.report import environment, table
from case.shares import score, share
from constrained_decoding import answer_held, compile_grammar, write_schema
from few_shot import draw_examples
from passage_index import cut_passages, open_index, update_index
from rag import open_ranker, retrieve

CELLS = ("closed_book", "retrieved", "right_page", "changed", "changed_old_index")
SHOWN = ("closed_book", "retrieved", "changed")


@dataclass(frozen=True)
class Config(Common):
    """Which arms, on which handbooks, asked what."""

    arms: tuple[str, ...] = tuple(ARMS)  # all of them, or some
    seeds: tuple[int, ...] = (0,)  # handbooks; 100 is the one that settings come from
    split: Literal["test", "development"] = "test"  # development to choose settings
    embedder: str = ""  # for hybrid search; without one, full text
    k: int = 1  # pages retrieved
    out: Path = Path(
        "out/fine-tune-vs-rag"
    )  # a folder for each seed, a file for each arm


def teach(arm: Arm, world: World, asked: list[dict], config: Config, out: Path):
    """Train what the arm trains. Returns model, tokenizer, and the seconds it took."""
    flags = {"model": config.model, "device": config.device, "seed": config.seed}
    settings = replace(lora.Config(out=out, **flags), **arm.settings)
    settings = replace(settings, steps=2, batch=2) if config.quick else settings
    set_seed(config.seed)
    if arm.base == "4 bits":
        model, tokenizer = qlora.open_base(settings)
    else:
        precise = {"dtype": torch.float32} if arm.base == "trained" else {}
        device = choose_device(config.device)
        model, tokenizer = open_model(config.model, device, **precise)
    if not arm.teach:
        return model, tokenizer, 0.0
    adapter = None if arm.base == "trained" else lora.choose_adapter(settings)
    rows, start = choose_rows(arm, world, asked), time.process_time()
    trained = lora.train(model, tokenizer, rows, settings, adapter=adapter).model
    return trained.eval(), tokenizer, round(time.process_time() - start, 1)


def show_pages(world: World, rows: list, embedder, config: Config, out: Path) -> dict:
    """Return the pages that each cell shows beside each question."""
    questions = [row["question"] for row in rows]
    search, found = "hybrid" if embedder else "full-text", {}
    for cell, pages in (("retrieved", world.handbook), ("changed", world.changed)):
        named = {page.name: page for page in pages}
        index = open_index(out / f"index-{cell}", embedder, config.embedder)
        update_index(index, cut_passages(named), embedder)
        found[cell] = retrieve(index, questions, search, config.k, embedder)
    named = {page.name: page for page in world.handbook}
    right = [[named[row["source"] or row["page"]]] for row in rows]
    empty: list[list[Page]] = [[] for _ in rows]
    shown = {"closed_book": empty, "right_page": right}
    return {**shown, **found, "changed_old_index": found["retrieved"]}


def ask_cells(
    arm: Arm, model, tokenizer, world: World, rows: dict, shown: dict
) -> dict:
    """Ask every cell's questions. Returns shares and replies by cell."""
    shots = draw_examples(world.examples, arm.shots, 0)
    names = [page.name for page in world.handbook]
    grammar = write_schema(names) if arm.held else None
    matcher = compile_grammar(model, tokenizer, grammar) if grammar else None
    cells = {}
    for cell in CELLS:
        asked = rows["changed" if cell.startswith("changed") else "now"]
        pairs = zip(asked, shown[cell], strict=True)
        prompts = [prompt(row["question"], pages, shots) for row, pages in pairs]
        replies, _ = answer_held(model, tokenizer, prompts, matcher, cell)
        cells[cell] = score(replies, asked) | {"replies": replies}
    return cells


def general_knowledge(model, tokenizer, quick: bool) -> dict:
    """Ask what everybody knows, and read prose. Returns the share and perplexity."""
    rows = [row for _, row in read_rows(CASE / "general.jsonl", "question", "answer")]
    rows = rows[: 4 if quick else None]
    prompts = [[{"role": "user", "content": row["question"]}] for row in rows]
    replies = answer(model, tokenizer, prompts, "general knowledge")
    marks = [
        any(
            states(said, key, row["question"])
            for key in (row["answer"], *row.get("also", ()))
        )
        for said, row in zip(replies, rows, strict=True)
    ]
    prose = (CASE / "prose.txt").read_text(encoding="utf-8")
    ids = tokenizer(prose, return_tensors="pt")["input_ids"].to(model.device)
    with torch.inference_mode():
        loss = float(model(ids, labels=ids).loss)
    return {
        "right": share(marks),
        "marks": marks,
        "perplexity": round(math.exp(loss), 3),
    }


def ask_arm(name: str, seed: int, embedder, config: Config) -> dict:
    """Make one run: change the model and ask it. Returns what the run's file holds."""
    world, out = make(seed), config.out / f"{config.split}-{seed}"
    write(world, out / "case")
    test = (world.questions, world.changed_questions)
    development = (world.development, world.changed_development)
    both = test if config.split == "test" else development
    limit = 4 if config.quick else None
    rows = {"now": both[0][:limit], "changed": both[1][:limit]}
    model, tokenizer, seconds = teach(ARMS[name], world, both[0], config, out / name)
    shown = show_pages(world, rows["now"], embedder, config, out)
    return {
        "arm": asdict(ARMS[name]),
        "cells": ask_cells(ARMS[name], model, tokenizer, world, rows, shown),
        "general": general_knowledge(model, tokenizer, config.quick),
        "processor_seconds": seconds,
        "environment": environment(model),
    }


def main(config: Config) -> tuple[dict, str]:
    """Make every run that is not there yet, and show all of them."""
    if unknown := [name for name in config.arms if name not in ARMS]:
        raise BadInput(f"--arms {unknown[0]}: none of {', '.join(ARMS)}")
    disable_progress_bars()
    device, runs, cells = choose_device(config.device), {}, []
    embedder = None
    if config.embedder:
        embedder = open_ranker("embedder", config.embedder, device)
    for seed in config.seeds:
        for name in config.arms:
            file = config.out / f"{config.split}-{seed}" / f"{name}.json"
            if not file.is_file():
                found = ask_arm(name, seed, embedder, config)
                part = file.with_suffix(".part")
                part.write_text(json.dumps(found), encoding="utf-8")
                part.rename(file)  # whole, or not there
            found = json.loads(file.read_text(encoding="utf-8"))
            runs[f"{name}-{seed}"] = found
            cells.append([name, *[found["cells"][key]["right"] for key in SHOWN]])
    shown = table("Facts right, percent", ("arm", *SHOWN), cells)
    return {"metrics": runs, "environment": environment()}, shown


if __name__ == "__main__":
    sys.exit(run(main, Config))
