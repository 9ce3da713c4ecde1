"""The commands that the README promises: they say the same everywhere, set up once, and fail in one line."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from scripts import bootstrap

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z]+):.*##", MAKEFILE, re.MULTILINE))


def commands(text):
    """Every `make target` in a text."""
    return re.findall(r"\bmake ([a-z]+)\b(?!\.)", text)


def test_readme_ci_and_workflows_name_the_same_commands():
    promised = re.search(r"```\n(make serve.*?)```", README, re.DOTALL)[1]
    assert commands(promised) == ["serve", "test"]
    assert commands((ROOT / ".ci" / "run").read_text().split("\n", 2)[2]) == ["test"]
    for workflow in (ROOT / ".github" / "workflows").glob("*.yml"):
        assert "test" in commands(workflow.read_text()), workflow.name


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", ".github/workflows/ci.yml"])
def test_every_command_that_is_named_exists(page):
    runs = re.findall(r"`make ([a-z]+)|run: make ([a-z]+)", (ROOT / page).read_text(encoding="utf-8"))
    assert {first or second for first, second in runs} <= TARGETS


def test_help_lists_every_target():
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True).stdout
    assert set(commands(shown)) == TARGETS


def test_what_the_readme_says_is_where_is_there():
    for place in re.findall(r"^\| `([a-z/.]+)` \|", README, re.MULTILINE):
        assert (ROOT / place).is_dir(), place


def test_every_package_is_pinned_with_its_hash():
    for name in ("requirements.txt", "requirements-node.txt", "requirements-successor.txt"):
        text = (ROOT / name).read_text(encoding="utf-8")
        packages = re.findall(r"^\S.*?(?: \\)?$", re.sub(r"\\\n\s+", " ", text), re.MULTILINE)
        packages = [line for line in packages if not line.startswith("#")]
        assert packages and all("==" in line and "--hash=sha256:" in line for line in packages)
        assert "://" not in text
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text(encoding="utf-8")


def test_a_second_set_up_does_nothing():
    done = subprocess.run(
        [sys.executable, "scripts/bootstrap.py", "python", "node", "browsers"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr.replace("setup: no Firefox", "")[:1]) == (0, "")


def test_an_old_python_is_told_so_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2))
    assert bootstrap.main(["python"]) == 2
    assert re.fullmatch(r"setup: Python \S+ is too old; run with PYTHON=python3.11 or later\n", capsys.readouterr().err)


@pytest.mark.slow
def test_no_network_is_one_clear_line(tmp_path):
    for name in ("Makefile", "requirements.txt", "requirements-torch.txt", "scripts/bootstrap.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    nowhere = {
        **os.environ,
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_CONFIG_FILE": os.devnull,
    }
    nowhere |= {"PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}
    done = subprocess.run(["make", "-s", "build"], cwd=tmp_path, env=nowhere, capture_output=True, text=True)
    assert done.returncode
    said = [line for line in done.stderr.splitlines() if not re.match(r"make\b|setup: Python packages", line)]
    assert said == ["setup: pip could not install requirements.txt; is there a network? (details: build/setup.log)"]
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.slow
def test_serve_takes_the_next_port_and_builds_again_on_change():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-u", "-m", "scripts.serve", "--port", str(port)]
        server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            said = read_until(server, "(Ctrl-C stops)")
            assert f"serve: port {port} is taken" in said
            address = re.search(r"serve: (http://127\.0\.0\.1:\d+/)", said)[1]
            assert b"Fine-tune vs RAG" in urllib.request.urlopen(address, timeout=10).read()
            (ROOT / "docs" / "references.md").touch()
            assert "files in" in read_until(server, "build: ")
            server.send_signal(signal.SIGINT)
            rest, _ = server.communicate(timeout=60)
        finally:
            server.kill()
            server.wait()
            server.stdout.close()
    assert rest.rstrip().endswith("serve: stopped")
    assert "Traceback" not in rest
    assert server.returncode == 0


def read_until(process, words):
    """Return what a process says up to the line with these words."""
    said = ""
    while words not in said:
        line = process.stdout.readline()
        assert line, f"it ended after: {said}"
        said += line
    return said


def test_no_python_is_one_line_with_the_fix():
    done = subprocess.run(["make", "-s", "build", "PYTHON=python2.0"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode
    assert done.stderr.splitlines()[0] == "setup: no python2.0; install Python 3.11 or later"
