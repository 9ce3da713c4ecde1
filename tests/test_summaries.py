"""Every result that has runs is computed again from them, and must come out to the letter; an edit anywhere shows."""

import json
import shutil
from pathlib import Path

import pytest

from scripts.measuring import evals_process, experiment_summary, results, runs, summary
from scripts.measuring.experiment_summary import EXPERIMENT
from scripts.measuring.runs import BadRun
from tests.made_runs import ROOT, checkout, edit, in_process, made_run, put

pytestmark = pytest.mark.slow
MADE_UP = "toy-cpu"


def runs_of(stem: str, root: Path) -> list[str]:
    """Return the run files that a result names."""
    code = json.loads((root / "results" / f"{stem}.json").read_text(encoding="utf-8"))["code"]
    return [name for name in code if Path(name).is_relative_to(runs.RUNS)]


WITH_RUNS = [file.stem for file in sorted((ROOT / "results").glob("*.json")) if runs_of(file.stem, ROOT)]


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    """A copy of all that results are computed from, without results."""
    root = tmp_path_factory.mktemp("ours")
    hidden = shutil.ignore_patterns("__pycache__", ".*")
    for name in ("snippets", "scripts", "decisions"):
        shutil.copytree(ROOT / name, root / name, ignore=hidden)
    for file in ROOT.glob("requirements*.txt"):
        shutil.copy(file, root)
    return root


@pytest.fixture(params=[*WITH_RUNS, MADE_UP])
def kept(request, tmp_path, monkeypatch):
    """A copy with one result and the runs that it names; returns the root and the result's name."""
    monkeypatch.setattr(evals_process, "run_snippet", in_process())
    stem = request.param
    if stem == MADE_UP:
        root = checkout(tmp_path)
        for seed in (0, 1):
            runs.write(made_run(root, arm="default", seed=seed, metrics={"right": 0.5 + seed / 4}), root)
        summary.summarise("toy", "cpu", root)
        return root, stem
    shutil.copytree(request.getfixturevalue("ours"), tmp_path, dirs_exist_ok=True)
    for name in (f"results/{stem}.json", *runs_of(stem, ROOT)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path, stem


def computed(root: Path, stem: str) -> str:
    """Return the text of a result, computed again from the runs beside it; the file is replaced."""
    name, _, machine = stem.rpartition("-")
    summarise = experiment_summary.summarise if name == EXPERIMENT else summary.summarise
    return summarise(name, machine, root).read_text(encoding="utf-8")


def test_a_result_is_what_its_runs_give_and_nothing_else(kept):
    root, stem = kept
    text = (root / f"results/{stem}.json").read_text(encoding="utf-8")
    assert set(results.load(root)) == {stem}
    assert computed(root, stem) == text


def test_an_edited_number_in_a_result_is_seen(kept):
    root, stem = kept
    result = json.loads((root / f"results/{stem}.json").read_text(encoding="utf-8"))
    key = next(iter(result["measured"]))
    result["measured"][key]["value"] += 0.01
    text = results.canonical(result)
    put(root, f"results/{stem}.json", text)
    assert computed(root, stem) != text


def test_an_edited_digit_in_a_run_is_seen(kept):
    root, stem = kept
    name = runs_of(stem, root)[-1]
    seconds = json.loads((root / name).read_text(encoding="utf-8"))["seconds"]
    edit(root, name, f'"seconds": {seconds},', f'"seconds": {seconds + 1},')
    with pytest.raises(results.StaleResult, match=f"{Path(name).name} has changed; run: python -m scripts"):
        results.load(root)
    with pytest.raises(BadRun, match=f"{Path(name).name} was edited"):
        computed(root, stem)


def test_every_run_in_the_repository_is_as_it_was_written():
    """None was edited, also of those that no result names, such as the trials."""
    files = [path for path in (ROOT / runs.RUNS).glob("*/[!.]*.json") if path.is_file()]
    for path in files:
        run = runs.read(path.relative_to(ROOT), ROOT)
        assert run.command.startswith("python -m scripts."), path
    assert {name for stem in WITH_RUNS for name in runs_of(stem, ROOT)} <= {str(p.relative_to(ROOT)) for p in files}
