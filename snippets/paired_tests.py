"""Two tests of a difference between versions that were asked the same questions.

Used by evals.py.  Lesson: /evals/
"""

import numpy
from scipy.stats import binomtest, permutation_test

SWAPS = 10_000  # of them at random; all of them where there are no more


def mcnemar(difference: numpy.ndarray) -> float:
    """Test the questions that only one version got right: a fair coin? Returns p.

    Exact, two-sided. It takes questions as independent.
    """
    won, lost = int((difference > 0).sum()), int((difference < 0).sum())
    return float(binomtest(won, won + lost).pvalue) if won + lost else 1.0


def swap_clusters(difference: numpy.ndarray, clusters: numpy.ndarray) -> float:
    """Test a difference whose questions come in clusters, such as pages. Returns p.

    If the versions are alike, then on each page they could as well change places; p is
    how often, of all ways to swap whole pages, the sum comes out as far from nought.
    """
    totals = numpy.bincount(clusters, difference)
    if not totals.any():
        return 1.0
    pair = (totals, numpy.zeros_like(totals))
    how = {"permutation_type": "samples", "n_resamples": SWAPS, "rng": 0}
    found = permutation_test(pair, lambda a, b, axis: (a - b).sum(axis), **how)
    return float(found.pvalue)
