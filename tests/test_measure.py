"""A snippet measured: the result has a birth certificate, and what is there already is not made again."""

import pytest

from scripts import measure as runner
from scripts.measure import measure
from scripts.measuring import results, runs, summary
from scripts.measuring.fingerprint import sha256
from scripts.measuring.metrics import SHARE
from tests.made_runs import checkout, edit, put
from tests.toy_plan import kept, plan


@pytest.fixture
def root(tmp_path):
    return checkout(tmp_path)


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
