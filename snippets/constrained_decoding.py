# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.9", "transformers>=5", "peft>=0.20", "safetensors>=0.5", "llguidance>=1.9",
#   "jsonschema>=4.20", "numpy>=2", "tqdm>=4.66"]
# ///
"""Constrained decoding: allow only tokens after which the answer can still fit a JSON schema or a regular expression.

    uv run constrained_decoding.py                                # the lab's base model, free and constrained
    uv run constrained_decoding.py --adapter lora-behaviour       # and after a LoRA taught it the format
    uv run constrained_decoding.py --model ID --docs handbook --questions asked.jsonl --schema mine.json   # your own
    uv run constrained_decoding.py --regex "[A-Za-z0-9.-]{1,20}"  # the lab, held to an expression

At every step llguidance says which tokens can still lead to a match; all others get the score -inf. Two traps are
measured: answer before reason (a schema whose first field is the answer commits to it before any evidence is written),
and shape is not truth (the answer always fits, and may be wrong or made up). Schemas must bound every string, with a
pattern or maxLength: a string without end is cut off, and then it fits nothing. White space of JSON is fixed.
Your own files: --questions are JSON lines with question, answer, source (a page of --docs, its file name without .md).
The answer is read from the key `answer` of JSON, from the group `answer` of a regular expression, or else from the
whole text. Lesson: Constrained decoding (constrained-decoding/).
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import hashlib
import json
import logging
import math
import os
import platform
import random
import re
import shutil
import signal
import statistics
import sys
import time
import urllib.error
import urllib.request
import warnings
from importlib import metadata
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning threads halve the speed on shared cores
if __name__ == "__main__":  # the libraries take seconds to load: end a Ctrl-C meanwhile in one line as well
    signal.signal(signal.SIGINT, lambda *_: (print("\nstopped before it began", file=sys.stderr), os._exit(130)))

import jsonschema
import llguidance
import llguidance.hf
import llguidance.numpy
import numpy
import safetensors.torch
import torch
import transformers
from tqdm import tqdm

logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # peft imports it; what it says of its CPU kernels is no news
import peft  # noqa: E402

LAB = str(Path(__file__).resolve().parent / "lab")


@dataclasses.dataclass(frozen=True)
class Config:
    model: str = ""  # folder or hub id; empty takes the lab's
    adapter: str = ""  # folder of an adapter that lora.py made: the same with it on the model
    docs: str = ""  # folder of Markdown pages; empty takes the lab's private ones
    questions: str = ""  # JSON lines: question, answer, source; where there is a split, test is asked; or the lab's
    schema: str = ""  # file with a JSON schema to hold answers to, instead of the built-in ones
    regex: str = ""  # regular expression to hold answers to, instead of the built-in ones
    limit: int = 40  # questions asked, picked at random; 0 asks all
    longest: int = 240  # tokens of an answer; a longer one is cut
    pairs: int = 12  # answers timed free and constrained for the overhead; 0 times none
    batch: int = 40  # questions answered at a time
    lab: str = LAB  # folder that make_lab.py wrote
    threads: int = 0  # CPU threads; 0 leaves it to torch
    device: str = "auto"  # auto, cpu or cuda
    seed: int = 0  # of the questions picked


def bounded(least: int, most: int, **more) -> dict:
    """Schema of a string with an end: so many characters, none of which JSON would have to escape."""
    return {"type": "string", "pattern": f'^[^"\\\\\\x00-\\x1f]{{{least},{most}}}$', **more}


def fields(**properties) -> dict:
    """Schema of an object with just these keys, written in this order."""
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


ANSWER, SOURCE = bounded(1, 40), bounded(1, 40, type=["string", "null"])
SCHEMAS = {
    "answer_first": fields(answer=ANSWER, source=SOURCE),
    "source_first": fields(source=SOURCE, answer=ANSWER),
    "quote_first": fields(quote=bounded(20, 90), answer=ANSWER, source=SOURCE),
}
REGEX = r"\[(?P<answer>[^\[\]\n]{1,40})\] \((?P<source>[^()\n]{1,40})\)"


@dataclasses.dataclass(frozen=True)
class Shape:
    """What answers are held to: a JSON schema, or else a regular expression."""

    schema: dict | None = None
    regex: str = ""

    def grammar(self) -> str:
        """llguidance's form of it. JSON is written as json.dumps writes it: no free white space."""
        if self.schema is None:
            return llguidance.LLMatcher.grammar_from_regex(self.regex)
        spaces = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
        return llguidance.LLMatcher.grammar_from_json_schema(self.schema, overrides=spaces)

    def fits(self, text: str) -> bool:
        """Does the whole text fit? Asked of jsonschema or re, which know nothing of llguidance."""
        if self.schema is None:
            return re.fullmatch(self.regex, text) is not None
        try:
            return jsonschema.Draft202012Validator(self.schema).is_valid(json.loads(text))
        except ValueError:
            return False

    def read(self, text: str) -> dict[str, str | None]:
        """-> what an answer tells by name: JSON's keys, the groups of the expression, or all of it as `answer`."""
        told = read_reply(text)
        if self.schema is None and (found := re.fullmatch(self.regex, text)):
            told = found.groupdict() or {"answer": found[0]}
        return {key: value if value is None else str(value).strip() for key, value in told.items()}


def start_matcher(tokens: llguidance.LLTokenizer, shape: Shape, name: str) -> llguidance.LLMatcher:
    """Compile a shape for a tokenizer -> a matcher at the start of an answer; copies of it follow one answer each."""
    try:
        matcher = llguidance.LLMatcher(tokens, shape.grammar(), log_level=0)
        why = matcher.get_error()
    except ValueError as error:
        why = str(error)
    if not why:
        (first := matcher.deep_copy()).compute_bitmask()
        why = "nothing fits it" if first.is_stopped() and not first.is_accepting() else ""
    if why:
        raise Problem(f"{name}: llguidance cannot use it ({say_briefly(why)}); write it more simply")
    return matcher


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


@torch.no_grad()
def answer_within(model, tokenizer, prompts: list[str], start, longest: int, batch: int) -> list[tuple[str, int, bool]]:
    """Answer greedily, held to what `start` (a matcher) allows, or free where it is None.

    -> for each prompt the text, its tokens with the end token, and whether it was cut after `longest` tokens.
    """
    order, answers = sorted(range(len(prompts)), key=lambda i: len(prompts[i])), [None] * len(prompts)
    for at in range(0, len(order), batch):
        rows = order[at : at + batch]
        asked = tokenizer([prompts[i] for i in rows], return_tensors="pt", padding=True, padding_side="left")
        asked = {name: asked[name].to(model.device) for name in ("input_ids", "attention_mask")}
        held = [Constraint(start, len(rows))] if start else []
        how = {"max_new_tokens": longest, "do_sample": False, "pad_token_id": tokenizer.pad_token_id}
        made = model.generate(**asked, **how, logits_processor=transformers.LogitsProcessorList(held))
        for i, ids in zip(rows, made[:, asked["input_ids"].shape[1] :].tolist(), strict=True):
            ended = [place for place, token in enumerate(ids) if token in end_tokens(model, tokenizer)]
            ids = ids[: ended[0] + 1] if ended else ids
            answers[i] = tokenizer.decode(ids, skip_special_tokens=True), len(ids), not ended
    return answers


def judge_within(shape: Shape, row: dict, text: str, page: str) -> dict[str, bool]:
    """What is true of one answer: it fits, its fact is right, it fits and is wrong; source and quotation where told."""
    fits, told = shape.fits(text), shape.read(text.strip())
    right = told.get("answer") == row["answer"]
    judged = {"valid_format": fits, "facts_right": right, "valid_but_wrong": fits and not right}
    if fits and "source" in told:
        judged["source_right"] = told["source"] == row["source"]
    if fits and "quote" in told and page:
        judged["quote_in_page"] = told["quote"] in page
    return judged


def paired_difference(before: list[bool], after: list[bool], z: float = 1.959964) -> dict:
    """Share after minus share before on the same questions, with the adjusted Wald interval (Bonett and Price, 2012).

    It adds one case to those that were gained and one to those that were lost.
    """
    n, pairs = len(before), list(zip(before, after, strict=True))
    gained, lost = sum(b > a for a, b in pairs), sum(b < a for a, b in pairs)
    up, down = (gained + 1) / (n + 2), (lost + 1) / (n + 2)
    spread = z * math.sqrt((up + down - (up - down) ** 2) / (n + 2))
    value = (gained - lost) / n
    low, high = max(-1.0, up - down - spread), min(1.0, up - down + spread)
    return {"value": round(value, 4), "low": round(min(low, value), 4), "high": round(max(high, value), 4), "n": n}


def compare_answers(model, tokenizer, starts: dict, shapes: dict, rows: list[dict], paged: bool, config) -> dict:
    """Ask all rows free and within each shape -> name -> shares, differences and a few answers that fit and are wrong.

    A free answer counts in any form: within a shape, as other JSON, or as a bare first line. `free_valid` of a shape is
    the share of free answers that fit it.
    """
    prompts, cells, rights = [row["paged"] if paged else row["bare"] for row in rows], {}, {}
    for name, start in tqdm({"free": None, **starts}.items(), "page" if paged else "no page", file=sys.stderr):
        told = answer_within(model, tokenizer, prompts, start, config.longest, config.batch)
        judged = []
        for row, (text, _, _) in zip(rows, told, strict=True):
            own = shapes.get(name) or next((one for one in shapes.values() if one.fits(text.strip())), Shape(schema={}))
            judged.append(judge_within(own, row, text, row["page"] if paged else ""))
        rights[name] = [one["facts_right"] for one in judged]
        if name == "free":
            free, cell = [text for text, _, _ in told], {"facts_right": share(rights[name])}
        else:
            keys = dict.fromkeys(key for one in judged for key in one)
            cell = {key: share(one[key] for one in judged if key in one) for key in keys}
            cell["free_valid"] = share(shapes[name].fits(text.strip()) for text in free)
            cell["minus_free"] = paired_difference(rights["free"], rights[name])
            if name != (first := next(iter(starts))):
                cell[f"minus_{first}"] = paired_difference(rights[first], rights[name])
            wrong = [(row, text) for row, (text, _, _), one in zip(rows, told, judged, strict=True)
                     if one["valid_but_wrong"]]  # fmt: skip
            cell["wrong"] = [{"question": r["question"], "told": t, "right": r["answer"]} for r, t in wrong[:3]]
        cell |= {"cut": share(cut for _, _, cut in told), "tokens": round(statistics.fmean(n for _, n, _ in told), 2)}
        cells[name] = cell
    return cells


@torch.no_grad()
def time_overhead(model, tokenizer, start, prompts: list[str], longest: int) -> dict:
    """Time a token constrained over free, on the same prompt and as many tokens: the median of the pairs' ratios.

    On a CPU it is CPU time, which other programs disturb least. Which goes first alternates; copying the compiled
    matcher counts. The interval is that of the sign test.
    """
    ratios, clock = [], time.perf_counter if model.device.type == "cuda" else time.process_time
    for number, prompt in enumerate([prompts[0], *prompts]):
        ((_, count, _),) = answer_within(model, tokenizer, [prompt], start, longest, 1)
        asked, spent = tokenizer(prompt, return_tensors="pt").to(model.device), {}
        for held in (True, False) if number % 2 else (False, True):
            how = {"max_new_tokens": count, "eos_token_id": [], "pad_token_id": tokenizer.pad_token_id}
            began = clock()
            limits = [Constraint(start, 1)] if held else []
            made = model.generate(asked["input_ids"], attention_mask=asked["attention_mask"], do_sample=False, **how,
                                  logits_processor=transformers.LogitsProcessorList(limits)).tolist()  # fmt: skip
            spent[held] = (clock() - began) / (len(made[0]) - asked["input_ids"].shape[1])
        ratios.append(spent[True] / spent[False])
    return median_with_interval(ratios[1:])  # the first pair warms up


def median_with_interval(values: list[float]) -> dict:
    """The median and its 95 % interval from the order of the values; no interval where they are fewer than six."""
    values, n = sorted(values), len(values)
    tail = lambda k: sum(math.comb(n, i) for i in range(k)) / 2**n  # noqa: E731
    cut = max((k for k in range(1, n // 2 + 1) if tail(k) <= 0.025), default=0)
    told = {"value": round(statistics.median(values), 4), "n": n}
    return told | ({"low": round(values[cut - 1], 4), "high": round(values[-cut], 4)} if cut else {})


def main():
    config = read_config(Config)
    check_constrained(config)
    quiet_libraries()
    device = choose_device(config.device)
    torch.set_num_threads(config.threads or torch.get_num_threads())
    shapes = read_shapes(config)
    rows = read_both_ways(config)
    model, tokenizer = open_model(config.model or str(in_lab("", config.lab, "model")), device)
    starts = compile_shapes(model, tokenizer, shapes)
    seed_everything(config.seed)
    states = {"base": contextlib.nullcontext}
    if config.adapter:
        model = load_adapter(model, Path(config.adapter)).eval()
        states = {"base": model.disable_adapter, "adapter": contextlib.nullcontext}
    metrics, first = {"questions": len(rows)}, dict([next(iter(starts.items()))])
    for name, state in states.items():
        print(f"{name} model", file=sys.stderr)
        with state():
            paged = compare_answers(model, tokenizer, starts, shapes, rows, True, config)
            closed = compare_answers(model, tokenizer, first, shapes, rows, False, config)
            metrics[name] = {"with_page": paged, "closed_book": closed}
            if config.pairs:
                timed = [rows[i % len(rows)]["paged"] for i in range(config.pairs)]
                spent = {key: time_overhead(model, tokenizer, start, timed, 24) for key, start in starts.items()}
                metrics[name]["overhead"] = spent
        if cut := [key for key in starts if paged[key]["cut"]["value"]]:
            print(f"cut: answers held to {', '.join(cut)}; bound every string or raise --longest", file=sys.stderr)
    report(config, metrics, device)


def say_briefly(text: str) -> str:
    """Many lines of an error -> one that says what is wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [text]
    return next((line for line in lines if line.startswith("error: ")), lines[0])[:160]


def end_tokens(model, tokenizer) -> list[int]:
    """Tokens that end an answer: a model may have several."""
    ends = getattr(model.generation_config, "eos_token_id", None) or tokenizer.eos_token_id
    return ends if isinstance(ends, list) else [ends]


def check_constrained(config) -> None:
    """Refuse what cannot work before anything is loaded."""
    if config.schema and config.regex:
        raise Problem("--schema and --regex: an answer is held to one of them; leave one out")
    for name, least in (("limit", 0), ("longest", 1), ("pairs", 0), ("batch", 1), ("threads", 0)):
        if getattr(config, name) < least:
            raise Problem(f"--{name} {getattr(config, name)}: use {least} or more")


def read_shapes(config) -> dict[str, Shape]:
    """The reader's own schema or regular expression, or the built-in ones, by name."""
    if config.regex:
        try:
            re.compile(config.regex)
        except re.error as error:
            raise Problem(f"--regex {config.regex}: not a regular expression ({error}); correct it") from None
        return {"regex": Shape(regex=config.regex)}
    if not config.schema:
        return {**{name: Shape(schema) for name, schema in SCHEMAS.items()}, "regex": Shape(regex=REGEX)}
    try:
        schema = json.loads(Path(config.schema).read_text(encoding="utf-8"), object_hook=check_pattern)
        jsonschema.Draft202012Validator.check_schema(schema)
    except re.error as error:
        raise Problem(f"--schema {config.schema}: a pattern is no regular expression ({error}); correct it") from None
    except (OSError, ValueError) as error:
        why = say_briefly(str(error))
        raise Problem(f"--schema {config.schema}: cannot be read as JSON ({why}); correct it") from None
    except jsonschema.SchemaError as error:
        why = say_briefly(error.message)
        raise Problem(f"--schema {config.schema}: not a JSON schema ({why}); correct it") from None
    if not isinstance(schema, dict) or "answer" not in schema.get("properties", {}):
        raise Problem(f"--schema {config.schema}: no property answer, where the fact is read from; add one")
    return {"schema": Shape(schema)}


def check_pattern(part: dict) -> dict:
    """Part of a schema -> the same; re.error where its pattern is none that Python can read."""
    if isinstance(part.get("pattern"), str):
        re.compile(part["pattern"])
    return part


def compile_shapes(model, tokenizer, shapes: dict[str, Shape]) -> dict[str, llguidance.LLMatcher]:
    """-> the compiled matcher of each shape, for this model's tokens."""
    try:
        ends, size = end_tokens(model, tokenizer), model.get_output_embeddings().weight.shape[0]
        tokens = llguidance.hf.from_tokenizer(tokenizer, n_vocab=size, eos_token=ends)
    except Exception as error:  # what it raises depends on the tokenizer
        raise Problem(
            f"--model: llguidance cannot read its tokenizer ({say_briefly(str(error))}); use another"
        ) from None
    named = {"schema": "--schema", "regex": "--regex"}
    return {name: start_matcher(tokens, shape, named.get(name, name)) for name, shape in shapes.items()}


def read_both_ways(config) -> list[dict]:
    """Read test questions -> [{"question", "answer", "source", "page", and the prompts "paged" and "bare"}]."""
    path = in_lab(config.questions, config.lab, "questions.jsonl")
    pages, rows = read_documents(in_lab(config.docs, config.lab, "docs")), []
    for row in read_rows(path, "question", "answer", "source"):
        if row["source"] is None or row.get("split", "test") != "test":
            continue
        one = {name: str(row[name]).strip() for name in ("question", "answer", "source")}
        if (source := one["source"]) not in pages:
            raise Problem(f"{path}: its source {source!r} is no page; name the folder of {source}.md with --docs")
        paged, bare = (write_prompt(shown, one["question"]) for shown in ({source: pages[source]}, {}))
        rows.append({**one, "page": pages[source], "paged": paged, "bare": bare})
    if not rows:
        raise Problem(f"{path}: no test question names a page; give some a source, a file name of --docs without .md")
    return random.Random(config.seed).sample(rows, min(config.limit or len(rows), len(rows)))


# Plumbing: the same text in every snippet.


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


def read_reply(text: str) -> dict:
    """-> the JSON object of a reply; any other reply counts as a bare answer, its first line."""
    try:
        reply = json.loads(text)
    except ValueError:
        reply = None
    return reply if isinstance(reply, dict) else {"answer": (text.strip().splitlines() or [""])[0].strip()}


def mark_base(model) -> str:
    """A hash of some embeddings, which neither adapters nor quantisation change: tells one base from another."""
    table = model.get_input_embeddings().weight
    some = table[:: max(1, len(table) // 256)].detach().float().cpu()
    shape = (*table.shape, getattr(model.config, "num_hidden_layers", 0))
    return hashlib.sha256(str(shape).encode() + some.numpy().tobytes()).hexdigest()


def load_adapter(model, folder: Path):
    """Put a saved adapter on the base that it was made for; any other base is refused."""
    mark, weights = folder / "base.json", folder / "adapter_model.safetensors"
    if not weights.is_file():
        raise Problem(f"--adapter {folder}: no adapter_model.safetensors there; name a folder that a run wrote")
    shapes = lambda tensors: {name: tuple(tensor.shape) for name, tensor in tensors.items()}  # noqa: E731
    try:
        if mark.is_file() and json.loads(mark.read_text(encoding="utf-8"))["mark"] != mark_base(model):
            raise ValueError("it was made for another base")
        with warnings.catch_warnings(action="ignore"):
            adapted = peft.PeftModel.from_pretrained(model, str(folder))
        placed = peft.get_peft_model_state_dict(adapted, save_embedding_layers=False)
        if shapes(safetensors.torch.load_file(weights)) != shapes(placed):
            raise ValueError("its matrices have other names or shapes")
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, safetensors.SafetensorError) as error:
        why = str(error).splitlines()[0][:120]
        raise Problem(f"--adapter {folder}: does not fit the model ({why}); name its base with --model") from None
    return adapted


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
