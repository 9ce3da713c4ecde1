"""The benchmark still runs, and says what it measured in the form that the site reads."""

import json
import subprocess
import sys

import pytest

from scripts.bench_first_verdict import MEASURED_CODE, ROOT, compare
from scripts.measuring import results

pytestmark = [pytest.mark.slow, pytest.mark.browser]

KEYS = {
    "ratio-to-stock",
    "ours-wire-brotli",
    "ours-wire-gzip",
    "stock-wire-brotli",
    "longest-task",
    "stock-longest-task",
}


def test_a_smoke_run_measures_everything_and_writes_nothing():
    before = {path: path.read_bytes() for path in (ROOT / "results").glob("*.json")}
    done = subprocess.run(
        [sys.executable, "-m", "scripts.bench_first_verdict", "--smoke"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    measured = said["measured"]
    assert said["browser"].startswith("Chromium ") and said["rounds"] == 1
    assert set(measured) >= KEYS
    assert measured["ratio-to-stock"]["value"] > 0 and measured["ratio-to-stock"]["n"] == 1
    assert 1 < measured["ours-wire-brotli"]["value"] <= measured["ours-wire-brotli"]["limit"]
    assert measured["ours-wire-brotli"]["value"] < measured["stock-wire-brotli"]["value"]
    assert {path: path.read_bytes() for path in (ROOT / "results").glob("*.json")} == before


def test_the_result_would_be_accepted(tmp_path):
    run = {"ms": 100.0, "longTasks": [], "sizes": {"br": 4_000_000, "gzip": 5_000_000}}
    for path in MEASURED_CODE:
        if path.is_file():
            copy = tmp_path / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    measured = compare({"stock": [run, run], "ours": [{**run, "ms": 40.0}, {**run, "ms": 50.0, "longTasks": [61.0]}]})
    assert measured["ratio-to-stock"]["value"] == 0.45 and measured["ratio-to-stock"]["max"] == 0.5
    assert measured["longest-task"]["value"] == 61.0
    code = [path.relative_to(ROOT) for path in MEASURED_CODE if path.is_file()]
    results.write("first-verdict", "cpu", command="make bench", code=code, measured=measured, root=tmp_path)
    assert results.load(tmp_path)["first-verdict-cpu"].value("ratio-to-stock")["n"] == 2


def test_no_rounds_is_refused():
    done = subprocess.run(
        [sys.executable, "-m", "scripts.bench_first_verdict", "--rounds", "0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2 and "--rounds must be at least 1" in done.stderr and done.stdout == ""
