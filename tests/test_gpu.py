"""The scripts for a machine with a GPU: refuse without one, name what failed, and measure (tiny, on a CPU)."""

import json

import pytest

from scripts import gpu, gpu_memory, results
from scripts.extension.measured import load_expected
from scripts.snippet_run import RunError
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

    (tmp_path / "scripts").mkdir()
    (tmp_path / gpu.CODE).write_text("")
    monkeypatch.setattr(gpu, "run", run)
    monkeypatch.setattr(gpu, "measure", lambda plan, root: (_ for _ in ()).throw(RunError(f"no {plan.stem}")))
    missing = gpu.run_stages(("lora", "memory"), "build/model", tmp_path)
    full = [f"memory: full fine-tuning of {name} (it does not fit into this GPU)" for name in gpu.SHAPES.values()]
    assert missing == ["lora: no lora-gpu", *full]
    result = results.load(tmp_path)["memory-gpu"]
    assert result.value("llama-8b.qlora.peak-bytes")["value"] == 12_000
    assert result.command == "python -m scripts.gpu --only memory --model build/model"
    assert "full fine-tuning of Llama 3.1 8B (it does not fit" in result.notes


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
