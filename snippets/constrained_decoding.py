# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "torch>=2.6", "transformers>=5", "peft>=0.19", "gguf>=0.17", "llguidance>=1.9",
#   "numpy>=2", "scipy>=1.15", "statsmodels>=0.14", "tqdm>=4.66", "tyro>=1",
# ]
# ///
"""Constrained decoding: allow only tokens after which the reply can still fit a form.

Before each token, llguidance says which tokens can go on to a complete reply; all
others get the score -inf, and the model chooses among the rest. No weight changes:

    python constrained_decoding.py                     # free, and held in two ways
    python constrained_decoding.py --adapter out/lora  # after a LoRA taught the form
    python constrained_decoding.py --docs FOLDER --questions mine.jsonl --model ID

Two traps. A string without a bound can run on to the token limit, and is then cut
short. And a form is no truth: every held reply parses, and may be wrong.
Lesson: /constrained-decoding/
"""

from case import CASE  # first: Ctrl-C during the slow imports ends in one line

import json
import math
import re
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy
import torch
from llguidance import LLMatcher
from llguidance.hf import from_tokenizer
from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask
from transformers import LogitsProcessor

from case.answer import answer
from case.command import Common, run
from case.errors import BadInput
from case.files import read_docs, read_examples, read_questions
from case.model import choose_device, open_model
from case.prompt import NOT_THERE, with_page
from case.report import environment, example, table
from case.shares import score

LONGEST = 60  # characters of an answer
TEXT = rf'[^"\\\x00-\x1f\x7f]{{1,{LONGEST}}}'  # nothing that JSON would escape
TOKENS = 4 * LONGEST + 60  # room for every reply that fits, at a byte a token


@dataclass(frozen=True)
class Config(Common):
    """What to ask, free and held, without examples in the prompt and with them."""

    adapter: Path | None = None  # folder that lora.py wrote, to answer with it
    docs: Path = CASE / "handbook"  # folder of Markdown; its page names are the sources
    questions: Path = CASE / "development.jsonl"  # each is asked with its own page
    examples: Path = CASE / "examples.jsonl"  # rows of prompt and completion
    shots: int = 2  # examples in the prompt, the first ones of the file
    limit: int = 30  # questions asked, evenly spread; 0 asks all


def write_schema(names: Iterable[str]) -> str:
    """Return the form as a JSON schema, with the spaces that json.dumps writes."""
    answer = {"type": "string", "pattern": f"^{TEXT}$"}
    fields = {"answer": answer, "source": {"enum": [*names, None]}}
    closed = {"required": [*fields], "additionalProperties": False}
    schema = {"type": "object", "properties": fields, **closed}
    form = {"item_separator": ", ", "key_separator": ": ", "whitespace_flexible": False}
    return LLMatcher.grammar_from_json_schema(schema, overrides=form)


def write_expression(names: Iterable[str]) -> str:
    """Return the form as a regular expression, which can tie one field to another.

    Here the source is null only where the answer says that there is none.
    """
    pages = "|".join(re.escape(json.dumps(name, ensure_ascii=False)) for name in names)
    absent = f'"{NOT_THERE}", "source": null'
    there = f'"{TEXT}", "source": ({pages})'
    return LLMatcher.grammar_from_regex(rf'\{{"answer": ({absent}|{there})\}}')


def compile_grammar(model, tokenizer, grammar: str) -> LLMatcher:
    """Compile a grammar for the tokens of a model; raises BadInput."""
    ends = model.generation_config.eos_token_id or tokenizer.eos_token_id
    size = model.get_output_embeddings().weight.shape[0]
    tokens = from_tokenizer(tokenizer, size, ends)
    matcher = LLMatcher(tokens, grammar, log_level=0)
    if matcher.is_error():
        why = " ".join(matcher.get_error().split())[:100]
        raise BadInput(f"--docs: its page names make no grammar ({why}); rename pages")
    return matcher


class Mask(LogitsProcessor):
    """Give -inf to every token after which the reply could not be completed any more.

    One object serves one batch. seconds: what all of its masks took.
    """

    def __init__(self, matcher: LLMatcher, rows: int):
        self.matchers = [matcher.deep_copy() for _ in range(rows)]
        self.begun, self.seconds = False, 0.0

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Mask scores [rows, vocabulary], given input_ids [rows, tokens so far]."""
        start = time.perf_counter()
        bits = allocate_token_bitmask(*scores.shape)  # [rows, vocabulary / 32]
        for row, matcher in enumerate(self.matchers):
            if self.begun and not matcher.is_stopped():
                matcher.consume_token(int(input_ids[row, -1]))  # the one just chosen
            fill_next_token_bitmask(matcher, bits, row)
        flat = bits.view(numpy.uint8)
        allowed = numpy.unpackbits(flat, 1, scores.shape[1], bitorder="little")
        refused = torch.from_numpy(allowed == 0).to(scores.device)
        masked = scores.masked_fill(refused, -math.inf)
        self.begun, self.seconds = True, self.seconds + time.perf_counter() - start
        return masked


def answer_held(model, tokenizer, prompts: list, matcher: LLMatcher | None, title: str):
    """Answer prompts, held to a compiled grammar, or free where it is None.

    Returns the replies, and what they cost: the tokens of a reply, the milliseconds of
    a token (reading the prompt counts in), and of these, those that its mask took.
    """
    masks = []

    def hold(rows: int) -> Mask:
        masks.append(Mask(matcher, rows))
        return masks[-1]

    began = time.perf_counter()
    held = {"new_tokens": TOKENS, "held": hold} if matcher else {}
    replies = answer(model, tokenizer, prompts, title, **held)
    whole, masking = time.perf_counter() - began, sum(mask.seconds for mask in masks)
    tokens = sum(len(ids) + 1 for ids in tokenizer(replies)["input_ids"])
    return replies, {
        "tokens": round(tokens / len(replies), 1),
        "ms_per_token": round(1000 * whole / tokens, 2),
        "mask_ms_per_token": round(1000 * masking / tokens, 3),
    }


def show(row: dict, metrics: dict) -> str:
    """Return the table of all arms, and what each made of one question."""
    columns = ("reply", "examples", "valid JSON", "right", "source right", "mask")
    cells, lines = [], [("question", row["question"]), ("key", row["answer"])]
    for shown, arms in metrics.items():
        for form, arm in arms.items():
            shares = [arm[key] for key in ("valid_json", "right", "source_right")]
            mask = f"{arm['mask_ms_per_token']:.2f} ms" if form != "free" else "-"
            cells.append((form, shown.split("_")[0], *shares, mask))
            lines.append((f"{form}, {shown.replace('_', ' ')}", arm["reply"]))
    token = f"a token took {arm['ms_per_token']:.0f} ms"
    head = table(f"Percent, free and held ({token})", columns, cells)
    return "\n".join([head, "", *[example(*line) for line in lines]])


def main(config: Config) -> tuple[dict, str]:
    """Ask the same questions free and held, without examples and with them."""
    if config.shots < 1 or config.limit < 0:
        raise BadInput("--shots: at least 1; --limit: at least 0")
    pages = read_docs(config.docs)
    rows = read_questions(config.questions, pages)
    limit = 6 if config.quick else config.limit or len(rows)
    rows = [rows[i * len(rows) // limit] for i in range(min(limit, len(rows)))]
    shown = read_examples(config.examples)[: config.shots]
    device = choose_device(config.device)
    model, tokenizer = open_model(config.model, device, config.adapter)

    grammars = {"schema": write_schema(pages), "expression": write_expression(pages)}
    forms = {"free": None}
    for form, grammar in grammars.items():
        forms[form] = compile_grammar(model, tokenizer, grammar)
    metrics = {"no_examples": {}, "with_examples": {}}
    for shots, arms in zip(([], shown), metrics.values(), strict=True):
        asked = [with_page(row, pages, shots) for row in rows]
        for form, matcher in forms.items():
            replies, cost = answer_held(model, tokenizer, asked, matcher, form)
            arms[form] = score(replies, rows) | cost | {"reply": replies[0]}
    report = {"metrics": metrics, "environment": environment(model)}
    return report, show(rows[0], metrics)


if __name__ == "__main__":
    sys.exit(run(main, Config))
