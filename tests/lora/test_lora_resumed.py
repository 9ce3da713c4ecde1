"""A training that was stopped goes on with the same losses; so does one in two processes."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch
from transformers import set_seed

import lora
from case.model import open_model
from tests.conftest import ROOT
from tests.lora_rows import CPU, chats_of, short_rows
from tests.tiny_model import command, write_rows

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning", "ignore::DeprecationWarning")


def test_a_stopped_run_goes_on_with_the_same_losses(tiny_model, config):
    """Also where a loss is the mean of several steps: none of them may be lost with the run that was stopped."""

    def run(out, **changes):
        set_seed(0)
        model, tokenizer = open_model(str(tiny_model), CPU, dtype=torch.float32)
        settings = replace(config, out=config.out / out, steps=20, **changes)
        trainer = lora.train(model, tokenizer, chats_of(12), settings, adapter=lora.choose_adapter(config))
        return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]

    whole = run("whole")
    assert len(whole) == 10

    class Stopped(Exception):
        pass

    def stop(self, args, state, control, **others):
        if state.global_step == 11:  # the last checkpoint is of step 8
            raise Stopped

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Stopped):
        patch.setattr(lora.LossBar, "on_step_end", stop)
        run("stopped")
    (kept,) = (config.out / "stopped").glob("checkpoint-*")
    (config.out / "stopped" / "checkpoint-12").mkdir()  # what a kill leaves in the middle of writing
    assert kept.name == "checkpoint-8" and run("stopped", resume=True) == whole
    assert run("stopped") == whole  # and without --resume it starts anew


@pytest.fixture
def long_training(tiny_model, tmp_path):
    """Flags of a training of many short steps, but for --out."""
    mine = write_rows(tmp_path / "mine.jsonl", *short_rows(20))
    flags = {"model": tiny_model, "device": "cpu", "steps": 20, "batch": 2, "examples": mine}
    return [text for name, value in flags.items() for text in (f"--{name}", str(value))]


def test_a_training_stopped_by_ctrl_c_goes_on(long_training, tmp_path, capsys, monkeypatch):
    """Ctrl-C ends in one line and exit status 130; --resume gives the losses of a whole run."""

    def press(self, args, state, control, **others):
        if state.global_step == 6:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(lora.LossBar, "on_step_end", press)
        status, report, said = command(lora, capsys, *long_training, "--out", tmp_path / "stopped")
    assert (status, report) == (130, None) and "Traceback" not in said
    assert "stopped; --resume goes on from there\n" in said
    assert losses(long_training, tmp_path / "stopped", capsys, "--resume") == losses(
        long_training, tmp_path / "whole", capsys
    )


def losses(given, out, capsys, *more):
    status, report, said = command(lora, capsys, *given, "--out", out, *more)
    assert status == 0, said
    return report["metrics"]["losses"]


@pytest.mark.slow
def test_a_killed_process_goes_on(long_training, tmp_path, capsys):
    """kill -9 says nothing; --resume gives the losses of a whole run. The process is one as readers start it."""
    script = [sys.executable, str(ROOT / "snippets" / "lora.py"), *long_training, "--out", str(tmp_path / "stopped")]
    process = subprocess.Popen(script, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list((tmp_path / "stopped").glob("checkpoint-*/trainer_state.json")):
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    printed, said = process.communicate(timeout=60)
    assert (process.returncode, printed) == (-signal.SIGKILL, "") and "Traceback" not in said
    assert losses(long_training, tmp_path / "stopped", capsys, "--resume") == losses(
        long_training, tmp_path / "whole", capsys
    )


@pytest.mark.slow
def test_ctrl_c_during_the_imports_ends_in_one_line(tmp_path):
    (tmp_path / "datasets.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(ROOT / "snippets" / "lora.py")],
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.split() == ["lora.py:", "stopped"]


@pytest.mark.slow
def test_two_processes_give_the_losses_of_one(tiny_model, tmp_path, capsys):
    """At an equal global batch. gloo adds in another order: equal to 1e-3."""
    mine = write_rows(tmp_path / "mine.jsonl", *short_rows(20))
    flags = {"model": tiny_model, "device": "cpu", "steps": 4, "batch": 4, "examples": mine}
    given = [text for name, value in flags.items() for text in (f"--{name}", str(value))]
    launcher = ["-m", "torch.distributed.run", "--nproc_per_node", "2", "--master_port", "29731"]
    script = [str(ROOT / "snippets" / "lora.py"), "--out", str(tmp_path / "two")]
    done = subprocess.run([sys.executable, *launcher, *script, *given], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()  # one of the processes reports
    one = losses(given, tmp_path / "one", capsys)
    assert json.loads(line)["metrics"]["losses"] == pytest.approx(one, abs=1e-3)
