"""The command that measures: what is typed is repeated, a mistake is one line, and stopped it says where to go on."""

import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts import measure as runner
from scripts.measure import measure, read_plan
from scripts.measuring.snippet_process import RunError
from tests.made_runs import checkout, put
from tests.toy_plan import kept, plan

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def root(tmp_path):
    return checkout(tmp_path)


MISTAKES = {
    "to": r"there is no snippet to; did you mean toy",
    "fine-tune-vs-rag": r"fine_tune_vs_rag has many arms, each a run; run: python -m scripts\.experiment",
    "toy --machine GPU!": r"--machine GPU!: must be a kebab-case word",
    "toy --name a/b": r"--name a/b: must be a kebab-case word",
    "toy -- --docs /home/me": r"/home/me: a path of this machine alone",
    "toy -- --docs=/home/me": r"--docs=/home/me: a path of this machine alone",
    "toy --model /models": r"/models: a path of this machine alone",
}


@pytest.mark.parametrize(("line", "message"), MISTAKES.items(), ids=MISTAKES)
def test_bad_arguments_end_in_one_line(root, monkeypatch, line, message, capsys):
    put(root, "snippets/fine_tune_vs_rag.py", "")
    monkeypatch.setattr(runner, "ROOT", root)
    assert runner.main(line.split()) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    with pytest.raises(RunError, match=f"^{message}"):
        read_plan(line.split())


def test_the_command_that_repeats_it_is_the_one_typed(root, monkeypatch):
    monkeypatch.setattr(runner, "ROOT", root)
    made = read_plan(shlex.split("toy --seeds 2 1 2 --again --model build/model -- --docs 'a b'"))
    assert made.seeds == (2, 1) and made.again and made.result == "toy" and made.model == "build/model"
    assert made.arguments == ("--docs", "a b")
    assert made.command == "python -m scripts.measure toy --seeds 2 1 2 --model build/model -- --docs 'a b'"
    named = read_plan(["toy", "--name", "pets", "--machine", "gpu"])
    assert {job.path.as_posix() for job in named.jobs(root)} == {"results/runs/pets-gpu/default-7.json"}


def test_a_measurement_by_its_command_ends_with_status_0(root, monkeypatch, capsys):
    monkeypatch.setattr(runner, "ROOT", root)
    assert runner.main(["toy"]) == 0
    assert capsys.readouterr().err.endswith("measure: results/toy-cpu.json written\n")


DRIVER = """
import pathlib, sys
from scripts import measure
measure.ROOT = pathlib.Path.cwd()
sys.exit(measure.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_keeps_finished_runs_and_ends_in_one_line(root, number, capsys):
    driver = put(root, "driver.py", DRIVER)
    command = [sys.executable, driver, "toy", "--seeds", "0", "1", "--", "--act", "wait"]
    how = {"cwd": root, "env": {"PYTHONPATH": str(ROOT)}, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **how) as process:
        while not (root / "waiting").exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)
        said = process.stderr.read()
    assert process.returncode == 130
    assert said.splitlines()[-1] == "measure: stopped; what is finished is in results/runs, run it again to go on"
    assert [file.name for file in (root / "results").rglob("*.json")] == ["default-0.json"]
    with pytest.raises(RunError, match="not done after 1 s"):
        measure(plan("--act", "wait", limit=1), root)  # seed 0 is kept, seed 1 runs again
    assert kept(root, capsys) == 1


def test_stopped_in_process_it_says_where_to_go_on(root, monkeypatch, capsys):
    monkeypatch.setattr(runner, "ROOT", root)
    monkeypatch.setattr(runner, "measure", lambda *of: (_ for _ in ()).throw(KeyboardInterrupt))
    assert runner.main(["toy"]) == 130
    assert "run it again to go on" in capsys.readouterr().err
