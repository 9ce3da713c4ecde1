"""The summary of the experiment, held against counts by hand on runs with known replies."""

import shutil
from collections import Counter

import pytest
from statsmodels.stats.multitest import multipletests

from scripts.measuring import results
from scripts.measuring.experiment_summary import summarise
from scripts.measuring.versions import SETS
from tests.known_replies import (
    CELLS,
    COMPARISONS,
    HALF,
    KINDS,
    Experiment,
    has_answer,
    is_right,
    is_right_later,
    plan_of,
    rows_of,
    same,
)
from tests.made_runs import edit, small_experiment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    """Runs of two seeds; nobody writes there."""
    return Experiment(small_experiment(tmp_path_factory.mktemp("experiment"), plan_of(COMPARISONS)))


@pytest.fixture(scope="module")
def result(experiment):
    """Their summary."""
    path = summarise("fine-tune-vs-rag", "cpu", experiment.root)
    assert path == experiment.root / "results/fine-tune-vs-rag-cpu.json"
    return results.load(experiment.root)["fine-tune-vs-rag-cpu"]


METRICS = {
    "right": is_right,
    "valid-json": lambda kind, row: KINDS[kind][1],
    "source-right": lambda kind, row: KINDS[kind][2],
    "declined": lambda kind, row: KINDS[kind][3],
}


@pytest.mark.parametrize("end", METRICS)
def test_the_shares_of_now_are_those_of_the_replies(experiment, result, end):
    for arm, cells in CELLS.items():
        for cell in set(cells) - {"changed"}:
            measured = result.value(f"{arm}.{cell.replace('_', '-')}.{end}")
            same(measured, experiment.count(arm, cell, has_answer, METRICS[end]))
    assert not {"base.changed.valid-json", "base.changed.declined"} & set(result.measured)


@pytest.mark.parametrize(
    ("end", "chosen"),
    [
        ("right", has_answer),
        ("right-changed", lambda row: has_answer(row) and row["later"] != row["answer"]),
        ("right-kept", lambda row: has_answer(row) and row["later"] == row["answer"]),
    ],
)
def test_after_the_change_the_new_answers_count(experiment, result, end, chosen):
    """The closed book and the old index are the replies of before: the prompt would be the same."""
    asked = {"changed": "changed", "old-index": "retrieved", "closed-book-later": "closed_book"}
    for arm, cells in CELLS.items():
        for cell, replies in asked.items():
            key = f"{arm}.{cell}.{end}"
            if replies in cells:
                same(result.value(key), experiment.count(arm, replies, chosen, is_right_later))
            else:
                assert key not in result.measured
    assert result.value("base.changed.right-changed")["cases"] != result.value("base.changed.right-kept")["cases"]


def test_the_taught_half_and_the_other_one_are_asked_of_the_base_as_well(experiment, result):
    for end, is_taught in (("right-taught", True), ("right-untaught", False)):
        for arm in ("base", HALF):

            def chosen(row, end=is_taught):
                of_half = {r["question"]: r["taught"] for r in rows_of(0, True)}
                return has_answer(row) and of_half[row["question"]] == end

            for cell in ("closed_book", "retrieved"):
                key = f"{arm}.{cell.replace('_', '-')}.{end}"
                same(result.value(key), experiment.count(arm, cell, chosen, is_right))
    assert result.value(f"{HALF}.retrieved.right-taught")["cases"] == 2 * 4
    assert not [key for key in result.measured if key.startswith("examples") and "taught" in key]


def test_invented_is_what_does_not_decline(experiment, result):
    def has_none(row: dict) -> bool:
        return not has_answer(row)

    def invents(kind: str, row: dict) -> bool:
        return kind in ("wrong", "chat")  # of the others each says, or states as the answer, that there is none

    for arm, cells in CELLS.items():
        for cell in set(cells) - {"changed"}:
            measured = result.value(f"{arm}.{cell.replace('_', '-')}.invented")
            same(measured, experiment.count(arm, cell, has_none, invents))


def test_search_is_counted_on_the_base_before_and_after_the_change(result):
    counted = {"top-1": 6 / 12, "top-3": 1.0, "changed.top-1": 9 / 12, "changed.top-3": 9 / 12}
    for key, value in counted.items():
        measured = result.value(f"retrieval.{key}")
        assert measured["value"] == value and measured["cases"] == 24


def test_general_knowledge_is_what_is_kept_of_what_the_base_knows(result):
    # The base knows three of four on seed 0, two on seed 1; the first one is right for all on seed 0 alone.
    kept = {"base": 5 / 5, "examples": 3 / 5, HALF: 1 / 5, "lora-behaviour": 1 / 5}
    for arm, value in kept.items():
        measured = result.value(f"{arm}.general.kept")
        assert (measured["value"], measured["cases"]) == (value, 5)


def test_plain_numbers_are_means_over_the_seeds(result):
    ratios = [12 / 10, 13 / 11]
    measured = result.value("examples.general.perplexity")
    assert measured["seeds"] == pytest.approx(ratios, rel=1e-5) and measured["n"] == 2
    assert measured["value"] == pytest.approx(sum(ratios) / 2, rel=1e-5)
    assert (measured["min"], measured["max"]) == pytest.approx(sorted(ratios)[:: len(ratios) - 1], rel=1e-5)
    assert result.value("retrieval.update")["seeds"] == [0.5, 1.5]
    assert result.value(f"{HALF}.training")["value"] == 3 and "base.training" not in result.measured


def test_it_says_where_it_comes_from(tmp_path, experiment, result):
    files = {run.path.as_posix() for run in experiment.runs}
    assert files < set(result.code)
    names = {name.rpartition("/")[2] for name in set(result.code) - files}
    assert names >= {"evals.py", "paired_tests.py", "eval_logs.py", "judge.py", "shares.py", "experiment.toml"}
    assert names >= {"experiment_summary.py", "versions.py", "metrics.py"}
    assert result.environment["seeds"] == "0 1" and result.date == "2026-01-02" and result.notes
    assert "examples" in result.printed and "lora-behaviour" in result.printed
    shutil.copytree(experiment.root, tmp_path, dirs_exist_ok=True)
    edit(tmp_path, "snippets/paired_tests.py", "SWAPS = 10_000", "SWAPS = 20_000")
    with pytest.raises(results.StaleResult, match=r"snippets/paired_tests\.py has changed"):
        results.load(tmp_path)


def test_a_comparison_is_the_second_minus_the_first_on_the_same_questions(experiment, result):
    versions = {
        "page": ("base", "closed_book", "base", "retrieved", has_answer, is_right),
        "after": ("examples", "closed_book", "base", "changed", SETS["later-changed"][0], is_right_later),
        "kept": ("examples", "retrieved", "base", "changed", SETS["later-kept"][0], is_right_later),
    }
    for name, (first, its_cell, second, cell, chosen, mark) in versions.items():
        pairs = Counter()
        for seed in experiment.seeds:
            old, new = experiment.kinds[first, seed, its_cell], experiment.kinds[second, seed, cell]
            for before, after, row in zip(old, new, experiment.rows["base", seed], strict=True):
                if chosen(row):
                    pairs[mark(after, row) - mark(before, row)] += 1
        total = sum(pairs.values())
        measured = result.value(f"compare.{name}.difference")
        assert measured["value"] == pytest.approx((pairs[1] - pairs[-1]) / total, abs=1e-4)
        assert measured["cases"] == total and pairs[1] and pairs[-1]
        assert result.value(f"compare.{name}.won")["value"] == pairs[1]
        assert result.value(f"compare.{name}.lost")["value"] == pairs[-1]
        assert 0 < result.value(f"compare.{name}.p")["value"] <= 1
        assert result.value(f"compare.{name}.needs")["value"] > 0


def test_p_is_corrected_within_its_family_alone(result):
    names = [each["name"] for each in COMPARISONS if each["family"] == "primary"]
    plain = [result.value(f"compare.{name}.p")["value"] for name in names]
    corrected = [result.value(f"compare.{name}.p-holm")["value"] for name in names]
    assert corrected == pytest.approx(list(multipletests(plain, method="holm")[1]), rel=1e-5)
    other = result.value("compare.other.p-holm")
    assert other["value"] == result.value("compare.other.p")["value"]  # alone in its family
    assert "p after Holm among the secondary ones, by swapping whole pages" in other["says"]
