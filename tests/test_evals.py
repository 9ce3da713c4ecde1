"""Comparing versions: the statistics against scipy, statsmodels and brute force; the logs; the gate; the judge."""

import json
import subprocess
import sys
from math import comb
from pathlib import Path

import numpy
import pytest
import statsmodels.api as sm
from statsmodels.stats.contingency_tables import mcnemar

import evals
from case.command import run
from eval_logs import Mark, read_version
from judge_order import check_judge
from paired_tests import swap_clusters
from scripts.extension.lesson.sample_size import needed

RNG = numpy.random.default_rng(0)
SNIPPETS = Path(evals.__file__).parent


def write(file, *rows):
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def version(*scores, clusters=None):
    return {f"q{i}": Mark(float(s), str(clusters[i] if clusters else i)) for i, s in enumerate(scores)}


def own(tmp_path, name, marks):
    return write(tmp_path / name, *({"question": f"q{i}", "right": bool(m)} for i, m in enumerate(marks)))


def command(capsys, *arguments):
    """Run the script in process; returns status, report and what was said on stderr."""
    try:
        status = run(evals.main, evals.Config, [str(argument) for argument in arguments])
    except SystemExit as stopped:
        status = stopped.code
    out, err = capsys.readouterr()
    return status, json.loads(out) if out else None, err


# The statistics


@pytest.mark.parametrize(("won", "lost"), [(0, 0), (6, 0), (7, 1), (3, 9), (25, 25)])
def test_mcnemar_is_that_of_statsmodels_and_of_counting_coins(won, lost):
    difference = numpy.array([1] * won + [-1] * lost + [0] * 20)
    p = evals.mcnemar(difference)
    assert p == pytest.approx(mcnemar([[10, won], [lost, 10]], exact=True).pvalue)
    n, tail = won + lost, min(won, lost)
    assert p == pytest.approx(min(1, 2 * sum(comb(n, k) for k in range(tail + 1)) / 2**n))


def test_swapping_clusters_of_one_question_is_mcnemars_test():
    difference = numpy.array([1.0] * 9 + [-1.0] * 2 + [0.0] * 20)
    alone = numpy.arange(31)
    assert swap_clusters(difference, alone) == pytest.approx(evals.mcnemar(difference), abs=0.02)  # drawn
    few = numpy.array([1.0] * 8 + [-1.0] * 2)
    assert swap_clusters(few, numpy.arange(10)) == pytest.approx(evals.mcnemar(few))  # all ways
    assert swap_clusters(numpy.zeros(4), numpy.arange(4)) == 1.0


def test_swapping_clusters_agrees_with_cluster_robust_errors():
    clusters = numpy.repeat(numpy.arange(24), 6)
    for shift in (0.02, 0.08, 0.16):
        difference = numpy.repeat(RNG.normal(shift, 0.25, 24), 6) + RNG.normal(0, 0.3, 144)
        fit = sm.OLS(difference, numpy.ones(144)).fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
        assert swap_clusters(difference, clusters) == pytest.approx(fit.pvalues[0], abs=0.05)


def test_a_difference_on_one_page_is_no_difference_of_thirty_questions():
    difference, pages = numpy.repeat([1.0, 0, 0, 0], 30), numpy.repeat(numpy.arange(4), 30)
    assert swap_clusters(difference, pages) == 1.0 and evals.mcnemar(difference) < 1e-6


def test_interval_of_the_difference_is_that_of_drawing_pages_by_hand():
    clusters = numpy.repeat(numpy.arange(16), 6)
    difference = RNG.choice([-1, 0, 0, 1], 96) + numpy.repeat(RNG.choice([0, 1], 16), 6) * (RNG.random(96) < 0.3)
    found = evals.difference_interval(numpy.clip(difference, -1, 1).astype(float), clusters)
    pages = numpy.clip(difference, -1, 1).reshape(16, 6).sum(1)
    drawn = pages[RNG.integers(0, 16, (20_000, 16))].sum(1) / 96
    assert found["value"] == pytest.approx(pages.sum() / 96, abs=1e-4)
    assert [found["low"], found["high"]] == pytest.approx(numpy.percentile(drawn, [2.5, 97.5]), abs=0.012)


def test_questions_that_repeat_each_other_do_not_narrow_the_interval():
    once = RNG.choice([-1.0, 0, 0, 1], 40)
    alone = evals.difference_interval(once, numpy.arange(40))
    eight_times = evals.difference_interval(numpy.repeat(once, 8), numpy.repeat(numpy.arange(40), 8))
    assert [eight_times[end] for end in ("low", "high")] == pytest.approx([alone["low"], alone["high"]])


@pytest.mark.parametrize("n", [2, 30, 96])
def test_none_lost_of_n_does_not_rule_out_a_small_loss(n):
    found = evals.difference_interval(numpy.zeros(n), numpy.arange(n))
    most = 1 - 0.025 ** (1 / n)
    assert (1 - most) ** n == pytest.approx(0.025)  # so likely is none of n, if that share loses
    assert (found["low"], found["high"]) == pytest.approx((-most, most), abs=1e-4)


def test_design_effect_is_that_of_cluster_robust_errors():
    clusters = numpy.repeat(numpy.arange(20), 5)
    difference = numpy.repeat(RNG.choice([-1.0, 0, 1], 20), 5) * (RNG.random(100) < 0.7)
    fit = sm.OLS(difference, numpy.ones(100))
    exact = {"groups": clusters, "use_correction": False}
    robust = fit.fit(cov_type="cluster", cov_kwds=exact).bse[0] * (20 / 19) ** 0.5
    assert evals.design_effect(difference, clusters) == pytest.approx((robust / fit.fit().bse[0]) ** 2)
    assert evals.design_effect(difference, numpy.arange(100)) == pytest.approx(1)


@pytest.mark.parametrize(("detect", "differ"), [(0.1, 0.2), (0.1, 0.3), (0.05, 0.1)])
def test_questions_needed_give_the_exact_test_its_power(detect, differ):
    n = evals.questions_needed(detect, differ)
    assert n == needed(detect, differ), "the table of the lesson says otherwise"
    won = (differ + detect) / 2
    drawn = RNG.multinomial(n, [won, differ - won, 1 - differ], 2_000)
    ps = {pair: evals.mcnemar(numpy.repeat([1, -1], pair)) for pair in {(w, lost) for w, lost, _ in drawn.tolist()}}
    power = numpy.mean([ps[w, lost] < 0.05 for w, lost, _ in drawn.tolist()])
    assert 0.77 < power < 0.84  # 80 %, and the noise of 2,000 draws


def test_several_versions_are_corrected_after_holm():
    base = [1, 0] * 10
    better = [1] * 7 + [0] + [1, 0] * 6  # three won
    best = [1] * 20  # ten won
    found = evals.compare({"base": version(*base), "better": version(*better), "best": version(*best)})
    p = {name: pair["p"] for name, pair in found["pairs"].items()}
    assert p == {"better": pytest.approx(2 / 2**3), "best": pytest.approx(2 / 2**10)}
    corrected = {name: pair["p_holm"] for name, pair in found["pairs"].items()}
    assert corrected == {"better": pytest.approx(p["better"]), "best": pytest.approx(2 * p["best"])}
    assert found["pairs"]["better"]["won"] == ["q1", "q3", "q5"] and found["pairs"]["better"]["lost"] == []
    assert found["pairs"]["best"]["difference"]["value"] == 0.5
    assert found["versions"]["base"]["value"] == 0.5 and found["clusters"] == 20


# What others wrote


HARNESS = [{"doc_id": i, "doc": {"text": "...", "page": f"p{i % 2}"}, "filter": "none", "metrics": ["acc"], "acc": v}
           for i, v in enumerate([1.0, 0.0, 1.0])]  # fmt: skip
INSPECT = {
    "version": 2, "status": "success", "eval": {"task": "t"},
    "samples": [{"id": i, "epoch": 1, "metadata": {"page": f"p{i % 2}"}, "scores": {"match": {"value": v}}}
                for i, v in enumerate(["C", "I", "C"])],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("own.jsonl", [{"id": i, "right": v, "page": f"p{i % 2}"} for i, v in enumerate([True, False, True])]),
        ("samples_task.jsonl", HARNESS),
        ("log.json", [INSPECT]),
        (
            "replies.jsonl",
            [
                {"id": 0, "question": "When?", "reply": "At 08:50.", "answer": "08:50", "source": "p0"},
                {"id": 1, "question": "Who?", "reply": "the cook", "answer": "purser", "source": "p1"},
                {"id": 2, "question": "Why?", "reply": "not in the handbook", "answer": "", "source": None}
                | {"page": "p0"},
            ],
        ),
    ],
)
def test_every_form_of_a_log_gives_the_same_marks(tmp_path, name, rows):
    assert read_version(write(tmp_path / name, *rows)) == {"0": Mark(1, "p0"), "1": Mark(0, "p1"), "2": Mark(1, "p0")}


def test_filters_scorers_epochs_and_clusters_are_chosen_by_name(tmp_path):
    strict = [row | {"filter": "strict", "acc": 0} for row in HARNESS]
    twice = [*strict, *(row | {"filter": "loose"} for row in HARNESS)]
    file = write(tmp_path / "samples.jsonl", *twice)
    assert [mark.score for mark in read_version(file, "acc,loose").values()] == [1, 0, 1]
    assert [mark.score for mark in read_version(file, "acc,strict").values()] == [0, 0, 0]
    runs = [{"id": "a", "epoch": e, "scores": {"x": {"value": v}, "y": {"value": 0.25}}} for e, v in enumerate("CIP")]
    log = write(tmp_path / "log.json", INSPECT | {"samples": runs})
    assert read_version(log, "x") == {"a": Mark(0.5, "a")} and read_version(log, "y") == {"a": Mark(0.25, "a")}
    rows = write(tmp_path / "rows.jsonl", {"id": 1, "right": 1, "page": "p", "service": 7})
    assert read_version(rows, cluster="service")["1"].cluster == "7"


# The gate


@pytest.mark.parametrize(
    ("old", "new", "margin", "verdict", "status"),
    [
        ([1] * 300, [1] * 300, 0.02, "passed", 0),
        ([1] * 20, [1] * 20, 0.02, "cannot tell", 1),  # none lost of twenty rules out little
        ([1] * 300, [0] * 60 + [1] * 240, 0.02, "worse", 1),
        ([0, 1] * 100, [1, 0] * 100, 0.02, "cannot tell", 1),
        ([0] * 60, [1] * 60, 0.0, "passed", 0),
    ],
)
def test_gate_ends_with_the_status_that_ci_reads(tmp_path, capsys, old, new, margin, verdict, status):
    files = own(tmp_path, "old.jsonl", old), own(tmp_path, "new.jsonl", new)
    found, report, said = command(capsys, "--files", *files, "--margin", margin)
    assert (found, report["metrics"]["gate"]) == (status, {"new": verdict})
    assert f"gate, new: {verdict}" in said and set(report) == {"config", "metrics", "environment"}
    assert command(capsys, "--files", *files)[0] == 0


# The judge


def judged(*winners):
    for pair, (one, other) in enumerate(winners):
        yield {"id": pair, "first": "old", "second": "new", "winner": one}
        yield {"id": pair, "first": "new", "second": "old", "winner": other}


def test_a_judge_that_likes_the_first_place_is_found_out(tmp_path):
    consistent, to_second = [("first", "second"), ("tie", "tie")], [("second", "second"), ("tie", "second")]
    lines = judged(*[("first", "first")] * 8, *consistent, *to_second)
    found, shown = check_judge(write(tmp_path / "judged.jsonl", *lines))
    assert (found["consistent"]["value"], found["consistent"]["n"]) == (pytest.approx(2 / 12, abs=1e-4), 12)
    assert (found["leans_to_first"]["value"], found["leans_to_first"]["n"]) == (0.8, 10)
    assert found["p"] == pytest.approx(2 * sum(comb(10, k) for k in range(3)) / 2**10) and "12 pairs" in shown


# The command


def test_without_flags_it_compares_the_readers_of_the_handbook(capsys):
    status, report, said = command(capsys)
    metrics = report["metrics"]
    assert (status, metrics["questions"], metrics["clusters"]) == (0, 96, 16)
    for pair in metrics["pairs"].values():
        gain = len(pair["won"]) - len(pair["lost"])
        assert pair["difference"]["value"] == pytest.approx(gain / 96, abs=1e-4)
    assert max(map(len, said.splitlines())) <= 88


def test_it_runs_without_torch():
    code = "import sys, evals; evals.main(evals.Config()); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=SNIPPETS, check=True, timeout=120)


BAD = {
    "no file": (["--files", "{tmp}/a.jsonl", "{tmp}/none.jsonl"], "none.jsonl: No such file"),
    "one file": (["--files", "{tmp}/a.jsonl"], "one version"),
    "the same twice": (["--files", "{tmp}/a.jsonl", "{tmp}/a.jsonl"], "same file twice"),
    "not JSON": (["--files", "{tmp}/a.jsonl", "{tmp}/text.jsonl"], "text.jsonl, line 1: not JSON"),
    "no score": (["--files", "{tmp}/a.jsonl", "{tmp}/unmarked.jsonl"], "no right and no reply"),
    "no question": (["--files", "{tmp}/a.jsonl", "{tmp}/nameless.jsonl"], "no question"),
    "not a share": (["--files", "{tmp}/a.jsonl", "{tmp}/large.jsonl"], "right is '7'"),
    "asked twice": (["--files", "{tmp}/a.jsonl", "{tmp}/twice.jsonl"], "question q0 a second time"),
    "other questions": (["--files", "{tmp}/a.jsonl", "{tmp}/other.jsonl"], "2 questions without a partner"),
    "one cluster": (["--files", "{tmp}/a.jsonl", "{tmp}/a2.jsonl", "--cluster", "right"], "all questions in one"),
    "no such cluster": (["--files", "{tmp}/a.jsonl", "{tmp}/a2.jsonl", "--cluster", "team"], "no team"),
    "no such metric": (["--files", "{tmp}/a.jsonl", "{tmp}/a2.jsonl", "--metric", "f1"], "no metric f1"),
    "no such filter": (["--files", "{tmp}/a.jsonl", "{tmp}/a2.jsonl", "--metric", "acc,x"], "no row has the filter x"),
    "binary log": (["--files", "{tmp}/a.jsonl", "{tmp}/log.eval"], "inspect log convert"),
    "log without samples": (["--files", "{tmp}/a.jsonl", "{tmp}/log.json"], "without samples"),
    "detect": (["--detect", "5"], "--detect 5.0"),
    "margin": (["--margin", "-0.1"], "--margin -0.1"),
    "judge's winner": (["--judgements", "{tmp}/winner.jsonl"], "winner must be first, second, tie"),
    "judged in one order": (["--judgements", "{tmp}/order.jsonl"], "pair 1: needs two lines"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_ends_in_one_line(tmp_path, capsys, case):
    for name in ("a", "a2"):
        own(tmp_path, f"{name}.jsonl", [1, 1])
    write(tmp_path / "unmarked.jsonl", {"question": "q0"})
    write(tmp_path / "nameless.jsonl", {"right": True})
    write(tmp_path / "large.jsonl", {"question": "q0", "right": 7})
    write(tmp_path / "twice.jsonl", {"question": "q0", "right": 1}, {"question": "q0", "right": 0})
    write(tmp_path / "other.jsonl", {"question": "q0", "right": 1}, {"question": "q2", "right": 0})
    write(tmp_path / "log.json", {"status": "error", "eval": {}})
    write(tmp_path / "winner.jsonl", {"id": 1, "first": "a", "second": "b", "winner": "a"})
    write(tmp_path / "order.jsonl", {"id": 1, "first": "a", "second": "b", "winner": "tie"})
    (tmp_path / "text.jsonl").write_text("right\n")
    (tmp_path / "log.eval").write_bytes(b"PK")
    arguments, words = BAD[case]
    status, report, said = command(capsys, *(argument.format(tmp=tmp_path) for argument in arguments))
    assert (status, report, said.count("\n")) == (2, None, 1), said
    assert words in said
