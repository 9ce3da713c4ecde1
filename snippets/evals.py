# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy>=2", "scipy>=1.15", "statsmodels>=0.14", "tyro>=1"]
# ///
"""Compare versions on the same questions: is the new one better, or was it luck?

    python evals.py                                       # readers of the handbook
    python evals.py --files old.jsonl new.jsonl           # yours: question and right
    python evals.py --files old.jsonl new.jsonl --margin 0.02      # a gate for CI
    python evals.py --judgements judged.jsonl             # does a judge favour a place?

Most of the noise in a score is that some questions are hard for everyone. In the
difference, taken question by question, that part cancels; so ask all versions the same.
eval_logs.py says what a file can hold. The example needs no model: its readers answer
with the sentence of the page that shares the most words with the question.

--margin M ends with status 1 unless a drop of more than M is ruled out, so also when
the questions are too few to tell. No torch is needed.  Lesson: /evals/
"""

from case import CASE  # first: Ctrl-C during the slow imports ends in one line

import math
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy
from scipy.stats import bootstrap, norm
from statsmodels.stats.multitest import multipletests

from case.command import run
from case.errors import BadInput
from case.report import environment, example, table
from case.shares import RESAMPLES, ratio, share
from eval_logs import Mark, pair_up, read_versions
from judge_order import check_judge
from paired_tests import mcnemar, swap_clusters
from sentence_selection import read_handbook

LEVEL, POWER = 0.05, 0.8  # chance of a false alarm; chance to see --detect


@dataclass(frozen=True)
class Config:
    files: tuple[Path, ...] = ()  # two versions or more, the present one first
    metric: str = ""  # the score to compare, where a file holds several
    cluster: str = ""  # column that alike questions share; else page or source
    margin: float | None = None  # largest drop to let pass, 0 to 1; none: no gate
    detect: float = 0.05  # a difference not to be missed: how many questions show it?
    judgements: Path | None = None  # a judge's: id, first, second, winner; both orders
    docs: Path = CASE / "handbook"  # pages that the readers of the example read
    questions: Path = CASE / "questions.jsonl"  # what they are asked
    json: bool = False  # print the report also where stdout is a terminal


def difference_interval(difference: numpy.ndarray, clusters: numpy.ndarray) -> dict:
    """Return the mean of new - old with a 95 % interval. Both arguments: [questions].

    Bootstrap over clusters: questions about one page are alike, so whole pages are
    drawn again. Where none of n questions got worse, a share of 1 - .025^(1/n) may
    still do so (the exact bound for 0 of n), and the lower end allows for it; likewise
    the upper end.
    """
    pages = numpy.bincount(clusters, difference), numpy.bincount(clusters)
    how = {"paired": True, "method": "percentile", "n_resamples": RESAMPLES, "rng": 0}
    low, high = bootstrap(pages, ratio, **how).confidence_interval
    mean, unseen = difference.mean(), 1 - (LEVEL / 2) ** (1 / len(difference))
    low = low if (difference < 0).any() else min(low, mean - unseen)
    high = high if (difference > 0).any() else max(high, mean + unseen)
    ends = {"value": mean, "low": max(-1, low), "high": min(1, high)}
    rounded = {end: round(float(value), 4) for end, value in ends.items()}
    return rounded | {"n": len(difference)}


def questions_needed(detect: float, differ: float, effect: float = 1.0) -> int:
    """Return how many questions show a difference of `detect` in 80 % of evaluations.

    differ: share of questions that the versions answer differently. effect: of the
    clusters on the variance. Two-sided at 5 %, after Connor (1987), Biometrics 43,
    207-211: (z_.975 sqrt(d) + z_.8 sqrt(d - detect^2))^2 / detect^2, near section 5
    of Miller (2024), arXiv 2411.00640; right and wrong come in whole questions, which
    costs the exact test 2 / detect more.
    """
    differ = max(differ, detect)
    alpha, beta = norm.ppf(1 - LEVEL / 2), norm.ppf(POWER)
    spread = alpha * math.sqrt(differ) + beta * math.sqrt(differ - detect**2)
    return math.ceil(effect * (spread / detect) ** 2 + 2 / detect)


def design_effect(difference: numpy.ndarray, clusters: numpy.ndarray) -> float:
    """Return how much the clusters add to the variance of the mean; at least 1."""
    centred = difference - difference.mean()
    totals, n = numpy.bincount(clusters, centred), len(centred)
    plain, groups = centred @ centred * n / (n - 1), len(totals)
    return max(1.0, totals @ totals * groups / (groups - 1) / plain) if plain else 1.0


def compare(versions: dict[str, dict[str, Mark]], detect: float = 0.05) -> dict:
    """Compare each version with the first, question by question. Returns the metrics.

    p: McNemar's, or of swapped clusters. p_holm: corrected for the number of
    comparisons (Holm): among all of them one false alarm in twenty, not in each.
    """
    base, *others = versions
    scores, clusters = pair_up(versions)
    names, groups = list(versions[base]), numpy.unique(clusters, return_inverse=True)[1]
    pairs, alone = {}, groups.max() + 1 == len(names)  # each question a cluster
    for new in others:
        difference = scores[new] - scores[base]
        needed = questions_needed(
            detect, float((difference**2).mean()), design_effect(difference, groups)
        )
        pairs[new] = {
            "difference": difference_interval(difference, groups),
            "won": [names[i] for i in numpy.flatnonzero(difference > 0)],
            "lost": [names[i] for i in numpy.flatnonzero(difference < 0)],
            "p": mcnemar(difference) if alone else swap_clusters(difference, groups),
            "questions_needed": needed,
        }
    corrected = multipletests([pair["p"] for pair in pairs.values()], method="holm")[1]
    for pair, p in zip(pairs.values(), corrected, strict=True):
        pair["p_holm"] = float(p)
    return {
        "questions": len(names),
        "clusters": int(groups.max()) + 1,
        "detect": detect,
        "first": base,
        "versions": {name: share(marks, clusters) for name, marks in scores.items()},
        "pairs": pairs,
    }


def hold_gate(pair: dict, margin: float) -> str:
    """Hold a difference against the largest drop that may pass. Returns the verdict.

    passed: the whole interval lies at -margin or above. worse: all of it lies below.
    The rest cannot tell, which is no pass: else a gate lets through what asks too few.
    """
    if pair["difference"]["low"] >= -margin:
        return "passed"
    return "worse" if pair["difference"]["high"] < -margin else "cannot tell"


def show(metrics: dict) -> str:
    """Return the comparison as a table, and questions that each version lost."""
    rows = [[metrics["first"], metrics["versions"][metrics["first"]], *[""] * 5]]
    for name, pair in metrics["pairs"].items():
        ends = [100 * pair["difference"][end] for end in ("value", "low", "high")]
        points = "{:+.0f} ({:+.0f} to {:+.0f})".format(*ends)
        counts = len(pair["won"]), len(pair["lost"])
        rest = points, *counts, f"{pair['p_holm']:.3f}", pair["questions_needed"]
        rows.append([name, metrics["versions"][name], *rest])
    columns = ("version", "right", "points", "won", "lost", "p (Holm)", "needs")
    title = (
        f"{metrics['questions']} questions in {metrics['clusters']} clusters. "
        f"needs: questions that would show {100 * metrics['detect']:g} points"
    )
    lines = [table(title, columns, rows), ""]
    for name, pair in metrics["pairs"].items():
        lines += [example(f"{name} lost", question) for question in pair["lost"][:2]]
    return "\n".join(lines)


def main(config: Config) -> tuple[dict, str]:
    """Compare what the flags name; without any, three readers of the handbook."""
    if not 0 < config.detect < 1:
        raise BadInput(f"--detect {config.detect}: use a difference such as 0.05")
    if config.margin is not None and not 0 <= config.margin < 1:
        raise BadInput(f"--margin {config.margin}: use a drop such as 0.02")
    if len(config.files) == 1:
        raise BadInput(f"--files {config.files[0]}: one version; name two or more")
    if config.judgements:
        metrics, shown = check_judge(config.judgements)
        return {"metrics": metrics, "environment": environment()}, shown
    if config.files:
        versions = read_versions(config.files, config.metric, config.cluster)
    else:
        versions = read_handbook(config.docs, config.questions)
    metrics, status = compare(versions, config.detect), 0
    shown = show(metrics)
    if config.margin is not None:
        pairs = metrics["pairs"].items()
        gates = {name: hold_gate(pair, config.margin) for name, pair in pairs}
        shown += "".join(f"\ngate, {name}: {told}" for name, told in gates.items())
        metrics["gate"], status = gates, int(set(gates.values()) != {"passed"})
    report = {"metrics": metrics, "environment": environment(), "status": status}
    return report, shown


if __name__ == "__main__":
    sys.exit(run(main, Config))
