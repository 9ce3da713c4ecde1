"""A result is renewed only where its code changed in words, and that is proved from the history."""

import subprocess

import pytest

from scripts import results
from scripts.attest import NotTheSame, attest

CODE = "x = 1  # the old remark\n"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "code.py").write_text(CODE)
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    one = {"value": 1, "unit": "", "says": "One."}
    results.write("one", "cpu", command="make one", code=[tmp_path / "code.py"], measured={"a": one}, root=tmp_path)
    return tmp_path


def test_new_comment_and_layout_are_attested(root):
    (root / "code.py").write_text("# a new remark\nx = (\n    1\n)\n")
    with pytest.raises(results.StaleResult):
        results.load(root)
    assert attest("one-cpu", root) == ["code.py"]
    assert results.load(root)["one-cpu"].value("a")["value"] == 1
    assert attest("one-cpu", root) == [], "nothing is left to renew"


@pytest.mark.parametrize("now", ["x = 2  # the old remark\n", "x = 1\ny = 1\n", '"""A docstring."""\nx = 1\n', ""])
def test_another_program_must_be_measured_again(root, now):
    (root / "code.py").write_text(now)
    before = (root / "results" / "one-cpu.json").read_bytes()
    with pytest.raises(NotTheSame, match="another program than the one measured; run: make one"):
        attest("one-cpu", root)
    assert (root / "results" / "one-cpu.json").read_bytes() == before


def test_version_that_was_never_committed_cannot_be_attested(root):
    (root / "code.py").write_text("x = 3\n")
    one = {"value": 1, "unit": "", "says": "One."}
    results.write("two", "cpu", command="make two", code=[root / "code.py"], measured={"a": one}, root=root)
    (root / "code.py").write_text("x = 3  # why\n")
    with pytest.raises(NotTheSame, match="not in the history"):
        attest("two-cpu", root)


def test_unknown_result_names_near_ones(root):
    with pytest.raises(NotTheSame, match="no result one-gpu; did you mean one-cpu"):
        attest("one-gpu", root)
