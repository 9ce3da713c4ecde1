"""A snippet measured: its numbers get keys and words, several seeds one value, and the result a birth certificate."""

import random
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts import measure as runner
from scripts.measure import Plan, measure, read_plan
from scripts.measuring import results, runs, snippet_process, summary
from scripts.measuring.fingerprint import sha256
from scripts.measuring.metric_sentences import sentence, unit_of
from scripts.measuring.metrics import SHARE, BadMetrics, combine, interval, numbers_of
from scripts.measuring.runs import BadRun
from scripts.measuring.snippet_process import RunError, run, table_of
from tests.made_runs import checkout, edit, put

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def root(tmp_path):
    return checkout(tmp_path)


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
    assert measure(plan(), root) == root / "results/toy-cpu.json"
    result = results.load(root)["toy-cpu"]
    one = result.value("after.with-page.right")
    assert (one["value"], one["min"], one["max"], one["n"], one["cases"]) == (0.55, 0.5, 0.6, 2, 20)
    assert one["low"] < 0.4 and one["high"] > 0.9 and one["unit"] == SHARE
    assert set(result.measured) == {"after.with-page.right", "run-seconds"}
    assert result.environment["seeds"] == "0 1" and result.environment["torch"] == "2"
    assert result.environment["device"] == "cpu" and "threads" not in result.environment
    assert result.printed == "A table\n\nright  50 %"


def test_it_is_computed_from_runs_that_say_how_they_were_made(root):
    measure(plan("--rate", "2"), root)
    result = results.load(root)["toy-cpu"]
    files = {"results/runs/toy/default-0.json", "results/runs/toy/default-1.json"}
    assert set(result.code) == files | {"scripts/measuring/summary.py", "scripts/measuring/metrics.py"}
    first, second = runs.load("toy", root)
    assert (first.seed, second.seed) == (0, 1) and first.command == result.command == "python -m scripts.measure toy"
    out = "build/measure/toy/default-0/out"
    assert first.arguments == ["--seed", "0", "--rate", "2", "--out", out]
    assert first.defaults == {"model": "''"}  # of what is not given, and can change a number
    assert first.settings == "" and first.protocol == 0 and first.seconds >= 0
    assert first.metrics["losses"] == [1.0, 0.5] and first.printed == result.printed


def test_without_seeds_it_is_one_run_with_the_seed_of_the_snippet(root):
    measure(plan(seeds=()), root)
    (run,) = runs.load("toy", root)
    assert run.seed == 7 and "--seed" not in run.arguments and run.defaults["seed"] == "7"


def test_a_value_that_is_spelled_like_a_flag_is_no_flag(root):
    measure(plan("--act", "rate", seeds=()), root)
    (run,) = runs.load("toy", root)
    assert run.defaults["rate"] == "0.001"


def test_the_model_is_named_by_its_weights(root):
    weights = put(root, "build/model/model.safetensors", "weights")
    measure(plan(model="build/model"), root)
    result = results.load(root)["toy-cpu"]
    assert result.environment["model"] == f"build/model {sha256(weights)[:12]}" and result.notes == summary.NOTE
    measure(plan(model="some/hub-id"), root)
    result = results.load(root)["toy-cpu"]
    assert result.environment["model"] == "some/hub-id" and not result.notes


def test_what_a_snippet_writes_goes_where_it_can_be_thrown_away(root):
    measure(plan(seeds=(3,)), root)
    assert (root / "build/measure/toy/default-3/out").read_text() == "made"
    measure(plan("--out", "own-{seed}", seeds=(3,)), root)
    assert (root / "own-3").read_text() == "made"


def kept(root: Path, capsys) -> int:
    return capsys.readouterr().err.count("it is there already, from the same code and arguments")


def test_a_run_that_is_there_is_not_made_again(root, capsys):
    measure(plan(), root)
    first = (root / "results/toy-cpu.json").read_bytes()
    capsys.readouterr()
    measure(plan(), root)
    assert kept(root, capsys) == 2 and (root / "results/toy-cpu.json").read_bytes() == first
    measure(plan(again=True), root)
    assert kept(root, capsys) == 0
    measure(plan("--device=cpu"), root)
    assert kept(root, capsys) == 0
    edit(root, "snippets/other.py", "LIFT = 0.3", "LIFT = 0.2")
    measure(plan("--device=cpu"), root)
    assert kept(root, capsys) == 0
    assert results.load(root)["toy-cpu"].value("after.with-page.right")["value"] == 0.45


def test_runs_of_seeds_that_are_not_asked_for_any_more_are_removed(root):
    measure(plan(seeds=(0, 1, 2)), root)
    measure(plan(seeds=(1,)), root)
    assert [path.name for path in (root / "results/runs/toy").iterdir()] == ["default-1.json"]


def test_runs_of_another_program_are_left_alone(root):
    other = put(root, "results/runs/toy/base-0.json", "of another program")
    runner.keep_only({runs.path_of("toy", "default", 0)}, root)
    assert other.is_file()


def test_an_edited_run_is_not_summed_up(root):
    measure(plan(), root)
    edit(root, "results/runs/toy/default-0.json", '"losses":[1.0,0.5]', '"losses":[1.0,0.4]')
    message = r"default-0\.json was edited: .*; delete it and run: python -m scripts\.measure toy"
    with pytest.raises(BadRun, match=message):
        measure(plan(), root)
    measure(plan(again=True), root)
    results.load(root)


BROKEN = {
    "fails": ("fail", r"toy\.py ended with status 2; the line above says why"),
    "prints more": ("chat", r"toy\.py printed 'hello.*it must print one line of JSON"),
    "changes a function": ("edit snippets/other.py", r"toy\.py or what it uses was changed while it ran"),
    "changes a default": ("edit snippets/toy.py", r"toy\.py or what it uses was changed while it ran"),
}


@pytest.mark.parametrize(("act", "message"), BROKEN.values(), ids=BROKEN)
def test_a_run_without_a_report_leaves_no_result(root, act, message):
    with pytest.raises(RunError, match=message) as raised:
        measure(plan("--act", act), root)
    assert raised.value.status == 2
    assert not (root / "results").exists()


@pytest.mark.parametrize("act", ["odd", "--device=cuda"])
def test_a_run_that_cannot_be_summed_up_is_not_kept(root, act):
    given = (act,) if "=" in act else ("--act", act)
    message = "must have both low and high|ran on cuda; name another machine, with --machine gpu"
    with pytest.raises((RunError, BadMetrics), match=message):
        measure(plan(*given), root)
    assert not list((root / "results").rglob("*.json"))


def test_nothing_is_summed_up_without_a_run(root):
    with pytest.raises(BadRun, match=r"there is no run of toy on gpu in results/runs; measure it first"):
        summary.summarise("toy", "gpu", root)


def test_a_run_that_takes_too_long_is_stopped(root):
    with pytest.raises(RunError, match=r"toy\.py was not done after 1 s"):
        measure(plan("--act", "wait", seeds=(1,), limit=1), root)


def test_a_process_that_does_not_listen_is_killed(root, monkeypatch):
    monkeypatch.setattr(snippet_process, "PATIENCE", 0.2)
    started = time.monotonic()
    with pytest.raises(RunError, match=r"toy\.py was not done after 1 s"):
        measure(plan("--act", "stubborn", limit=1), root)
    assert time.monotonic() - started < 5


def test_stopped_it_ends_the_process_too(root):
    """A signal of its own kind, as no test should send Ctrl-C to the others."""
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    started = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            run([sys.executable, "-c", "import time; time.sleep(30)"], root, quiet=True)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - started < 20


def test_stderr_of_a_process_passes_through_unless_it_is_quiet(root, capsys):
    code = "import sys; print(1); print('working', file=sys.stderr)"
    printed, said = run([sys.executable, "-c", code], root)
    assert (printed, said, capsys.readouterr().err) == ("1\n", "working\n", "working\n")
    assert run([sys.executable, "-c", code], root, quiet=True) == ("1\n", "working\n")
    assert capsys.readouterr().err == ""
    with pytest.raises(RunError, match=r"^-c ended with status 3; no such thing$") as raised:
        run(
            [sys.executable, "-c", "import sys; print('no such thing', file=sys.stderr); sys.exit(3)"], root, quiet=True
        )
    assert raised.value.status == 3


MISTAKES = {
    "to": r"there is no snippet to; did you mean toy",
    "fine-tune-vs-rag": r"fine_tune_vs_rag has many arms, each a run; run: python -m scripts\.experiment",
    "toy --machine GPU!": r"--machine GPU!: must be a kebab-case word",
    "toy --name a/b": r"--name a/b: must be a kebab-case word",
    "toy -- --docs /home/me": r"/home/me: a path of this machine alone",
    "toy -- --docs=/home/me": r"--docs=/home/me: a path of this machine alone",
    "toy --model /models": r"/models: a path of this machine alone",
}


@pytest.mark.parametrize(("line", "message"), MISTAKES.items(), ids=MISTAKES)
def test_bad_arguments_end_in_one_line(root, monkeypatch, line, message, capsys):
    put(root, "snippets/fine_tune_vs_rag.py", "")
    monkeypatch.setattr(runner, "ROOT", root)
    assert runner.main(line.split()) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    with pytest.raises(RunError, match=f"^{message}"):
        read_plan(line.split())


def test_the_command_that_repeats_it_is_the_one_typed(root, monkeypatch):
    monkeypatch.setattr(runner, "ROOT", root)
    made = read_plan(shlex.split("toy --seeds 2 1 2 --again --model build/model -- --docs 'a b'"))
    assert made.seeds == (2, 1) and made.again and made.result == "toy" and made.model == "build/model"
    assert made.arguments == ("--docs", "a b")
    assert made.command == "python -m scripts.measure toy --seeds 2 1 2 --model build/model -- --docs 'a b'"
    named = read_plan(["toy", "--name", "pets", "--machine", "gpu"])
    assert {job.path.as_posix() for job in named.jobs(root)} == {"results/runs/pets-gpu/default-7.json"}


def test_a_measurement_by_its_command_ends_with_status_0(root, monkeypatch, capsys):
    monkeypatch.setattr(runner, "ROOT", root)
    assert runner.main(["toy"]) == 0
    assert capsys.readouterr().err.endswith("measure: results/toy-cpu.json written\n")


DRIVER = """
import pathlib, sys
from scripts import measure
measure.ROOT = pathlib.Path.cwd()
sys.exit(measure.main(sys.argv[1:]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_keeps_finished_runs_and_ends_in_one_line(root, number, capsys):
    driver = put(root, "driver.py", DRIVER)
    command = [sys.executable, driver, "toy", "--seeds", "0", "1", "--", "--act", "wait"]
    how = {"cwd": root, "env": {"PYTHONPATH": str(ROOT)}, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **how) as process:
        while not (root / "waiting").exists():
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(number)
        said = process.stderr.read()
    assert process.returncode == 130
    assert said.splitlines()[-1] == "measure: stopped; what is finished is in results/runs, run it again to go on"
    assert [file.name for file in (root / "results").rglob("*.json")] == ["default-0.json"]
    with pytest.raises(RunError, match="not done after 1 s"):
        measure(plan("--act", "wait", limit=1), root)  # seed 0 is kept, seed 1 runs again
    assert kept(root, capsys) == 1


def test_stopped_in_process_it_says_where_to_go_on(root, monkeypatch, capsys):
    monkeypatch.setattr(runner, "ROOT", root)
    monkeypatch.setattr(runner, "measure", lambda *of: (_ for _ in ()).throw(KeyboardInterrupt))
    assert runner.main(["toy"]) == 130
    assert "run it again to go on" in capsys.readouterr().err
