"""The numbers of a snippet: each gets a key, words, a unit and an interval, and several seeds give one value."""

import random

import pytest

from scripts.measuring.metric_sentences import sentence, unit_of
from scripts.measuring.metrics import SHARE, BadMetrics, combine, interval, numbers_of


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
