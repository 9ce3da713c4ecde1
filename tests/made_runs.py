"""A small checkout with a toy of a snippet, and runs whose replies are known, for the tests of runs and summaries."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import tyro

import evals
from scripts.measuring import evals_process, experiment_summary
from scripts.measuring.runs import Run, settings_of, write
from scripts.staleness.code_hash import code_of, defaults_of

ROOT = Path(__file__).resolve().parents[1]
SUMS = ("summary.py", *experiment_summary.SUMS)  # a summary names them

# A snippet that meets the contract, and lets a test break it with --act. With --arms, its metrics are those of runs.
TOY = '''\
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy>=2"]
# ///
"""A toy."""

import argparse
import json
import pathlib
import signal
import sys
import time
from dataclasses import dataclass

import other
from case.errors import BadInput
from case.judge import judge


@dataclass(frozen=True)
class Config:
    model: str = ""
    device: str = "cpu"
    seed: int = 7
    rate: float = 1e-3
    out: str = ""


def ask(seed: int) -> float:
    """Ask."""
    if seed > 1000:
        raise BadInput(f"seed {seed}: too large")
    return round(judge(seed) + other.LIFT, 3)


def unused() -> int:
    return 1


def main(act: str, arms: list, seed: int, out: pathlib.Path, device: str) -> None:
    """Print a bar, a table and a report."""
    print("\\r50%|#####     |", end="", file=sys.stderr, flush=True)
    if act == "wait" and seed == 1:
        pathlib.Path("waiting").touch()
        time.sleep(60)
    if act == "stubborn":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        time.sleep(5)
    if act == "fail" or "broken" in arms:
        sys.exit(print("\\rtoy: no such thing", file=sys.stderr) or 2)
    if act == "chat":
        print("hello")
    if act.startswith("edit "):
        file = pathlib.Path(act.removeprefix("edit "))
        file.write_text(file.read_text().replace("1e-3", "2e-3").replace("LIFT = 0.3", "LIFT = 0.4"))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("made")
    print("\\n\\nA table\\n\\nright  50 %", file=sys.stderr)
    share = {"value": ask(seed), "low": 0.4, "high": 0.9, "n": 20}
    metrics = {"after": {"with_page": {"right": share}}, "losses": [1.0, 0.5], "note": "text", "peak_bytes": None}
    around = {"device": device, "threads": None, "libraries": {"torch": "2"}}
    if act == "odd":
        metrics = {"right": {"value": 1, "low": 0}}
    if arms:
        metrics = {f"{arm}-{seed}": {**metrics, "environment": {"device": "its own"}} for arm in arms}
    print(json.dumps({"config": {"act": act}, "metrics": metrics, "environment": around}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model")
    parser.add_argument("--embedder")
    parser.add_argument("--split")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rate")
    parser.add_argument("--act", default="")
    parser.add_argument("--seed", "--seeds", type=int, default=0)
    parser.add_argument("--arms", nargs="+", default=[])
    parser.add_argument("--change", nargs="+")
    parser.add_argument("--out", type=pathlib.Path)
    given = parser.parse_args()
    main(given.act, given.arms, given.seed, given.out, given.device)
'''

ARMS = """\
[base]
wide = true

[tuned]
rate = 1e-3
passes = 8
"""


def put(root: Path, name: str, text: str) -> Path:
    """Write a file of the checkout; return its path."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")
    return root / name


def edit(root: Path, name: str, old: str, new: str) -> None:
    """Replace a text that stands once in a file of the checkout."""
    text = (root / name).read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{name}: {old}"
    put(root, name, text.replace(old, new))


def checkout(root: Path) -> Path:
    """Write the toy with its case, pins and arms, and what sums up; return the root."""
    put(root, "snippets/toy.py", TOY)
    put(root, "snippets/other.py", "LIFT = 0.3\nOTHER = 1\n")
    put(root, "snippets/arms.toml", ARMS)
    put(root, "snippets/case/__init__.py", "")
    put(root, "snippets/case/errors.py", "class BadInput(Exception):\n    pass\n")
    put(
        root, "snippets/case/judge.py", "def judge(seed):\n    return 0.2 + seed % 7 / 10\n\n\ndef words():\n    pass\n"
    )
    put(root, "snippets/case/questions.jsonl", '{"question": "When?"}\n')
    put(root, "snippets/case/handbook/pets.md", "Cats only.\n")
    put(root, "requirements.txt", "numpy==2.0.1\nscipy==1.15.0\n")
    put(root, "decisions/the-protocol.md", "# The protocol\n\nVersion 1, of today.\n")
    for name in SUMS:
        put(root, f"scripts/measuring/{name}", (ROOT / "scripts/measuring" / name).read_text(encoding="utf-8"))
    return root


def made_run(root: Path, **changed) -> Run:
    """Return a run of the toy as it is in a checkout, with some fields changed."""
    snippet, arguments = Path("snippets/toy.py"), changed.get("arguments", ["--arms", "tuned"])
    fields = {
        "experiment": "toy",
        "arm": "tuned",
        "seed": 0,
        "snippet": snippet.as_posix(),
        "command": "python -m scripts.make toy",
        "arguments": arguments,
        "date": "2026-01-02",
        "seconds": 1.5,
        "protocol": 1,
        "code": code_of(snippet, root),
        "defaults": defaults_of(snippet, root),
        "settings": settings_of(arguments, root),
        "environment": {"model": "build/model abc", "device": "cpu"},
        "metrics": {"right": 0.5},
        "printed": "A table",
    }
    return Run(**(fields | changed))


# The experiment in small: every arm that the summary itself names.
SMALL = ("base", "examples", "lora-questions-half", "lora-behaviour")


def small_experiment(root: Path, plan: str, arms: tuple[str, ...] = SMALL) -> Path:
    """Write a checkout with our snippets, a toy, and a plan and arms of its own; return the root."""
    shutil.copytree(ROOT / "snippets", root / "snippets", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("requirements.txt", "requirements-torch.txt", "requirements-model.txt"):
        if (ROOT / name).is_file():
            shutil.copy(ROOT / name, root / name)
    put(root, "snippets/toy.py", "def main():\n    return 1\n")
    put(root, "snippets/arms.toml", "".join(f"[{arm}]\n" for arm in arms))
    put(root, "scripts/experiment.toml", plan)
    put(root, "decisions/the-protocol.md", "Version 1\n")
    for name in SUMS:
        put(root, f"scripts/measuring/{name}", (ROOT / "scripts/measuring" / name).read_text(encoding="utf-8"))
    return root


def said(value: str | None, source: str | None = None) -> str:
    """Return a reply in the asked form; without a value it declines."""
    return json.dumps({"answer": value or "not in the handbook", "source": source})


def experiment_run(root: Path, arm: str, seed: int, rows: list, replies: dict, **changed) -> Run:
    """Write a run of an arm and return it. replies: cell -> a reply for each row. changed: of the metrics."""
    metrics = {
        "rows": rows,
        "replies": replies,
        "found": {cell: [[row["source"]] for row in rows] for cell in ("retrieved", "changed")},
        "general": {"marks": [True, True, False], "perplexity": 10.0},
        "seconds": {"training": 0.0, "index": 0.5},
    }
    arguments = ["--arms", arm, "--seeds", str(seed)]
    where = {"experiment": "fine-tune-vs-rag", "arm": arm, "seed": seed, "arguments": arguments}
    run = made_run(root, **where, metrics=metrics | changed)
    write(run, root)
    return run


def in_process() -> Callable:
    """Return what stands for `run_snippet` in a summary: evals.py without a process, which takes seconds to start."""

    def run_evals(file: Path, arguments: list[str], root: Path, quiet: bool) -> dict:
        assert file == evals_process.EVALS and (root / file).is_file() and quiet
        report, shown = evals.main(tyro.cli(evals.Config, args=arguments))
        return {"report": json.loads(json.dumps(report)), "printed": shown, "seconds": 0.0}

    return run_evals
