"""The statistics that compare versions, against scipy, statsmodels and brute force."""

from math import comb

import numpy
import pytest
import statsmodels.api as sm
from statsmodels.stats.contingency_tables import mcnemar

import evals
from eval_logs import Mark
from paired_tests import swap_clusters
from scripts.extension.lesson.sample_size import questions_needed

RNG = numpy.random.default_rng(0)


def version(*scores, clusters=None):
    return {f"q{i}": Mark(float(s), str(clusters[i] if clusters else i)) for i, s in enumerate(scores)}


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
    assert n == questions_needed(detect, differ), "the table of the lesson says otherwise"
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
