"""The runtime in `build/runtime/`: the files that ship, booted in Node, against the Python that runs the tests."""

import base64
import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from _imp import source_hash
from pathlib import Path

import pytest

from quiz import all_answers
from quiz.api import reply
from scripts.runtime.bundle import AS_THEY_ARE, ROOT, STOCK
from scripts.runtime.exercise import requests
from tests.runtime_library import open_library

pytestmark = pytest.mark.slow  # Pyodide boots in Node
MAGIC_OF_3_14 = 3627  # importlib.util.MAGIC_NUMBER, as CPython 3.14 has it in Include/internal/pycore_magic_number.h
UNCHECKED_HASH = 1  # PEP 552: by hash, and trusted
HEADER = MAGIC_OF_3_14.to_bytes(2, "little") + b"\r\n" + UNCHECKED_HASH.to_bytes(4, "little")


@pytest.fixture(scope="module")
def shipped(runtime):
    """What the shipped files answer to every request of the exercise."""
    script = Path(__file__).with_name("pyodide_replies.mjs")
    node = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    done = subprocess.run(
        [node, str(script), str(runtime)], input=json.dumps(requests()), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_pyodide_and_cpython_answer_every_request_alike(shipped):
    assert shipped["version"].startswith("3.14.")
    for request, answer in zip(requests(), shipped["replies"], strict=True):
        assert answer == reply(request), request


def test_the_exercise_gives_all_verdicts_and_every_kind_of_error():
    replies = [json.loads(reply(request)) for request in requests()]
    verdicts = [answer for answer in replies if "verdict" in answer]
    errors = [answer["error"] for answer in replies if "error" in answer]
    assert len({json.dumps(answer["verdict"]) for answer in verdicts}) == len(verdicts) == len(all_answers())
    assert {error["question"] for error in errors} == {"tried", "gap", "scale", None}


def test_the_lock_holds_the_quiz_alone_with_its_hash_and_no_address(runtime):
    lock = json.loads((runtime / "pyodide-lock.json").read_text())
    (entry,) = lock["packages"].values()
    wheel = runtime / entry["file_name"]
    assert (entry["name"], entry["imports"], entry["depends"]) == ("fine-tune-vs-rag", ["quiz"], [])
    assert entry["sha256"] == hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert "://" not in json.dumps(lock)


def test_the_wheel_is_the_quiz_as_it_stands(runtime):
    (wheel,) = runtime.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        held = {name: packed.read(name) for name in packed.namelist() if name.startswith("quiz/")}
    sources = {f"quiz/{file.name}": file.read_bytes() for file in (ROOT / "quiz").glob("*.py")}
    assert {name: data for name, data in held.items() if name.endswith(".py")} == sources
    byte_code = {name: data for name, data in held.items() if name not in sources}
    expected = {name for name in sources if name != "quiz/__main__.py"}
    assert {name.replace("__pycache__/", "").replace(".cpython-314.pyc", ".py") for name in byte_code} == expected
    for name, data in byte_code.items():
        assert data[:8] == HEADER, name
        source = sources[name.replace("__pycache__/", "").replace(".cpython-314.pyc", ".py")]
        assert data[8:16] == source_hash(int.from_bytes(HEADER[:4], "little"), source), (
            f"{name} is the byte code of other sources"
        )


def test_the_wheel_records_all_that_it_holds(runtime):
    (wheel,) = runtime.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        (record,) = (name for name in packed.namelist() if name.endswith(".dist-info/RECORD"))
        rows = {row[0]: row[1:] for row in csv.reader(packed.read(record).decode().splitlines())}
        assert set(rows) == set(packed.namelist())
        for name, (digest, size) in rows.items():
            data = packed.read(name)
            expected = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
            assert name == record or (digest, size) == (f"sha256={expected}", str(len(data))), name


def test_every_module_of_the_library_is_trusted_byte_code_for_3_14(runtime):
    with open_library(runtime) as packed:
        names = packed.namelist()
        headers = {name: packed.read(name)[:8] for name in names}
    assert len(names) > 100 and {"asyncio/__init__.pyc", "json/decoder.pyc"} <= set(names)
    assert set(headers.values()) == {HEADER}


def test_the_library_is_cut(runtime):
    with zipfile.ZipFile(STOCK / "python_stdlib.zip") as whole, open_library(runtime) as cut:
        assert {name[:-1] for name in cut.namelist()} < set(whole.namelist())
        assert not [name for name in cut.namelist() if name.startswith(("unittest", "sqlite3", "argparse"))]


def test_the_manifest_names_every_file_with_its_hash(runtime):
    manifest = json.loads((runtime / "manifest.json").read_text())
    assert set(manifest) == {file.name for file in runtime.iterdir()} - {"manifest.json"}
    for name, digest in manifest.items():
        assert (
            base64.b64decode(digest.removeprefix("sha256-")) == hashlib.sha256((runtime / name).read_bytes()).digest()
        )


def test_pyodide_s_own_files_are_those_of_npm(runtime):
    for name in AS_THEY_ARE:
        assert (runtime / name).read_bytes() == (STOCK / name).read_bytes()


def test_the_worker_gives_pyodide_no_reason_to_ask_another_host():
    worker = (ROOT / "docs" / "assets" / "quiz" / "worker.mjs").read_text()
    assert "packageBaseUrl: runtime" in worker and "indexURL: runtime" in worker
    assert not re.findall(r"https?://\S+", worker)
