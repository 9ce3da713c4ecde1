# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "torch>=2.6", "transformers>=5.23", "peft>=0.21", "trl>=1.16", "datasets>=4",
#   "gguf>=0.17", "numpy>=2", "scipy>=1.15", "statsmodels>=0.14", "tqdm>=4.66",
#   "tyro>=1",
# ]
# ///
"""Distil: a smaller student learns the task from a teacher that already does it.

The student is cut out of the teacher: a block of its layers goes, the one that changes
least. Training then mends the cut, by the teacher's probabilities or by its replies:

    python distill.py                       # a short LoRA training makes the teacher
    python distill.py --adapter out/lora    # the teacher is what lora.py made
    python distill.py --learn replies       # learn only what the teacher says
    python distill.py --model FOLDER --teacher-steps 0 --examples mine.jsonl

The student sees no answer key: the prompts come from --examples, all else from the
teacher, with its mistakes. So first look at the teacher's row.  Lesson: /distillation/
"""

from case import CASE  # first: Ctrl-C during the slow imports ends in one line

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from datasets import Dataset, disable_progress_bars
from torch.nn.functional import kl_div
from transformers import ProgressCallback, set_seed
from trl import SFTConfig, SFTTrainer

import lora
from case.answer import answer
from case.command import Common, run
from case.errors import BadInput
from case.files import read_docs, read_examples, read_questions
from case.judge import parse
from case.model import choose_device, choose_dtype, open_model
from case.report import environment
from layer_pruning import choose_layers, cut_student
from progress import LossBar, all_or_nothing
from teacher_student import keep_share, measure, show

BATCH = 8  # examples a step


@dataclass(frozen=True)
class Config(Common):
    """Who teaches, what the student keeps of it, and how it learns."""

    adapter: Path | None = None  # folder that lora.py wrote: --model with it teaches
    teacher_steps: int = 60  # of LoRA where there is no adapter; 0: --model as it is
    keep: float = 0.8  # share of the teacher's layers that the student keeps
    learn: Literal["logits", "replies"] = "logits"  # its probabilities, or its words
    examples: Path = CASE / "examples.jsonl"  # their prompts are the practice
    docs: Path = CASE / "handbook"  # folder of Markdown
    questions: Path = CASE / "development.jsonl"  # asked of both in the end
    prompts: int = 160  # of --examples: so many the teacher answers
    steps: int = 30  # optimizer steps of the student
    rate: float = 3e-4  # learning rate of the student; all of its weights are trained
    out: Path = Path("out/student")  # folder for the student


def open_teacher(config: Config, rows: Sequence[dict]):
    """Open a model that does the task, or tune it. Returns it and its tokenizer."""
    device, adapter = choose_device(config.device), config.adapter
    if not adapter and config.teacher_steps:
        steps = 1 if config.quick else config.teacher_steps
        how = lora.Config(steps=steps, seed=config.seed, out=config.out / "teacher")
        base, tokenizer = open_model(config.model, device)
        lora.train(base, tokenizer, rows, how, adapter=lora.choose_adapter(how))
        adapter = how.out
    teacher, tokenizer = open_model(config.model, device, adapter)
    return (teacher.merge_and_unload() if adapter else teacher), tokenizer


def write_replies(teacher, tokenizer, rows: Sequence[dict]) -> list[dict]:
    """Let the teacher answer the prompts. Returns rows to learn from.

    A reply is kept only in the form that its example has: what a program can check, it
    should check before a student copies it.
    """
    prompts = [row["prompt"] for row in rows]
    replies = answer(teacher, tokenizer, prompts, "the teacher answers")
    taught = []
    for row, text in zip(rows, replies, strict=True):
        in_form = parse(text)[-1] or not parse(row["completion"][-1]["content"])[-1]
        if text and in_form:
            reply = {"role": "assistant", "content": text}
            taught.append({"prompt": row["prompt"], "completion": [reply]})
    return taught


class LogitsTrainer(SFTTrainer):
    """trl's trainer with another loss: how far the student is from the teacher."""

    def __init__(self, *arguments, teacher, **options):
        super().__init__(*arguments, **options)
        self.teacher = teacher

    def compute_loss(
        self, model, inputs, return_outputs=False, num_items_in_batch=None
    ):
        """Return the divergence, in nats: the mean over the reply and over the rest.

        Forward Kullback-Leibler: the student is to find likely whatever the teacher
        does. It learns from page and question too, which have most of the tokens.
        """
        seen = {name: inputs[name] for name in ("input_ids", "attention_mask")}
        with torch.no_grad():
            wanted = self.teacher(**seen).logits
        output = model(**seen)
        compared = seen["attention_mask"][:, 1:].bool()
        has, wanted = (
            logits[:, :-1][compared].float().log_softmax(-1)
            for logits in (output.logits, wanted)
        )
        apart = kl_div(has, wanted, log_target=True, reduction="none").sum(-1)
        reply = inputs["labels"][:, 1:][compared] != -100
        loss = apart[reply].mean() + apart[~reply].mean()
        return (loss, output) if return_outputs else loss


def teach(student, teacher, tokenizer, taught: Sequence[dict], config: Config) -> None:
    """Train the student, on the teacher's logits or on its replies."""
    student.float()  # the steps are too small for weights of 16 bits
    arguments = SFTConfig(
        output_dir=str(config.out),
        max_steps=1 if config.quick else config.steps,
        per_device_train_batch_size=BATCH,
        learning_rate=config.rate,
        lr_scheduler_type="cosine",
        warmup_steps=3,
        bf16=choose_dtype(student.device) == torch.bfloat16,
        use_cpu=student.device.type == "cpu",
        activation_checkpointing=False,
        save_strategy="no",
        seed=config.seed,
        report_to="none",
        disable_tqdm=False,
    )
    rows = Dataset.from_list(list(taught))
    options = {"args": arguments, "processing_class": tokenizer, "train_dataset": rows}
    by_logits = config.learn == "logits"
    kind = LogitsTrainer if by_logits else SFTTrainer
    trainer = kind(student, **options, **({"teacher": teacher} if by_logits else {}))
    trainer.remove_callback(ProgressCallback)  # writes to stdout
    trainer.add_callback(LossBar)
    trainer.train()
    student.to(teacher.dtype).eval()
    tokenizer.padding_side = "left"


def main(config: Config) -> tuple[dict, str]:
    """Measure the teacher, let it teach, and measure the student as the teacher was."""
    if not 0 < config.keep <= 1 or min(config.steps, config.prompts) < 1:
        raise BadInput("--keep: above 0, to 1; --steps, --prompts: 1 or more")
    set_seed(config.seed)
    disable_progress_bars()  # of datasets
    rows = read_questions(config.questions, read_docs(config.docs))
    examples = read_examples(config.examples)
    teacher, tokenizer = open_teacher(config, examples)
    practice = examples[: BATCH + 4 if config.quick else config.prompts]
    prompts = [row["prompt"] for row in practice[: 2 * BATCH]]
    teachers, its = measure(teacher, tokenizer, config, prompts, "teacher")
    taught = write_replies(teacher, tokenizer, practice)
    if config.quick and len(taught) < BATCH:
        taught = practice  # a teacher of one step has no form yet
    if len(taught) < BATCH:
        found = f"{len(taught)} of the teacher's {len(practice)} replies have the form"
        raise BadInput(f"{found}, {BATCH} are needed; let a better one teach")
    kept = choose_layers(teacher, tokenizer, taught[:BATCH], config.keep)
    student = cut_student(teacher, kept)
    began = time.monotonic()
    teach(student, teacher, tokenizer, taught, config)
    seconds = round(time.monotonic() - began, 1)
    with all_or_nothing(config.out) as folder:
        student.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    students, replies = measure(student, tokenizer, config, prompts, "student")
    metrics = {
        "teacher": teachers,
        "student": students,
        "kept": keep_share(replies, its, rows),
        "layers": kept,
        "taught": len(taught),
        "seconds": seconds,
    }
    shown = show(metrics, {"teacher": its[0], "student": replies[0]})
    return {"metrics": metrics, "environment": environment(student)}, shown


if __name__ == "__main__":
    sys.exit(run(main, Config))
