"""Memory and speed of full fine-tuning, LoRA and QLoRA on models of large shapes, each measured in its own process.

The weights are random: memory and speed do not depend on them. Every row has the same number of tokens and stands alone
in memory, so that the methods differ in what they keep and in nothing else. No gradient checkpointing.
"""

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scripts.large_model import count_weights
from scripts.snippet_run import RunError, read_report, run

LENGTH, STEPS, BATCH, RANK = 1024, 12, 4, 16  # tokens a row, steps, rows a step, rank of the adapters
NAMES = {"1b": "Llama 3.2 1B", "8b": "Llama 3.1 8B", "tiny": "a tiny Llama"}
METHODS = {"full": "full fine-tuning", "lora": "LoRA", "qlora": "QLoRA"}
FULL = 16  # bytes a weight: itself, its gradient and Adam's two moments in float32
CODE = ("scripts/gpu_memory.py", "scripts/large_model.py", "snippets/lora.py", "snippets/qlora.py")


@dataclass(frozen=True)
class Bench:
    """Where and with what to measure. work: folder for models, from the root. tokenizer: folder to take it from.

    memory: bytes of the GPU. say: tells how far it is.
    """

    root: Path
    work: Path
    tokenizer: Path
    device: str
    memory: int
    say: Callable[[str], None]


def measure_shapes(shapes: list[str], bench: Bench, until: float) -> tuple[dict[str, dict], dict, list[str]]:
    """Measure what can be measured until that moment (time.monotonic); return measured, environment and what is not."""
    measured, around, missing = {}, {}, []
    pages = write_page(bench)
    for shape in shapes:
        weights, folder = count_weights(shape), bench.work / f"llama-{shape}"
        try:
            make_model(shape, 2 * weights, folder, bench, until)
            for method in METHODS:
                if method == "full" and FULL * weights > bench.memory:
                    needed = f"needs {FULL * weights / 1e9:.0f} GB and the GPU has {bench.memory / 1e9:.0f} GB"
                    missing.append(f"{METHODS[method]} of {NAMES[shape]} ({needed})")
                    continue
                try:
                    report = measure_method(method, folder, pages, bench, until - time.monotonic())
                except RunError as error:
                    missing.append(f"{METHODS[method]} of {NAMES[shape]} ({error})")
                else:
                    measured |= in_words(shape, method, report["metrics"])
                    around |= report["environment"]
        except RunError as error:
            missing.append(f"{NAMES[shape]} ({error})")
        finally:
            shutil.rmtree(bench.root / folder, ignore_errors=True)  # gigabytes
    return measured, around, missing


def write_page(bench: Bench) -> Path:
    """Write one page that makes a row of LENGTH tokens, start and end included; return its folder, from the root."""
    from tokenizers import Tokenizer

    folder, text = bench.work / "pages", "." + "\n" * (LENGTH - 4) + "."
    tokens = len(Tokenizer.from_file(str(bench.root / bench.tokenizer / "tokenizer.json")).encode(text).ids)
    if tokens + 1 != LENGTH:  # its start token is there, the snippets add the end token
        raise RunError(f"{bench.tokenizer} makes {tokens + 1} tokens of the page, not {LENGTH}; take a lab's tokenizer")
    (bench.root / folder).mkdir(parents=True, exist_ok=True)
    (bench.root / folder / "page.md").write_text(text, encoding="utf-8")
    return folder


def make_model(shape: str, size: int, folder: Path, bench: Bench, until: float) -> None:
    """Write a model of so many bytes; RunError where disk or time do not allow it."""
    free = shutil.disk_usage(bench.root / bench.work).free
    if free < 1.2 * size:
        raise RunError(f"needs {size / 1e9:.0f} GB on the disk, and {free / 1e9:.0f} GB are free")
    bench.say(f"memory: making {NAMES[shape]} with random weights, {size / 1e9:.1f} GB")
    command = ["make", shape, str(folder), "--tokenizer", str(bench.tokenizer), "--device", bench.device]
    run([sys.executable, "-m", "scripts.large_model", *command], bench.root, left(until - time.monotonic()))


def measure_method(method: str, folder: Path, pages: Path, bench: Bench, seconds: float) -> dict:
    """Train for a few steps in a process of its own; return its report."""
    bench.say(f"memory: {METHODS[method]} of {folder.name}")
    how = ["--steps", str(STEPS), "--batch", str(BATCH), "--device", bench.device]
    if method == "full":
        command = ["-m", "scripts.large_model", "full", str(folder), "--length", str(LENGTH), *how]
    else:
        adapter = bench.work / f"adapter-{method}"
        learned = ["--task", "documents", "--docs", str(pages), "--out", str(adapter), "--rank", str(RANK)]
        command = [f"snippets/{method}.py", "--model", str(folder), "--at-once", "1", *learned, *how]
    return read_report(run([sys.executable, *command], bench.root, left(seconds)), Path(method))


def left(seconds: float) -> float:
    """Return the seconds that are left; RunError where there are none."""
    if seconds <= 0:
        raise RunError("no time left")
    return seconds


def in_words(shape: str, method: str, metrics: dict) -> dict[str, dict]:
    """Return what was measured, in the form that `results.write` takes."""
    what, start = f"{METHODS[method]} of {NAMES[shape]}", f"llama-{shape}.{method}"
    speed = STEPS * BATCH * LENGTH / metrics["seconds"]
    told = {
        "tokens-a-second": (round(speed), "tokens/s", f"{what}: training speed, its first step included."),
        "trained": (metrics["parameters"]["trainable"], "parameters", f"{what}: parameters trained."),
    }
    if peak := metrics["memory"]["bytes"]:
        told["peak-memory"] = (round(peak / 1e9, 3), "GB", f"{what}: peak memory of tensors on the GPU.")
    return {f"{start}.{key}": dict(zip(("value", "unit", "says"), one, strict=True)) for key, one in told.items()}
