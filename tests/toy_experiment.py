"""A checkout whose experiment is a toy, for the tests of the program that runs it."""

from pathlib import Path

from scripts import experiment
from scripts.measuring.experiment_summary import PLAN
from tests.made_runs import checkout, put
from tests.toy_snippet import TOY

SETTINGS = """
[tuning]
split = "development"
seed = 100
change = ["wide=false"]

[tuning.trials]
tuned-1e-4 = ["tuned", "rate=1e-4"]
tuned-1e-2 = ["tuned", "rate=1e-2"]

[evidence]
seeds = [0, 1]
"""


def toy_experiment(folder: Path, monkeypatch) -> Path:
    """Write a checkout whose experiment is a toy, and a package that carries an embedder; return the root."""
    package = folder / "packages/toy_embedder"
    put(package, "__init__.py", "")
    put(package, "model/model.safetensors", "weights")
    monkeypatch.syspath_prepend(folder / "packages")
    root = checkout(folder / "root")
    put(root, "snippets/fine_tune_vs_rag.py", TOY)
    put(root, PLAN.as_posix(), SETTINGS)
    monkeypatch.setattr(experiment, "ROOT", root)
    monkeypatch.setattr(experiment, "PACKAGE", "toy_embedder")
    monkeypatch.setattr(experiment, "summarise", lambda name, machine, root: root / f"results/{name}-{machine}.json")
    return root


def files(root: Path) -> list[str]:
    """Return the runs that are there, by their path among the runs."""
    return sorted(path.relative_to(root / "results/runs").as_posix() for path in (root / "results").rglob("*.json"))
