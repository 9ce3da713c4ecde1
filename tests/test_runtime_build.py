"""The steps that build the runtime: each runs again only when it must, and what is missing or wrong is one line."""

import shutil

import pytest

from scripts.runtime import build_runtime
from scripts.runtime.bundle import ROOT, STOCK, run_steps
from scripts.runtime.node import run_node
from scripts.runtime.steps import RuntimeBuildError, Steps
from tests.runtime_library import open_library

pytestmark = pytest.mark.slow  # Pyodide boots in Node


@pytest.fixture(scope="module")
def own(tmp_path_factory, runtime):
    """A project of its own and a finished runtime for it, to change and build again."""
    folder = tmp_path_factory.mktemp("runtime")
    shutil.copytree(ROOT / "quiz", folder / "quiz", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, folder / name)
    ran = run_steps(folder / "out", folder)
    assert ran == ["copy", "wheel", "observe", "lock", "compile", "manifest"]
    return folder


def test_two_builds_are_the_same_byte_for_byte(own, runtime):
    for file in runtime.iterdir():
        assert (own / "out" / file.name).read_bytes() == file.read_bytes(), file.name


def test_a_second_build_does_nothing(own):
    assert run_steps(own / "out", own) == []


def test_a_damaged_output_is_made_again(own):
    (own / "out" / "pyodide.mjs").write_text("damaged")
    assert run_steps(own / "out", own) == ["copy"]
    assert (own / "out" / "pyodide.mjs").read_bytes() == (STOCK / "pyodide.mjs").read_bytes()


def test_other_words_in_the_quiz_need_a_new_wheel_and_no_new_byte_code(own):
    with (own / "quiz" / "questions.py").open("a") as source:
        source.write("\n# changed\n")
    assert run_steps(own / "out", own) == ["wheel", "observe", "lock", "manifest"]


def test_a_new_import_in_the_quiz_brings_its_module(own):
    with (own / "quiz" / "rules.py").open("a") as source:
        source.write("\nimport colorsys\n")
    assert run_steps(own / "out", own) == ["wheel", "observe", "lock", "compile", "manifest"]
    with open_library(own / "out") as packed:
        assert "colorsys.pyc" in packed.namelist()


def test_a_quiz_that_does_not_import_is_one_line(own):
    with (own / "quiz" / "rules.py").open("a") as source:
        source.write("\nimport not_in_pyodide\n")
    with pytest.raises(RuntimeBuildError, match=r"^observe: observe.mjs failed: .*not_in_pyodide'$") as error:
        run_steps(own / "out", own)
    assert "\n" not in str(error.value)


def test_a_failed_step_runs_again(tmp_path):
    steps = Steps(tmp_path / "stamps.json")

    def fail():
        raise OSError("no disk")

    with pytest.raises(RuntimeBuildError, match=r"^copy: no disk$"):
        steps.run("copy", fail, [], list)
    steps.run("copy", lambda: None, [], list)
    assert steps.ran == ["copy"]


def test_another_pyodide_than_the_pinned_one_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "package.json").write_text('{"version": "0.1.0"}')
    monkeypatch.setattr("scripts.runtime.bundle.STOCK", tmp_path)
    with pytest.raises(
        RuntimeBuildError, match=r"^node_modules has pyodide 0\.1\.0, package\.json pins .*; run: npm ci$"
    ):
        build_runtime()


def test_no_node_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(OSError, match=r"^no node on the path; install Node 20 or later$"):
        run_node(tmp_path / "any.mjs")


def test_an_old_node_is_one_line(tmp_path, monkeypatch):
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v18.1.0\n")
    node.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(OSError, match=r"^node v18\.1\.0 is too old; install Node 20 or later$"):
        run_node(tmp_path / "any.mjs")
