# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "torch>=2.6", "transformers>=5", "peft>=0.19", "trl>=1.16", "datasets>=4",
#   "gguf>=0.17", "numpy>=2", "scipy>=1.15", "statsmodels>=0.14", "tqdm>=4.66",
#   "tyro>=1",
# ]
# ///
"""QLoRA: LoRA on a base stored in 4 bits; only its opening differs from lora.py.

    python qlora.py                                  # answer from a page, in JSON
    accelerate launch --config_file fsdp_qlora.yaml qlora.py    # shared over GPUs

Lesson: /lora-qlora/
"""

from case import CASE  # first: Ctrl-C during the slow imports ends in one line

import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from datasets import Dataset, disable_progress_bars
from peft import LoraConfig, PeftModel
from transformers import BitsAndBytesConfig, ProgressCallback, set_seed
from trl import SFTConfig, SFTTrainer

from before_after import add_losses, ask, show
from case.command import Common, run
from case.errors import BadInput
from case.files import read_docs, read_examples, read_questions
from case.model import choose_device, choose_dtype, open_model
from case.prompt import lesson
from case.report import environment
from progress import LossBar, all_or_nothing, last_checkpoint, whole_checkpoints


@dataclass(frozen=True)
class Config(Common):
    """Settings; the others are the defaults of trl's SFTTrainer and of peft."""

    task: Literal["behaviour", "pages", "questions"] = "behaviour"  # what to teach
    examples: Path = CASE / "examples.jsonl"  # the behaviour: prompt and completion
    docs: Path = CASE / "handbook"  # the pages: a folder of Markdown
    rewrites: Path | None = None  # for pages: a folder with the same in other words
    questions: Path = CASE / "development.jsonl"  # asked before and after
    facts: Path = CASE / "training_questions.jsonl"  # for questions: with answers
    rank: int = 8  # width of the thin matrices: more can hold more
    rate: float = 1e-3  # learning rate, some ten times that of full fine-tuning
    steps: int = 110  # optimizer steps
    batch: int = 4  # rows a step, over all processes
    out: Path = Path("out/qlora")  # where the adapter goes
    merge: bool = False  # also write one plain model, out/.../merged
    resume: bool = False  # go on from the last checkpoint in out


def four_bits(device: torch.device) -> BitsAndBytesConfig:
    """Return how the base is stored: NF4, with the scales of its blocks in 8 bits."""
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=choose_dtype(device),
        bnb_4bit_quant_storage=choose_dtype(device),  # as FSDP shards it
    )


def open_base(config: Config, adapter: Path | None = None):
    """Open the frozen base in 4 bits, with an adapter or without, and tokenizer."""
    if config.model.endswith(".gguf"):
        raise BadInput(f"--model {config.model}: is quantised already; name a folder")
    device = choose_device(config.device)
    options = {"quantization_config": four_bits(device), "device_map": device}
    return open_model(config.model, device, adapter, **options)


def choose_adapter(config: Config) -> LoraConfig:
    """Return where the thin matrices stand: beside every linear map but the head."""
    return LoraConfig(
        r=config.rank,
        lora_alpha=2 * config.rank,  # the product counts twice, at any rank
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


def choose_rows(config: Config) -> tuple[list[dict], list[dict]]:
    """Return what is trained on, and every tenth of a reader's own rows, held out."""
    if config.task == "pages":
        again = read_docs(config.rewrites) if config.rewrites else {}
        pages = read_docs(config.docs) | again
        return [{"text": page.text} for page in pages.values()], []
    if config.task == "questions":
        facts = read_questions(config.facts)
        return [lesson(f["question"], [], f["answer"], f["source"]) for f in facts], []
    rows = read_examples(config.examples)
    if config.examples == Config.examples:
        return rows, []
    if len(rows) < 10:
        raise BadInput(f"{config.examples}: {len(rows)} rows; 10 are needed at least")
    return [row for i, row in enumerate(rows) if (i + 1) % 10], rows[9::10]


def train(model, tokenizer, rows, config: Config, held_out=(), adapter=None):
    """Train an adapter on rows and save it; without an adapter, train all weights.

    Returns trl's trainer. Its log has the loss, and that on held-out rows.
    """
    cpu = model.device.type == "cpu"
    processes = int(os.environ.get("WORLD_SIZE", 1))
    settings = SFTConfig(
        output_dir=str(config.out),
        max_steps=config.steps,
        learning_rate=config.rate,
        lr_scheduler_type="cosine",
        warmup_steps=config.steps // 10,
        per_device_train_batch_size=max(1, config.batch // processes),
        logging_steps=max(1, config.steps // 10),
        save_steps=2 * max(1, config.steps // 10),  # a loss is logged with each
        save_total_limit=1,
        eval_on_start=bool(held_out),
        seed=config.seed,
        bf16=model.dtype == torch.bfloat16,
        use_cpu=cpu,
        gradient_checkpointing=not cpu,  # less memory for more time: not on a CPU
        report_to="none",
        disable_tqdm=False,
    )
    trainer = SFTTrainer(
        model,
        args=settings,
        train_dataset=Dataset.from_list(list(rows)),
        eval_dataset=Dataset.from_list(list(held_out)) if held_out else None,
        processing_class=tokenizer,
        peft_config=adapter,
    )
    trainer.remove_callback(ProgressCallback)
    trainer.add_callback(LossBar)
    last = last_checkpoint(config.out, config.resume)
    with whole_checkpoints(config.out):
        trainer.train(resume_from_checkpoint=last)
    if held_out:
        trainer.evaluate()
    with all_or_nothing(config.out):
        trainer.save_model()
    trainer.accelerator.wait_for_everyone()
    return trainer


def merge(config: Config) -> Path:
    """Add the product of the thin matrices to the frozen ones; returns the folder."""
    base, tokenizer = open_model(config.model, torch.device("cpu"))
    merged = PeftModel.from_pretrained(base, config.out).merge_and_unload()
    with all_or_nothing(config.out / "merged") as folder:
        merged.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder


def main(config: Config) -> tuple[dict, str]:
    """Ask, train, and ask again."""
    if config.quick:
        config = replace(config, steps=2, batch=2)
    set_seed(config.seed)
    disable_progress_bars()
    rows, held_out = choose_rows(config)
    model, tokenizer = open_base(config)
    base_bytes = model.get_memory_footprint()
    before, said = ask(model, tokenizer, config, held_out)
    started = time.monotonic()
    trainer = train(model, tokenizer, rows, config, held_out, choose_adapter(config))
    seconds = time.monotonic() - started
    trained, everything = trainer.model.get_nb_trainable_parameters()
    log, writes = trainer.state.log_history, trainer.is_world_process_zero()
    del model, trainer
    model, _ = open_base(config, config.out)
    after, said_after = ask(model, tokenizer, config, held_out, "after")
    metrics = {
        "before": before,
        "after": after,
        "parameters": {"trainable": trained, "all": everything},
        "losses": [entry["loss"] for entry in log if "loss" in entry],
        "rows": len(rows),
        "seconds": round(seconds, 1),
        "base_bytes": base_bytes,
        "adapter": str(config.out),
    }
    add_losses(metrics, log)
    if config.merge and writes:
        metrics["merged"] = str(merge(config))
    report = {"metrics": metrics, "environment": environment(model)}
    return report, show(metrics, {"before": said, "after": said_after})


if __name__ == "__main__":
    sys.exit(run(main, Config))
