"""Which runs are summed up: whole seeds of one model, protocol and dtype; what is missing is named."""

import pytest

from scripts.measuring import experiment_summary, results, runs
from scripts.measuring.comparisons import compare
from scripts.measuring.experiment_summary import summarise
from scripts.measuring.runs import BadRun, Run
from tests.known_replies import COMPARISONS, HALF, Experiment, plan_of
from tests.made_runs import SMALL, edit, small_experiment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    """Runs of two seeds; nobody writes there."""
    return Experiment(small_experiment(tmp_path_factory.mktemp("experiment"), plan_of(COMPARISONS)))


@pytest.mark.parametrize(("side", "name"), [("first", "lora closed_book"), ("second", "examples top_9")])
def test_a_comparison_of_an_unknown_arm_or_cell_is_named(root, experiment, side, name):
    asked = COMPARISONS[0] | {side: name}
    with pytest.raises(BadRun) as raised:
        compare(experiment.runs, asked, root)
    assert str(raised.value) == f"scripts/experiment.toml: comparison page: no arm and cell {name} among the runs"


def test_only_seeds_that_every_arm_has_run_on_are_summed(root):
    Experiment(root, (0,))
    Experiment(root, (2,), SMALL[:3])  # a seed under way
    summarise("fine-tune-vs-rag", "cpu", root)
    result = results.load(root)["fine-tune-vs-rag-cpu"]
    assert result.environment["seeds"] == "0"
    assert len(result.value("base.retrieved.right")["seeds"]) == 1
    assert not [name for name in result.code if name.endswith("-2.json")]


def test_without_a_whole_seed_the_missing_arm_and_the_command_are_named(root):
    with pytest.raises(BadRun) as raised:
        summarise("fine-tune-vs-rag", "cpu", root)
    assert str(raised.value) == (
        "no seed has a run of every arm (base is missing); run: python -m scripts.experiment --model build/model"
    )
    Experiment(root, (0,), SMALL[:2])
    Experiment(root, (1,), SMALL[2:])  # every arm, but on no seed all of them
    with pytest.raises(BadRun, match=rf"\({HALF} is missing\); run: python -m scripts.make toy"):
        summarise("fine-tune-vs-rag", "cpu", root)
    assert not (root / "results/fine-tune-vs-rag-cpu.json").exists()


@pytest.mark.parametrize(
    "other", [{"environment": {"model": "build/other def"}}, {"protocol": 0}], ids=["model", "protocol"]
)
def test_runs_of_several_models_or_protocols_are_not_summed_up(root, other):
    (base, *_) = Experiment(root).runs
    runs.write(Run(**{**vars(base), **other}), root)
    with pytest.raises(BadRun, match="several models or protocols; run: python"):
        summarise("fine-tune-vs-rag", "cpu", root)


def test_a_run_in_another_dtype_than_the_plans_is_not_summed_up(root):
    edit(root, experiment_summary.PLAN.as_posix(), "[evidence]", '[evidence]\ndtype = "bfloat16"')
    (base, *others) = Experiment(root).runs
    for run in others:
        runs.write(Run(**{**vars(run), "environment": {**run.environment, "dtype": "bfloat16"}}), root)
    runs.write(Run(**{**vars(base), "environment": {**base.environment, "dtype": "float32"}}), root)
    wrong = rf"{base.path.as_posix()} was computed in float32, not in bfloat16; delete it and run: python"
    with pytest.raises(BadRun, match=wrong):
        summarise("fine-tune-vs-rag", "cpu", root)


def test_runs_of_an_arm_that_is_no_more_are_left_out(root, experiment):
    found = experiment_summary.whole_seeds(experiment.runs, SMALL[:2])
    assert [(run.arm, run.seed) for run in found] == [("base", 0), ("base", 1), ("examples", 0), ("examples", 1)]
