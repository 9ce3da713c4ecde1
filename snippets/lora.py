# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "torch>=2.9", "transformers>=5", "peft>=0.20", "accelerate>=1.12", "safetensors>=0.5", "tqdm>=4.66",
# ]
# ///
"""LoRA: freeze a model, train two thin matrices beside each of its weights, and so teach it a behaviour.

    uv run lora.py                                                      # the lab: answer in JSON, name the source
    uv run lora.py --task documents --wordings 4                        # try to teach it facts instead
    uv run lora.py --model ID_OR_FOLDER --examples mine.jsonl --merge   # your model, your prompts and completions
    torchrun --nproc_per_node 2 lora.py                                 # two processes or GPUs share each batch

A frozen weight W, [out, in], now answers x with W x + 2 B A x. A, [r, in], starts random and B, [out, r], at zero, so a
new adapter changes nothing. It is saved in peft's format. Lesson: LoRA and QLoRA (lora-qlora/).
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import hashlib
import io
import json
import logging
import os
import pickle
import platform
import random
import re
import shutil
import signal
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

import accelerate
import safetensors.torch
import torch
import torch.nn.functional as F
import transformers
from accelerate.utils import broadcast_object_list, gather_object
from tqdm import tqdm

logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # peft imports it; what it says of its CPU kernels is no news
import peft  # noqa: E402

LAB = str(Path(__file__).resolve().parent / "lab")
WINDOW = 1024  # tokens of a page in one piece; a longer page is cut


@dataclasses.dataclass(frozen=True)
class Config:
    model: str = ""  # folder or hub id; empty takes the lab's
    task: str = "behaviour"  # behaviour (JSON with the source) or documents (try to teach the facts)
    examples: str = ""  # your own JSON lines with prompt and completion; every tenth is held out to measure on
    docs: str = ""  # folder of Markdown: what --task documents learns, and the pages that questions are about
    questions: str = ""  # JSON lines with question, answer and source, to measure on
    wordings: int = 0  # with --task documents: learn this many of the lab's rewrites of each page too, 0 to 8
    rank: int = 8  # r, the thin side of the two matrices; their product counts twice (alpha is 2 r)
    lr: float = 0.0  # peak: up over a tenth of the steps, then to zero; 0 takes 3e-3 for the tiny lab, 2e-4 for yours
    steps: int = 120  # optimizer steps
    batch: int = 16  # examples a step, over all processes
    at_once: int = 16  # of them, how many a process has in memory at a time: fewer need less, more are faster
    save_every: int = 50  # steps between checkpoints
    resume: bool = False  # go on from the checkpoint that a stopped run left beside --out
    adapter: str = ""  # a saved adapter: train nothing, measure it, and --merge it
    merge: bool = False  # also write <out>-merged, a plain model that needs no peft
    lab: str = LAB  # folder that make_lab.py wrote
    device: str = "auto"  # auto, cpu or cuda
    seed: int = 0  # of the adapter's start and of the order of the examples
    out: str = ""  # folder of the adapter; empty names it after this file and the task


def read_examples(config) -> tuple[list[dict], list[dict]]:
    """-> [{"prompt", "completion"}] to learn from, and those held out; a page is a completion without a prompt."""
    if config.examples or config.task == "behaviour":
        rows = read_rows(in_lab(config.examples, config.lab, "behaviour.jsonl"), "prompt", "completion")
        held_out = rows[9::10] if config.examples else []  # the lab has questions for that
        return [row for i, row in enumerate(rows) if not held_out or i % 10 != 9], held_out
    pages = list(read_documents(in_lab(config.docs, config.lab, "docs")).values())
    if config.wordings:
        rewrites = read_rows(in_lab("", config.lab, "rewrites.jsonl"), "wording", "text")
        pages += [row["text"] for row in rewrites if row["wording"] <= config.wordings]
    return [{"prompt": "", "completion": page} for page in pages], []


def encode(tokenizer, examples: list[dict], longest: int) -> list[tuple[list[int], list[int]]]:
    """-> (token ids, labels) of each: the completion and its end token are learned, label -100 hides the prompt."""
    if tokenizer.eos_token_id is None:
        raise Problem("--model: its tokenizer has no end token, so no answer could end; name another model")
    rows = []
    for example in examples:
        if not isinstance(example["prompt"], str) or not isinstance(example["completion"], str):
            raise Problem(f"the example {str(example)[:60]}: prompt and completion must be text; quote them")
        prompt = tokenizer(example["prompt"])["input_ids"]
        answer = tokenizer(example["completion"], add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
        ids, labels = prompt + answer, [-100] * len(prompt) + answer
        if example["prompt"] and len(ids) > longest:
            raise Problem(f"the example {str(example)[:60]}: {len(ids)} tokens, the model reads {longest}; shorten it")
        window = longest if example["prompt"] else min(longest, WINDOW)
        rows += [(ids[at : at + window], labels[at : at + window]) for at in range(0, len(ids) - 1, window)]
    return rows


def freeze_base(model):
    """Gradients pass through the frozen weights, but none is kept for them, nor any optimizer state."""
    return model.requires_grad_(False)


def add_adapters(model, rank: int):
    """Put A and B beside every linear layer but the output head. B is zero: nothing changes yet."""
    how = peft.LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type="CAUSAL_LM")
    return peft.get_peft_model(model, how)


def choose_rate(config):
    """The rate that was asked for; else one for the model's size: what a tiny one needs would wreck a large one."""
    return config if config.lr else dataclasses.replace(config, lr=2e-4 if config.model else 3e-3)


def count_trainable(model) -> dict:
    """-> parameters trained, all parameters (4-bit ones as the weights that they stand for) and the share, 0 to 1."""
    trainable, everything = model.get_nb_trainable_parameters()
    return {"trainable": trainable, "all": everything, "share": round(trainable / everything, 6)}


def count_large_model() -> dict:
    """The same count from the shapes of Llama 3.1 8B at r 16: a small model's share is not a large model's."""
    sizes = {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "vocab_size": 128256}
    heads = {"num_attention_heads": 32, "num_key_value_heads": 8, "tie_word_embeddings": False}
    with torch.device("meta"):  # shapes without memory
        model = transformers.AutoModelForCausalLM.from_config(transformers.LlamaConfig(**sizes, **heads))
        return {"model": "Llama 3.1 8B, r 16", **count_trainable(add_adapters(model, rank=16))}


def train(model, rows, pad: int, config, accelerator, checkpoint: Path) -> dict:
    """Train the adapter -> loss of each step (nats a token) and seconds.

    Each process takes its part of the batch. Losses and gradients are sums over tokens, divided by the tokens of the
    whole batch and added up over the processes: the same numbers, but for rounding, on any number of them.
    """
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=config.lr, weight_decay=0.0)
    settings = {name: getattr(config, name) for name in ("rank", "lr", "steps", "batch", "at_once", "seed")}
    settings |= {"model": mark_base(model), "examples": hashlib.sha256(json.dumps(rows).encode()).hexdigest()}
    if checkpoint.is_file() and not config.resume:
        print(f"{checkpoint}: starting over; --resume would go on from there", file=sys.stderr)
    losses, seconds = load_checkpoint(checkpoint, weights, optimizer, settings) if config.resume else ([], 0.0)
    started, main_process = time.perf_counter() - seconds, accelerator.is_main_process
    bar = tqdm(total=config.steps, initial=len(losses), desc="train", disable=None if main_process else True)
    model.train()
    for step in range(len(losses), config.steps):
        batch = pick_batch(rows, step, config.batch, config.seed)
        mine = sorted(batch, key=lambda row: len(row[0]))[accelerator.process_index :: accelerator.num_processes]
        loss = torch.zeros((), device=model.device)
        for at in range(0, len(mine), config.at_once):
            part = sum_loss(model, mine[at : at + config.at_once], pad) / count_tokens(batch)
            part.backward()
            loss += part.detach()
        for weight in weights:
            weight.grad = accelerator.reduce(torch.zeros_like(weight) if weight.grad is None else weight.grad, "sum")
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        up, down = (step + 1) / max(1, config.steps // 10), (config.steps - step) / config.steps
        optimizer.param_groups[0]["lr"] = config.lr * min(up, down)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(accelerator.reduce(loss, "sum").item())
        if not losses[-1] < float("inf"):
            raise Problem(f"--lr {config.lr}: the loss is no number any more at step {step + 1}; use a lower rate")
        bar.update()
        bar.set_postfix_str(f"loss {losses[-1]:.3f}", refresh=False)
        if main_process and ((step + 1) % config.save_every == 0 or step + 1 == config.steps):
            seconds = time.perf_counter() - started
            save_checkpoint(checkpoint, weights, optimizer, settings=settings, losses=losses, seconds=seconds)
    bar.close()
    return {"losses": [round(loss, 6) for loss in losses], "seconds": round(time.perf_counter() - started, 2)}


def measure(model, tokenizer, cases: list[tuple[str, dict]]) -> dict:
    """-> count of cases and the shares of them (0 to 1) that `judge_reply` finds right; processes divide the work."""
    state = accelerate.PartialState()
    mine = cases[state.process_index :: state.num_processes]
    longest = max((len(tokenizer(json.dumps(wanted))["input_ids"]) for _, wanted in cases), default=0) + 8
    replies = generate(model.eval(), tokenizer, [prompt for prompt, _ in mine], longest)
    judged = gather_object([judge_reply(text, wanted) for text, (_, wanted) in zip(replies, mine, strict=True)])
    shares = {"count": len(judged)}
    for name in dict.fromkeys(name for one in judged for name in one):
        counted = [one[name] for one in judged if name in one]
        shares[name] = round(sum(counted) / len(counted), 4)
    return shares


def save_adapter(model, folder: Path) -> int:
    """Write A and B in peft's format, and the mark of the base that they belong to -> bytes of the weights."""

    def write(fresh: Path) -> None:
        model.save_pretrained(fresh, save_embedding_layers=False)
        (fresh / "base.json").write_text(json.dumps({"mark": mark_base(model)}) + "\n", encoding="utf-8")

    save_folder(folder, write)
    return (folder / "adapter_model.safetensors").stat().st_size


@torch.no_grad()
def merge(model, path: str, adapter: Path, folder: Path) -> dict:
    """Add 2 B A to the weights of a full-precision base and write a plain model -> the largest difference between its
    logits and those of `model`, and the largest logit, on 64 tokens from all over the vocabulary."""
    base, tokenizer = open_model(path, model.device)
    probe = torch.linspace(0, base.config.vocab_size - 1, 64, device=model.device).long()[None]
    logits = model.eval()(probe).logits.float()
    merged = load_adapter(base, adapter).merge_and_unload()
    difference = (merged(probe).logits.float() - logits).abs().max().item()
    save_folder(folder, lambda fresh: (merged.save_pretrained(fresh), tokenizer.save_pretrained(fresh)))
    return {"folder": str(folder), "largest_difference": difference, "largest_logit": logits.abs().max().item()}


def main():
    config = choose_rate(read_config(Config))
    out, merged = check_config(config)
    quiet_libraries()
    device = choose_device(config.device)
    accelerator = accelerate.Accelerator(cpu=device == "cpu")
    examples, held_out = read_examples(config) if config.examples or not config.adapter else ([], [])
    cases = write_cases(config, held_out)
    path = config.model or str(in_lab("", config.lab, "model"))
    model, tokenizer = open_model(path, accelerator.device)
    model = freeze_base(model)
    rows = encode(tokenizer, examples, getattr(model.config, "max_position_embeddings", WINDOW))
    metrics = {"before": {name: measure(model, tokenizer, some) for name, some in cases.items()}}
    if config.adapter:
        model = load_adapter(model, Path(config.adapter))
    else:
        seed_everything(config.seed)
        model = add_adapters(model, config.rank)
        checkpoint = out.with_name(out.name + ".checkpoint")
        if device == "cuda":
            torch.cuda.reset_peak_memory_stats()  # of loading
        metrics |= {"examples": len(examples), "steps": config.steps, "processes": accelerator.num_processes}
        metrics |= train(model, rows, tokenizer.pad_token_id, config, accelerator, checkpoint)
        if accelerator.is_main_process:
            metrics |= {"adapter": str(out), "adapter_bytes": save_adapter(model, out)}
            discard(checkpoint)
    metrics |= {"parameters": count_trainable(model), "large_model": count_large_model(), "memory": peak_memory(device)}
    metrics["after"] = {name: measure(model, tokenizer, some) for name, some in cases.items()}
    if accelerator.is_main_process:
        if config.merge:
            metrics["merged"] = merge(model, path, Path(config.adapter or out), merged)
        report(config, metrics, device)
    accelerator.end_training()


# Plumbing: the same text in every snippet.


def sum_loss(model, rows, pad: int):
    """-> cross-entropy in nats, summed over the learned tokens of these rows."""
    longest = max(len(ids) for ids, _ in rows)
    first = min(next(at for at, label in enumerate(labels) if label != -100) for _, labels in rows)
    kept = min(longest, longest - first + 1)
    fill = lambda lists, by: torch.tensor([some + [by] * (longest - len(some)) for some in lists], device=model.device)  # noqa: E731
    ids, labels = fill([ids for ids, _ in rows], pad), fill([labels for _, labels in rows], -100)[:, -kept + 1 :]
    mask = fill([[1] * len(ids) for ids, _ in rows], 0)
    # Logits only from the first learned token on: with a large vocabulary they would fill the memory.
    logits = model(input_ids=ids, attention_mask=mask, logits_to_keep=kept).logits[:, -kept:-1].float()
    return F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100, reduction="sum")


def write_cases(config, held_out: list[dict]) -> dict[str, list[tuple[str, dict]]]:
    """-> by name, (prompt, what the reply must hold): held-out examples, or questions with and without their page."""
    if config.examples and not config.questions:
        return {"held_out": [(row["prompt"], read_reply(row["completion"])) for row in held_out]}
    if config.docs and not config.questions:
        return {}  # nobody asks about these pages
    path = in_lab(config.questions, config.lab, "questions.jsonl")
    pages = read_documents(in_lab(config.docs, config.lab, "docs"))
    cases = {"with_page": [], "closed_book": [], "public": []}
    for row in read_rows(path, "question", "answer"):
        source, question = row.get("source") and str(row["source"]), row["question"]
        wanted = {"answer": str(row["answer"]), "source": source}
        if row.get("split", "test") != "test":
            continue
        if source is None:
            cases["public"].append((write_prompt({}, question), wanted))
        elif source in pages:
            cases["with_page"].append((write_prompt({source: pages[source]}, question), wanted))
            cases["closed_book"].append((write_prompt({}, question), wanted))
        else:
            raise Problem(f"{path}: its source {source!r} is no page; name the folder of {source}.md with --docs")
    return {name: some for name, some in cases.items() if some}


def pick_batch(rows, step: int, batch: int, seed: int) -> list:
    """A step's batch follows from the seed and the step alone, so that a resumed run sees what it would have seen."""
    places = (divmod(place, len(rows)) for place in range(step * batch, (step + 1) * batch))
    return [rows[shuffle(len(rows), seed, epoch)[at]] for epoch, at in places]


@functools.lru_cache(maxsize=2)
def shuffle(count: int, seed: int, epoch: int) -> list[int]:
    """The order of an epoch."""
    return random.Random(f"{seed} {epoch}").sample(range(count), count)


def count_tokens(rows) -> int:
    """Learned tokens; the first token of a row is never predicted."""
    return sum(label != -100 for _, labels in rows for label in labels[1:])


def save_checkpoint(path: Path, weights, optimizer, **progress) -> None:
    """Everything that the next step depends on, in one file; a kill leaves the old one or the new one."""
    kept = {"weights": [weight.detach().cpu() for weight in weights], "optimizer": optimizer.state_dict()}
    torch.save(kept | {"random": torch.get_rng_state()} | progress, blob := io.BytesIO())
    replace_with(path, lambda fresh: fresh.write_bytes(blob.getbuffer()))


def load_checkpoint(path: Path, weights, optimizer, settings: dict) -> tuple[list[float], float]:
    """Give every process what the main one saved -> losses so far and seconds; none where there is no checkpoint."""
    here = accelerate.PartialState().is_main_process and path.is_file()
    blob = broadcast_object_list([path.read_bytes() if here else None])[0]
    if blob is None:
        return [], 0.0
    try:
        kept = torch.load(io.BytesIO(blob), map_location="cpu", weights_only=True)
        changed = [name for name, value in settings.items() if kept["settings"][name] != value]
    except (RuntimeError, EOFError, KeyError, TypeError, pickle.UnpicklingError):
        raise Problem(f"{path}: not a checkpoint of this file; remove it, or leave out --resume") from None
    if changed:
        raise Problem(f"{path}: made with another {', '.join(changed)}; use the same again, or leave out --resume")
    with torch.no_grad():
        for weight, saved in zip(weights, kept["weights"], strict=True):
            weight.copy_(saved)
    optimizer.load_state_dict(kept["optimizer"])
    torch.set_rng_state(kept["random"])
    return kept["losses"], kept["seconds"]


def read_reply(text: str) -> dict:
    """-> the JSON object of a reply; any other reply counts as a bare answer, its first line."""
    try:
        reply = json.loads(text)
    except ValueError:
        reply = None
    return reply if isinstance(reply, dict) else {"answer": (text.strip().splitlines() or [""])[0].strip()}


def judge_reply(text: str, wanted: dict) -> dict[str, bool]:
    """-> is the reply JSON with the wanted keys, and is the value of each key right?"""
    reply = {key: value.strip() if isinstance(value, str) else value for key, value in read_reply(text).items()}
    rights = {f"{key}_right": key in reply and reply[key] == value for key, value in wanted.items()}
    return {"valid_json": text.strip().startswith("{") and reply.keys() == wanted.keys()} | rights


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


def save_folder(folder: Path, write) -> None:
    """Write a folder whole or not at all; a full disk, as safetensors puts it, becomes one line."""
    try:
        replace_with(folder, write)
    except safetensors.SafetensorError as error:
        raise Problem(f"{folder}: {error}; free some space or name another folder with --out") from None


def peak_memory(device: str) -> dict:
    """-> bytes, and what they count."""
    if device == "cuda":
        return {"bytes": torch.cuda.max_memory_allocated(), "of": "tensors on the GPU, torch.cuda.max_memory_allocated"}
    try:
        import resource
    except ImportError:  # Windows
        return {"bytes": None, "of": "not known on this system"}
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return {"bytes": peak, "of": "the whole process, Python and its libraries included, ru_maxrss"}


def check_config(config) -> tuple[Path, Path]:
    """Refuse what cannot work before anything is loaded -> folders of the adapter and of the merged model."""
    for name in ("rank", "steps", "batch", "at_once", "save_every"):
        if getattr(config, name) < 1:
            raise Problem(f"--{name.replace('_', '-')} {getattr(config, name)}: use 1 or more")
    if config.task not in ("behaviour", "documents"):
        raise Problem(f"--task {config.task}: use behaviour or documents")
    if not 0 < config.lr < 1:
        raise Problem(f"--lr {config.lr}: use a rate between 0 and 1")
    if config.batch < int(os.environ.get("WORLD_SIZE", 1)):
        raise Problem(f"--batch {config.batch}: every process needs an example; use {os.environ['WORLD_SIZE']} or more")
    if config.examples and config.task == "documents":
        raise Problem("--examples: they are prompts with completions; leave out --task documents")
    if config.wordings and (config.task != "documents" or config.docs or not 0 < config.wordings <= 8):
        raise Problem("--wordings: the lab has 8 rewrites of its own pages; use 0 to 8, with --task documents only")
    out = Path(config.out or config.adapter or f"{Path(__file__).stem}-{config.task}")
    merged = out.with_name(out.name + "-merged")
    for folder, file in ((out, "adapter_config.json"), (merged, "config.json")):
        if folder.is_file() or (folder.is_dir() and any(folder.iterdir()) and not (folder / file).is_file()):
            raise Problem(f"--out {out}: {folder} holds something else; name a new folder")
    if config.merge and config.model and merged.resolve() == Path(config.model).resolve():
        raise Problem(f"--out {out}: {merged} is the model itself; name a new folder")
    return out, merged


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
