# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "torch>=2.6", "transformers>=5.23", "peft>=0.21", "trl>=1.16", "datasets>=4",
#   "gguf>=0.17", "numpy>=2", "scipy>=1.15", "statsmodels>=0.14", "tqdm>=4.66",
#   "tyro>=1",
# ]
# ///
"""Distil: a smaller student learns the task from a teacher that already does it.

The student is cut out of the teacher: some of its layers go, those that change least.
Training then mends the cut, on the teacher's replies or on its probabilities:

    python distill.py                             # the teacher: examples in its prompt
    python distill.py --adapter out/lora --shots 0        # a teacher that lora.py tuned
    python distill.py --learn replies                     # only what the teacher says
    python distill.py --model ID_OR_FOLDER --shots 0 --examples mine.jsonl

The student is asked without the teacher's examples: what they did in the prompt, its
weights have to do now. No answer key is used, only the prompts of --examples.
Lesson: /distillation/
"""

from case import CASE  # first: Ctrl-C during the slow imports ends in one line

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Literal

import torch
from datasets import Dataset, disable_progress_bars
from transformers import ProgressCallback, set_seed
from trl import SFTConfig, SFTTrainer

from case.answer import answer
from case.command import Common, run
from case.errors import BadInput
from case.files import read_docs, read_examples, read_questions
from case.judge import judge, parse
from case.model import choose_device, choose_dtype, open_model
from case.prompt import prompt
from case.report import environment, example, percent, table
from case.shares import score, share
from few_shot import draw_examples, write_prompt
from layer_pruning import choose_layers, cut_student
from logits_distillation import LogitsTrainer, find_prefix, show_examples
from progress import LossBar

BATCH = 8  # examples a step


@dataclass(frozen=True)
class Config(Common):
    """Who teaches (--model), what the student keeps of it, and how it learns."""

    adapter: Path | None = None  # folder that lora.py wrote: the base with it teaches
    shots: int = 2  # examples in the teacher's prompt; 0 for one that was tuned
    keep: float = 0.8  # share of the teacher's layers that the student keeps
    learn: Literal["logits", "replies"] = "logits"  # its probabilities, or its words
    examples: Path = CASE / "examples.jsonl"  # their prompts are the practice
    docs: Path = CASE / "handbook"  # folder of Markdown
    questions: Path = CASE / "development.jsonl"  # asked of both in the end
    prompts: int = 160  # of --examples: so many the teacher answers
    steps: int = 30  # optimizer steps
    rate: float = 3e-4  # learning rate of the student; all of its weights are trained
    out: Path = Path("out/student")  # folder for the student


def write_replies(teacher, tokenizer, rows: Sequence[dict], shown: Sequence[dict]):
    """Let the teacher answer the prompts. Returns rows of prompt and completion.

    A reply is kept only in the form that its example has: what a program can check, it
    should check before a student copies it. The example's own completion is not taught.
    """
    asked = [show_examples(row["prompt"], shown) for row in rows]
    replies = answer(teacher, tokenizer, asked, "the teacher answers")
    taught = []
    for row, text in zip(rows, replies, strict=True):
        in_form = parse(text)[-1] or not parse(row["completion"][-1]["content"])[-1]
        if text and in_form:
            reply = {"role": "assistant", "content": text}
            taught.append({"prompt": row["prompt"], "completion": [reply]})
    return taught


def teach(student, teacher, tokenizer, taught, shown, config: Config) -> float:
    """Train the student, on the teacher's logits or on its replies. Returns seconds."""
    bf16 = choose_dtype(student.device) == torch.bfloat16
    arguments = SFTConfig(
        output_dir=str(config.out),
        max_steps=1 if config.quick else config.steps,
        per_device_train_batch_size=BATCH,
        learning_rate=config.rate,
        lr_scheduler_type="cosine",
        warmup_steps=3,
        bf16=bf16,  # the weights themselves stay in float32: small steps get lost in 16
        use_cpu=student.device.type == "cpu",
        activation_checkpointing=False,
        save_strategy="no",
        seed=config.seed,
        report_to="none",
        disable_tqdm=False,
    )
    rows = Dataset.from_list(taught)
    options = {"args": arguments, "processing_class": tokenizer, "train_dataset": rows}
    if config.learn == "logits":
        options |= {"teacher": teacher, "prefix": find_prefix(tokenizer, taught, shown)}
    kind = LogitsTrainer if config.learn == "logits" else SFTTrainer
    trainer = kind(student.float(), **options)
    trainer.remove_callback(ProgressCallback)  # writes to stdout
    trainer.add_callback(LossBar)
    began = time.monotonic()
    trainer.train()
    return round(time.monotonic() - began, 1)


def measure(model, tokenizer, rows, pages, shown: Sequence[dict], title: str):
    """Ask with the page and closed book. Returns metrics, and replies with the page."""
    asked = [write_prompt(row, pages, shown) for row in rows]
    began = time.monotonic()
    replies = answer(model, tokenizer, asked, f"{title}, with its page")
    seconds = time.monotonic() - began
    closed = [prompt(row["question"], (), shown) for row in rows]
    by_heart = answer(model, tokenizer, closed, f"{title}, closed book")
    tokens = sum(len(ids) for ids in tokenizer(replies)["input_ids"])
    texts = tokenizer.apply_chat_template(asked, tokenize=False)
    metrics = {
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "prompt_tokens": round(fmean(map(len, tokenizer(texts)["input_ids"]))),
        "tokens_a_second": round(tokens / seconds, 1),
        "with_page": score(replies, rows),
        "closed_book": score(by_heart, rows),
    }
    return metrics, replies


def show(metrics: dict, row: dict, replies: dict[str, str]) -> str:
    """Return student beside teacher as a table, and what each said to a question."""
    rows = []
    for who in replies:
        got = metrics[who]
        near, far = got["with_page"], got["closed_book"]
        sizes = f"{got['parameters'] / 1e6:.0f}", got["prompt_tokens"]
        shares = near["right"], near["valid_json"], far["right"]
        rows.append((who, *sizes, f"{got['tokens_a_second']:.0f}", *shares))
    columns = ("", "M", "prompt", "per s", "right", "valid JSON", "without a page")
    title = "Millions of weights, tokens of a prompt, tokens a second, answers"
    kept = f"of what the teacher has right, the student has {percent(metrics['kept'])}"
    lines = [table(title, columns, rows), "", kept, ""]
    lines += [example("question", row["question"]), example("key", row["answer"])]
    return "\n".join(lines + [example(who, reply) for who, reply in replies.items()])


def main(config: Config) -> tuple[dict, str]:
    """Measure the teacher, let it teach, and measure the student as the teacher was."""
    if not 0 < config.keep <= 1 or min(config.shots, config.steps - 1) < 0:
        raise BadInput("--keep: above 0, to 1; --shots: 0 or more; --steps: 1 or more")
    set_seed(config.seed)
    disable_progress_bars()  # of datasets: a line a step of its work
    pages = read_docs(config.docs)
    rows = read_questions(config.questions, pages)
    rows = rows[:: len(rows) // 4 or 1] if config.quick else rows
    examples = read_examples(config.examples)
    shown = draw_examples(examples, config.shots, config.seed)
    practice = [row for row in examples if row not in shown]
    practice = practice[: BATCH + 4 if config.quick else config.prompts]
    device = choose_device(config.device)
    teacher, tokenizer = open_model(config.model, device, config.adapter)
    teacher = teacher.merge_and_unload() if config.adapter else teacher
    taken, its_replies = measure(teacher, tokenizer, rows, pages, shown, "teacher")
    taught = write_replies(teacher, tokenizer, practice, shown)
    if len(taught) < BATCH:
        found = f"{len(practice)} prompts gave {len(taught)} replies of use"
        raise BadInput(f"{found}, a step needs {BATCH}; add --examples, or --shots")
    kept = choose_layers(teacher, tokenizer, taught[:BATCH], config.keep)
    student = cut_student(teacher, kept)
    seconds = teach(student, teacher, tokenizer, taught, shown, config)
    student = student.to(teacher.dtype).eval()
    tokenizer.padding_side = "left"
    student.save_pretrained(config.out)
    tokenizer.save_pretrained(config.out)
    got, replies = measure(student, tokenizer, rows, pages, (), "student")
    passed = [  # of the questions that the teacher has right
        (judge(reply, row).right, row["source"])
        for row, reply, its in zip(rows, replies, its_replies, strict=True)
        if row["source"] and judge(its, row).right
    ]
    metrics = {"teacher": taken, "student": got, "layers": kept, "seconds": seconds}
    metrics["kept"] = share(*zip(*passed, strict=True)) if passed else share([])
    metrics["taught"] = len(taught)
    shown = show(metrics, rows[0], {"teacher": its_replies[0], "student": replies[0]})
    return {"metrics": metrics, "environment": environment(student)}, shown


if __name__ == "__main__":
    sys.exit(run(main, Config))
