"""The whole experiment on a tiny model: reports of the snippet become run files, and these the result of the site.

Every arm on a seed, with few questions and two steps of training. Numbers of such a model say nothing: here it counts
that every arm answers every cell, and that each key that a page names comes out at the other end.
"""

import contextlib
import io
import json
import re
import shutil
import tomllib
from copy import deepcopy
from functools import cache

import pytest
import yaml

import arms
import constrained_decoding
import fine_tune_vs_rag
from case.answer import answer
from case.command import run
from case.make import make as make_world
from scripts.measuring import evals_process, results, runs
from scripts.measuring.experiment_summary import BASE, EXPERIMENT, HALF, PLAN, summarise
from scripts.measuring.make_run import Job, flatten, is_made, made_with, make
from scripts.measuring.runs import Run
from tests import evidence_data
from tests.made_runs import ROOT, SUMS, in_process

SEED = 0
SHORT, FEW = 4, 8  # tokens of a reply, rows to train on: what comes of it is gibberish anyway
STEM = f"{EXPERIMENT}-cpu"
COMMAND = "python -m scripts.experiment --model build/model"
NAMED = re.compile(rf"\[=\s*{STEM}:([^\]\s]+)")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning", "ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """What the experiment reads of a checkout: our own snippets, pins, plan and protocol."""
    root = tmp_path_factory.mktemp("rehearsal")
    shutil.copytree(ROOT / "snippets", root / "snippets", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("decisions", *(file.name for file in ROOT.glob("requirements*.txt"))):
        (root / name).symlink_to(ROOT / name)
    (root / "scripts/measuring").mkdir(parents=True)
    lines = (ROOT / PLAN).read_text(encoding="utf-8").splitlines(keepends=True)
    whatever = [line for line in lines if not line.startswith("dtype")]  # a rehearsal may run on any machine
    (root / PLAN).write_text("".join(whatever), encoding="utf-8")
    for name in SUMS:
        shutil.copy(ROOT / "scripts/measuring" / name, root / "scripts/measuring" / name)
    return root


def job(arm: str, seed: int, root, *given: str) -> Job:
    """Return a run of the experiment without an embedder, which the tests do not have."""
    arguments = ("--arms", arm, "--seeds", str(seed), *given)
    version = runs.protocol_version(root)
    return Job(EXPERIMENT, arm, seed, "fine_tune_vs_rag", COMMAND, arguments, key=f"{arm}-{seed}", protocol=version)


def report_of(model, seed: int, out) -> dict:
    """Run every arm on a seed in process; return the metrics of the report."""
    given = ["--model", str(model), "--device", "cpu", "--quick", "--seeds", str(seed), "--out", str(out)]
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(io.StringIO()):
        assert run(fine_tune_vs_rag.main, fine_tune_vs_rag.Config, given) == 0
    return json.loads(printed.getvalue())["metrics"]


def written(arm: str, seed: int, metrics: dict, root) -> Run:
    """Write the run of a report, as `make` does; return it."""
    its = job(arm, seed, root)
    if arm == HALF:  # of so few questions all would be taught
        for number, row in enumerate(metrics["rows"]):
            row["taught"] = row["source"] is not None and number % 2 == 0
    metrics["general"]["marks"] = [arm == BASE, True, True, False]  # it knows nothing
    run = Run(
        experiment=its.experiment,
        arm=arm,
        seed=seed,
        snippet=its.file.as_posix(),
        command=COMMAND,
        arguments=its.all_arguments(root),
        date="2026-01-02",
        seconds=1.0,
        protocol=its.protocol,
        **made_with(its, root),
        environment=flatten(metrics.pop("environment")),
        metrics=metrics,
        printed="",
    )
    runs.write(run, root)
    assert is_made(its, root)
    return run


@pytest.fixture(scope="module")
def reported(tiny_model, tmp_path_factory):
    """The metrics of every arm, as the snippet reports them, and the folder of its own files."""
    out = tmp_path_factory.mktemp("reported")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(answer, "__defaults__", ("answering", SHORT, None))
        patch.setattr(constrained_decoding, "TOKENS", SHORT)
        patch.setattr(fine_tune_vs_rag, "BATCH", 1)
        patch.setattr(fine_tune_vs_rag, "make", cache(make_world))
        patch.setattr(fine_tune_vs_rag, "choose_rows", lambda *of: arms.choose_rows(*of)[:FEW])
        return report_of(tiny_model, SEED, out), out


@pytest.fixture(scope="module")
def result(root, reported):
    """The result, as the site loads it."""
    metrics, _ = reported
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evals_process, "run_snippet", in_process())
        for arm in arms.ARMS:
            written(arm, SEED, deepcopy(metrics[f"{arm}-{SEED}"]), root)
        summarise(EXPERIMENT, "cpu", root)
    return results.load(root)[STEM]


def test_every_arm_answers_every_cell_and_is_kept(reported):
    metrics, out = reported
    assert set(metrics) == {f"{name}-{SEED}" for name in arms.ARMS}
    for name, arm in arms.ARMS.items():
        kept = json.loads((out / f"{name}-{SEED}.json").read_text(encoding="utf-8"))
        cells = {"closed_book", "retrieved"} | ({"changed"} if arm.later else set())
        assert set(kept["cells"]) == set(kept["replies"]) == cells | ({"top_3", "right_page"} if arm.wide else set())
        assert all(len(replies) == 12 for replies in kept["replies"].values())
        assert {row["source"] is None for row in kept["rows"]} == {True, False}
        assert kept["general"]["perplexity"] > 1 and kept["general"]["right"]["n"] == 4
        assert (kept["seconds"]["training"] > 0) == bool(arm.teach) and kept["seconds"]["index"] > 0


def test_every_arm_is_in_the_result(result):
    files = {f"results/runs/{EXPERIMENT}/{arm}-{SEED}.json" for arm in arms.ARMS}
    assert files < set(result.code) and result.environment["seeds"] == str(SEED) and result.command == COMMAND


def test_what_stands_on_the_map_was_measured_with_its_interval(result):
    data = yaml.safe_load((ROOT / "docs/_data/map.yml").read_text(encoding="utf-8"))
    for point in data["points"]:
        for axis in ("across", "up"):
            one = result.value(f"{point['cell']}.{data[axis]['end']}")
            assert 0 <= one["low"] <= one["value"] <= one["high"] <= 1


def test_every_number_that_a_page_names_was_measured(result):
    pages = [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs/_data").glob("*.yml")]
    named = {key for page in pages for key in NAMED.findall(page.read_text(encoding="utf-8"))}
    assert {key for key in named if key not in result.measured} == set()
    assert {"base.retrieved.right", "lora-questions.closed-book-later.right"} < named


def test_every_share_has_its_interval_its_cases_and_what_each_seed_gave(result):
    for key, one in result.measured.items():
        if key.endswith((".right", ".valid-json", ".source-right", ".invented")):
            assert one["low"] <= one["value"] <= one["high"] and one["cases"] > 0, key
            assert len(one["seeds"]) == 1 and one["min"] <= one["value"] <= one["max"], key


def test_every_comparison_of_the_plan_was_made(result):
    plan = tomllib.loads((ROOT / PLAN).read_text(encoding="utf-8"))
    for each in plan["comparison"]:
        for end in ("difference", "won", "lost", "p", "p-holm", "needs"):
            assert f"compare.{each['name']}.{end}" in result.measured


def test_the_made_up_result_of_other_tests_has_no_key_of_its_own(result):
    assert set(evidence_data.measured()) - set(result.measured) == set()


def test_a_real_process_makes_a_run(root, tiny_model):
    """With the imports, flags and report of the snippet as they are."""
    its = job("examples", 5, root, "--quick", "--device", "cpu", "--model", str(tiny_model))
    assert not is_made(its, root)
    run = make(its, root, quiet=True)
    assert is_made(its, root) and runs.read(its.path, root) == run
    assert set(run.metrics) == {"arm", "rows", "found", "cells", "replies", "general", "seconds", "settings"}
    assert len(run.metrics["rows"]) == 12 and run.metrics["arm"]["shots"] == arms.ARMS["examples"].shots
    assert run.environment["device"] == "cpu" and run.environment["torch"] and "Facts right" in run.printed
    assert "quick" not in run.defaults and run.defaults["embedder"] == "''"
    kept = json.loads(run.settings)
    assert kept == tomllib.loads((ROOT / runs.ARMS).read_text(encoding="utf-8"))["examples"]
