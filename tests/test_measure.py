"""A snippet measured: its numbers get keys and words, several seeds one value, and the result a birth certificate."""

import random
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts import measure as runner
from scripts import results
from scripts.measure import Plan, measure, read_plan
from scripts.measured_words import sentence, unit_of
from scripts.metrics import SHARE, BadMetrics, combine, interval, numbers_of
from scripts.snippet_run import RunError, run, table_of

ROOT = Path(__file__).resolve().parents[1]

# A snippet that meets the contract, and lets a test break it.
TOY = '''\
"""A toy."""
import argparse, json, pathlib, sys, time
import other

class Config:
    out: str = ""  # folder

parser = argparse.ArgumentParser()
for name in ("model", "seed", "out", "act"):
    parser.add_argument(f"--{name}", default="")
parser.add_argument("--device", default="cpu")
config = vars(parser.parse_args())
print("\\r50%|#####     |", end="", file=sys.stderr, flush=True)
if config["act"] == "wait" and config["seed"] == "1":
    pathlib.Path("waiting").touch()
    time.sleep(60)
if config["act"] == "fail":
    sys.exit(print("toy: no such thing", file=sys.stderr) or 2)
if config["act"] == "chat":
    print("hello")
if config["act"] == "edit":
    pathlib.Path(__file__).write_text(pathlib.Path(__file__).read_text() + "edited = True")
pathlib.Path(config["out"]).parent.mkdir(parents=True, exist_ok=True)
pathlib.Path(config["out"]).write_text("made")
print("\\n\\nA table\\n\\nright  50 %", file=sys.stderr)
share = {"value": 0.5 + int(config["seed"] or 0) / 10, "low": 0.4, "high": 0.9, "n": 20}
metrics = {"after": {"with_page": {"right": share}}, "losses": [1.0, 0.5], "note": "text", "peak_bytes": None}
around = {"device": config["device"], "libraries": {"torch": "2"}}
print(json.dumps({"config": config, "metrics": metrics, "environment": around}))
'''


@pytest.fixture
def root(tmp_path):
    put(tmp_path, "snippets/toy.py", TOY)
    put(tmp_path, "snippets/other.py", "from case import judge")
    put(tmp_path, "snippets/unused.py", "")
    for name in ("__init__.py", "judge.py", "report.py", "questions.jsonl", "handbook/pets.md"):
        put(tmp_path, f"snippets/case/{name}", "")
    return tmp_path


def put(root: Path, name: str, text: str) -> Path:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")
    return root / name


def plan(*arguments: str, seeds=(0, 1), **more) -> Plan:
    return Plan("toy", "cpu", "python -m scripts.measure toy", seeds=seeds, arguments=arguments, **more)


def test_every_number_gets_a_key_and_texts_lists_and_nulls_are_left_out():
    one = {"value": 0.5, "low": 0.4, "high": 0.6, "n": 9}
    metrics = {"arms": {"Full_tuning r 8": {"right": one}}, "losses": [2, 1], "note": "x", "peak": None, "steps": 3}
    assert dict(numbers_of(metrics)) == {"arms.full-tuning-r-8.right": one, "steps": {"value": 3}}
    assert dict(numbers_of({"right": {"value": None, "low": None, "high": None, "n": 0}})) == {}


NO_METRICS = {
    "not finite": (float("nan"), "metric k: value is nan, not a number"),
    "half an interval": ({"value": 1, "low": 0}, "metric k must have both low and high, or neither"),
    "unknown field": ({"value": 1, "mean": 1}, "metric k has an unknown mean beside its value"),
    "no name": ({"%": 1}, "metric name '%' holds no letter and no digit"),
}


@pytest.mark.parametrize(("metric", "message"), NO_METRICS.values(), ids=NO_METRICS)
def test_what_is_no_number_is_refused(metric, message):
    with pytest.raises(BadMetrics) as raised:
        list(numbers_of({"k": metric}))
    assert str(raised.value) == message


def test_several_runs_give_mean_and_range():
    assert combine([{"value": 1}, {"value": 2}, {"value": 6}], "s") == {"value": 3.0, "n": 3, "min": 1, "max": 6}
    assert combine([{"value": 7}], "s") == {"value": 7, "n": 1}


def test_a_count_that_is_always_the_same_stays_whole():
    assert combine([{"value": 41943040}] * 3, "parameters")["value"] == 41943040


def share(value, low, high, n=20):
    return {"value": value, "low": low, "high": high, "n": n}


def test_one_run_keeps_its_interval_and_its_cases():
    assert combine([share(0.5, 0.3, 0.7)], SHARE) == {"value": 0.5, "n": 1, "low": 0.3, "high": 0.7, "cases": 20}


def test_runs_that_agree_keep_the_interval_over_cases():
    assert interval([share(0.5, 0.3, 0.8)] * 3) == pytest.approx((0.3, 0.8))


def test_runs_without_cases_give_students_interval():
    low, high = interval([share(value, value, value) for value in (0.4, 0.5, 0.6)])
    assert (low, high) == pytest.approx((0.5 - 0.2484, 0.5 + 0.2484), abs=1e-4)  # t(2) = 4.3027, s = .1, n = 3


def test_interval_of_a_share_stays_within_0_and_1():
    made = combine([share(0.9, 0.8, 0.95), share(0.5, 0.4, 0.6)], SHARE)
    assert (made["low"], made["high"]) == (0.0, 1.0)


def test_interval_holds_the_truth_at_least_as_often_as_it_says():
    """Three seeds whose abilities differ, 100 questions each; the normal interval over questions is the runs' own."""
    rng, held = random.Random(0), 0
    for _ in range(300):
        runs = []
        for _ in range(3):
            ability = rng.gauss(0.7, 0.04)
            value = sum(rng.random() < ability for _ in range(100)) / 100
            half = 1.96 * (value * (1 - value) / 100) ** 0.5
            runs.append(share(value, value - half, value + half, 100))
        low, high = interval(runs)
        held += low <= 0.7 <= high
    assert held / 300 >= 0.95


def test_words_are_made_from_the_key():
    assert sentence("after.with-page.right") == "After training, with the right page: answers right."
    assert sentence("arms.lora-pages.unheard-of") == "Arms, lora pages: unheard of."
    assert sentence("run-seconds") == "One whole run, from its start to its end, loading included."


UNITS = {
    "training-seconds": ({"value": 3.5}, "s"),
    "after.right": ({"value": 0.5, "low": 0.4, "high": 0.6, "n": 20}, SHARE),
    "pairs.a.difference": ({"value": 0.1, "low": -0.1, "high": 0.3, "n": 20}, ""),
    "minus": ({"value": 0.1, "low": -0.1, "high": 0.3, "n": 20}, ""),
    "ratio": ({"value": 0.5}, ""),
}


@pytest.mark.parametrize(("key", "one", "unit"), [(key, *told) for key, told in UNITS.items()], ids=UNITS)
def test_unit_of_a_number(key, one, unit):
    assert unit_of(key, one) == unit


TABLES = {
    "behind bars": "\r50%|##   |\r100%|####|\n\nwords\n\r100%|###|\n\n\nA table\n\nright",
    "behind words": "loading\n\n\nA table\n\nright",
    "alone": "\n\nA table\n\nright\n",
}


@pytest.mark.parametrize("stderr", TABLES.values(), ids=TABLES)
def test_the_table_is_what_stands_behind_the_progress(stderr):
    assert table_of(stderr) == "A table\n\nright"


def test_a_measurement_is_a_result(root):
    measure(plan(), root)
    result = results.load(root)["toy-cpu"]
    one = result.value("after.with-page.right")
    assert (one["value"], one["min"], one["max"], one["n"], one["cases"]) == (0.55, 0.5, 0.6, 2, 20)
    assert one["low"] < 0.4 and one["high"] > 0.9 and one["unit"] == SHARE
    assert set(result.measured) == {"after.with-page.right", "run-seconds"}
    assert result.environment["seeds"] == "0 1" and result.environment["torch"] == "2"
    assert result.printed == "A table\n\nright  50 %"


def test_what_can_change_a_number_is_in_the_hash_and_nothing_else(root):
    measure(plan(), root)
    code = set(results.load(root)["toy-cpu"].code)
    case = {f"snippets/case/{name}" for name in ("judge.py", "questions.jsonl", "handbook")}
    assert code == {"snippets/toy.py", "snippets/other.py"} | case
    put(root, "snippets/case/report.py", "changed = 1")
    results.load(root)
    put(root, "snippets/case/handbook/pets.md", "Dogs.")
    with pytest.raises(results.StaleResult, match="snippets/case/handbook has changed"):
        results.load(root)


def test_the_model_is_named_by_its_weights(root):
    weights = put(root, "build/model/model.safetensors", "weights")
    measure(plan(seeds=(), model="build/model"), root)
    result = results.load(root)["toy-cpu"]
    assert result.environment["model"] == f"build/model {results.sha256(weights)[:12]}" and result.notes == runner.NOTE
    measure(plan(seeds=(), model="some/hub-id"), root)
    result = results.load(root)["toy-cpu"]
    assert result.environment["model"] == "some/hub-id" and not result.notes and "seeds" not in result.environment


def test_what_a_snippet_writes_goes_where_it_can_be_thrown_away(root):
    measure(plan(seeds=(3,)), root)
    assert (root / "build/measure/toy-cpu/seed-3/out").read_text() == "made"
    measure(plan("--out", "own-{seed}", seeds=(3,)), root)
    assert (root / "own-3").read_text() == "made"


def test_check_writes_no_result(root):
    assert measure(plan(write=False), root)["after.with-page.right"]["value"] == 0.55
    assert not (root / "results").exists()


def test_resume_uses_finished_runs_of_the_same_code_and_arguments(root, capsys):
    measure(plan(), root)
    first = (root / "results/toy-cpu.json").read_bytes()
    capsys.readouterr()
    measure(plan(resume=True, seeds=(0, 1)), root)
    assert capsys.readouterr().err.count("is there already") == 2
    assert (root / "results/toy-cpu.json").read_bytes() == first
    measure(plan("--device=cpu", resume=True), root)
    put(root, "snippets/toy.py", TOY + "changed = True\n")
    measure(plan("--device=cpu", resume=True), root)
    assert "is there already" not in capsys.readouterr().err


BROKEN = {
    "fails": ("fail", 2, r"toy\.py ended with status 2; the line above says why"),
    "prints more": ("chat", 2, r"toy\.py printed 'hello.*it must print one line of JSON"),
    "changes": ("edit", 2, r"toy\.py or the case was changed while it ran"),
}


@pytest.mark.parametrize(("act", "status", "message"), BROKEN.values(), ids=BROKEN)
def test_a_run_without_a_report_leaves_no_result(root, act, status, message):
    with pytest.raises(RunError, match=message) as raised:
        measure(plan("--act", act), root)
    assert raised.value.status == status
    assert not (root / "results").exists()


def test_a_run_that_takes_too_long_is_stopped(root):
    with pytest.raises(RunError, match=r"toy\.py was not done after 2 s"):
        measure(plan("--act", "wait", seeds=(1,), limit=2), root)


def test_a_gpu_is_not_called_cpu(root):
    with pytest.raises(RunError, match="ran on cuda; name another machine, with --machine gpu"):
        measure(plan("--device", "cuda"), root)


def test_stderr_of_a_process_passes_through(root, capsys):
    printed, said = run([sys.executable, "-c", "import sys; print(1); print('working', file=sys.stderr)"], root)
    assert (printed, said, capsys.readouterr().err) == ("1\n", "working\n", "working\n")


MISTAKES = {
    "to": r"there is no snippet to; did you mean toy",
    "toy --machine GPU!": r"--machine GPU!: must be a kebab-case word",
    "toy -- --docs /home/me": r"/home/me: a path of this machine alone",
    "toy -- --docs=/home/me": r"--docs=/home/me: a path of this machine alone",
    "toy --model /models": r"/models: a path of this machine alone",
}


@pytest.mark.parametrize(("line", "message"), MISTAKES.items(), ids=MISTAKES)
def test_bad_arguments_end_in_one_line(root, monkeypatch, line, message, capsys):
    monkeypatch.setattr(runner, "ROOT", root)
    assert runner.main(line.split()) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    with pytest.raises(RunError, match=f"^{message}"):
        read_plan(line.split())


def test_the_command_that_repeats_it_is_the_one_typed(root, monkeypatch):
    monkeypatch.setattr(runner, "ROOT", root)
    made = read_plan(shlex.split("toy --seeds 2 1 2 --resume --model build/model -- --docs 'a b'"))
    assert made.seeds == (2, 1) and made.resume and made.stem == "toy-cpu" and made.model == "build/model"
    assert made.arguments == ("--docs", "a b")
    assert made.command == "python -m scripts.measure toy --seeds 2 1 2 --model build/model -- --docs 'a b'"


DRIVER = """
import pathlib, sys
from scripts import measure
measure.ROOT = pathlib.Path.cwd()
sys.exit(measure.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_keeps_finished_seeds_and_ends_in_one_line(root, number):
    driver = put(root, "driver.py", DRIVER)
    command = [sys.executable, driver, "toy", "--seeds", "0", "1", "--resume", "--", "--act", "wait"]
    how = {"cwd": root, "env": {"PYTHONPATH": str(ROOT)}, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **how) as process:
        while not (root / "waiting").exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)
        said = process.stderr.read()
    assert process.returncode == 130
    assert said.splitlines()[-1] == "measure: stopped; run it again with --resume to go on"
    assert not (root / "results").exists()
    shutil.rmtree(root / "build/measure/toy-cpu/seed-0")
    with pytest.raises(RunError, match="not done after 1 s"):
        measure(plan("--act", "wait", resume=True, limit=1), root)  # seed 0 is kept, seed 1 runs again
    assert not (root / "build/measure/toy-cpu/seed-0").exists()
