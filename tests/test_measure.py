"""A snippet measured over seeds: its numbers get keys and words, one value of several runs, and a birth certificate."""

import json
import random
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import measure as runner
from scripts import measured_words, results
from scripts.measure import Plan, measure, read_plan
from scripts.measured_words import SKIP, BadWords, fits, load_words
from scripts.metrics import SHARE, BadMetrics, combine, entry, interval, leaves
from scripts.snippet_run import RunError, run

ROOT = Path(__file__).resolve().parents[1]

# A snippet that meets the contract, and lets a test break it.
TOY = '''\
"""A toy."""
import argparse, json, pathlib, sys, time

class Config:
    seed: int = 0  # of the run
    lab: str = ""  # folder
    out: str = ""  # folder
    device: str = "cpu"  # what it claims to run on
    act: str = ""  # what goes wrong

parser = argparse.ArgumentParser()
for name in ("seed", "lab", "out", "device", "act"):
    parser.add_argument(f"--{name}", default="cpu" if name == "device" else "")
config = vars(parser.parse_args())
print("working", file=sys.stderr)
if config["act"] == "wait" and config["seed"] == "1":
    pathlib.Path("waiting").touch()
    time.sleep(60)
if config["act"] == "fail":
    sys.exit(print("toy: no such thing", file=sys.stderr) or 2)
if config["act"] == "chat":
    print("hello")
if config["act"] == "edit":
    pathlib.Path(__file__).write_text(pathlib.Path(__file__).read_text() + "#")
pathlib.Path(config["out"]).parent.mkdir(parents=True, exist_ok=True)
pathlib.Path(config["out"]).write_text("made")
share = {"value": 0.5 + int(config["seed"]) / 10, "low": 0.4, "high": 0.9, "n": 20}
metrics = {"arms": {"full_tuning": {"facts": share}}, "losses": [1.0, 0.5], "note": "text", "memory": None}
print(json.dumps({"config": config, "metrics": metrics, "environment": {"device": config["device"], "torch": "2"}}))
'''
WORDS = """\
names: {full-tuning: full tuning}
every:
  run-seconds: {unit: s, says: A run.}
toy:
  note: A toy.
  skip: [losses.*, note]
  memory: {unit: bytes, says: Memory.}
  arms.*.facts: {unit: of 1, says: "{1}: facts right.", floor: 0.9}
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    put(tmp_path, "snippets/toy.py", TOY)
    put(tmp_path, "snippets/make_lab.py", "")
    monkeypatch.setattr(measured_words, "FILE", put(tmp_path, "words.yml", WORDS))
    return tmp_path


def put(root: Path, name: str, text: str) -> Path:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")
    return root / name


def plan(*arguments: str, seeds=(0, 1), **more) -> Plan:
    return Plan("toy", seeds, "cpu", "python -m scripts.measure toy", arguments, **more)


def test_every_number_gets_a_key():
    metrics = {
        "arms": {"Full_tuning r 8": {"facts": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 9}}},
        "losses": [2, 1],
    }
    assert dict(leaves(metrics)) == {
        "arms.full-tuning-r-8.facts": {"value": 0.5, "low": 0.4, "high": 0.6, "n": 9},
        "losses.0": 2,
        "losses.1": 1,
    }


def test_null_is_not_measured_and_has_no_number():
    assert entry("memory", None) is None and entry("memory", {"value": None}) is None


NO_METRICS = {
    "text": ("fast", "metric k: value is 'fast', not a number"),
    "truth": (True, "metric k: value is True, not a number"),
    "not finite": (float("nan"), "metric k: value is nan, not a number"),
    "half an interval": ({"value": 1, "low": 0}, "metric k must have both low and high, or neither"),
    "unknown field": ({"value": 1, "mean": 1}, "metric k has an unknown mean beside its value"),
    "no name": ({"%": 1}, "metric name '%' holds no letter and no digit"),
}


@pytest.mark.parametrize(("metric", "message"), NO_METRICS.values(), ids=NO_METRICS)
def test_what_is_no_number_is_refused(metric, message):
    with pytest.raises(BadMetrics) as raised:
        [entry(key, leaf) for key, leaf in leaves({"k": metric})]
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


def test_a_star_is_one_part_and_two_are_the_rest():
    assert fits("arms.*.facts", "arms.rag.facts") == ("rag",)
    assert fits("arms.*.facts", "arms.rag.old.facts") is None
    assert fits("tuning.**", "tuning.rag.old.facts") == ("rag.old.facts",)
    assert fits("losses", "losses") == ()


def test_words_of_a_number(root):
    words = load_words("toy")
    told = words.of("arms.full-tuning.facts")
    assert told == {"unit": "of 1", "says": "Full tuning: facts right.", "floor": 0.9}
    assert words.of("arms.other.facts")["says"] == "Other: facts right."
    assert words.of("losses.17") is SKIP and words.of("run-seconds")["unit"] == "s"


def test_number_without_words_names_near_keys(root):
    with pytest.raises(BadWords, match=r"no words for arms\.rag\.fact of toy \(did you mean arms\.\*\.facts"):
        load_words("toy").of("arms.rag.fact")


NO_WORDS = {
    "not YAML": ("toy: [", "not YAML"),
    "no sentence": ("toy: {a: {unit: s}}", "a of toy must have unit and says"),
    "unknown field": ("toy: {a: {unit: s, says: A., max: 1}}", "a of toy must have unit and says"),
    "no star": ('toy: {a: {unit: s, says: "{1}."}}', "a of toy has fewer stars than its sentence asks for"),
}


@pytest.mark.parametrize(("text", "message"), NO_WORDS.values(), ids=NO_WORDS)
def test_mistake_in_the_words_is_named(tmp_path, text, message):
    with pytest.raises(BadWords, match=message):
        load_words("toy", put(tmp_path, "words.yml", text))


def test_every_snippet_has_words_and_every_sentence_ends():
    for snippet in (ROOT / "snippets").glob("*.py"):
        words = load_words(snippet.stem.replace("_", "-"))
        assert len(words.told) > 1, f"{measured_words.FILE.name} has no words for {snippet.name}"
        assert all(one["says"].endswith(".") for one in words.told.values())


def test_a_measurement_is_a_result(root):
    measure(plan(), root)
    result = results.load(root)["toy-cpu"]
    one = result.value("arms.full-tuning.facts")
    assert (one["value"], one["min"], one["max"], one["n"], one["cases"]) == (0.55, 0.5, 0.6, 2, 20)
    assert one["low"] < 0.4 and one["high"] > 0.9 and one["floor"] == 0.9
    assert set(result.measured) == {"arms.full-tuning.facts", "run-seconds"}
    assert result.notes == "A toy." and result.environment["seeds"] == "0 1" and result.environment["torch"] == "2"
    assert set(result.code) == {"snippets/toy.py"}
    assert json.loads(result.printed)["config"] == {
        "seed": "0", "lab": "", "out": "build/measure/toy-cpu/seed-0/out", "device": "cpu", "act": ""
    }  # fmt: skip


def test_what_a_snippet_writes_goes_where_it_can_be_thrown_away(root):
    measure(plan(seeds=(3,)), root)
    assert (root / "build/measure/toy-cpu/seed-3/out").read_text() == "made"
    measure(plan("--out", "own-{seed}", seeds=(3,)), root)
    assert (root / "own-3").read_text() == "made"


def test_check_writes_no_result(root):
    assert measure(plan(write=False), root)["arms.full-tuning.facts"]["value"] == 0.55
    assert not (root / "results").exists()


def test_resume_uses_finished_runs_of_the_same_code_and_arguments(root, capsys):
    measure(plan(), root)
    first = (root / "results/toy-cpu.json").read_bytes()
    capsys.readouterr()
    measure(plan(resume=True, seeds=(0, 1)), root)
    assert capsys.readouterr().err.count("is there already") == 2
    assert (root / "results/toy-cpu.json").read_bytes() == first
    measure(plan("--device=cpu", resume=True), root)
    put(root, "snippets/toy.py", TOY + "# changed\n")
    measure(plan("--device=cpu", resume=True), root)
    assert "is there already" not in capsys.readouterr().err


def make_lab(folder: Path, content: str) -> None:
    put(folder, "model/model.safetensors", content)
    put(folder, "questions.jsonl", "{}\n")


def test_the_committed_lab_is_part_of_what_was_measured(root):
    make_lab(root / "snippets/lab", "weights")
    measure(plan("--lab", "snippets/lab"), root)
    lab = {"snippets/lab/model/model.safetensors", "snippets/lab/questions.jsonl"}
    assert set(results.load(root)["toy-cpu"].code) == {"snippets/toy.py", *lab}
    make_lab(root / "snippets/lab", "other weights")
    with pytest.raises(results.StaleResult, match=r"model\.safetensors has changed"):
        results.load(root)


def test_each_seed_can_have_its_own_lab(root):
    for seed in (0, 1):
        make_lab(root / f"build/labs/seed-{seed}", f"weights {seed}")
    measure(plan("--lab", "build/labs/seed-{seed}"), root)
    result = results.load(root)["toy-cpu"]
    assert set(result.code) == {"snippets/toy.py", "snippets/make_lab.py"}
    labs = [result.environment[f"lab of seed {seed}"] for seed in (0, 1)]
    assert labs == [results.sha256(root / f"build/labs/seed-{n}/model/model.safetensors")[:12] for n in (0, 1)]


BROKEN = {
    "fails": ("fail", 2, r"toy\.py ended with status 2; the line above says why"),
    "prints more": ("chat", 2, r"toy\.py printed 'hello.*it must print one line of JSON"),
    "changes": ("edit", 2, r"toy\.py was changed while it ran"),
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


def test_stderr_of_a_process_passes_through(root, capfd):
    run([sys.executable, "snippets/toy.py", "--seed", "0", "--out", "made"], root)
    assert capfd.readouterr().err == "working\n"


MISTAKES = {
    "lor": r"there is no snippet lor; did you mean lora",
    "lora --machine GPU!": r"--machine GPU!: must be a kebab-case word",
    "lora -- --model /home/me": r"/home/me: a path of this machine alone",
    "lora -- --model=/home/me": r"--model=/home/me: a path of this machine alone",
    "lora --lab-template /labs": r"/labs: a path of this machine alone",
}


@pytest.mark.parametrize(("line", "message"), MISTAKES.items(), ids=MISTAKES)
def test_bad_arguments_end_in_one_line(line, message, capsys):
    assert runner.main(line.split()) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    with pytest.raises(RunError, match=f"^{message}"):
        read_plan(line.split())


def test_the_command_that_repeats_it_is_the_one_typed():
    made = read_plan(shlex.split("lora --seeds 2 1 2 --resume --lab-template labs/{seed} -- --steps 300"))
    assert made.seeds == (2, 1) and made.resume and made.stem == "lora-cpu"
    assert made.arguments == ("--lab", "labs/{seed}", "--steps", "300")
    assert made.command == ("python -m scripts.measure lora --seeds 2 1 2 --lab-template 'labs/{seed}' -- --steps 300")


DRIVER = """
import pathlib, sys
from scripts import measure, measured_words
measure.ROOT = pathlib.Path.cwd()
measured_words.FILE = measure.ROOT / "words.yml"
sys.exit(measure.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_keeps_finished_seeds_and_ends_in_one_line(root, number):
    driver = put(root, "driver.py", DRIVER)
    command = [sys.executable, driver, "toy", "--seeds", "0", "1", "--resume", "--", "--act", "wait"]
    how = {"cwd": root, "env": {"PYTHONPATH": str(ROOT)}, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **how) as process:
        for line in process.stderr:
            if line == "working\n" and (root / "build/measure/toy-cpu/seed-0.json").exists():
                break
        while not (root / "waiting").exists():
            pass
        process.send_signal(number)
        said = process.stderr.read()
    assert process.returncode == 130
    assert said.splitlines()[-1] == "measure: stopped; run it again with --resume to go on"
    assert not (root / "results").exists()
    shutil.rmtree(root / "build/measure/toy-cpu/seed-0")
    with pytest.raises(RunError, match="not done after 1 s"):
        measure(plan("--act", "wait", resume=True, limit=1), root)  # seed 0 is kept, seed 1 runs again
    assert not (root / "build/measure/toy-cpu/seed-0").exists()
