"""The set-up: every package has its hash but torch, all fit together, and a changed pin is installed."""

import re
import subprocess
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts import bootstrap

ROOT = Path(__file__).resolve().parent.parent
TORCH = (ROOT / "requirements-torch.txt").read_text(encoding="utf-8")
CUDA = re.compile(r"(nvidia|cuda)-|triton$")


def hashed():
    """Name and version of every hashed package that this Python installs."""
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    packages = [Requirement(line.rstrip(" \\")) for line in text.splitlines() if re.match(r"\w", line)]
    here = [package for package in packages if not package.marker or package.marker.evaluate()]
    return {canonicalize_name(package.name): str(package.specifier).removeprefix("==") for package in here}


def test_torch_alone_is_pinned_without_a_hash():
    lines = [line for line in TORCH.splitlines() if not line.startswith("#")]
    assert len(lines) == 1 and re.fullmatch(r"torch==\d+\.\d+\.\d+", lines[0])


def test_the_hashed_file_names_no_build_of_torch():
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    named = re.findall(r"^([\w.-]+)==", text, re.MULTILINE)
    assert named and not [name for name in named if name == "torch" or CUDA.match(name)]


def test_what_torch_needs_has_its_hash():
    needed = [Requirement(line) for line in requires("torch")]
    needed = [canonicalize_name(need.name) for need in needed if not need.marker or need.marker.evaluate({"extra": ""})]
    assert needed and not [name for name in needed if name not in hashed() and not CUDA.match(name)]


def test_the_pinned_versions_are_the_installed_ones():
    pinned = hashed()
    assert {name: version(name) for name in pinned} == pinned
    assert version("torch").partition("+")[0] == TORCH.strip().rpartition("==")[2]


@pytest.mark.slow
def test_all_packages_fit_together():
    done = subprocess.run([str(bootstrap.PYTHON), "-m", "pip", "check"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "No broken requirements found.\n")


@pytest.mark.parametrize("changed", ["requirements.txt", "requirements-torch.txt"])
def test_a_changed_pin_is_installed_again(tmp_path, monkeypatch, changed):
    asked = []
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    monkeypatch.setattr(bootstrap, "pip", lambda name, *options: asked.append((name, *options)))
    for name in ("requirements.txt", "requirements-torch.txt"):
        (tmp_path / name).write_text("one==1\n")
    in_order = [("requirements.txt", "--require-hashes", "--no-deps"), ("requirements-torch.txt",)]
    monkeypatch.setattr(bootstrap, "works", lambda *command: True)
    bootstrap.set_up_python()
    assert asked == in_order
    bootstrap.set_up_python()
    assert asked == in_order
    (tmp_path / changed).write_text("one==2\n")
    bootstrap.set_up_python()
    assert asked == 2 * in_order
