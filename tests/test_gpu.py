"""The scripts for a machine with a GPU: refuse without one, name what failed, and measure (tiny, on a CPU)."""

import json
import shutil

import pytest

from scripts import experiment, gpu
from scripts.experiment import EMBEDDER
from scripts.extension.numbers.inline import load_expected
from scripts.measuring import gpu_memory, results, runs
from scripts.measuring.experiment_summary import PLAN
from scripts.measuring.snippet_process import RunError
from tests.conftest import ROOT

REPORT = {"peak_bytes": 12_000, "tokens_a_second": 900, "trainable": 64}


def test_without_a_gpu_it_says_so_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(gpu, "has_gpu", lambda: False)
    assert gpu.main([]) == 2
    said = capsys.readouterr().err
    assert said.startswith("gpu: no CUDA device found") and said.count("\n") == 1


def test_unknown_stage_names_near_ones(capsys):
    assert gpu.main(["--only", "memry"]) == 2
    assert "--only memry: no such stage; did you mean memory?" in capsys.readouterr().err


def test_every_stage_is_announced_and_no_other():
    assert {name.removesuffix("-gpu") for name in load_expected(ROOT) if name.endswith("-gpu")} == set(gpu.STAGES)


def test_what_fails_is_named_and_stops_nothing_else(tmp_path, monkeypatch):
    def run(command, root):
        if "full" in command:
            raise RunError("too small", gpu.NO_ROOM)
        return json.dumps({"config": {}, "metrics": REPORT, "environment": {"device": "A GPU"}}), ""

    (tmp_path / "scripts/measuring").mkdir(parents=True)
    (tmp_path / gpu.CODE).write_text("")
    monkeypatch.setattr(gpu, "run", run)
    monkeypatch.setattr(
        gpu, "measure", lambda plan, root: (_ for _ in ()).throw(RunError(f"no {plan.result}-{plan.machine}"))
    )
    missing = gpu.run_stages(("lora", "memory"), "build/model", tmp_path)
    full = [f"memory: full fine-tuning of {name} (it does not fit into this GPU)" for name in gpu.SHAPES.values()]
    assert missing == ["lora: no lora-gpu", *full]
    result = results.load(tmp_path)["memory-gpu"]
    assert result.value("llama-8b.qlora.peak-bytes")["value"] == 12_000
    assert result.command == "python -m scripts.gpu --only memory --model build/model"
    assert "full fine-tuning of Llama 3.1 8B (it does not fit" in result.notes


@pytest.fixture
def root(tmp_path):
    """What the experiment reads of a checkout, and an embedder beside it."""
    for name in ("snippets", "decisions"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "scripts/measuring").mkdir(parents=True)
    shutil.copy(ROOT / PLAN, tmp_path / PLAN)
    (tmp_path / EMBEDDER).mkdir(parents=True)
    (tmp_path / EMBEDDER / "model.safetensors").write_text("weights")
    return tmp_path


def test_the_experiment_is_the_same_as_on_a_cpu_on_more_seeds(root, monkeypatch):
    given, summed = [], []
    monkeypatch.setattr(experiment, "PACKAGE", "no_such_package")  # the folder is enough
    monkeypatch.setattr(experiment, "make_all", lambda jobs, root: given.extend(jobs) or ["base, seed 1: no room"])
    monkeypatch.setattr(gpu, "summarise", lambda *of: summed.append(of))
    missing = gpu.run_stages((gpu.EXPERIMENT,), "build/model", root)
    assert missing == ["fine-tune-vs-rag: base, seed 1: no room"] and summed == [("fine-tune-vs-rag", "gpu", root)]
    on_cpu = experiment.evidence(list(runs.arms(ROOT)), [0, 1, 2, 3, 4], "cpu", "build/model", root)
    assert [(*job.arguments, "--device", "cpu") for job in given] == [job.arguments for job in on_cpu]
    assert {(job.model, job.protocol, job.threads) for job in given} == {("build/model", on_cpu[0].protocol, 0)}
    assert {job.command for job in given} == {"python -m scripts.gpu --only fine-tune-vs-rag --model build/model"}
    assert given[0].path.as_posix() == "results/runs/fine-tune-vs-rag-gpu/base-0.json"


def test_a_stage_without_what_it_needs_is_named(root, monkeypatch):
    monkeypatch.setattr(experiment, "PACKAGE", "no_such_package")
    (root / EMBEDDER / "model.safetensors").unlink()
    (missing,) = gpu.run_stages((gpu.EXPERIMENT,), "build/model", root)
    assert missing.startswith("fine-tune-vs-rag: the package no_such_package is missing")


def test_what_is_missing_is_told_in_the_end(monkeypatch, capsys):
    monkeypatch.setattr(gpu, "has_gpu", lambda: True)
    monkeypatch.setattr(gpu, "run_stages", lambda stages, model, root: [f"{stages[0]}: no {model}"])
    assert gpu.main(["--only", "rag", "--model", "build/model"]) == 1
    assert capsys.readouterr().err == "gpu: not done: rag: no build/model\n"
    monkeypatch.setattr(gpu, "run_stages", lambda *of: [])
    assert gpu.main(["--only", "rag"]) == 0


def test_stopped_it_ends_in_one_line(monkeypatch, capsys):
    def stop(*of):
        raise KeyboardInterrupt

    monkeypatch.setattr(gpu, "has_gpu", lambda: True)
    monkeypatch.setattr(gpu, "run_stages", stop)
    assert gpu.main(["--only", "rag"]) == 130
    assert "gpu: stopped; what is finished is in results/" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
def test_each_way_trains_what_it_should(monkeypatch, capsys):
    monkeypatch.setattr(gpu_memory, "LENGTH", 16)
    monkeypatch.setattr(gpu_memory, "STEPS", 2)
    trained = {}
    for method in gpu_memory.METHODS:
        assert gpu_memory.main([method, "tiny", "--device", "cpu"]) == 0
        trained[method] = json.loads(capsys.readouterr().out)["metrics"]["trainable"]
    assert trained["full"] > 4 * trained["lora"] > 0 and trained["qlora"] == trained["lora"]


@pytest.mark.gpu
@pytest.mark.skipif(not gpu.has_gpu(), reason="no GPU: torch finds no CUDA device on this machine")
def test_memory_is_measured_on_a_gpu(capsys):
    assert gpu_memory.main(["qlora", "1b"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["peak_bytes"] > 0
