"""evals.py: what it reads, whether its statistics keep their word, and when its gate is shut."""

import json
import math
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from tests.snippet_process import SNIPPETS, load_snippet, run_snippet

LAB = SNIPPETS / "lab"
evals = load_snippet("evals")


def alone(n):
    """Every question is a cluster of its own."""
    return np.arange(n)


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def numbered(scores):
    return [{"id": number, "right": score} for number, score in enumerate(scores)]


def versions_of(*files, **flags):
    return evals.read_versions(evals.Config(files=",".join(map(str, files)), lab=str(LAB), **flags))


def scores_of(version):
    return {name: score for name, (score, _) in version.items()}


# Statistics: against other ways to the same number


def test_wilson_is_scipys():
    for right, n in ((0, 9), (3, 9), (9, 9), (171, 180)):
        low, high = stats.binomtest(right, n).proportion_ci(method="wilson")
        assert evals.wilson(right, n) == pytest.approx((low, high), abs=1e-6)


def test_standard_error_of_single_questions_is_the_usual_one():
    values = np.random.default_rng(0).random(50)
    assert evals.standard_error(values, alone(50)) == pytest.approx(values.std(ddof=1) / math.sqrt(50))


def test_clustered_standard_error_adds_every_pair_of_a_cluster():
    """Miller's sum over all pairs inside the clusters, written out."""
    rng = np.random.default_rng(0)
    values, clusters = rng.random(30), rng.integers(0, 7, 30)
    away = values - values.mean()
    pairs = sum(away[i] * away[j] for i in range(30) for j in range(30) if clusters[i] == clusters[j])
    assert evals.standard_error(values, clusters) == pytest.approx(math.sqrt(7 / 6 * pairs) / 30)


def test_questions_asked_twice_give_no_more_certainty():
    values = np.random.default_rng(0).random(40)
    twice, clusters = np.repeat(values, 2), np.repeat(alone(40), 2)
    assert evals.standard_error(twice, clusters) == pytest.approx(evals.standard_error(values, alone(40)))
    assert evals.standard_error(twice, alone(80)) < 0.75 * evals.standard_error(values, alone(40))


def test_interval_is_that_of_a_paired_bootstrap():
    rng = np.random.default_rng(0)
    old, new = (rng.random(200) < share for share in (0.6, 0.7))
    found = evals.difference_interval(new * 1.0 - old, alone(200), np.random.default_rng(1))
    mean = lambda new, old, axis: new.mean(axis) - old.mean(axis)  # noqa: E731
    pair, how = (new * 1.0, old * 1.0), {"method": "percentile", "rng": np.random.default_rng(2)}
    oracle = stats.bootstrap(pair, mean, paired=True, vectorized=True, **how).confidence_interval
    assert found == pytest.approx((oracle.low, oracle.high), abs=0.006)


def covered(draw, clusters, truth, times=300):
    """-> share of simulated evaluations whose interval holds the true difference."""
    rng, hits = np.random.default_rng(0), 0
    for _ in range(times):
        low, high = evals.difference_interval(draw(rng), clusters, rng)
        hits += low <= truth <= high
    return hits / times


def test_interval_covers_the_truth(monkeypatch):
    """95 % meant; 300 simulations scatter by 2.5 points to each side."""
    monkeypatch.setattr(evals, "RESAMPLES", 499)
    draw = lambda rng: rng.choice([-1, 0, 1], 150, p=[0.1, 0.75, 0.15]) * 1.0  # noqa: E731
    assert 0.915 <= covered(draw, alone(150), 0.05) <= 0.98


def test_interval_covers_the_truth_of_clusters_only_when_told_of_them(monkeypatch):
    """Forty services with six questions each: most of what changes, changes for all of a service."""
    monkeypatch.setattr(evals, "RESAMPLES", 499)

    def draw(rng):
        service = rng.choice([-1, 0, 1], (40, 1), p=[0.1, 0.7, 0.2])
        return np.where(rng.random((40, 6)) < 0.8, service, rng.choice([-1, 0, 1], (40, 6))).ravel() * 1.0

    clusters, truth = np.repeat(alone(40), 6), 0.8 * 0.1
    assert 0.9 <= covered(draw, clusters, truth) <= 0.98
    assert covered(draw, alone(240), truth) < 0.8


def test_interval_of_no_difference_is_as_wide_as_so_few_questions_allow():
    """0 of n seen: the exact bound is 1 - .025^(1/n), which scipy gives too."""
    for n in (10, 500):
        bound = stats.binomtest(0, n).proportion_ci().high
        found = evals.difference_interval(np.zeros(n), alone(n), np.random.default_rng(0))
        assert found == pytest.approx((-bound, bound))
    better = np.array([1.0] + [0.0] * 19)
    assert evals.difference_interval(better, alone(20), np.random.default_rng(0))[0] < -0.1


def test_mcnemar_is_a_sum_of_coin_throws():
    for won, lost in ((0, 0), (1, 0), (5, 0), (2, 7), (8, 8), (31, 12)):
        n, most = won + lost, max(won, lost)
        tail = sum(math.comb(n, k) for k in range(most, n + 1)) / 2**n
        difference = np.array([1.0] * won + [-1.0] * lost + [0.0] * 20)
        assert evals.mcnemar(difference) == pytest.approx(min(1, 2 * tail))


def test_flipped_signs_of_single_questions_are_mcnemars_test():
    """Twelve questions have 4,096 flips, so all are tried."""
    difference = np.array([1, 1, 1, 1, 1, -1, 0, 0, 0, 0, 0, 0.0])
    p = evals.flip_signs(difference, alone(12), np.random.default_rng(0))
    assert p == pytest.approx(evals.mcnemar(difference)) == pytest.approx(0.21875)


def test_flipped_signs_do_not_mistake_one_service_for_six_questions():
    difference, clusters = np.array([1.0] * 6 + [0.0] * 24), np.repeat(alone(5), 6)
    assert evals.mcnemar(difference) < 0.05
    assert evals.flip_signs(difference, clusters, np.random.default_rng(0)) == 1


def test_holm_by_hand():
    assert evals.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert evals.holm([0.6, 0.7]) == [1, 1]


def test_so_many_questions_show_the_difference_in_four_of_five_evaluations():
    """80 % meant, by the exact test; 600 simulations scatter by 3 points to each side."""
    p, rng = [0.085, 0.75, 0.165], np.random.default_rng(0)
    pilot = np.repeat([-1.0, 0, 1], (85, 750, 165))
    n = evals.questions_needed(pilot, alone(1000), 0.08)
    assert n == 330  # by hand: (1.95996 * .5 + .84162 * .49356)^2 / .0064 + 2 / .08
    seen = sum(evals.mcnemar(rng.choice([-1.0, 0, 1], n, p=p)) < 0.05 for _ in range(600))
    assert 0.77 <= seen / 600 <= 0.85


def test_questions_in_clusters_of_two_alike_need_twice_as_many():
    pilot = np.random.default_rng(0).permutation(np.repeat([-1.0, 0, 1], (10, 70, 20)))
    single = evals.questions_needed(pilot, alone(100), 0.05)
    double = evals.questions_needed(np.repeat(pilot, 2), np.repeat(alone(100), 2), 0.05)
    correction = 2 / 0.05
    assert double - correction == pytest.approx(2 * (single - correction), rel=0.02)


def test_few_differing_questions_promise_no_small_evaluation():
    """A net difference of .05 needs at least .05 of the questions to differ."""
    assert evals.questions_needed(np.zeros(50), alone(50), 0.05) == 195
    assert evals.questions_needed(np.full(50, 0.01), alone(50), 0.05) < 10  # graded scores may move a little each


def test_a_comparison_by_hand():
    old, new = np.array([1, 1, 0, 0, 1, 0, 1, 1.0]), np.array([1, 0, 1, 1, 1, 0, 1, 1.0])
    told = evals.compare(old, new, alone(8), 0.05, np.random.default_rng(0))
    assert told["difference"]["value"] == 0.125 and (told["won"], told["lost"]) == (2, 1)
    assert told["mcnemar_p"] == told["p"] == 1 and told["test"] == "exact McNemar"
    graded = evals.compare(old, new / 2, alone(8), 0.05, np.random.default_rng(0))
    assert graded["mcnemar_p"] is None and graded["test"] == "sign flips"
    grouped = evals.compare(old, new, np.repeat(alone(4), 2), 0.05, np.random.default_rng(0))
    assert grouped["mcnemar_p"] == 1 and grouped["test"] == "sign flips of clusters"


def test_all_pairs_say_which_differ():
    rng = np.random.default_rng(0)
    base = rng.random(300) < 0.6
    near, far = base ^ (rng.random(300) < 0.04), base & (rng.random(300) < 0.7)
    versions = {name: {str(i): (float(x), str(i)) for i, x in enumerate(some)}
                for name, some in (("base", base), ("near", near), ("far", far))}  # fmt: skip
    told = evals.compare_all(versions, evals.Config(all_pairs=True))
    assert told["differ"] == ["base and far", "near and far"]
    found = [one for some in told["pairs"].values() for one in some.values()]
    assert len(found) == 3 and all(one["holm_p"] >= one["p"] for one in found)
    first_only = evals.compare_all(versions, evals.Config())["pairs"]
    assert {old: list(some) for old, some in first_only.items()} == {"base": ["near", "far"]}


# The gate


@pytest.mark.parametrize(
    ("low", "high", "margin", "verdict"),
    [
        (-0.02, 0.01, 0.02, "passed"),
        (-0.0201, 0.01, 0.02, "cannot tell"),
        (-0.2, -0.02, 0.02, "cannot tell"),
        (-0.2, -0.0201, 0.02, "worse"),
        (0.001, 0.1, 0, "passed"),
        (-0.001, 0.1, 0, "cannot tell"),
    ],
)
def test_gate_holds_the_whole_interval_against_the_margin(low, high, margin, verdict):
    pair = {"difference": {"value": (low + high) / 2, "low": low, "high": high, "n": 180}}
    found, line = evals.judge_gate(pair, margin)
    assert found == verdict and verdict in line and f"{low:+.4f} to {high:+.4f}" in line


OUTCOMES = {"passed": (0.9, 0.9, 800, 0), "worse": (0.9, 0.7, 800, 1), "cannot tell": (0.9, 0.9, 12, 1)}


@pytest.mark.parametrize("verdict", OUTCOMES)
def test_gate_ends_with_its_status(tmp_path, verdict):
    old, new, n, status = OUTCOMES[verdict]
    for name, share in (("old", old), ("new", new)):
        write(tmp_path / f"{name}.jsonl", numbered([i >= n * (1 - share) for i in range(n)]))
    done = run_snippet("evals", "--files", "old.jsonl,new.jsonl", "--fail-if-worse-than", "0.02", cwd=tmp_path)
    assert done.returncode == status and done.stdout.count("\n") == 1
    assert done.stderr.count("\n") == 1 and verdict in done.stderr and done.stderr.startswith("evals: ")
    assert json.loads(done.stdout)["metrics"]["gate"] == {"verdict": verdict}
    assert len(list(tmp_path.iterdir())) == 2


# What it reads


def test_json_lines_are_paired_by_id_whatever_their_order(tmp_path):
    old = write(tmp_path / "old.jsonl", [{"id": 1, "right": True}, {"id": "b", "right": False}])
    new = write(tmp_path / "new.jsonl", [{"id": "b", "right": 0.5}, {"id": "1", "right": 0.25}])
    versions = versions_of(old, new)
    scores, clusters = evals.pair_up(versions)
    assert {name: list(some) for name, some in scores.items()} == {"old": [1, 0], "new": [0.25, 0.5]}
    assert sorted(clusters) == [0, 1]


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "out.jsonl", numbered([True, False]))
    files = [tmp_path / name / "out.jsonl" for name in ("a", "b")]
    assert list(versions_of(*files)) == list(map(str, files))


def lm_eval_row(number, score, **more):
    """One line of samples_*.jsonl, with the keys that lm-evaluation-harness writes."""
    return {
        "doc_id": number,
        "doc": {"question": f"What is {number} + 1?", "answer": str(number + 1), "subject": f"s{number % 2}"},
        "target": str(number + 1),
        "arguments": {"gen_args_0": {"arg_0": f"Question: what is {number} + 1?", "arg_1": {"until": ["\n"]}}},
        "resps": [["7"]],
        "filtered_resps": ["7"],
        "filter": "none",
        "metrics": ["exact_match"],
        "doc_hash": "d",
        "prompt_hash": "p",
        "target_hash": "t",
        "exact_match": score,
    } | more


def test_samples_of_lm_evaluation_harness(tmp_path):
    old = write(tmp_path / "samples_a.jsonl", [lm_eval_row(i, float(i > 1)) for i in range(4)])
    rows = [lm_eval_row(i, 1.0, filter=name) for i in range(4) for name in ("strict", "flexible")]
    new = write(tmp_path / "samples_b.jsonl", rows)
    with pytest.raises(evals.Problem, match=r"samples_b.jsonl: holds the filters strict, flexible; choose one"):
        versions_of(old, new)
    rows = [row | {"exact_match": 0.0} if row["filter"] == "strict" else row for row in rows]
    write(new, rows)
    write(old, [lm_eval_row(i, float(i > 1), filter="strict") for i in range(4)])
    versions = versions_of(old, new, filter="strict", cluster="subject")
    assert list(scores_of(versions["samples_a"]).values()) == [0, 0, 1, 1]
    assert versions["samples_b"] == {str(i): (0.0, f"s{i % 2}") for i in range(4)}


def test_one_of_two_metrics_is_chosen(tmp_path):
    rows = [lm_eval_row(i, 0, metrics=["acc", "acc_norm"], acc=0.0, acc_norm=1.0) for i in range(2)]
    files = [write(tmp_path / f"samples_{name}.jsonl", rows) for name in "ab"]
    with pytest.raises(evals.Problem, match="has the metrics acc, acc_norm; choose one with --metric"):
        versions_of(*files)
    assert scores_of(versions_of(*files, metric="acc_norm")["samples_a"]) == {"0": 1, "1": 1}
    older = [{"doc_id": 0, "acc": 1.0}, {"doc_id": 1, "acc": 0.0}]  # older versions list no metrics
    assert scores_of(versions_of(write(files[0], older), files[1], metric="acc")["samples_a"]) == {"0": 1, "1": 0}
    assert evals.choose_metric(files[0], older[0]) == "acc"


def inspect_log(path, samples, more=None):
    """A JSON log of Inspect: header and samples; a sample ran once an epoch."""
    rows = [
        {
            "id": name,
            "epoch": epoch,
            "input": "Say yes.",
            "target": "yes",
            "messages": [],
            "output": {"model": "m", "choices": []},
            "scores": {"match": {"value": value, "answer": "yes", "explanation": None}} if value is not None else {},
            "metadata": {"topic": name[0]},
        }
        for name, values in samples.items()
        for epoch, value in enumerate(values, 1)
    ]
    log = {"version": 2, "status": "success", "eval": {"task": "t"}, "results": {}, "samples": rows} | (more or {})
    path.write_text(json.dumps(log, indent=2))
    return path


def test_logs_of_inspect(tmp_path):
    old = inspect_log(tmp_path / "old.json", {"a1": "C", "a2": "I", "b1": "P", "b2": "N"})
    new = inspect_log(tmp_path / "new.json", {"a1": "CI", "a2": [0.25, "C"], "b1": "CC", "b2": [1, 0.0]})
    versions = versions_of(old, new, cluster="topic")
    assert versions["old"] == {"a1": (1, "a"), "a2": (0, "a"), "b1": (0.5, "b"), "b2": (0, "b")}
    assert scores_of(versions["new"]) == {"a1": 0.5, "a2": 0.625, "b1": 1, "b2": 0.5}


@pytest.mark.parametrize(
    ("samples", "more", "said"),
    [
        ({"a": [None]}, {}, "sample 1 has no id or no score; finish it with `inspect eval-retry`"),
        ({"a": ["C"], "b": ["maybe"]}, {}, "value of row 2 is 'maybe'; use true, false or a score from 0 to 1"),
        ({"a": ["C"], "b": [float("nan")]}, {}, "value of row 2 is 'nan'"),
        ({"a": [{"x": 1}]}, {}, "value of row 1 is"),
        ({}, {}, "a log without samples"),
        ({}, {"samples": None}, "a log without samples"),
    ],
)
def test_logs_of_inspect_that_cannot_be_compared(tmp_path, samples, more, said):
    with pytest.raises(evals.Problem, match=said):
        versions_of(inspect_log(tmp_path / "old.json", samples, more))


def test_one_of_two_scorers_is_chosen(tmp_path):
    path = inspect_log(tmp_path / "old.json", {"a": "C", "b": "I"})
    log = json.loads(path.read_text())
    for sample in log["samples"]:
        sample["scores"]["judge"] = {"value": 0.5}
    path.write_text(json.dumps(log))
    with pytest.raises(evals.Problem, match="sample 1 has the scorers match, judge; choose one with --metric"):
        versions_of(path)
    other = inspect_log(tmp_path / "new.json", {"a": "C", "b": "C"})
    assert scores_of(versions_of(path, other, metric="match")["old"]) == {"a": 1, "b": 0}


@pytest.fixture
def table(tmp_path):
    """A file in the form of the predictions of fine_tune_vs_rag.py: rows are those of the lab's questions."""
    rows = [
        {"arm": arm, "asked": asked, "row": row, "prediction": "x", "right": (row + shift) % 3 > 0}
        for arm, shift in (("rag", 0), ("few-shot-rag", 1), ("lora-behaviour-rag", 2))
        for asked in ("retrieved", "right page")
        for row in range(240, 264)
    ]
    return write(tmp_path / "out.predictions.jsonl", rows)


def test_two_arms_of_the_table_with_the_labs_clusters(table):
    versions = versions_of(table, arms="lora-behaviour-rag,rag", asked="retrieved", cluster="service")
    questions = [json.loads(line) for line in (LAB / "questions.jsonl").read_text().splitlines()]
    assert list(versions) == ["lora-behaviour-rag", "rag"]
    assert versions["rag"] == {str(row): (float(row % 3 > 0), questions[row]["service"]) for row in range(240, 264)}


def test_all_arms_of_the_table_and_arms_of_two_tables(table, tmp_path):
    assert list(versions_of(table, asked="retrieved")) == ["rag", "few-shot-rag", "lora-behaviour-rag"]
    again = tmp_path / "again.jsonl"
    again.write_text(table.read_text())
    assert list(versions_of(table, again, arms="rag", asked="retrieved")) == ["out.predictions:rag", "again:rag"]


def test_sentence_with_the_rarest_shared_words_answers():
    page = "# Tolbry\nTolbry is ours. The port of Tolbry is 4711. It listens in region re-4."
    assert evals.read_answer_by_rule(page, "What is the port of Tolbry?", None) == "4711"
    assert evals.read_answer_by_rule(page, "Where does it listen?", 5) == "re-4"
    assert evals.read_answer_by_rule("# Empty", "What?", None) == "?"


# The judge


def judged(*outcomes):
    """Pairs as (winner with a first, winner with b first)."""
    return [
        {"id": number, "first": first, "second": second, "winner": winner}
        for number, pair in enumerate(outcomes)
        for (first, second), winner in zip((("a", "b"), ("b", "a")), pair, strict=True)
    ]


def test_a_judge_who_likes_the_first_place(tmp_path):
    fair = [("first", "second"), ("second", "first"), ("tie", "tie")]
    told = evals.position_bias(
        judged(*fair, *[("first", "first")] * 6, ("first", "tie"), ("second", "second")), tmp_path
    )
    assert told["pairs"] == 11 and told["consistency"]["value"] == round(3 / 11, 4)
    assert told["first_position_won"] == round(15 / 19, 4)  # of 22 judgements three are ties
    assert told["leaning_to_first"] | {"low": 0, "high": 0} == {"value": 0.875, "low": 0, "high": 0, "n": 8}
    assert told["p"] == pytest.approx(2 * (8 + 1) / 2**8, rel=1e-2)
    calm = evals.position_bias(judged(*fair), tmp_path)
    assert calm["p"] == 1 and calm["leaning_to_first"] == {"value": None} and calm["consistency"]["value"] == 1


def test_a_fair_judge_is_rarely_called_biased(tmp_path):
    """At most 5 % meant, of 200 noisy judges without a bias."""
    rng, alarms = np.random.default_rng(0), 0
    for _ in range(200):
        pairs = [tuple(rng.choice(["first", "second", "tie"], 2, p=[0.4, 0.4, 0.2])) for _ in range(60)]
        alarms += evals.position_bias(judged(*pairs), tmp_path)["p"] < 0.05
    assert alarms / 200 <= 0.08


# As a reader runs it


def test_defaults_compare_two_readers_of_the_lab(tmp_path):
    done = run_snippet("evals", "--lab", LAB, cwd=tmp_path)
    assert done.returncode == 0 and done.stderr == "" and done.stdout.count("\n") == 1, done.stderr
    told = json.loads(done.stdout)
    metrics = told["metrics"]
    assert set(told) == {"config", "metrics", "environment"} and told["environment"]["device"] == "cpu"
    assert (metrics["questions"], metrics["clusters"]) == (240, 40)
    [pair] = metrics["pairs"]["whole words"].values()
    accuracies = [one["accuracy"]["value"] for one in metrics["versions"].values()]
    assert pair["difference"]["value"] == pytest.approx(accuracies[1] - accuracies[0], abs=2e-4)
    assert pair["won"] - pair["lost"] == round(240 * pair["difference"]["value"])
    assert all(0.1 < value < 0.95 for value in accuracies)
    assert not list(tmp_path.iterdir())
    again = run_snippet("evals", "--lab", LAB, cwd=tmp_path)
    assert again.stdout == done.stdout


def test_a_judge_alone_and_beside_two_versions(tmp_path):
    write(tmp_path / "judge.jsonl", judged(*[("first", "second")] * 3))
    for name in ("old", "new"):
        write(tmp_path / f"{name}.jsonl", numbered([True, False, True]))
    run = lambda *flags: run_snippet("evals", "--judgements", "judge.jsonl", *flags, cwd=tmp_path)  # noqa: E731
    assert list(json.loads(run().stdout)["metrics"]) == ["judge"]
    assert {"judge", "pairs"} <= json.loads(run("--files", "old.jsonl,new.jsonl").stdout)["metrics"].keys()


def test_ctrl_c_is_one_line(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    command = [sys.executable, SNIPPETS / "evals.py", "--judgements", tmp_path / "pipe"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process, open(tmp_path / "pipe", "w"):  # open waits for the reader
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "\nevals: stopped; run it again\n")


BAD = [
    ("--files nothing.jsonl,good.jsonl", "evals: nothing.jsonl: cannot be read as JSON lines (FileNotFoundError)"),
    ("--files folder,good.jsonl", "evals: folder: cannot be read as JSON lines (IsADirectoryError)"),
    ("--files bytes.jsonl,good.jsonl", "evals: bytes.jsonl: cannot be read as JSON lines (UnicodeDecodeError)"),
    ("--files empty.jsonl,good.jsonl", "evals: empty.jsonl: holds no rows; write at least one line with id, right"),
    ("--files broken.jsonl,good.jsonl", "evals: broken.jsonl:2: not JSON"),
    ("--files list.jsonl,good.jsonl", "evals: list.jsonl:1: no id, right; every line needs id, right"),
    ("--files column.jsonl,good.jsonl", "evals: column.jsonl:2: no right; every line needs id, right"),
    ("--files log.eval,good.jsonl", "evals: log.eval: Inspect's binary log; make it text with `inspect log convert"),
    ("--files good.jsonl", "evals: --files good.jsonl: one version; name two files, joined by a comma, or two --arms"),
    ("--files good.jsonl,good.jsonl", "one version; name two files"),
    ("--files twice.jsonl,good.jsonl", "evals: twice.jsonl: question 1 stands there twice; ask each once, or choose"),
    ("--files mixed.jsonl,good.jsonl", "evals: mixed.jsonl: right mixes true or false with numbers, see row 2"),
    ("--files text.jsonl,good.jsonl", "evals: text.jsonl: right of row 1 is 'yes'; use true, false or a score"),
    ("--files large.jsonl,good.jsonl", "evals: large.jsonl: right of row 2 is '87'; use true, false or a score"),
    ("--files nan.jsonl,good.jsonl", "evals: nan.jsonl: right of row 1 is 'nan'; use true, false or a score"),
    ("--files nested.jsonl,good.jsonl", "evals: nested.jsonl: [1] as id; a question is named by a text or a number"),
    ("--files good.jsonl,more.jsonl", "evals: more and good: 2 questions of more (7, 8) have no partner; ask both"),
    ("--files more.jsonl,good.jsonl", "evals: good and more: 2 questions of more (7, 8) have no partner; ask both"),
    ("--files single.jsonl,again.jsonl", "evals: single: 1 questions in one cluster tell nothing about others"),
    ("--files good.jsonl,more.jsonl --cluster topic", "evals: good.jsonl: question 1 has no topic; --cluster names"),
    ("--files topic.jsonl,moved.jsonl --cluster topic", "evals: moved and topic: question 1 is of another cluster"),
    ("--files good.jsonl,more.jsonl --metric f1", "evals: good.jsonl:1: no f1; every line needs id, f1"),
    ("--files good.jsonl,more.jsonl --id name", "evals: good.jsonl:1: no name; every line needs name, right"),
    ("--files good.jsonl,more.jsonl --asked how", "evals: --asked how: no such rows in good.jsonl; it has no such"),
    ("--files good.jsonl,more.jsonl --arms rag", "evals: --arms rag: not in good.jsonl, the nearest is a file without"),
    ("--files table.jsonl", "evals: table.jsonl: question 3 stands there twice for rag; ask each once, or choose rows"),
    ("--files table.jsonl --arms rga,lora", "evals: --arms rga: not in table.jsonl, the nearest is rag"),
    ("--files table.jsonl --asked late", "evals: --asked late: no such rows in table.jsonl; it has open, closed"),
    ("--files three.jsonl --fail-if-worse-than 0.1", "a gate is for two versions, here are 3; choose --arms"),
    ("--arms rag", "evals: --arms rag: is about your own files; name them with --files"),
    ("--lab folder", "evals: folder/questions.jsonl: no lab here; unpack snippets.zip, run make_lab.py"),
    ("--lab torn", "evals: torn/docs: no page x-1 (FileNotFoundError); make the lab anew"),
    ("--detect 0", "evals: --detect 0.0: use a difference between 0 and 1, such as 0.05"),
    ("--detect nan", "evals: --detect nan: use a difference between 0 and 1"),
    ("--fail-if-worse-than 2", "evals: --fail-if-worse-than 2.0: use a drop from 0 to 1, such as 0.02"),
    ("--fail-if-worse-than nan", "evals: --fail-if-worse-than nan: use a drop from 0 to 1"),
    ("--fail-if-worse-than 0 --judgements good.jsonl", "evals: --fail-if-worse-than: needs two versions; name their"),
    ("--seed -1", "evals: --seed -1: use 0 or more"),
    ("--judgements good.jsonl", "evals: good.jsonl:1: no first, second, winner; every line needs id, first"),
    ("--judgements odd.jsonl", "evals: odd.jsonl: winner of row 1 is 'a'; use first, second or tie"),
    ("--judgements half.jsonl", "evals: half.jsonl: pair 0 needs two rows, the same two answers in both orders"),
    ("--judgements same.jsonl", "evals: same.jsonl: row 2, pair 0, shows a first once more; once each order"),
    ("--device cuda", "evals: --device cuda: there is nothing here for a GPU to do; run with --device cpu"),
    ("--no-such-flag", "evals: unrecognized arguments: --no-such-flag; --help lists the flags"),
]


@pytest.fixture
def bad(tmp_path, monkeypatch):
    """A folder of bad things to name, and to stand in."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "torn" / "docs").mkdir(parents=True)
    question = {"question": "?", "answer": "!", "source": "x-1", "service": "x"}
    write(tmp_path / "torn" / "questions.jsonl", [question])
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "log.eval").write_bytes(b"PK\x03\x04")
    (tmp_path / "broken.jsonl").write_text('{"id": 1, "right": true}\n{"id"')
    table = [("rag", "open", 3), ("rag", "closed", 3), ("lora", "open", 3)]
    pairs = judged(("first", "second"))
    for name, rows in {
        "good": [{"id": 1, "right": True}, {"id": 2, "right": False}],
        "more": [{"id": i, "right": True} for i in (1, 2, 7, 8)],
        "empty": [],
        "list": [[1]],
        "column": [{"id": 1, "right": True}, {"id": 2}],
        "twice": [{"id": 1, "right": True}] * 2,
        "mixed": [{"id": 1, "right": True}, {"id": 2, "right": 0.5}],
        "text": [{"id": 1, "right": "yes"}],
        "large": [{"id": 1, "right": 1}, {"id": 2, "right": 87}],
        "nan": [{"id": 1, "right": float("nan")}],
        "nested": [{"id": [1], "right": 1}],
        "single": [{"id": 1, "right": True}],
        "again": [{"id": 1, "right": True}],
        "topic": [{"id": 1, "right": True, "topic": "a"}, {"id": 2, "right": True, "topic": "b"}],
        "moved": [{"id": 1, "right": True, "topic": "b"}, {"id": 2, "right": True, "topic": "a"}],
        "table": [{"arm": arm, "asked": asked, "row": row, "right": True} for arm, asked, row in table],
        "three": [{"arm": arm, "row": row, "right": True} for arm in "abc" for row in (0, 1)],
        "odd": [pairs[0] | {"winner": "a"}],
        "half": pairs[:1],
        "same": [pairs[0]] * 2,
    }.items():
        write(tmp_path / f"{name}.jsonl", rows)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    return tmp_path


@pytest.mark.parametrize(("flags", "line"), BAD, ids=lambda value: value if value.startswith("--") else "")
def test_bad_input_is_one_line(bad, monkeypatch, capsys, flags, line):
    lab = [] if "--lab" in flags else ["--lab", str(LAB)]
    monkeypatch.setattr(sys, "argv", ["evals.py", *lab, *flags.split()])
    before = sorted(bad.rglob("*"))
    with pytest.raises(SystemExit) as end:
        evals.run_without_torch(evals.main)
    printed = capsys.readouterr()
    assert end.value.code == 2 and printed.out == "", printed.err
    assert line in printed.err and printed.err.count("\n") == 1, printed.err
    assert sorted(bad.rglob("*")) == before
