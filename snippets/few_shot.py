# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.9", "transformers>=5", "tqdm>=4.66"]
# ///
"""Few-shot prompting: show some examples in the prompt, and find how many are enough and how much their choice matters.

    uv run few_shot.py                                             # the lab: 0 to 4 examples, three forms of the answer
    uv run few_shot.py --shots 0,4,8 --orders 8 --same-examples    # the same examples in eight orders
    uv run few_shot.py --model ID --docs handbook --questions asked.jsonl --examples shown.jsonl   # all your own

Every question is asked with its right page, so that retrieval plays no part. For each form of the answer and number of
examples, several random draws of the examples are tried; a longer draw starts with the shorter one. `usable` is what
counts for a program: the right form and the exact answer. More examples do not help after the first number to which no
later one is significantly better: more questions gain than lose, and a two-sided exact sign test over the questions,
each later number taken alone, stays under 5 %. Intervals are over questions (Wilson), lowest and highest over draws.
Your own files are JSON lines: --questions and --examples with question, answer, source (a page of --docs, its file
name without .md). Lesson: Prompting (prompting/).
"""

from __future__ import annotations

import argparse
import dataclasses
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
import statistics
import sys
import urllib.error
import urllib.request
import warnings
from importlib import metadata
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning threads halve the speed on shared cores
if __name__ == "__main__":  # the libraries take seconds to load: end a Ctrl-C meanwhile in one line as well
    signal.signal(signal.SIGINT, lambda *_: (print("\nstopped before it began", file=sys.stderr), os._exit(130)))

import torch
import transformers
from tqdm import tqdm

LAB = str(Path(__file__).resolve().parent / "lab")


@dataclasses.dataclass(frozen=True)
class Config:
    model: str = ""  # folder or hub id; empty takes the lab's
    docs: str = ""  # folder of Markdown pages; empty takes the lab's private ones
    questions: str = ""  # JSON lines: question, answer, source; where there is a split, test is asked; or the lab's
    examples: str = ""  # JSON lines: question, answer, source, never one that is asked; or the lab's, on made-up pages
    shots: str = "0,1,2,4"  # numbers of examples; those that the model's context cannot hold are left out
    forms: str = "json,bracketed,key-value"  # forms of the answer, of these three
    orders: int = 3  # random draws of the examples, each with its own choice and order
    same_examples: bool = False  # every draw has the same examples, in another order
    end_token: bool = False  # put the model's end token behind every example, for a model that was trained so
    instruction: str = ""  # text before everything, for a model that follows instructions
    limit: int = 20  # questions asked, picked at random; 0 asks all
    longest: int = 48  # tokens of an answer
    batch: int = 32  # questions answered at a time
    lab: str = LAB  # folder that make_lab.py wrote
    threads: int = 0  # CPU threads; 0 leaves it to torch
    device: str = "auto"  # auto, cpu or cuda
    seed: int = 0  # of the questions picked and the examples drawn


TEXT_FORMS = {"bracketed": "[{answer}] [{source}]", "key-value": "answer: {answer}; source: {source}"}
FORMS = ("json", *TEXT_FORMS)


def write_answer(form: str, answer: str, source: str) -> str:
    """An answer with its source in one of the forms, on one line."""
    if form == "json":
        return json.dumps({"answer": answer, "source": source}, ensure_ascii=False)
    return TEXT_FORMS[form].format(answer=answer, source=source)


def read_written(form: str, line: str) -> tuple[str, str] | None:
    """-> answer and source of a line that has the form exactly, else None."""
    if form == "json":
        try:
            told = json.loads(line)
        except ValueError:
            return None
        keys = isinstance(told, dict) and set(told) == {"answer", "source"}
        return (told["answer"], told["source"]) if keys and all(isinstance(t, str) for t in told.values()) else None
    pieces = re.split(r"(\{\w+\})", TEXT_FORMS[form])
    found = re.fullmatch("".join("(.+?)" if piece.startswith("{") else re.escape(piece) for piece in pieces), line)
    return (found[1], found[2]) if found else None


def draw_examples(pool: list[dict], count: int, draw: int, seed: int, same: bool = False) -> list[dict]:
    """The first `count` examples of a draw: a random choice in a random order; with `same`, only the order differs."""
    # All are put in order before some are taken: sample(pool, 2) need not be the start of sample(pool, 8).
    if not same:
        return random.Random(f"{seed} {draw}").sample(pool, len(pool))[:count]
    chosen = random.Random(f"{seed}").sample(pool, len(pool))[:count]
    return random.Random(f"{seed} {draw}").sample(chosen, count)


def write_few_shot_prompt(instruction: str, examples: list[dict], form: str, asked: str, end: str = "") -> str:
    """Instruction, examples with their answers in the form, then what is asked, all of them written alike."""
    shown = [e["prompt"] + write_answer(form, e["answer"], e["source"]) + end for e in examples]
    return "\n\n".join([instruction] * bool(instruction) + [*shown, asked])


def write_prompts(config, tokenizer, pool: list[dict], form: str, count: int, draw: int, asked: list[str]) -> list[str]:
    """Put the same drawn examples before each of what is asked."""
    examples = draw_examples(pool, count, draw, config.seed, config.same_examples)
    end = (tokenizer.eos_token or "") * config.end_token
    return [write_few_shot_prompt(config.instruction, examples, form, one, end) for one in asked]


@torch.no_grad()
def answer_alike(model, tokenizer, rows: list[list[int]], longest: int) -> list[str]:
    """Answer prompts (token ids) that begin alike, greedily; what they share, the examples, is read only once.

    An answer ends at the end token, at its first line break or after `longest` tokens.
    """
    alike = itertools.takewhile(lambda column: len(set(column)) == 1, zip(*rows, strict=False))
    shared = min(len(list(alike)), min(map(len, rows)) - 1)
    ends = tokenizer.pad({"input_ids": [ids[shared:] for ids in rows]}, padding_side="left", return_tensors="pt")
    start = torch.tensor([rows[0][:shared]], dtype=torch.long).expand(len(rows), -1)
    cache = transformers.DynamicCache(config=model.config) if shared else None
    if shared:
        model(start[:1].to(model.device), past_key_values=cache, logits_to_keep=1)
        cache.batch_repeat_interleave(len(rows))
    ids = torch.cat([start, ends["input_ids"]], 1).to(model.device)
    mask = torch.cat([torch.ones_like(start), ends["attention_mask"]], 1).to(model.device)
    how = {"max_new_tokens": longest, "do_sample": False, "pad_token_id": tokenizer.pad_token_id}
    stop = {"stop_strings": ["\n"], "tokenizer": tokenizer}
    made = model.generate(ids, attention_mask=mask, past_key_values=cache, **how, **stop)
    told = tokenizer.batch_decode(made[:, ids.shape[1] :], skip_special_tokens=True)
    return [(text.strip().splitlines() or [""])[0].strip() for text in told]


def grade(form: str, line: str, row: dict) -> dict[str, bool]:
    """What is true of one line: in the form; the exact answer, bare or in the form; both; and the right source."""
    written = read_written(form, line)
    right = (written[0] if written else line).strip() == row["answer"]
    source = bool(written) and written[1].strip() == row["source"]
    return {"valid_format": bool(written), "accuracy": right, "usable": bool(written) and right, "source_right": source}


def sum_up(draws: list[list[dict]]) -> dict:
    """[draw][question] of grades -> the mean share over the draws, its interval over questions, lowest and highest.

    The draws ask the same questions, so they do not count as more cases: n is the number of questions.
    """
    cell, n = {}, len(draws[0])
    for name in draws[0][0]:
        right = [sum(one[name] for one in draw) for draw in draws]
        value = statistics.fmean(right) / n
        low, high = wilson(value * n, n)
        cell[name] = {"value": round(value, 4), "low": min(round(low, 4), round(value, 4)), "n": n}
        cell[name]["high"] = max(round(high, 4), round(value, 4))
        cell[f"{name}_lowest"], cell[f"{name}_highest"] = round(min(right) / n, 4), round(max(right) / n, 4)
    return cell


def sign_test(better: int, worse: int) -> float:
    """Two-sided exact p of so many questions better and worse, if both were equally likely; ties say nothing."""
    n = better + worse
    return min(1.0, 2 * sum(math.comb(n, k) for k in range(min(better, worse) + 1)) / 2**n)


def compare_counts(usable: dict[int, list[float]]) -> dict[int, float]:
    """Count of examples -> the smallest p of any later count that is better on more questions than it is worse.

    usable: for each count in rising order, the score of every question, a mean over its draws. 1 where no later count
    is better, as after the last.
    """
    smallest = {}
    for count, scores in usable.items():
        smallest[count] = 1.0
        for later in (scores_later for more, scores_later in usable.items() if more > count):
            better = sum(b > a for a, b in zip(scores, later, strict=True))
            worse = sum(b < a for a, b in zip(scores, later, strict=True))
            if better > worse:
                smallest[count] = min(smallest[count], sign_test(better, worse))
    return smallest


def try_all(config, model, tokenizer, rows: list[dict], pool: list[dict], counts: list[int]) -> dict:
    """Ask every question with every form, count and draw -> for each form its cells by count, and where help ends."""
    draws = {count: config.orders if count else 1 for count in counts}
    total = len(split_list(config.forms)) * sum(draws.values())
    told, found = {}, {}
    with tqdm(total=total, desc="prompts", file=sys.stderr) as bar:
        for form in split_list(config.forms):
            cells, usable = {}, {}
            for count in counts:
                graded = []
                for draw in range(draws[count]):
                    made = write_prompts(config, tokenizer, pool, form, count, draw, [row["prompt"] for row in rows])
                    answer_fresh(model, tokenizer, made, told, config)
                    graded.append([grade(form, told[prompt], row) for prompt, row in zip(made, rows, strict=True)])
                    bar.update()
                cells[count] = sum_up(graded)
                cells[count]["prompt_tokens"] = round(statistics.fmean(map(len, tokenizer(made)["input_ids"])), 1)
                usable[count] = [statistics.fmean(one["usable"] for one in same) for same in zip(*graded, strict=True)]
            for count, p in compare_counts(usable).items():
                cells[count]["p_more_helps"] = round(p, 6)
            no_help = next(count for count in counts if cells[count]["p_more_helps"] >= 0.05)
            found[form] = {"examples": cells, "no_help_after": no_help}
    return found


def answer_fresh(model, tokenizer, prompts: list[str], told: dict[str, str], config) -> None:
    """Answer the prompts that `told` lacks, like lengths together, and put the answers there."""
    fresh = sorted((prompt for prompt in set(prompts) if prompt not in told), key=lambda one: (len(one), one))
    for at in range(0, len(fresh), config.batch):
        some = fresh[at : at + config.batch]
        told |= zip(some, answer_alike(model, tokenizer, tokenizer(some)["input_ids"], config.longest), strict=True)


def fit_context(config, model, tokenizer, rows: list[dict], pool: list[dict]) -> tuple[list[int], list[int]]:
    """-> the counts of examples that the pool and the model's context hold in every draw, and those left out."""
    room, fits, left_out = getattr(model.config, "max_position_embeddings", None) or math.inf, [], []
    asked = max(len(tokenizer(row["prompt"], verbose=False)["input_ids"]) for row in rows)
    for count in sorted(map(int, split_list(config.shots))):
        longest = 0
        for draw in range(config.orders if count <= len(pool) else 0):
            for form in split_list(config.forms):
                (made,) = write_prompts(config, tokenizer, pool, form, count, draw, [""])
                longest = max(longest, len(tokenizer(made, verbose=False)["input_ids"]))
        fit = count <= len(pool) and longest + asked + config.longest <= room
        (fits if fit else left_out).append(count)
    if not fits:
        raise Problem(f"--shots {config.shots}: none fits {room} tokens or {len(pool)} examples; use fewer")
    if left_out:
        why = f"more than {len(pool)} examples or {room} tokens"
        print(f"left out: {', '.join(map(str, left_out))} examples ({why})", file=sys.stderr)
    return fits, left_out


def main():
    config = read_config(Config)
    check_few_shot(config)
    quiet_libraries()
    device = choose_device(config.device)
    torch.set_num_threads(config.threads or torch.get_num_threads())
    rows = read_paged(config, in_lab(config.questions, config.lab, "questions.jsonl"))
    rows = random.Random(config.seed).sample(rows, min(config.limit or len(rows), len(rows)))
    pool = read_pool(config, {row["prompt"] for row in rows})
    model, tokenizer = open_model(config.model or str(in_lab("", config.lab, "model")), device)
    seed_everything(config.seed)
    counts, left_out = fit_context(config, model, tokenizer, rows, pool)
    forms = try_all(config, model, tokenizer, rows, pool, counts)
    metrics = {"questions": len(rows), "orders": config.orders, "left_out": left_out, "forms": forms}
    report(config, metrics, device)


def split_list(text: str) -> list[str]:
    """Words joined by commas -> each of them once, in their order."""
    return list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def check_few_shot(config) -> None:
    """Refuse what cannot work before anything is loaded."""
    if not (counts := split_list(config.shots)) or not all(re.fullmatch(r"[0-9]{1,4}", count) for count in counts):
        raise Problem(f"--shots {config.shots}: use whole numbers joined by commas, such as 0,1,2,4")
    if not (forms := split_list(config.forms)) or set(forms) - set(FORMS):
        raise Problem(f"--forms {config.forms}: use some of {','.join(FORMS)}")
    for name, least in (("orders", 1), ("limit", 0), ("longest", 1), ("batch", 1), ("threads", 0)):
        if getattr(config, name) < least:
            raise Problem(f"--{name} {getattr(config, name)}: use {least} or more")


def read_paged(config, path: Path) -> list[dict]:
    """Read questions about pages -> [{"prompt" with the right page, "question", "answer", "source"}].

    Rows without a source are left out, and those of another split than test.
    """
    pages, rows = read_documents(in_lab(config.docs, config.lab, "docs")), []
    for row in read_rows(path, "question", "answer", "source"):
        if row["source"] is None or row.get("split", "test") != "test":
            continue
        question, answer, source = (str(row[name]).strip() for name in ("question", "answer", "source"))
        if source not in pages:
            raise Problem(f"{path}: its source {source!r} is no page; name the folder of {source}.md with --docs")
        prompt = write_prompt({source: pages[source]}, question)
        rows.append({"prompt": prompt, "question": question, "answer": answer, "source": source})
    if not rows:
        raise Problem(f"{path}: no test question names a page; give some a source, a file name of --docs without .md")
    return rows


def read_pool(config, asked: set[str]) -> list[dict]:
    """Read what may be shown as an example, from the reader's file or the lab's behaviour, which has one page each."""
    if config.examples:
        pool = read_paged(config, path := Path(config.examples))
    else:
        pool, path = [], in_lab("", config.lab, "behaviour.jsonl")
        for row in read_rows(path, "prompt", "completion"):
            told = read_written("json", str(row["completion"]))
            if told and str(row["prompt"]).count("Source: ") == 1:
                pool.append({"prompt": row["prompt"], "answer": told[0], "source": told[1]})
    if shown := [row["prompt"] for row in pool if row["prompt"] in asked]:
        question = shown[0].split("Question: ")[-1].split("\n")[0]
        raise Problem(f"{path}: {question!r} is asked as well; an example must not be a test question, remove it")
    return pool


# Plumbing: the same text in every snippet.


def wilson(right: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson's score interval), which also holds near 0 and 1."""
    middle, spread = right + z * z / 2, z * math.sqrt(right * (n - right) / n + z * z / 4)
    return max(0.0, (middle - spread) / (n + z * z)), min(1.0, (middle + spread) / (n + z * z))


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
