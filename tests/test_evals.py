"""Comparing versions from the command: the gate's status, what it says without flags, and bad input in one line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import evals
from case.command import run
from tests.eval_files import own, write

SNIPPETS = Path(evals.__file__).parent


def command(capsys, *arguments):
    """Run the script in process; returns status, report and what was said on stderr."""
    try:
        status = run(evals.main, evals.Config, [str(argument) for argument in arguments])
    except SystemExit as stopped:
        status = stopped.code
    out, err = capsys.readouterr()
    return status, json.loads(out) if out else None, err


@pytest.mark.parametrize(
    ("old", "new", "margin", "verdict", "status"),
    [
        ([1] * 300, [1] * 300, 0.02, "passed", 0),
        ([1] * 20, [1] * 20, 0.02, "cannot tell", 1),  # none lost of twenty rules out little
        ([1] * 300, [0] * 60 + [1] * 240, 0.02, "worse", 1),
        ([0, 1] * 100, [1, 0] * 100, 0.02, "cannot tell", 1),
        ([0] * 60, [1] * 60, 0.0, "passed", 0),
    ],
)
def test_gate_ends_with_the_status_that_ci_reads(tmp_path, capsys, old, new, margin, verdict, status):
    files = own(tmp_path, "old.jsonl", old), own(tmp_path, "new.jsonl", new)
    found, report, said = command(capsys, "--files", *files, "--margin", margin)
    assert (found, report["metrics"]["gate"]) == (status, {"new": verdict})
    assert f"gate, new: {verdict}" in said and set(report) == {"config", "metrics", "environment"}
    assert command(capsys, "--files", *files)[0] == 0


def test_without_flags_it_compares_the_readers_of_the_handbook(capsys):
    status, report, said = command(capsys)
    metrics = report["metrics"]
    assert (status, metrics["questions"], metrics["clusters"]) == (0, 96, 16)
    for pair in metrics["pairs"].values():
        gain = len(pair["won"]) - len(pair["lost"])
        assert pair["difference"]["value"] == pytest.approx(gain / 96, abs=1e-4)
    assert max(map(len, said.splitlines())) <= 88


def test_it_runs_without_torch():
    code = "import sys, evals; evals.main(evals.Config()); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=SNIPPETS, check=True, timeout=120)


BAD = {
    "no file": (["--files", "{tmp}/a.jsonl", "{tmp}/none.jsonl"], "none.jsonl: No such file"),
    "one file": (["--files", "{tmp}/a.jsonl"], "one version"),
    "the same twice": (["--files", "{tmp}/a.jsonl", "{tmp}/a.jsonl"], "same file twice"),
    "not JSON": (["--files", "{tmp}/a.jsonl", "{tmp}/text.jsonl"], "text.jsonl, line 1: not JSON"),
    "no score": (["--files", "{tmp}/a.jsonl", "{tmp}/unmarked.jsonl"], "no right and no reply"),
    "no question": (["--files", "{tmp}/a.jsonl", "{tmp}/nameless.jsonl"], "no question"),
    "not a share": (["--files", "{tmp}/a.jsonl", "{tmp}/large.jsonl"], "right is '7'"),
    "asked twice": (["--files", "{tmp}/a.jsonl", "{tmp}/twice.jsonl"], "question q0 a second time"),
    "other questions": (["--files", "{tmp}/a.jsonl", "{tmp}/other.jsonl"], "2 questions without a partner"),
    "one cluster": (["--files", "{tmp}/a.jsonl", "{tmp}/a2.jsonl", "--cluster", "right"], "all questions in one"),
    "no such cluster": (["--files", "{tmp}/a.jsonl", "{tmp}/a2.jsonl", "--cluster", "team"], "no team"),
    "no such metric": (["--files", "{tmp}/a.jsonl", "{tmp}/a2.jsonl", "--metric", "f1"], "no metric f1"),
    "no such filter": (["--files", "{tmp}/a.jsonl", "{tmp}/a2.jsonl", "--metric", "acc,x"], "no row has the filter x"),
    "binary log": (["--files", "{tmp}/a.jsonl", "{tmp}/log.eval"], "inspect log convert"),
    "log without samples": (["--files", "{tmp}/a.jsonl", "{tmp}/log.json"], "without samples"),
    "detect": (["--detect", "5"], "--detect 5.0"),
    "margin": (["--margin", "-0.1"], "--margin -0.1"),
    "judge's winner": (["--judgements", "{tmp}/winner.jsonl"], "winner must be first, second, tie"),
    "judged in one order": (["--judgements", "{tmp}/order.jsonl"], "pair 1: needs two lines"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_ends_in_one_line(tmp_path, capsys, case):
    for name in ("a", "a2"):
        own(tmp_path, f"{name}.jsonl", [1, 1])
    write(tmp_path / "unmarked.jsonl", {"question": "q0"})
    write(tmp_path / "nameless.jsonl", {"right": True})
    write(tmp_path / "large.jsonl", {"question": "q0", "right": 7})
    write(tmp_path / "twice.jsonl", {"question": "q0", "right": 1}, {"question": "q0", "right": 0})
    write(tmp_path / "other.jsonl", {"question": "q0", "right": 1}, {"question": "q2", "right": 0})
    write(tmp_path / "log.json", {"status": "error", "eval": {}})
    write(tmp_path / "winner.jsonl", {"id": 1, "first": "a", "second": "b", "winner": "a"})
    write(tmp_path / "order.jsonl", {"id": 1, "first": "a", "second": "b", "winner": "tie"})
    (tmp_path / "text.jsonl").write_text("right\n")
    (tmp_path / "log.eval").write_bytes(b"PK")
    arguments, words = BAD[case]
    status, report, said = command(capsys, *(argument.format(tmp=tmp_path) for argument in arguments))
    assert (status, report, said.count("\n")) == (2, None, 1), said
    assert words in said
