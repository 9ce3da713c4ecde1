# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.9", "transformers>=5", "peft>=0.20", "bitsandbytes>=0.49", "accelerate>=1.12",
#   "lancedb>=0.40", "llguidance>=1.9", "numpy>=2", "tqdm>=4.66"]
# ///
"""Measure the claim "RAG adds knowledge, fine-tuning changes behaviour" on one small model, and where it is wrong.

    uv run fine_tune_vs_rag.py --smoke                   # about a minute, to see that it runs
    uv run fine_tune_vs_rag.py                           # the whole table on the lab, on 2 CPU cores
    uv run fine_tune_vs_rag.py --arms rag,lora-behaviour-rag --out two.json

One model is changed in several ways: by examples in the prompt, by holding its answers to a schema, by LoRA on
documents, on questions and answers, on a behaviour, by QLoRA, by full fine-tuning; a student of it can be measured too.
Each way is tried with several settings, and the best on the development questions is kept. Then every model answers the
same test questions twice, closed book and with retrieval (`-rag`), before and after half of the facts change.
Lesson: docs/lora-qlora.md
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import dataclasses
import difflib
import hashlib
import itertools
import json
import logging
import math
import os
import platform
import random
import re
import shutil
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
import warnings
from collections import Counter
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

try:
    import resource  # memory of the process
except ImportError:
    resource = None  # Windows

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning threads halve the speed on shared cores
if __name__ == "__main__":  # the libraries take seconds to load: end a Ctrl-C meanwhile in one line as well
    signal.signal(signal.SIGINT, lambda *_: (print("\nstopped before it began", file=sys.stderr), os._exit(130)))

import llguidance.hf
import llguidance.numpy
import numpy
import torch
import transformers
from tqdm import tqdm

logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # peft imports it; what it says of its CPU kernels is no news
import peft  # noqa: E402

LAB = str(Path(__file__).resolve().parent / "lab")


@dataclasses.dataclass(frozen=True)
class Config:
    model: str = ""  # folder or hub id of the base model; empty takes the lab's
    docs: str = ""  # folder of Markdown pages, the private knowledge; empty takes the lab's
    questions: str = ""  # JSON lines in the form of the lab's questions.jsonl; empty takes the lab's
    lab: str = LAB  # folder that make_lab.py wrote
    student: str = ""  # folder of a student that distill.py made, for the rows `distilled`; empty leaves them out
    arms: str = ""  # only these rows of the table, joined by commas; empty takes all
    smoke: bool = False  # few questions, few examples, one setting an arm: shows that it runs, measures nothing
    precision: str = "auto"  # of training: bf16, fp32, or auto: bf16 where the hardware has it
    threads: int = 0  # CPU threads; 0 leaves it to torch. Another number rounds differently
    device: str = "auto"  # auto, cpu or cuda
    seed: int = 0  # order of the examples, first weights of the adapters, examples in the few-shot prompt
    out: str = "fine-tune-vs-rag.json"  # file that is written; single answers go to OUT.predictions.jsonl
    resume: bool = False  # keep the finished arms of a run that was stopped (OUT.partial)


RANK, BATCH, LONGEST = 8, 16, 48  # of the adapters; examples a step; tokens of an answer (JSON needs up to 40)
LONGEST_HELD = 120  # tokens of an answer that is held to a schema, whose strings end after 40 characters
JUDGED = ("facts_right", "fluent_but_wrong", "abstained", "valid_format", "source_right")
UNKNOWN = {"", "null", "none", "unknown", "i don't know", "i do not know", "not known", "n/a"}


# The questions: what is asked, and what each model may read.


@dataclasses.dataclass
class World:
    """All that the arms are taught and asked. Rows are those of questions.jsonl, with their number as `row`."""

    pages: dict  # source -> text
    changed: dict  # the same pages after half of the facts changed
    rewrites: list  # pages in other words
    lessons: list  # private questions with answers, in other words than the test's, in two halves
    behaviour: list  # prompts with completions
    development: list  # private rows that settings are chosen on
    private: list  # private rows of the test
    public: list  # public rows of the test, about services that no tuning sees
    known: list  # other public rows, which a tuning may repeat
    shapes: dict  # attribute -> shapes of its answers
    found: dict = dataclasses.field(default_factory=dict)  # (old or new, row) -> source that was retrieved

    def half(self, half: int) -> set:
        """The facts of one half: set of (service, attribute)."""
        return {(row["service"], row["attribute"]) for row in self.lessons if row["half"] == half}


def read_world(config: Config) -> World:
    """Read the lab, or the reader's own files in its form."""

    def own(name, *columns):
        return read_rows(in_lab("", config.lab, name), *columns)

    path = in_lab(config.questions, config.lab, "questions.jsonl")
    about = ("question", "answer", "source", "service", "attribute")
    rows = read_rows(path, *about, "set", "split", "changed_answer", "stem")
    pages = read_documents(in_lab(config.docs, config.lab, "docs"))
    changed = read_documents(in_lab("", config.lab, "changed"))
    for number, row in enumerate(rows):
        row["row"] = number
        if row["set"] == "private" and not (row["source"] in pages and row["source"] in changed):
            raise Problem(f"{path}: row {number} names {row['source']}, which docs or changed lacks; add that page")
    chosen = {}
    for name, split in (("private", "development"), ("private", "test"), ("public", "test"), ("public", "development")):
        some = [row for row in rows if row["set"] == name and row["split"] == split]
        if not some:
            raise Problem(f"{path}: no {name} questions of the {split} split; add some")
        chosen[name, split] = random.Random(0).sample(some, min(12, len(some))) if config.smoke else some
    shapes = {}
    for row in rows:
        shapes.setdefault(row["attribute"], set()).add(shape(row["answer"]))
    rewrites, lessons = own("rewrites.jsonl", "wording", "text"), own("training_questions.jsonl", *about, "half")
    behaviour = own("behaviour.jsonl", "prompt", "completion")
    return World(pages, changed, rewrites, lessons, behaviour, *chosen.values(), shapes)


def index_pages(texts: dict[str, str], folder: Path):
    """-> a function from question to the source of the best page or None, and the retriever's name."""
    try:
        import lancedb
        from lancedb.index import FTS
        from lancedb.query import MatchQuery
    except ImportError:
        return (lambda question: rank_by_words(texts, question)), "rarest shared words, as lancedb is not installed"
    table = lancedb.connect(folder).create_table("pages", [{"source": s, "text": t} for s, t in texts.items()])
    table.create_index("text", config=FTS())

    def find(question):
        hits = table.search(MatchQuery(question, "text")).limit(1).to_list()
        return hits[0]["source"] if hits else None

    return find, "LanceDB full text, first hit"


def rank_by_words(texts: dict[str, str], question: str) -> str | None:
    """The source of the page that shares the rarest words with the question; None where it shares none."""
    words = {source: set(re.findall(r"\w+", text.lower())) for source, text in texts.items()}
    pages = Counter(word for own in words.values() for word in own)
    asked = set(re.findall(r"\w+", question.lower()))
    scores = {source: sum(1 / pages[word] for word in asked & own) for source, own in words.items()}
    best = max(scores, key=scores.get)
    return best if scores[best] else None


def retrieve_all(world: World) -> dict:
    """Look up every test question in the old and in the changed pages; return the shares that found the right page."""
    hits = {}
    for name, texts in (("old", world.pages), ("new", world.changed)):
        with tempfile.TemporaryDirectory() as folder:
            find, retriever = index_pages(texts, Path(folder))
            for row in world.private:
                world.found[name, row["row"]] = find(row["question"])
        hits[name] = share(world.found[name, row["row"]] == row["source"] for row in world.private)
    return {"retriever": retriever, "retrieval_hit": hits["old"], "retrieval_hit_after_change": hits["new"]}


# The measures: small functions of an answer and a row.


def wilson(right: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson's score interval), which also holds near 0 and 1."""
    middle, spread = right + z * z / 2, z * math.sqrt(right * (n - right) / n + z * z / 4)
    return max(0.0, (middle - spread) / (n + z * z)), min(1.0, (middle + spread) / (n + z * z))


def share(passed) -> dict:
    """Truth values -> their share with its interval over questions."""
    passed = [bool(one) for one in passed]
    if not passed:
        return {"value": None}
    low, high = wilson(sum(passed), len(passed))
    value = round(sum(passed) / len(passed), 4)
    return {"value": value, "low": min(round(low, 4), value), "high": max(round(high, 4), value), "n": len(passed)}


def shape(text: str) -> str:
    """What a value looks like: runs of letters, digits and the rest. "brai-3" and "ko-12" are both "a-0"."""
    return re.sub(r"[0-9]+", "0", re.sub(r"[^\W\d_]+", "a", text.strip()))


def read_answer(line: str) -> tuple[str, str | None, bool]:
    """One line of a model -> answer, source, and whether it is JSON with just these keys; another line is an answer."""
    try:
        told = json.loads(line)
    except ValueError:
        return line.strip(), None, False
    if not isinstance(told, dict) or set(told) != {"answer", "source"}:
        return line.strip(), None, False
    return ("" if told["answer"] is None else str(told["answer"]).strip()), told["source"], True


def judge_answer(line: str, row: dict, wanted: str, shapes: dict) -> dict[str, bool]:
    """One line of a model -> what is true of it. Bare answers count as well as those in JSON."""
    answer, source, valid = read_answer(line)
    right, abstained = answer == wanted.strip(), answer.lower().rstrip(".") in UNKNOWN
    fluent = not right and not abstained and shape(answer) in shapes[row["attribute"]]
    return dict(zip(JUDGED, (right, fluent, abstained, valid, source == row["source"]), strict=True))


def completed(line: str, value: str) -> bool:
    """True where a continuation starts with the value, and with nothing longer."""
    return re.match(re.escape(value.strip()) + r"(?!\w)", line.strip()) is not None


def make_ask(model, tokenizer, shots=("", ""), start=None):
    """-> a function: rows, and for each the passages in its prompt (source -> text) -> the answers. The same prompt is
    answered once. shots: text before closed-book prompts, and before those with passages. start: what `compile_json`
    gives, to hold answers to it."""
    known, longest = {}, LONGEST_HELD if start else LONGEST
    hold = (lambda rows: [Constraint(start, rows)]) if start else None

    def ask(rows, passages=None):
        given = passages or [{}] * len(rows)
        prompts = [shots[bool(p)] + write_prompt(p, row["question"]) for row, p in zip(rows, given, strict=True)]
        fresh = [prompt for prompt in dict.fromkeys(prompts) if prompt not in known]
        known.update(zip(fresh, generate(model, tokenizer, fresh, longest, 64, hold), strict=True))
        return [known[prompt] for prompt in prompts]

    ask.complete = lambda stems: generate(model, tokenizer, stems, LONGEST // 2, 64)
    return ask


def measure_closed_book(ask, world: World, note) -> dict:
    """What a model says without a page: known or made up, out of date, kept from before, and completed by heart."""
    rows = world.private
    told = ask(rows)
    judged = [judge_answer(line, row, row["answer"], world.shapes) for line, row in zip(told, rows, strict=True)]
    note("closed book", rows, told, [one["facts_right"] for one in judged])
    made = {name: share(one[name] for one in judged) for name in JUDGED if name != "source_right"}
    for name, half in (("first_half_right", world.half(0)), ("second_half_right", world.half(1))):
        inside = [(row["service"], row["attribute"]) in half for row in rows]
        made[name] = share(one["facts_right"] for one, here in zip(judged, inside, strict=True) if here)
    told_public, stems = ask(world.public), ask.complete([row["stem"] for row in rows])
    kept = [read_answer(line)[0] == row["answer"] for line, row in zip(told_public, world.public, strict=True)]
    note("public", world.public, told_public, kept)
    whole = [completed(line, row["answer"]) for line, row in zip(stems, rows, strict=True)]
    note("completed", rows, stems, whole)
    return made | {"public_kept": share(kept), "completed": share(whole), "after_change": after_change(rows, told)}


def measure_with_pages(ask, world: World, note) -> dict:
    """What a model makes of the page that was retrieved, of the right page, and of a page that changed."""

    def answer(asked, rows, texts, wanted, found):
        sources = [found[row["row"]] for row in rows]
        told = ask(rows, [{source: texts[source]} if source else {} for source in sources])
        judged = [judge_answer(line, row, row[wanted], world.shapes) for line, row in zip(told, rows, strict=True)]
        note(asked, rows, told, [one["facts_right"] for one in judged])
        return told, judged

    rows, moved = world.private, [row for row in world.private if row["changed_answer"] != row["answer"]]
    old, new = ({row["row"]: world.found[index, row["row"]] for row in rows} for index in ("old", "new"))
    right_page = {row["row"]: row["source"] for row in rows}
    told, judged = answer("retrieved", rows, world.pages, "answer", old)
    _, given = answer("right page", rows, world.pages, "answer", right_page)
    _, contradicted = answer("changed page", moved, world.changed, "changed_answer", right_page)
    again, _ = answer("re-indexed", rows, world.changed, "changed_answer", new)
    return {
        **{name: share(one[name] for one in judged) for name in JUDGED},
        "given_right_page": share(one["facts_right"] for one in given),
        "context_used": share(one["facts_right"] for one in contradicted),
        "after_change": after_change(rows, again),
        "after_change_old_index": after_change(rows, told),
    }


def after_change(rows: list[dict], told: list[str]) -> dict:
    """Answers held against the changed facts: right, right where the fact changed, and there still the old one."""
    said = [read_answer(line)[0] for line in told]
    moved = [(one, row) for one, row in zip(said, rows, strict=True) if row["changed_answer"] != row["answer"]]
    return {
        "facts_right": share(one == row["changed_answer"] for one, row in zip(said, rows, strict=True)),
        "changed_facts_right": share(one == row["changed_answer"] for one, row in moved),
        "old_fact_told": share(one == row["answer"] for one, row in moved),
    }


# The ways to change a model: what it is taught, and the score on the development questions that chooses the settings.


def teach_documents(world: World, setting: dict) -> list[tuple[str, str]]:
    """Pages, each in so many wordings; a page is a completion without a prompt. Old tasks stand between them."""
    others = [row["text"] for row in world.rewrites if row["wording"] < setting["wordings"]]
    return [("", text) for text in [*world.pages.values(), *others]] + repeat_old_tasks(world)


def repeat_old_tasks(world: World) -> list[tuple[str, str]]:
    """What the model could do before, with bare answers: public questions by heart, and reading made-up pages. Without
    them, training on bare pages breaks its way of answering."""
    reading = [row for row in world.behaviour if row["prompt"].startswith("Source: ")][: len(world.pages)]
    by_heart = [(write_prompt({}, row["question"]), row["answer"]) for row in world.known]
    return by_heart + [(row["prompt"], json.loads(row["completion"])["answer"]) for row in reading]


def teach_questions(world: World, setting: dict) -> list[tuple[str, str]]:
    """Private questions and answers, of the first half of the facts only."""
    return [(write_prompt({}, row["question"]), row["answer"]) for row in world.lessons if row["half"] == 0]


def teach_behaviour(world: World, setting: dict) -> list[tuple[str, str]]:
    """One line of JSON, about made-up services with a page and public ones without."""
    return [(row["prompt"], row["completion"]) for row in world.behaviour]


def score_facts(ask, world: World) -> list[bool]:
    """Closed book: is the fact right?"""
    rows = world.development
    return [read_answer(line)[0] == row["answer"] for line, row in zip(ask(rows), rows, strict=True)]


def score_documents(ask, world: World) -> list[bool]:
    """Closed book: is the fact right, and is the document's own sentence completed? Documents may teach both."""
    rows = world.development
    told = ask.complete([row["stem"] for row in rows])
    return score_facts(ask, world) + [completed(line, row["answer"]) for line, row in zip(told, rows, strict=True)]


def score_first_half(ask, world: World) -> list[bool]:
    """Closed book, on the half of the facts that was taught: is the fact right?"""
    half = world.half(0)
    rows = [row for row in world.development if (row["service"], row["attribute"]) in half]
    return [read_answer(line)[0] == row["answer"] for line, row in zip(ask(rows), rows, strict=True)]


def score_behaviour(ask, world: World) -> list[bool]:
    """With the right page: is it JSON with the right answer and the right source?"""
    rows = world.development
    told = ask(rows, [{row["source"]: world.pages[row["source"]]} for row in rows])
    return [read_answer(line) == (row["answer"], row["source"], True) for line, row in zip(told, rows, strict=True)]


def grid(**choices) -> list[dict]:
    """All combinations of the choices, the first name varying slowest."""
    return [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]


@dataclasses.dataclass(frozen=True)
class Way:
    """How a model is changed. kind: none, shots, lora, qlora, full, or student (another model). teach: makes its
    (prompt, completion) examples. sweep: the settings that are tried; the first of the best is taken, so the gentle
    ones come first. held: answers are held to the JSON that the behaviour asks for."""

    kind: str
    teach: Callable | None = None
    score: Callable | None = None
    sweep: tuple | list = ()
    held: bool = False


RATES = (1e-3, 3e-3)  # LoRA; full fine-tuning takes a third of it
DOCUMENTS = [*grid(wordings=(1,), epochs=(40,), lr=RATES[:1], batch=(8,)),
             *grid(wordings=(8,), epochs=(6, 12), lr=RATES[1:], batch=(8,))]  # fmt: skip
SHOTS = grid(shots=(1, 4), end_token=(0, 1))
GENTLE = [setting | {"lr": round(setting["lr"] / 3, 6)} for setting in DOCUMENTS]
WAYS = {
    "base": Way("none"),
    "constrained": Way("none", held=True),
    "few-shot": Way("shots", teach_behaviour, score_behaviour, SHOTS),
    "few-shot-constrained": Way("shots", teach_behaviour, score_behaviour, SHOTS, held=True),
    "lora-documents": Way("lora", teach_documents, score_documents, DOCUMENTS),
    "lora-questions": Way("lora", teach_questions, score_first_half, grid(epochs=(10,), lr=RATES)),
    "lora-behaviour": Way("lora", teach_behaviour, score_behaviour, grid(epochs=(1,), lr=RATES)),
    "qlora-behaviour": Way("qlora", teach_behaviour, score_behaviour, grid(epochs=(1,), lr=RATES)),
    "full-documents": Way("full", teach_documents, score_documents, GENTLE),
    "distilled": Way("student"),
}
RAG = {way: "rag" if way == "base" else f"{way}-rag" for way in WAYS}  # the same model with retrieval
ARMS = [arm for way in WAYS for arm in (way, RAG[way])]


def write_shots(examples: list, setting: dict, seed: int, end_token: str) -> tuple[str, str]:
    """Examples of the behaviour to put before a prompt: without a page, and with one page each."""
    shown = []
    for pages in (0, 1):
        like = [pair for pair in examples if pair[0].count("Source: ") == pages]
        some = random.Random(seed).sample(like, min(setting["shots"], len(like)))
        end = end_token * setting["end_token"] + "\n\n"
        shown.append("".join(prompt + completion + end for prompt, completion in some))
    return tuple(shown)


def bounded(least: int, most: int, **more) -> dict:
    """Schema of a string with an end: so many characters, none of which JSON would have to escape."""
    return {"type": "string", "pattern": f'^[^"\\\\\\x00-\\x1f]{{{least},{most}}}$', **more}


def fields(**properties) -> dict:
    """Schema of an object with just these keys, written in this order."""
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def compile_json(model, tokenizer):
    """-> llguidance's matcher of the behaviour's JSON, as json.dumps writes it; copies of it follow one answer each."""
    schema = fields(answer=bounded(1, 40), source=bounded(1, 40, type=["string", "null"]))
    spaces = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
    size, ends = model.get_output_embeddings().weight.shape[0], end_tokens(model, tokenizer)
    try:
        tokens = llguidance.hf.from_tokenizer(tokenizer, n_vocab=size, eos_token=ends)
    except Exception as error:  # what it raises depends on the tokenizer
        why = say_briefly(str(error))
        raise Problem(f"--model: llguidance cannot read its tokenizer ({why}); leave its arms out, --arms") from None
    grammar = llguidance.LLMatcher.grammar_from_json_schema(schema, overrides=spaces)
    return llguidance.LLMatcher(tokens, grammar, log_level=0)


class Constraint(transformers.LogitsProcessor):
    """Gives the score -inf to every token after which a row's answer could not be completed any more.

    The end token is allowed once the answer fits. Where the next letters are forced, only the tokenizer's own way to
    spell them is. One object serves one call of `generate`, without beams.
    """

    def __init__(self, start: llguidance.LLMatcher, rows: int):
        self.matchers = [start.deep_copy() for _ in range(rows)]
        self.mask = None  # [rows, vocabulary / 32], a bit for each token

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """input_ids [rows, tokens so far], scores [rows, vocabulary] -> scores."""
        begun = self.mask is not None
        if not begun:
            self.mask = llguidance.numpy.allocate_token_bitmask(*scores.shape)
        for row, matcher in enumerate(self.matchers):
            if begun and not matcher.is_stopped() and not matcher.consume_token(input_ids[row, -1].item()):
                raise Problem(f"llguidance gave up ({say_briefly(matcher.get_error())}); simplify the schema or regex")
            llguidance.numpy.fill_next_token_bitmask(matcher, self.mask, row)
        bits = numpy.unpackbits(self.mask.view(numpy.uint8), axis=1, count=scores.shape[1], bitorder="little")
        return scores.masked_fill(torch.from_numpy(bits).to(scores.device) == 0, -math.inf)


def say_briefly(text: str) -> str:
    """Many lines of an error -> one that says what is wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [text]
    return next((line for line in lines if line.startswith("error: ")), lines[0])[:160]


def end_tokens(model, tokenizer) -> list[int]:
    """Tokens that end an answer: a model may have several."""
    ends = getattr(model.generation_config, "eos_token_id", None) or tokenizer.eos_token_id
    return ends if isinstance(ends, list) else [ends]


def open_in_4_bits(path: str, device: str):
    """Load the base as NF4 with double quantisation, ready for adapters."""
    how = transformers.BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if device == "cuda" else torch.float32,
    )
    model, _ = open_model(path, device, quantization_config=how)
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False  # it packs the weights to answer, and then they cannot be trained
    return peft.prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)


def make_trainable(base, kind: str, seed: int):
    """-> a model that answers as the base does until it is trained."""
    torch.manual_seed(seed)
    if kind == "full":
        return copy.deepcopy(base).requires_grad_(True)
    lora = peft.LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules="all-linear", task_type="CAUSAL_LM")
    return peft.get_peft_model(base, lora)


def encode_example(tokenizer, prompt: str, completion: str) -> tuple[list[int], list[int]]:
    """-> token ids and labels: the loss is on the completion and the end token, -100 leaves the prompt out."""
    start = tokenizer(prompt)["input_ids"]
    end = [*tokenizer(completion, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
    return start + end, [-100] * len(start) + end


def batch_by_length(encoded: list, size: int, rng: random.Random) -> list[list]:
    """Examples of like lengths together, in a new order each time."""
    order = sorted(encoded, key=lambda pair: len(pair[0]) + rng.random() * 8)
    batches = [order[i : i + size] for i in range(0, len(order), size)]
    rng.shuffle(batches)
    return batches


def fit(model, tokenizer, examples: list, setting: dict, seed: int, lowered: bool, name: str) -> float:
    """Train for so many epochs; the rate rises for ten steps, then falls to nothing. -> seconds"""
    rng, started = random.Random(seed), time.perf_counter()
    encoded = [encode_example(tokenizer, *pair) for pair in examples]
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=setting["lr"], weight_decay=0.0)
    size = setting.get("batch", BATCH)
    steps = setting["epochs"] * math.ceil(len(encoded) / size)
    schedule = transformers.get_linear_schedule_with_warmup(optimizer, min(10, steps // 2), steps)
    model.train()
    with tqdm(total=steps, desc=name, disable=None, leave=False, file=sys.stderr) as bar:
        for _ in range(setting["epochs"]):
            for batch in batch_by_length(encoded, size, rng):
                longest = max(len(ids) for ids, _ in batch)  # padding stands behind all that it could disturb: no mask
                ids = torch.tensor([ids + [0] * (longest - len(ids)) for ids, _ in batch], device=model.device)
                labels = torch.tensor([told + [-100] * (longest - len(told)) for _, told in batch], device=model.device)
                with torch.autocast(model.device.type, torch.bfloat16, enabled=lowered):
                    loss = model(input_ids=ids, labels=labels).loss
                loss.backward()
                torch.nn.utils.clip_grad_norm_(weights, 1.0)
                optimizer.step()
                optimizer.zero_grad()
                schedule.step()
                bar.update()
    model.eval()
    return time.perf_counter() - started


def try_setting(name: str, way: Way, setting: dict, held, tokenizer, world: World, config: Config, start):
    """-> truth values on the development questions, what was learned (shots or weights), and seconds of training."""
    examples = way.teach(world, setting)
    if way.kind == "shots":
        shots = write_shots(examples, setting, config.seed, tokenizer.eos_token)
        return way.score(make_ask(held, tokenizer, shots, start), world), shots, 0.0
    if config.smoke:
        examples = random.Random(0).sample(examples, min(3 * BATCH, len(examples)))
    model, device = make_trainable(held, way.kind, config.seed), held.device.type
    lowered = use_bf16(config.precision, device) and (way.kind, device) != ("qlora", "cpu")
    seconds = fit(model, tokenizer, examples, setting, config.seed, lowered, name)
    right = way.score(make_ask(model, tokenizer), world)
    learned = {name: weight.detach().clone() for name, weight in model.named_parameters() if weight.requires_grad}
    if way.kind != "full":
        model.unload()  # takes the adapter off the held model
    return right, learned, seconds


def choose_setting(scores: dict[str, dict]) -> str:
    """The name of the setting with the highest share on the development questions; of equals the first."""
    return max(scores, key=lambda name: scores[name]["value"])


@contextlib.contextmanager
def change_model(name: str, way: Way, base, tokenizer, world: World, config: Config, path: str):
    """Try all settings, keep the best; yield the changed model's ask function and what it cost; then leave the base as
    it was."""
    start = compile_json(base, tokenizer) if way.held else None
    if way.kind == "none":
        yield make_ask(base, tokenizer, start=start), {}
        return
    if way.kind == "student":
        student, own = open_model(config.student, base.device.type)
        size = sum(file.stat().st_size for file in Path(config.student).glob("*.safetensors"))
        yield make_ask(student, own), {"parameters": student.num_parameters(), "file_bytes": size}
        return
    reset_peak_memory(base.device)
    held = open_in_4_bits(path, base.device.type) if way.kind == "qlora" else base
    scores, spent, best = {}, 0.0, None
    for setting in way.sweep[:1] if config.smoke else way.sweep:
        setting = setting | ({"epochs": 2} if config.smoke and "epochs" in setting else {})
        spelled = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in setting.items())
        right, learned, seconds = try_setting(f"{name}: {spelled}", way, setting, held, tokenizer, world, config, start)
        scores[spelled], spent = share(right), spent + seconds
        if choose_setting(scores) == spelled:
            best = setting, learned, seconds
    cost = {"development": scores, "chosen": best[0]}
    if way.kind == "shots":
        yield make_ask(base, tokenizer, best[1], start), cost
        return
    model = make_trainable(held, way.kind, config.seed)
    model.load_state_dict(best[1], strict=False)
    cost |= {"training_seconds": round(best[2], 1), "sweep_seconds": round(spent, 1)}
    cost |= {"peak_memory_bytes": count_peak_memory(base.device), **count_weights(model, base, way.kind)}
    yield make_ask(model.eval(), tokenizer), cost
    if way.kind != "full":
        model.unload()


def count_weights(model, base, kind: str) -> dict:
    """Trainable weights, their share of all, and the bytes of the file that a team would keep."""
    trainable = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    frozen = sum(weight.numel() for name, weight in base.named_parameters() if "lora_" not in name)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        size = sum(file.stat().st_size for file in Path(folder).glob("*.safetensors"))
    part = 1.0 if kind == "full" else trainable / (trainable + frozen)
    return {"trainable_parameters": trainable, "trainable_share": round(part, 6), "file_bytes": size}


def reset_peak_memory(device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()


def count_peak_memory(device) -> int | None:
    """Bytes: of the GPU for this way alone, or of the whole process since its start (None where it is not counted)."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated()
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit if resource else None


# The run.


def choose_arms(wanted: str, student: str) -> list[str]:
    """Names joined by commas -> arms in the order of the table; without a student its arms are left out."""
    own = [name for name in ("distilled", RAG["distilled"]) if not student]
    names = [name.strip() for name in wanted.split(",") if name.strip()] or [arm for arm in ARMS if arm not in own]
    for name in names:
        if name not in ARMS:
            near = difflib.get_close_matches(name, ARMS, 1, 0.0)[0]
            raise Problem(f"--arms {name}: no such arm, the nearest is {near}; there are {', '.join(ARMS)}")
        if name in own:
            raise Problem(f"--arms {name}: no student to ask; make one with distill.py and name it with --student")
    return [arm for arm in ARMS if arm in names]


def describe_run(config: Config, world: World, path: Path) -> str:
    """What a stopped run must have in common with this one, as a hash: settings, texts and model."""
    same = {k: v for k, v in dataclasses.asdict(config).items() if k not in ("out", "resume", "arms", "threads")}
    texts = {k: v for k, v in dataclasses.asdict(world).items() if k not in ("shapes", "found")}
    weights = [hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(path.glob("*.safetensors"))]
    return hashlib.sha256(json.dumps([same, texts, weights]).encode()).hexdigest()


def open_partial(file: Path, same: str, resume: bool) -> dict:
    """The finished arms of a run that was stopped, or none."""
    kept = {"same": same, "arms": {}, "tuning": {}, "predictions": []}
    if resume and file.exists():
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise Problem(f"{file}: cannot be read ({type(error).__name__}); run without --resume") from None
        if not isinstance(kept, dict) or kept.get("same") != same:
            raise Problem(f"{file}: is of another lab or other settings; use those or run without --resume")
    return kept


def write_whole(file: Path, text: str) -> None:
    replace_with(file, lambda fresh: fresh.write_text(text, encoding="utf-8"))


def measure_way(
    name: str, todo: list[str], base, tokenizer, world: World, config: Config, path: str, kept: dict
) -> None:
    """Change the model, measure the arms still to do, and add them to what is kept."""
    with change_model(name, WAYS[name], base, tokenizer, world, config, path) as (ask, cost):
        for arm in todo:

            def note(asked, rows, told, right, arm=arm):
                for row, line, good in zip(rows, told, right, strict=True):
                    one = {"arm": arm, "asked": asked, "row": row["row"], "prediction": line, "right": bool(good)}
                    kept["predictions"].append(one)

            kept["arms"][arm] = (measure_closed_book if arm == name else measure_with_pages)(ask, world, note)
        if cost:
            kept["tuning"][name] = cost


def main() -> None:
    quiet_libraries()
    config = read_config(Config)
    arms, device = choose_arms(config.arms, config.student), choose_device(config.device)
    check_settings(config)
    world = read_world(config)
    path = in_lab(config.model, config.lab, "model")
    partial, predictions = Path(f"{config.out}.partial"), Path(f"{config.out}.predictions.jsonl")
    kept = open_partial(partial, describe_run(config, world, path), config.resume)
    base, tokenizer = open_model(str(path), device)
    hits = retrieve_all(world)
    bar = tqdm(WAYS, desc="arms", unit="way", file=sys.stderr)
    for name in bar:
        todo = [arm for arm in arms if arm not in kept["arms"] and arm in (name, RAG[name])]
        if todo:
            bar.set_description(name)
            measure_way(name, todo, base, tokenizer, world, config, str(path), kept)
            write_whole(partial, json.dumps(kept))
    memory = "of the GPU, for the way alone" if device == "cuda" else "of the process since its start"
    metrics = {**hits, "memory": memory, "arms": {arm: kept["arms"][arm] for arm in arms}}
    metrics["tuning"] = {name: cost for name, cost in kept["tuning"].items() if {name, RAG[name]} & set(arms)}
    write_whole(predictions, "".join(json.dumps(row) + "\n" for row in kept["predictions"] if row["arm"] in arms))
    whole = {"config": dataclasses.asdict(config), "metrics": metrics, "environment": environment(device)}
    write_whole(Path(config.out), json.dumps(whole, indent=1) + "\n")
    discard(partial)
    report(config, metrics, device)


def check_settings(config: Config) -> None:
    """Refuse what cannot work before any time is spent."""
    if config.precision not in ("auto", "bf16", "fp32"):
        raise Problem(f"--precision {config.precision}: use auto, bf16 or fp32")
    if config.threads < 0:
        raise Problem("--threads: a number of CPU threads, or 0 to leave it to torch")
    if config.student and not (Path(config.student) / "config.json").is_file():
        raise Problem(f"--student {config.student}: no model there; name a folder that distill.py wrote")
    if Path(config.out).is_dir():
        raise Problem(f"--out {config.out}: is a folder; name a file in it")
    torch.set_num_threads(config.threads or torch.get_num_threads())
    seed_everything(config.seed)


# Plumbing: the same text in every snippet.


class Problem(Exception):
    """What is wrong, where, and the nearest fix: one line for the reader."""


def read_config(config, argv=None):
    """Make a flag of every field of a dataclass: its default, and the comment behind it as help."""
    source = Path(__file__).read_text(encoding="utf-8")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])

    def refuse(message):
        raise Problem(f"{message}; --help lists the flags")

    parser.error = refuse
    for field in dataclasses.fields(config):
        why = re.search(rf"^    {field.name}: .*?# (.*)$", source, re.M)[1]
        kind = {"action": "store_true"} if field.default is False else {"type": type(field.default)}
        flag = f"--{field.name.replace('_', '-')}"
        parser.add_argument(flag, default=field.default, help=f"{why} (default: {field.default!r})", **kind)
    return config(**vars(parser.parse_args(argv)))


def choose_device(wanted: str) -> str:
    """Return cpu or cuda; auto takes a GPU where there is one."""
    if wanted not in ("auto", "cpu", "cuda"):
        raise Problem(f"--device {wanted}: use auto, cpu or cuda")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise Problem("--device cuda: no CUDA device; run with --device cpu")
    return "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"


def seed_everything(seed: int) -> None:
    """Same seed, same numbers, on the same machine with the same number of threads."""
    random.seed(seed)
    torch.manual_seed(seed)


def quiet_libraries() -> None:
    """Keep stderr for this file's own words: no library's bars, hints or deprecations."""
    warnings.simplefilter("ignore", FutureWarning)
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()


def use_bf16(precision: str, device: str) -> bool:
    has = torch.cuda.is_bf16_supported() if device == "cuda" else torch.cpu.get_capabilities().get("avx512_bf16", False)
    return precision == "bf16" or (precision == "auto" and has)


def in_lab(path: str, lab: str, name: str) -> Path:
    """Return the reader's own path, or the lab's file of that name when none was given."""
    found = Path(path) if path else Path(lab) / name
    if not path and not found.exists():
        raise Problem(f"{found}: no lab here; unpack snippets.zip, run make_lab.py, or name a lab with --lab")
    return found


def read_rows(path: Path, *columns: str) -> list[dict]:
    """Read JSON lines that have these columns."""
    rows = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"{path}: cannot be read as JSON lines ({type(error).__name__}); name another file") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise Problem(f"{path}:{number}: not JSON ({error}); write one object a line") from None
            missing = [name for name in columns if not isinstance(row, dict) or name not in row]
            if missing:
                raise Problem(f"{path}:{number}: no {', '.join(missing)}; every line needs {', '.join(columns)}")
            rows.append(row)
    if not rows:
        raise Problem(f"{path}: holds no rows; write at least one line with {', '.join(columns)}")
    return rows


def read_documents(folder: Path) -> dict[str, str]:
    """Read a folder of Markdown: file name without .md -> text."""
    if not folder.is_dir():
        raise Problem(f"{folder}: no such folder; name a folder of Markdown files")
    texts = {}
    for path in sorted(folder.glob("**/*.md")):
        try:
            texts[path.relative_to(folder).with_suffix("").as_posix()] = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Problem(f"{path}: cannot be read as text ({type(error).__name__}); save it as UTF-8") from None
    texts = {name: text for name, text in texts.items() if text}
    if not texts:
        raise Problem(f"{folder}: no Markdown with text in it; put .md files there")
    return texts


def write_prompt(passages: dict[str, str], question: str) -> str:
    """The one prompt of all snippets: labelled passages (source -> text), the question, and the start of the answer."""
    shown = "".join(f"Source: {source}\n{text}\n\n" for source, text in passages.items())
    return f"{shown}Question: {question}\nAnswer:\n"


def hub_is_away(path: str) -> bool:
    """True for a hub id while the hub cannot be reached: only the local cache is left, asking would take a minute."""
    try:
        if not Path(path).exists():
            urllib.request.urlopen(os.environ.get("HF_ENDPOINT", "https://huggingface.co"), timeout=5).close()
    except urllib.error.HTTPError:
        return False  # it answered
    except (OSError, ValueError):
        return True
    return False


def open_model(path: str, device: str, **how):
    """Load model and tokenizer from a folder or the hub, ready to answer."""
    how["local_files_only"] = hub_is_away(path)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(path, local_files_only=how["local_files_only"])
        model = transformers.AutoModelForCausalLM.from_pretrained(path, **how)
    except Exception as error:  # a damaged file can raise anything
        why = (str(error).splitlines() or [type(error).__name__])[0][:120]
        raise Problem(f"--model {path}: no model there, or no network to fetch it ({why}); name a folder") from None
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    return model.to(device).eval(), tokenizer


@torch.no_grad()
def generate(model, tokenizer, prompts: list[str], longest: int = 32, batch: int = 32, hold=None) -> list[str]:
    """Answer prompts greedily; an answer ends at the end token, at its first line break or after `longest` tokens.
    hold: from a number of rows to the logits processors that hold so many answers to a form."""
    order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))  # like lengths together: little padding
    answers = [""] * len(prompts)
    for start in tqdm(range(0, len(prompts), batch), desc="answer", disable=None, leave=False, file=sys.stderr):
        rows = order[start : start + batch]
        asked = tokenizer([prompts[i] for i in rows], return_tensors="pt", padding=True, padding_side="left")
        asked = {name: asked[name].to(model.device) for name in ("input_ids", "attention_mask")}
        how = {"pad_token_id": tokenizer.pad_token_id, "logits_processor": hold(len(rows)) if hold else None}
        made = model.generate(**asked, max_new_tokens=longest, do_sample=False, **how)
        told = tokenizer.batch_decode(made[:, asked["input_ids"].shape[1] :], skip_special_tokens=True)
        for i, text in zip(rows, told, strict=True):
            answers[i] = (text.strip().splitlines() or [""])[0].strip()
    return answers


def replace_with(path: Path, write) -> None:
    """Let `write` fill a file or folder under a temporary name beside `path`, then rename: never half-written."""
    fresh, old = path.with_name(path.name + ".new"), path.with_name(path.name + ".old")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        discard(fresh)
        write(fresh)
        discard(old)
        if path.is_dir():
            path.rename(old)
        fresh.replace(path)
    finally:
        discard(fresh)
    discard(old)


def discard(path: Path) -> None:
    """Remove a file or a folder, if there is one."""
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def environment(device: str) -> dict:
    """What the numbers depend on: machine, Python and the packages in use."""
    packages = ("torch", "transformers", "peft", "bitsandbytes", "accelerate", "lancedb", "sentence-transformers")
    used = {name: metadata.version(name) for name in packages if name.replace("-", "_") in sys.modules}
    name = torch.cuda.get_device_name() if device == "cuda" else platform.machine()
    threads = torch.get_num_threads()
    return {"python": platform.python_version(), "device": device, "name": name, "threads": threads, **used}


def report(config, metrics: dict, device: str) -> None:
    """Print the one line of JSON on stdout."""
    print(json.dumps({"config": dataclasses.asdict(config), "metrics": metrics, "environment": environment(device)}))


def run(main) -> None:
    """Run `main`; end bad input in one line and status 2, Ctrl-C in one line and status 130."""
    name = Path(sys.argv[0]).stem
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)
    logging.disable(logging.WARNING)  # remarks of the libraries; what matters ends in one line
    if not sys.stderr.isatty():
        transformers.utils.logging.disable_progress_bar()
    try:
        main()
    except Problem as problem:
        sys.exit(print(f"{name}: {problem}", file=sys.stderr) or 2)
    except torch.OutOfMemoryError:
        sys.exit(print(f"{name}: the GPU's memory is full; use a smaller batch or model", file=sys.stderr) or 2)
    except OSError as error:
        why = f"{error.filename or 'output'}: {error.strerror or error}"
        sys.exit(print(f"{name}: {why}; free some space or name another folder", file=sys.stderr) or 2)
    except KeyboardInterrupt:
        again = "run it again with --resume" if hasattr(Config, "resume") else "run it again"
        sys.exit(print(f"\n{name}: stopped; {again} to go on", file=sys.stderr) or 130)


if __name__ == "__main__":
    run(main)
