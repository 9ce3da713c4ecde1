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
from tests.toy_snippet import ARMS, TOY

ROOT = Path(__file__).resolve().parents[1]
SUMS = ("summary.py", *experiment_summary.SUMS)  # a summary names them


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
