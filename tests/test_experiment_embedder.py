"""The embedder of the experiment is set up whole, once, or not at all."""

import shutil

import pytest

from scripts import experiment
from scripts.experiment import EMBEDDER, set_up_embedder
from scripts.measuring.snippet_process import RunError
from tests.made_runs import put
from tests.toy_experiment import toy_experiment


@pytest.fixture
def root(tmp_path, monkeypatch):
    return toy_experiment(tmp_path, monkeypatch)


def test_the_embedder_comes_whole_or_not_at_all(root, monkeypatch):
    real = shutil.copytree

    def full(source, target):
        real(source, target)
        raise OSError("disk full")

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(OSError, match="disk full"):
        set_up_embedder(root)
    assert not list((root / "build").iterdir())
    monkeypatch.undo()
    monkeypatch.syspath_prepend(root.parent / "packages")
    monkeypatch.setattr(experiment, "PACKAGE", "toy_embedder")
    set_up_embedder(root)
    assert (root / EMBEDDER / "model.safetensors").read_text() == "weights"
    assert [path.name for path in (root / "build").iterdir()] == ["embedder"]
    monkeypatch.setattr(experiment, "PACKAGE", "no_such_package")
    set_up_embedder(root)  # it is there


def test_a_process_that_is_first_with_the_embedder_wins(root, monkeypatch):
    real = shutil.copytree

    def copy_twice(source, target):
        put(root, f"{EMBEDDER}/model.safetensors", "of the other process")
        return real(source, target)

    monkeypatch.setattr(shutil, "copytree", copy_twice)
    set_up_embedder(root)
    assert (root / EMBEDDER / "model.safetensors").read_text() == "of the other process"


def test_without_the_package_of_the_embedder_it_says_so(root, monkeypatch):
    monkeypatch.setattr(experiment, "PACKAGE", "no_such_package")
    with pytest.raises(RunError, match="the package no_such_package is missing"):
        set_up_embedder(root)
