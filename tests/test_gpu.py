"""The script for a machine with a GPU: refuses without one, shares its minutes out, and runs (tiny, on a CPU)."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import gpu, gpu_table, results
from scripts.measure import Plan
from scripts.snippet_run import RunError
from tests.snippet_process import SNIPPETS


def run(*arguments):
    command = [sys.executable, "-m", "scripts.gpu", *arguments]
    return subprocess.run(command, cwd=SNIPPETS.parent, capture_output=True, text=True, timeout=400)


@pytest.mark.skipif(gpu.has_gpu(), reason="this machine has a GPU")
def test_without_a_gpu_it_says_so_in_one_line():
    done = run()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("gpu: no CUDA device found") and done.stderr.count("\n") == 1


def test_unknown_stage_names_near_ones():
    done = run("--stages", "memry")
    assert done.returncode == 2 and "--stages memry: no such stage; did you mean memory?" in done.stderr


def test_minutes_are_shared_and_what_is_left_goes_on():
    stages = list(gpu.STAGES)
    assert gpu.allowance(stages[-1], [], 100) == 100, "the last stage may take all that is left"
    first = gpu.allowance(stages[0], stages[1:], 600)
    assert first == pytest.approx(600 * stages[0].share / sum(stage.share for stage in stages))
    early = gpu.allowance(stages[1], stages[2:], 600 - first / 2)
    assert early > gpu.allowance(stages[1], stages[2:], 600 - first)


def test_every_stage_fits_into_ten_minutes():
    left = 600.0
    for number, stage in enumerate(gpu.STAGES):
        mine = gpu.allowance(stage, gpu.STAGES[number + 1 :], left)
        assert mine >= stage.least
        left -= mine


def test_a_stage_that_does_not_fit_is_skipped_and_said_so(tmp_path):
    missing = gpu.run_stages(gpu.STAGES, 0.01, gpu.REHEARSAL, tmp_path)
    assert len(missing) == len(gpu.STAGES) and all("skipped" in line for line in missing)


def test_a_stage_needs_the_lab_of_the_stage_before(tmp_path):
    with pytest.raises(RunError, match="there is no large lab yet"):
        gpu.run_stage("lora", 60, gpu.REHEARSAL, tmp_path)


def test_as_many_questions_are_asked_as_of_the_small_lab(tmp_path):
    row = {"question": "Who?", "answer": "Me"}
    rows = [row | {"set": kind, "split": split} for kind, split in gpu_table.ASKED for _ in range(300)]
    (tmp_path / "questions.jsonl").write_text("".join(json.dumps(one) + "\n" for one in rows))
    gpu_table.ask_less(tmp_path, tmp_path / "fewer.jsonl")
    fewer = [json.loads(line) for line in (tmp_path / "fewer.jsonl").read_text().splitlines()]
    counted = {kind: sum((one["set"], one["split"]) == kind for one in fewer) for kind in gpu_table.ASKED}
    assert counted == gpu_table.ASKED
    gpu_table.ask_less(SNIPPETS / "lab", tmp_path / "all.jsonl")
    assert set((tmp_path / "all.jsonl").read_text().splitlines()) <= set(
        (SNIPPETS / "lab" / "questions.jsonl").read_text().splitlines()
    )


TABLE = '''\
"""Finishes two arms and never a third; another run reports what is finished."""
import json, pathlib, sys, time

class Config:
    out: str = ""  # file
given = dict(zip(sys.argv[1::2], sys.argv[2::2])) if "--resume" not in sys.argv else {}
if "--resume" not in sys.argv:
    partial = pathlib.Path(given["--out"] + ".partial")
    partial.parent.mkdir(parents=True, exist_ok=True)
    partial.write_text(json.dumps({"arms": {"base": {}, "rag": {}}}))
    time.sleep(60)
arms = sys.argv[sys.argv.index("--arms") + 1].split(",")
metrics = {"arms": {arm: {"facts_right": 0.5} for arm in arms}}
print(json.dumps({"config": {}, "metrics": metrics, "environment": {"device": "cuda"}}))
'''


def test_a_table_that_is_stopped_reports_its_finished_arms(tmp_path, monkeypatch):
    (tmp_path / "snippets").mkdir()
    (tmp_path / "snippets" / "fine_tune_vs_rag.py").write_text(TABLE)
    monkeypatch.setattr(gpu_table, "REPORTING", 20)
    plan = Plan("fine_tune_vs_rag", (0,), "gpu", "python -m scripts.gpu", limit=25)
    missing = gpu_table.measure_table(plan, Path("build/table.json"), tmp_path)
    assert missing == ["fine-tune-vs-rag: only base, rag, then the time was over"]
    measured = results.load(tmp_path)["fine-tune-vs-rag-gpu"].measured
    assert set(measured) == {"arms.base.facts-right", "arms.rag.facts-right"}, (
        "its seconds are not those of a whole run"
    )


@pytest.mark.slow
def test_rehearsal_makes_a_lab_and_measures_shapes():
    done = run("--rehearse", "--stages", "make-lab,memory", "--minutes", "8")
    assert done.returncode == 0, done.stderr
    assert "memory: llama-tiny.qlora.trained" in done.stderr, done.stderr[-500:]


@pytest.mark.gpu
@pytest.mark.skipif(not gpu.has_gpu(), reason="no GPU: torch finds no CUDA device on this machine")
def test_stages_run_on_a_gpu():
    done = run("--minutes", "10")
    assert done.returncode == 0, done.stderr
