# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "torch>=2.9", "transformers>=5", "peft>=0.20", "accelerate>=1.12", "safetensors>=0.5", "tqdm>=4.66",
# ]
# ///
"""Distil: a small student learns from a teacher that already passes its evals. Kept quality, speed, and when it pays.

    uv run distill.py                                            # the lab: teacher, student, three methods compared
    uv run distill.py --adapter lora-behaviour --methods logits  # your adapter teaches, in one way
    uv run distill.py --teacher ID_OR_FOLDER --examples mine.jsonl --student-layers 12   # your model, your prompts
    torchrun --nproc_per_node 2 distill.py                       # two processes or GPUs share each batch

The student is cut out of the teacher: the layers, heads and neurons that matter most, and the directions in which its
activations vary most. Then it learns on the same prompts from the teacher's texts (`sequences`), from its probabilities
on them (`logits`), or, after a start by logits, from its verdict on the student's own texts (`on-policy`).
One plain loop serves all three, and any number of processes; trl's DistillationTrainer would bring pandas and datasets
along, and is the one to take for large models with vLLM. Lesson: Distillation (distillation/).
"""

from __future__ import annotations

import argparse
import copy
import dataclasses
import functools
import hashlib
import io
import json
import logging
import math
import os
import pickle
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
from fractions import Fraction
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
from accelerate.utils import broadcast, broadcast_object_list, gather_object
from tqdm import tqdm

logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # peft imports it; what it says of its CPU kernels is no news
import peft  # noqa: E402

LAB = str(Path(__file__).resolve().parent / "lab")
WINDOW = 1024  # tokens of a page in one piece; a longer page is cut
METHODS = ("sequences", "logits", "on-policy")


@dataclasses.dataclass(frozen=True)
class Config:
    teacher: str = ""  # folder or hub id of a model that answers well as it is; empty takes --model with an adapter
    model: str = ""  # the adapter's base, folder or hub id; empty takes the lab's
    adapter: str = ""  # behaviour adapter that lora.py wrote; with neither this nor --teacher a short one is trained
    teacher_steps: int = 160  # optimizer steps of that short training
    teacher_floor: float = 0.8  # least share of answers that a teacher must get right in every part
    student: str = ""  # folder or hub id of a student with the teacher's tokenizer; empty cuts one out of the teacher
    student_layers: int = 0  # layers of the student; 0 takes three quarters of the teacher's
    student_hidden: int = 0  # its hidden size; heads and neurons shrink with it; 0 takes half of the teacher's
    methods: str = ",".join(METHODS)  # what to compare, joined by commas
    examples: str = ""  # your own JSON lines with prompt and completion; every tenth is held out to measure on
    prompts: int = 320  # prompts of them that the teacher answers and the student learns on
    docs: str = ""  # folder of Markdown, the pages that questions are about
    questions: str = ""  # JSON lines with question, answer and source, to measure on
    steps: int = 120  # optimizer steps of each student
    warm_up: int = 80  # of them, how many steps by logits before on-policy begins
    lr: float = 1e-3  # peak: up over a tenth of the steps, then down to zero; a large model wants about 1e-4
    batch: int = 8  # examples a step, over all processes
    at_once: int = 4  # of them, how many a process has in memory at a time; sorted by length, few are padded
    save_every: int = 25  # steps between checkpoints
    resume: bool = False  # go on from the checkpoints that a stopped run left beside --out
    teacher_cost_per_call: float = -1.0  # in your currency; give all three costs, or none for seconds as measured
    student_cost_per_call: float = -1.0  # in the same currency
    making_cost: float = -1.0  # of the student, once: teacher's answers, training, evals, your time
    lab: str = LAB  # folder that make_lab.py wrote
    threads: int = 0  # CPU threads; 0 leaves it to torch. Another number rounds differently
    device: str = "auto"  # auto, cpu or cuda
    seed: int = 0  # of prompts, batches, the short adapter's start and the student's samples
    out: str = "distilled"  # folder that gets a plain model folder for each method


def cut_student(teacher, layers: int, hidden: int, rows, pad: int):
    """-> a student with so many of the teacher's layers and this hidden size, its weights cut out of the teacher's.

    Layers go one by one, always the one that is missed least (KL to the teacher on `rows`). Heads and neurons are kept
    by the size of what they write (as in Minitron, arXiv 2407.14679). The residual stream is turned to the principal
    axes of its activations and the last axes are dropped (as in SliceGPT, arXiv 2401.15024, with one turn for all
    layers); an RMSNorm allows the turn once its gain has moved into the weights that read from it.
    """
    source, config = teacher.model, copy.deepcopy(teacher.config)
    kept = choose_layers(teacher, layers, rows, pad)
    moment, heads, neurons = watch(teacher, rows, pad)
    full, part = config.hidden_size, hidden / config.hidden_size
    turn = torch.linalg.eigh(moment)[1][:, -hidden:] if hidden < full else torch.eye(full, device=teacher.device)
    turn, width = turn.float(), head_width(config)
    group = config.num_attention_heads // config.num_key_value_heads  # query heads that share a key
    for name, value in list(vars(config).items()):  # settings that are lists with an entry a layer
        if isinstance(value, list) and len(value) == len(source.layers):
            setattr(config, name, [value[i] for i in kept])
    config.head_dim, config.hidden_size, config.num_hidden_layers = width, hidden, len(kept)
    config.num_key_value_heads = math.ceil(config.num_key_value_heads * part)
    config.num_attention_heads = config.num_key_value_heads * group
    config.intermediate_size = math.ceil(config.intermediate_size * part)
    student = transformers.AutoModelForCausalLM.from_config(config).float().to(teacher.device)
    student.generation_config = copy.deepcopy(teacher.generation_config)

    @torch.no_grad()
    def cut(new, old, chosen, gain=None):
        """Copy rows of a matrix that reads the stream behind a norm of that gain, columns of one that writes to it."""
        weight = old.weight.float()
        if gain is None:
            new.weight.copy_(turn.T @ weight[:, chosen])
        else:  # an RMSNorm divides by the root of a *mean*: fewer entries make it larger
            new.weight.copy_((weight[chosen] * gain.float()) @ turn / part**0.5)
        if old.bias is not None:
            new.bias.copy_(turn.T @ old.bias.float() if gain is None else old.bias[chosen])

    for new, i in zip(student.model.layers, kept, strict=True):
        old, attention, mlp = source.layers[i], new.self_attn, new.mlp
        keys = heads[i].view(-1, group).sum(1).topk(config.num_key_value_heads).indices.sort().values
        queries = (keys[:, None] * group + torch.arange(group, device=keys.device)).flatten()
        spread = lambda some: (some[:, None] * width + torch.arange(width, device=some.device)).flatten()  # noqa: E731
        used = neurons[i].topk(config.intermediate_size).indices.sort().values
        for name, some in (("q_proj", queries), ("k_proj", keys), ("v_proj", keys)):
            cut(getattr(attention, name), getattr(old.self_attn, name), spread(some), old.input_layernorm.weight)
        cut(attention.o_proj, old.self_attn.o_proj, spread(queries))
        for name in ("gate_proj", "up_proj"):
            cut(getattr(mlp, name), getattr(old.mlp, name), used, old.post_attention_layernorm.weight)
        cut(mlp.down_proj, old.mlp.down_proj, used)
        for name in ("q_norm", "k_norm"):  # Qwen 3 has them; they see a head, whose width stays
            if hasattr(attention, name):
                getattr(attention, name).load_state_dict(getattr(old.self_attn, name).state_dict())
    with torch.no_grad():
        for new, old in ((student.model.embed_tokens, source.embed_tokens), (student.lm_head, teacher.lm_head)):
            new.weight.copy_(old.weight.float() @ turn)
        # The head may be the embeddings themselves, so the last gain stays: its diagonal, as near as it gets.
        student.model.norm.weight.copy_((turn**2 * source.norm.weight.float()[:, None]).sum(0) / part**0.5)
    return student.eval()


@torch.no_grad()
def choose_layers(teacher, layers: int, rows, pad: int) -> list[int]:
    """-> the layers to keep, in order: again and again the layer goes without which the teacher changes least."""
    source, kept = teacher.model.layers, list(range(len(teacher.model.layers)))
    wanted = log_probabilities(teacher, rows, pad)

    def miss(gone: list[int]) -> float:
        pass_by = lambda layer, inputs, told: (inputs[0], *told[1:]) if isinstance(told, tuple) else inputs[0]  # noqa: E731
        hooks = [source[i].register_forward_hook(pass_by) for i in gone]
        has = log_probabilities(teacher, rows, pad)
        for hook in hooks:
            hook.remove()
        return F.kl_div(has, wanted, log_target=True, reduction="sum").item()

    while len(kept) > layers:
        gone = [i for i in range(len(source)) if i not in kept]
        kept.remove(min(kept, key=lambda i: miss([*gone, i])))
    return kept


@torch.no_grad()
def watch(teacher, rows, pad: int):
    """-> of the teacher at work on these rows: second moments of its normed residual stream, [hidden, hidden]; and for
    each layer the power that every head, [heads], and every neuron, [neurons], writes into the stream."""
    size, width = teacher.config.hidden_size, head_width(teacher.config)
    moment = torch.zeros(size, size, dtype=torch.float64, device=teacher.device)
    heads, neurons, hooks = [], [], []
    ids, mask, _ = pad_rows(rows, pad, teacher.device)

    def read_stream(_, inputs):
        vectors = inputs[0][mask.bool()].double()
        moment.addmm_(vectors.T, vectors / vectors.pow(2).sum(1, keepdim=True))

    def read_writer(store, each):
        def hook(layer, inputs):
            written = inputs[0][mask.bool()].float() * layer.weight.float().norm(dim=0)
            store.append(written.pow(2).mean(0).view(-1, each).sum(1))

        return hook

    for layer in teacher.model.layers:
        for norm in (layer.input_layernorm, layer.post_attention_layernorm):
            hooks.append(norm.register_forward_pre_hook(read_stream))
        hooks.append(layer.self_attn.o_proj.register_forward_pre_hook(read_writer(heads, width)))
        hooks.append(layer.mlp.down_proj.register_forward_pre_hook(read_writer(neurons, 1)))
    hooks.append(teacher.model.norm.register_forward_pre_hook(read_stream))
    teacher(input_ids=ids, attention_mask=mask)
    for hook in hooks:
        hook.remove()
    return moment, heads, neurons


def log_probabilities(model, rows, pad: int, width: int | None = None):
    """-> log probabilities of the next token wherever a token of these rows is learned, [learned tokens, width].
    width: of the vocabulary, where two models pad theirs differently."""
    ids, mask, labels = pad_rows(rows, pad, model.device)
    kept = ids.shape[1] - min(map(find_answer, rows)) + 1
    logits = model(input_ids=ids, attention_mask=mask, logits_to_keep=kept).logits[:, -kept:-1]
    return logits[labels[:, -kept + 1 :] != -100][:, :width].float().log_softmax(-1)


def measure_divergence(student, teacher, rows, pad: int, reverse: bool):
    """-> Kullback-Leibler divergence in nats, summed over the learned tokens of these rows.

    Forward, the mean is over the teacher's choices: the student is to cover all of them. Reverse, it is over the
    student's: it is to do nothing that the teacher would not (arXiv 2306.13649 compares them).
    """
    width = min(student.get_input_embeddings().num_embeddings, teacher.get_input_embeddings().num_embeddings)
    with torch.no_grad():
        wanted = log_probabilities(teacher, rows, pad, width)
    has = log_probabilities(student, rows, pad, width)
    return F.kl_div(*((wanted, has) if reverse else (has, wanted)), log_target=True, reduction="sum")


class GumbelNoise(transformers.LogitsProcessor):
    """Noise after which the largest logit is a sample of the softmax at temperature 1. Each row has a source of its
    own, so that its text does not depend on the rows beside it, nor on the process that writes it."""

    def __init__(self, seeds: list[str]):
        numbers = [random.Random(seed).getrandbits(63) for seed in seeds]
        self.sources = [torch.Generator().manual_seed(number) for number in numbers]

    def __call__(self, input_ids, scores):
        drawn = [torch.empty(scores.shape[1]).exponential_(generator=source) for source in self.sources]
        return scores.float() - torch.stack(drawn).log().to(scores.device)


@torch.no_grad()
def write_own_answers(student, rows, seeds: list[str], pad: int, end: int, longest: int):
    """Let the student answer the prompts of these rows, one seed for each -> rows with its own answers to learn on."""
    prompts = [row[0][: find_answer(row)] for row in rows]
    width = max(map(len, prompts))
    fill = lambda lists, by: [[by] * (width - len(some)) + some for some in lists]  # noqa: E731
    asked = torch.tensor([fill(prompts, pad), fill([[1] * len(prompt) for prompt in prompts], 0)]).to(student.device)
    how = {"max_new_tokens": longest, "do_sample": False, "pad_token_id": pad, "eos_token_id": end}
    noise = transformers.LogitsProcessorList([GumbelNoise(seeds)])
    student.eval()
    made = student.generate(input_ids=asked[0], attention_mask=asked[1], logits_processor=noise, **how)
    student.train()
    answers = [told[: told.index(end) + 1] if end in told else told for told in made[:, width:].tolist()]
    return [(p + told, [-100] * len(p) + told) for p, told in zip(prompts, answers, strict=True)]


def train_weights(model, rows, lessons, config, accelerator, checkpoint: Path, name: str, **marks) -> dict:
    """Train whatever is not frozen -> loss of each step (nats a token) and seconds.

    lessons(step, rows, seeds) -> rows to learn on and the function that sums a loss over some of them. Each process
    takes its part of the batch; sums are divided by the tokens of the whole batch and added up over the processes.
    """
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=config.lr, weight_decay=0.0)
    settings = {key: getattr(config, key) for key in ("steps", "warm_up", "lr", "batch", "at_once", "seed")} | marks
    settings |= {"shape": str([tuple(weight.shape) for weight in weights]), "prompts": mark(json.dumps(rows).encode())}
    if checkpoint.is_file() and not config.resume:
        print(f"{checkpoint}: starting over; --resume would go on from there", file=sys.stderr)
    losses, seconds = load_checkpoint(checkpoint, weights, optimizer, settings) if config.resume else ([], 0.0)
    started, main_process = time.perf_counter() - seconds, accelerator.is_main_process
    own = slice(accelerator.process_index, None, accelerator.num_processes)
    bar = tqdm(total=config.steps, initial=len(losses), desc=name, disable=None if main_process else True)
    model.train()
    for step in range(len(losses), config.steps):
        batch = sorted(pick_batch(rows, step, config.batch, config.seed), key=lambda row: len(row[0]))[own]
        seeds = [f"{config.seed} {step} {place}" for place in range(config.batch)][own]
        mine, sum_of = lessons(step, batch, seeds)
        tokens = accelerator.reduce(torch.tensor(count_tokens(mine), device=model.device), "sum")
        loss = torch.zeros((), device=model.device)
        for at in range(0, len(mine), config.at_once):
            part = sum_of(mine[at : at + config.at_once]) / tokens
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
    model.eval()
    return {"losses": [round(loss, 6) for loss in losses], "seconds": round(time.perf_counter() - started, 2)}


def distil(method: str, student, teacher, rows, tokenizer, longest: int, config, accelerator, checkpoint: Path) -> dict:
    """Train a student on the teacher's answers by one of the METHODS -> losses and seconds."""
    pad, end = tokenizer.pad_token_id, tokenizer.eos_token_id

    def lessons(step, batch, seeds):
        if method == "sequences":
            return batch, lambda some: sum_loss(student, some, pad)
        if method == "logits" or step < config.warm_up:
            return batch, lambda some: measure_divergence(student, teacher, some, pad, reverse=False)
        own = write_own_answers(student, batch, seeds, pad, end, longest)
        return own, lambda some: measure_divergence(student, teacher, some, pad, reverse=True)

    taught_by = mark(b"".join(weight.detach().float().cpu().numpy().tobytes() for weight in teacher.parameters()))
    return train_weights(student, rows, lessons, config, accelerator, checkpoint, method, teacher=taught_by)


def make_teacher(base, tokenizer, examples, config, accelerator, checkpoint: Path):
    """-> the base with its adapter, loaded or trained here: a plain model that learns no more; seconds of training."""
    if config.teacher:
        return base.requires_grad_(False), 0.0
    if config.adapter:
        model, seconds = load_adapter(base, Path(config.adapter)), 0.0
    else:
        rows = encode(tokenizer, examples, getattr(base.config, "max_position_embeddings", WINDOW))
        seed_everything(config.seed)
        marks, model = {"base": mark_base(base)}, add_adapters(freeze_base(base), rank=8)
        short = dataclasses.replace(config, steps=config.teacher_steps, lr=1e-3)
        lessons = lambda step, batch, _: (batch, lambda some: sum_loss(model, some, tokenizer.pad_token_id))  # noqa: E731
        seconds = train_weights(model, rows, lessons, short, accelerator, checkpoint, "teacher", **marks)["seconds"]
    return model.merge_and_unload().eval().requires_grad_(False), seconds


def open_student(config, base, tokenizer):
    """-> the student that is named, or the layers and hidden size of the one to cut out; refuses what cannot be."""
    if not config.student:
        layers = config.student_layers or max(1, round(0.75 * base.config.num_hidden_layers))
        hidden = config.student_hidden or max(1, base.config.hidden_size // 2)
        check_layout(base, layers, hidden)
        return None, (layers, hidden)
    student, its_tokenizer = open_named("student", config.student, base.device)
    if its_tokenizer.get_vocab() != tokenizer.get_vocab():
        raise Problem(f"--student {config.student}: another tokenizer than the teacher's; name one of its family")
    return student.float(), None


def evaluate(model, tokenizer, cases: dict, longest: int) -> dict:
    """-> by name of the cases, and over all of them, the shares that are right in each part, with their intervals;
    `passed` is right in every part. Processes divide the work."""
    state = accelerate.PartialState()
    asked = [(name, *case) for name, some in cases.items() for case in some]
    mine = asked[state.process_index :: state.num_processes]
    replies = generate(model, tokenizer, [prompt for _, prompt, _ in mine], longest)
    judged = []
    for (name, _, wanted), reply in zip(mine, replies, strict=True):
        parts = judge_reply(reply, wanted)
        needed = [right for part, right in parts.items() if part != "valid_json" or wanted.keys() != {"answer"}]
        judged.append((name, parts | {"passed": all(needed)}))
    judged = gather_object(judged)
    shares = {"passed": share(parts["passed"] for _, parts in judged)}
    for name in cases:
        inside = [parts for told, parts in judged if told == name]
        found = dict.fromkeys(part for parts in inside for part in parts)
        shares[name] = {part: share(parts[part] for parts in inside if part in parts) for part in found}
    return shares


def answer_prompts(teacher, tokenizer, prompts: list[str], longest: int) -> list[dict]:
    """-> prompts with the teacher's greedy answers as completions; processes divide the work."""
    state = accelerate.PartialState()
    count = state.num_processes
    answers = [""] * len(prompts)
    mine = generate(teacher, tokenizer, prompts[state.process_index :: count], longest)
    for place, part in enumerate(gather_object([mine])):
        answers[place::count] = part
    return [{"prompt": prompt, "completion": told} for prompt, told in zip(prompts, answers, strict=True)]


@torch.no_grad()
def compare_speeds(teacher, student, tokenizer, prompts: list[str], tokens: int, pairs: int = 5) -> dict:
    """Answer the same prompts in one batch with each of the two, in turn, so that a busy machine slows both -> tokens a
    second of each (reading the prompts included), the median ratio of the pairs, seconds a call."""
    asked = tokenizer(prompts, return_tensors="pt", padding=True, padding_side="left")
    asked = {name: asked[name].to(teacher.device) for name in ("input_ids", "attention_mask")}
    how = {"min_new_tokens": tokens, "max_new_tokens": tokens, "do_sample": False}

    def clock(model) -> float:
        started = time.perf_counter()
        model.generate(**asked, **how, pad_token_id=tokenizer.pad_token_id).cpu()  # waits for a GPU
        return time.perf_counter() - started

    times = [(clock(teacher), clock(student)) for _ in range(pairs + 1)][1:]  # the first warms up
    told = {"ratio": round(statistics.median(slow / quick for slow, quick in times), 3), "batch": len(prompts)}
    for name, spent in zip(("teacher", "student"), map(statistics.median, zip(*times, strict=True)), strict=True):
        told[f"{name}_tokens_a_second"] = round(tokens * len(prompts) / spent, 1)
        told[f"{name}_seconds_a_call"] = round(spent / len(prompts), 6)
    return told


def break_even(teacher_cost: float, student_cost: float, making_cost: float) -> int | None:
    """-> the first number of calls that save more than making the student cost; None where a call saves nothing.
    All three in one currency; the first two a call."""
    saved = Fraction(str(teacher_cost)) - Fraction(str(student_cost))
    return Fraction(str(making_cost)) // saved + 1 if saved > 0 else None


def main():
    config = read_config(Config)
    methods, out = check_distill(config)
    quiet_libraries()
    device = choose_device(config.device)
    torch.set_num_threads(config.threads or torch.get_num_threads())
    accelerator = accelerate.Accelerator(cpu=device == "cpu")
    examples, cases = read_prompts(config)
    work = out.with_name(out.name + ".checkpoint")
    flag, path = ("teacher", config.teacher) if config.teacher else ("model", config.model)
    base, tokenizer = open_named(flag, path or str(in_lab("", config.lab, "model")), accelerator.device)
    start, sizes = open_student(config, base, tokenizer)
    teacher, seconds = make_teacher(base, tokenizer, examples, config, accelerator, work / "teacher")
    longest = longest_answer(tokenizer, examples, cases)
    graded = evaluate(teacher, tokenizer, cases, longest)
    if graded["passed"]["value"] < config.teacher_floor:
        if accelerator.is_main_process:
            discard(work)
        refuse_teacher(graded["passed"]["value"], config.teacher_floor)
    metrics = {"processes": accelerator.num_processes, "teacher": {"adapter_seconds": seconds, **graded}}

    started = time.perf_counter()
    prompts = [row["prompt"] for row in examples]
    prompts = random.Random(config.seed).sample(prompts, min(config.prompts, len(prompts)))
    taught = answer_prompts(teacher, tokenizer, prompts, longest)
    rows = encode(tokenizer, taught, getattr(teacher.config, "max_position_embeddings", WINDOW))
    answering, tokens = time.perf_counter() - started, count_tokens(rows)
    metrics["answers"] = {"prompts": len(prompts), "tokens": tokens, "seconds": round(answering, 2)}

    start = start or cut_student(teacher, *sizes, rows[:16], tokenizer.pad_token_id)
    for weight in start.requires_grad_(True).parameters():
        weight.data = broadcast(weight.data)  # every process starts from the main one's
    metrics |= {"size": compare_sizes(teacher, start), "methods": {}}
    for method in methods:
        student = copy.deepcopy(start)
        told = distil(method, student, teacher, rows, tokenizer, longest, config, accelerator, work / method)
        told |= evaluate(student, tokenizer, cases, longest)
        told["quality_kept"] = keep_quality(told, graded, cases)
        metrics["methods"][method] = told
        if accelerator.is_main_process:
            save_folder(out / method, lambda to, one=student: (one.save_pretrained(to), tokenizer.save_pretrained(to)))
    if accelerator.is_main_process:
        asked = [prompt for some in cases.values() for prompt, _ in some]
        asked = random.Random(config.seed).sample(asked, min(16, len(asked)))
        speed = metrics["speed"] = compare_speeds(teacher, student, tokenizer, asked, round(tokens / len(rows)))
        for told in metrics["methods"].values():
            measured = (speed["teacher_seconds_a_call"], speed["student_seconds_a_call"], answering + told["seconds"])
            costs = measured if config.making_cost < 0 else costs_of(config)
            told |= {"making_cost": round(costs[2], 4), "break_even_calls": break_even(*costs)}
        discard(work)
        report(config, metrics, device)
    accelerator.end_training()


def read_prompts(config) -> tuple[list[dict], dict]:
    """-> [{"prompt", "completion"}] to learn from, and the cases to measure on: name -> (prompt, wanted reply)."""
    path = in_lab(config.examples, config.lab, "behaviour.jsonl")
    examples, held_out = read_rows(path, "prompt", "completion"), []
    for row in examples:
        if not all(isinstance(row[name], str) and row[name].strip() for name in ("prompt", "completion")):
            raise Problem(f"{path}: the example {str(row)[:60]}: prompt and completion must be text; quote them")
    if config.examples:
        examples, held_out = [row for i, row in enumerate(examples) if i % 10 != 9], examples[9::10]
    cases = write_cases(config, held_out)
    cases.pop("closed_book", None)  # what no teacher knows cannot be passed on
    if not any(cases.values()):
        raise Problem(f"{path}: nothing to measure on; write ten examples or more, or name --questions and --docs")
    return examples, cases


def longest_answer(tokenizer, examples, cases) -> int:
    """-> tokens that an answer may take."""
    texts = [row["completion"] for row in examples]
    texts += [json.dumps(wanted) for some in cases.values() for _, wanted in some]
    return max(map(len, tokenizer(texts, add_special_tokens=False)["input_ids"])) + 8


def keep_quality(student: dict, teacher: dict, cases) -> dict:
    """-> over all cases, and by name, what the student passes as a part of what the teacher does."""
    pairs = {"all": (student["passed"], teacher["passed"])}
    pairs |= {name: (student[name]["passed"], teacher[name]["passed"]) for name in cases if student[name]}
    return {name: round(one["value"] / whole["value"], 4) for name, (one, whole) in pairs.items() if whole["value"]}


def refuse_teacher(passed: float, floor: float) -> None:
    """What a teacher gets wrong, a student learns as well."""
    fix = "train it longer (lora.py, or --teacher-steps), or name another teacher"
    raise Problem(f"--teacher-floor {floor}: it passes {passed}, and a teacher must pass the evals first; {fix}")


def compare_sizes(teacher, student) -> dict:
    """Parameters with the embeddings, tied ones once, and without."""
    told = {}
    for name, model in (("teacher", teacher), ("student", student)):
        table = {id(model.get_input_embeddings().weight), id(model.get_output_embeddings().weight)}
        told[f"{name}_parameters"] = sum(weight.numel() for weight in model.parameters())
        told[f"{name}_without_embeddings"] = sum(w.numel() for w in model.parameters() if id(w) not in table)
    told["ratio"] = round(told["teacher_parameters"] / told["student_parameters"], 3)
    told["ratio_without_embeddings"] = round(
        told["teacher_without_embeddings"] / max(1, told["student_without_embeddings"]), 3
    )
    return told


def open_named(flag: str, path: str, device):
    """Open a model that another flag than --model names."""
    try:
        return open_model(path, device)
    except Problem as problem:
        raise Problem(str(problem).replace("--model", f"--{flag}", 1)) from None


def head_width(config) -> int:
    return getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads


def check_layout(teacher, layers: int, hidden: int) -> None:
    """Refuse to cut what is not laid out as a Llama, and sizes that the teacher does not have."""
    projections = [f"self_attn.{name}_proj" for name in "qkvo"] + [
        f"mlp.{name}_proj" for name in ("gate", "up", "down")
    ]
    norms = ["input_layernorm", "post_attention_layernorm"]
    known = {*projections, *norms, "self_attn.q_norm", "self_attn.k_norm"}
    inside = getattr(getattr(teacher, "model", None), "layers", ())
    for layer in inside:
        found = {name.rpartition(".")[0] for name, _ in layer.named_parameters()}
        inside = inside if known >= found >= {*projections, *norms} else ()
    if not inside or teacher.config.model_type.startswith("gemma"):  # whose norms add 1 to their gain
        fix = "name a student of its family with --student"
        raise Problem(f"a {teacher.config.model_type} is not laid out as a Llama, so no student can be cut out; {fix}")
    for flag, value, most in (("layers", layers, len(inside)), ("hidden", hidden, teacher.config.hidden_size)):
        if value > most:
            raise Problem(f"--student-{flag} {value}: the teacher has {most}; use {most} or less")


def check_distill(config) -> tuple[list[str], Path]:
    """Refuse what cannot work before anything is loaded -> methods in their order, and the folder to write."""
    least = {"teacher_steps": 1, "prompts": 1, "steps": 1, "batch": 1, "at_once": 1, "save_every": 1}
    for name, low in (least | dict.fromkeys(("student_layers", "student_hidden", "warm_up", "threads"), 0)).items():
        if getattr(config, name) < low:
            raise Problem(f"--{name.replace('_', '-')} {getattr(config, name)}: use {low} or more")
    named = [name.strip() for name in config.methods.split(",") if name.strip()]
    if not named or set(named) - set(METHODS):
        raise Problem(f"--methods {config.methods}: use one or more of {','.join(METHODS)}")
    if not 0 < config.lr < 1:
        raise Problem(f"--lr {config.lr}: use a rate between 0 and 1")
    if not 0 < config.teacher_floor <= 1:
        raise Problem(f"--teacher-floor {config.teacher_floor}: use a share above 0, up to 1")
    if config.warm_up >= config.steps and "on-policy" in named:
        raise Problem(f"--warm-up {config.warm_up}: of {config.steps} steps none is left for on-policy; use fewer")
    if config.batch < int(os.environ.get("WORLD_SIZE", 1)):
        raise Problem(f"--batch {config.batch}: every process needs an example; use {os.environ['WORLD_SIZE']} or more")
    if config.teacher and (config.model or config.adapter):
        raise Problem("--teacher: it teaches as it is; leave out --model and --adapter")
    if config.student and (config.student_layers or config.student_hidden):
        raise Problem("--student: it has its size; leave out --student-layers and --student-hidden")
    costs = costs_of(config)
    if not (all(cost == -1 for cost in costs) or all(0 <= cost < math.inf for cost in costs)):
        raise Problem("--making-cost and the two costs per call: give all three, from 0 up, in one currency, or none")
    out = Path(config.out)
    for inside in [out, *out.iterdir()] if out.is_dir() else [out]:
        if (inside != out or out.is_file()) and not (inside.name in METHODS and (inside / "config.json").is_file()):
            raise Problem(f"--out {out}: {inside} is something else; name a new folder")
    for path in (config.teacher, config.model, config.adapter, config.student):
        if path and Path(path).exists() and out.resolve() in (Path(path).resolve(), *Path(path).resolve().parents):
            raise Problem(f"--out {out}: {path} is in it and would be written over; name a new folder")
    return [name for name in METHODS if name in named], out


def costs_of(config) -> tuple[float, float, float]:
    return config.teacher_cost_per_call, config.student_cost_per_call, config.making_cost


def find_answer(row) -> int:
    """-> place of the first learned token."""
    return next(at for at, label in enumerate(row[1]) if label != -100)


def pad_rows(rows, pad: int, device):
    """-> token ids, mask and labels, each [rows, longest]."""
    longest = max(len(ids) for ids, _ in rows)
    lists = [(ids, [1] * len(ids), labels) for ids, labels in rows]
    fills = (pad, 0, -100)
    return torch.tensor(
        [[some[i] + [fills[i]] * (longest - len(some[i])) for some in lists] for i in range(3)], device=device
    )


def mark(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# Plumbing: the same text in every snippet.


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
