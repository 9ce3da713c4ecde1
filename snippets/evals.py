# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy>=2", "scipy>=1.15", "tqdm>=4.66"]
# ///
"""Compare two versions on the same questions: is the new one better, or were the questions kind to it?

    uv run evals.py                                                         # the lab: two readers of one rule each
    uv run evals.py --files old.jsonl,new.jsonl --fail-if-worse-than 0.02   # yours, as a gate in CI
    uv run evals.py --files two.json.predictions.jsonl --arms rag,lora-behaviour-rag --asked retrieved  # the table

A file holds JSON lines with `id` and `right` (true, false or a score from 0 to 1), or is what others write: the
predictions of fine_tune_vs_rag.py; samples_*.jsonl of lm-evaluation-harness (--log_samples in
https://github.com/EleutherAI/lm-evaluation-harness/blob/main/docs/interface.md); a JSON log of Inspect
(https://inspect.aisi.org.uk/eval-logs.html). Both versions must have answered the same questions: a difference is
taken question by question, and that sees much more than two accuracies side by side.

--fail-if-worse-than M is for CI. Status 0: the whole 95 % interval of new - old lies at -M or above. Status 1: it
reaches below -M; the line on stderr says whether new *is* worse (the whole interval lies below) or whether these
questions *cannot tell*, which fails too: else a gate would let everything pass that asks too little. Status 2: bad
input. No model is loaded, so nothing here needs torch. Lesson: Evals (evals/).
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import difflib
import itertools
import json
import math
import os
import platform
import re
import signal
import sys
from collections import Counter
from pathlib import Path

if __name__ == "__main__":  # the libraries take seconds to load: end a Ctrl-C meanwhile in one line as well
    signal.signal(signal.SIGINT, lambda *_: (print("\nstopped before it began", file=sys.stderr), os._exit(130)))

import numpy as np
import scipy
from scipy import stats
from tqdm import tqdm

LAB = str(Path(__file__).resolve().parent / "lab")


@dataclasses.dataclass(frozen=True)
class Config:
    files: str = ""  # prediction files joined by commas, the present version first; empty compares readers of the lab
    arms: str = ""  # of a file with a column `arm`: these, joined by commas, the present version first; empty takes all
    asked: str = ""  # of a file with a column `asked`: the rows that were asked so
    id: str = ""  # column that names the question; empty takes id, row or doc_id
    metric: str = ""  # column, or Inspect's scorer, to compare; empty takes `right`, or the only metric there is
    filter: str = ""  # of lm-evaluation-harness: the filter whose rows count, where a task has several
    cluster: str = ""  # column that questions about one page share (service, document): they are drawn together
    detect: float = 0.05  # a difference of accuracy that you would not want to miss: how many questions show it?
    all_pairs: bool = False  # compare every version with every other, not each with the first
    fail_if_worse_than: float = -1.0  # drop of accuracy, 0 to 1, that ends with status 1 unless ruled out; -1: no gate
    judgements: str = ""  # JSON lines of a judge: id, first, second (names), winner (first, second, tie), both orders
    lab: str = LAB  # folder that make_lab.py wrote
    device: str = "cpu"  # as in the other snippets, but cpu: there is nothing here for a GPU to do
    seed: int = 0  # of the resampling


RESAMPLES = 9999  # of the bootstrap and of the sign flips
POWER = 0.8  # chance to see the difference of --detect
INSPECT = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}  # correct, partial, incorrect, no answer


# What is compared: version -> question -> (score, cluster).


def read_versions(config: Config) -> dict[str, dict]:
    """Read all files -> version (file, or arm of a file) -> question -> (score 0 to 1, cluster)."""
    paths, versions = [Path(name) for name in split(config.files)], {}
    short = len({path.stem for path in paths}) == len(paths)
    for path in paths:
        rows = read_inspect(path, config) or read_lines(path, config)
        has = list(dict.fromkeys(row["arm"] for row in rows))
        for arm in split(config.arms) or has:
            if arm not in has:
                near = difflib.get_close_matches(arm, has, 1, 0.0)[0]
                raise Problem(f"--arms {arm}: not in {path}, the nearest is {near or 'a file without arms'}")
            parts = [path.stem if short else str(path)] if len(paths) > 1 or not arm else []
            version = versions[":".join([*parts, arm] if arm else parts)] = {}
            for row in rows:
                if row["arm"] == arm and row["id"] in version:
                    fix = "ask each once, or choose rows with --asked"
                    raise Problem(f"{path}: question {row['id']} stands there twice{f' for {arm}' * bool(arm)}; {fix}")
                if row["arm"] == arm:
                    version[row["id"]] = row["score"], row["cluster"]
    if len(versions) < 2:
        raise Problem(f"--files {config.files}: one version; name two files, joined by a comma, or two --arms")
    return versions


def read_lines(path: Path, config: Config) -> list[dict]:
    """Read JSON lines, ours or those of lm-evaluation-harness -> [{"arm", "id", "score", "cluster"}]."""
    if path.suffix == ".eval":
        raise Problem(f"{path}: Inspect's binary log; make it text with `inspect log convert --to json`")
    first = {}
    with contextlib.suppress(OSError, ValueError):  # read_rows says what is wrong
        first = json.loads(next((line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()), ""))
    first = first if isinstance(first, dict) else {}
    key = config.id or next((name for name in ("id", "row", "doc_id") if name in first), "id")
    metric = config.metric or choose_metric(path, first)
    rows = read_rows(path, key, metric)
    for name in ("asked", "filter"):
        kinds, wanted = dict.fromkeys(str(row.get(name, "")) for row in rows), getattr(config, name)
        if wanted and wanted not in kinds:
            raise Problem(f"--{name} {wanted}: no such rows in {path}; it has {', '.join(kinds) or 'no such column'}")
        if name == "filter" and not wanted and len(kinds) > 1:
            raise Problem(f"{path}: holds the filters {', '.join(kinds)}; choose one with --filter")
        rows = [row for row in rows if not wanted or str(row.get(name, "")) == wanted]
    scores = to_scores([row[metric] for row in rows], metric, path)
    of_lab = config.cluster and config.cluster not in first and key == "row"  # the table's own file
    questions = read_rows(in_lab("", config.lab, "questions.jsonl")) if of_lab else []
    made = []
    for row, score in zip(rows, scores, strict=True):
        if isinstance(row[key], (list, dict)) or row[key] is None:
            raise Problem(f"{path}: {row[key]!r} as {key}; a question is named by a text or a number")
        known = questions[row["row"]] if isinstance(row.get("row"), int) and 0 <= row["row"] < len(questions) else {}
        cluster = find_cluster(path, str(row[key]), config.cluster, row, row.get("doc"), known)
        made.append({"arm": str(row.get("arm", "")), "id": str(row[key]), "score": score, "cluster": cluster})
    return made


def choose_metric(path: Path, row: dict) -> str:
    """-> `right`, or the one metric of a row of lm-evaluation-harness, which names its metrics unless it is old."""
    found = row.get("metrics") if isinstance(row.get("metrics"), list) else ("exact_match", "acc")
    found = [name for name in found if isinstance(name, str) and name in row]
    if "right" not in row and len(found) > 1:
        raise Problem(f"{path}: has the metrics {', '.join(found)}; choose one with --metric")
    return "right" if "right" in row or not found else found[0]


def read_inspect(path: Path, config: Config) -> list[dict]:
    """Read a JSON log of Inspect, the mean where a sample ran in several epochs; [] for any other file."""
    try:
        log = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    if not isinstance(log, dict) or not ("samples" in log or {"eval", "status"} <= log.keys()):
        return []
    names, values, clusters, epochs = [], [], {}, {}
    for number, sample in enumerate(log.get("samples") or [], 1):
        scores = sample.get("scores") if isinstance(sample, dict) else None
        if not isinstance(scores, dict) or not scores or "id" not in sample:
            raise Problem(f"{path}: sample {number} has no id or no score; finish it with `inspect eval-retry`")
        if config.metric not in scores and (config.metric or len(scores) > 1):
            raise Problem(f"{path}: sample {number} has the scorers {', '.join(scores)}; choose one with --metric")
        score = scores[config.metric or next(iter(scores))]
        value = score.get("value") if isinstance(score, dict) else None
        names.append(str(sample["id"]))
        values.append(INSPECT.get(value, value) if isinstance(value, str) else value)
        clusters[names[-1]] = find_cluster(path, names[-1], config.cluster, sample.get("metadata"))
    if not values:
        raise Problem(f"{path}: a log without samples; make it again with them, by `inspect log dump`")
    for name, score in zip(names, to_scores(values, "value", path), strict=True):
        epochs.setdefault(name, []).append(score)
    return [{"arm": "", "id": key, "score": sum(x) / len(x), "cluster": clusters[key]} for key, x in epochs.items()]


def to_scores(values: list, column: str, path: Path) -> list[float]:
    """Truth values, or numbers from 0 to 1 -> numbers; a column that mixes them is two measures in one."""
    for number, value in enumerate(values, 1):
        if not isinstance(value, (bool, int, float)) or not 0 <= value <= 1:
            fix = "use true, false or a score from 0 to 1"
            raise Problem(f"{path}: {column} of row {number} is {str(value)[:40]!r}; {fix}")
        if isinstance(value, bool) != isinstance(values[0], bool):
            raise Problem(f"{path}: {column} mixes true or false with numbers, see row {number}; use one of them")
    return [float(value) for value in values]


def find_cluster(path: Path, name: str, column: str, *places) -> str:
    """-> the cluster of a question, from the first place that has the column; without --cluster the question itself."""
    if not column:
        return name
    for place in places:
        if isinstance(place, dict) and column in place:
            return str(place[column])
    raise Problem(f"{path}: question {name} has no {column}; --cluster names a column of every row")


def read_lab(config: Config) -> dict[str, dict]:
    """Let two readers without a model answer the lab's private questions: -> what `read_versions` gives.

    Both take the page's sentence that has most in common with the question, rare words first, and answer with its last
    word. One compares whole words, the other their first five letters, so that "listen" meets "listens".
    """
    columns = ("question", "answer", "source", "service")
    rows = [row for row in read_rows(in_lab("", config.lab, "questions.jsonl"), *columns) if row["source"]]
    pages, versions = in_lab("", config.lab, "docs"), {}
    for name, letters in (("whole words", None), ("first five letters", 5)):
        version = versions[name] = {}
        for number, row in enumerate(rows):
            try:
                page = (pages / f"{row['source']}.md").read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise Problem(f"{pages}: no page {row['source']} ({type(error).__name__}); make the lab anew") from None
            right = read_answer_by_rule(page, str(row["question"]), letters) == row["answer"]
            version[str(number)] = float(right), str(row["service"])
    return versions


def read_answer_by_rule(page: str, question: str, letters: int | None) -> str:
    """-> the last word of the sentence that shares the rarest words with the question."""
    cut = lambda text: {word[:letters] for word in re.findall(r"\w+", text.lower())}  # noqa: E731
    sentences = [line for line in re.split(r"(?<=[.?!])\s+|\n", page) if line.strip() and not line.startswith("#")]
    counts = Counter(word for sentence in sentences for word in cut(sentence))
    likeness = lambda sentence: sum(1 / counts[word] for word in cut(question) & cut(sentence))  # noqa: E731
    return max(sentences, key=likeness, default="?").split()[-1].strip(".")


def pair_up(versions: dict[str, dict]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """-> version -> scores [questions], all in one order, and the number of each question's cluster [questions]."""
    base, first = next(iter(versions.items()))
    for name, version in versions.items():
        for some, others, where in ((first, version, base), (version, first, name)):
            if alone := [key for key in some if key not in others]:
                what = f"{len(alone)} questions of {where} ({', '.join(alone[:3])}{', ...' * (len(alone) > 3)})"
                raise Problem(f"{name} and {base}: {what} have no partner; ask both the same questions")
        if moved := [key for key in first if first[key][1] != version[key][1]]:
            raise Problem(f"{name} and {base}: question {moved[0]} is of another cluster; use one set of questions")
    scores = {name: np.array([version[key][0] for key in first]) for name, version in versions.items()}
    _, clusters = np.unique([cluster for _, cluster in first.values()], return_inverse=True)
    if clusters.max() < 1:
        raise Problem(f"{base}: {len(first)} questions in one cluster tell nothing about others; use two or more")
    return scores, clusters


# The statistics: small functions of arrays. A cluster is one question where questions share nothing.


def wilson(right: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson's score interval), which also holds near 0 and 1."""
    middle, spread = right + z * z / 2, z * math.sqrt(right * (n - right) / n + z * z / 4)
    return max(0.0, (middle - spread) / (n + z * z)), min(1.0, (middle + spread) / (n + z * z))


def standard_error(values: np.ndarray, clusters: np.ndarray) -> float:
    """Of the mean. Values of one cluster move together (Miller 2024, arXiv 2411.00640), clusters do not.

    With one value a cluster it is the usual s / sqrt(n); else with the correction for few clusters, G / (G - 1).
    """
    totals = np.bincount(clusters, values - values.mean())
    return math.sqrt(len(totals) / (len(totals) - 1) * (totals @ totals)) / len(values)


def difference_interval(difference: np.ndarray, clusters: np.ndarray, rng) -> tuple[float, float]:
    """The 95 % interval of the mean of new - old: percentiles over clusters drawn again, each with its questions.

    A bootstrap knows nothing of what it has not seen. Where no question of n got worse, a share of 1 - .025^(1/n) may
    still do so (the exact bound for 0 of n), and the lower end allows for that; likewise the upper end. Where fewer
    than about ten questions differ, the interval is too narrow: trust the exact p.
    """
    totals, sizes = np.bincount(clusters, difference), np.bincount(clusters)
    mean = lambda totals, sizes, axis: totals.sum(axis) / sizes.sum(axis)  # noqa: E731
    how = {"paired": True, "method": "percentile", "n_resamples": RESAMPLES, "rng": rng, "vectorized": True}
    batch = max(1, 2_000_000 // len(totals))
    low, high = stats.bootstrap((totals, sizes), mean, batch=batch, **how).confidence_interval
    unseen = 1 - 0.025 ** (1 / len(difference))
    low = low if (difference < 0).any() else min(low, difference.mean() - unseen)
    high = high if (difference > 0).any() else max(high, difference.mean() + unseen)
    return max(-1.0, float(low)), min(1.0, float(high))


def mcnemar(difference: np.ndarray) -> float:
    """Exact McNemar test: of the questions that only one version got right, are the halves equal? -> p, two-sided."""
    won, lost = int((difference > 0).sum()), int((difference < 0).sum())
    return float(stats.binomtest(won, won + lost).pvalue) if won + lost else 1.0


def flip_signs(difference: np.ndarray, clusters: np.ndarray, rng) -> float:
    """If old and new were alike, each cluster's difference could as well be turned round -> p, two-sided."""
    totals = np.bincount(clusters, difference)
    add = lambda totals, axis: totals.sum(axis)  # noqa: E731
    how = {"permutation_type": "samples", "n_resamples": RESAMPLES, "rng": rng, "vectorized": True}
    return float(stats.permutation_test((totals,), add, batch=max(1, 2_000_000 // len(totals)), **how).pvalue)


def holm(ps: list[float]) -> list[float]:
    """p-values of several tests -> the same, raised so that one false alarm in all of them stays below each (Holm)."""
    order = np.argsort(ps)
    raised = np.maximum.accumulate([(len(ps) - rank) * ps[at] for rank, at in enumerate(order)])
    return np.minimum(raised, 1)[np.argsort(order)].tolist()


def questions_needed(difference: np.ndarray, clusters: np.ndarray, detect: float) -> int:
    """How many questions show a true difference of `detect` in 80 % of evaluations, at 5 % two-sided?

    Connor (1987), Biometrics 43, 207-211: (z_.975 sqrt(d) + z_.8 sqrt(d - detect^2))^2 / detect^2, with d the share of
    questions that the versions answer differently, or the mean square where scores are graded; times the design effect
    of the clusters, so it asks for more of about the same size. Right and wrong come in whole questions, which costs
    the exact test 2 / detect more (the continuity correction).
    """
    binary = np.isin(difference, (-1, 0, 1)).all()
    differ = max(float(np.mean(difference**2)), detect if binary else detect**2)
    alpha, beta = stats.norm.ppf(0.975), stats.norm.ppf(POWER)
    needed = (alpha * math.sqrt(differ) + beta * math.sqrt(differ - detect**2)) ** 2 / detect**2
    plain = standard_error(difference, np.arange(len(difference)))
    effect = (standard_error(difference, clusters) / plain) ** 2 if plain else 1.0
    return math.ceil(needed * max(1.0, effect) + (2 / detect if binary else 0))


def describe(scores: np.ndarray, clusters: np.ndarray) -> dict:
    """-> accuracy with Wilson's interval (as if questions shared nothing; too wide for graded scores), its errors."""
    n = len(scores)
    return {
        "accuracy": share_of(float(scores.sum()), n),
        "standard_error": round(standard_error(scores, np.arange(n)), 4),
        "clustered_standard_error": round(standard_error(scores, clusters), 4) if clusters.max() < n - 1 else None,
    }


def share_of(count: float, n: int) -> dict:
    """-> a share with Wilson's interval; without cases no value."""
    if not n:
        return {"value": None}
    low, high = wilson(count, n)
    return {"value": round(count / n, 4), "low": round(low, 4), "high": round(high, 4), "n": n}


def compare(old: np.ndarray, new: np.ndarray, clusters: np.ndarray, detect: float, rng) -> dict:
    """-> new - old with its interval, questions won and lost, tests, and how many questions would be needed.

    `p` is McNemar's where questions share nothing and are right or wrong, else that of flipped signs.
    """
    difference = new - old
    binary, apart = np.isin([old, new], (0, 1)).all(), clusters.max() == len(old) - 1
    low, high = difference_interval(difference, clusters, rng)
    exact = mcnemar(difference) if binary else None
    p = exact if binary and apart else flip_signs(difference, clusters, rng)
    value = round(float(difference.mean()), 4)
    return {
        "difference": {"value": value, "low": round(low, 4), "high": round(high, 4), "n": len(old)},
        "won": int((difference > 0).sum()),
        "lost": int((difference < 0).sum()),
        "mcnemar_p": exact and float(f"{exact:.3g}"),
        "p": float(f"{p:.3g}"),
        "test": "exact McNemar" if binary and apart else "sign flips" if apart else "sign flips of clusters",
        "questions_needed": questions_needed(difference, clusters, detect),
    }


def compare_all(versions: dict[str, dict], config: Config) -> dict:
    """-> the metrics: each version by itself, and pairs (old -> new), with Holm's correction where they are several."""
    scores, clusters = pair_up(versions)
    pairs = list(itertools.combinations(scores, 2))
    pairs = pairs if config.all_pairs else pairs[: len(scores) - 1]
    rng, made = np.random.default_rng(config.seed), {}
    for old, new in tqdm(pairs, "compare", disable=None, leave=False, file=sys.stderr):
        made[old, new] = compare(scores[old], scores[new], clusters, config.detect, rng)
    metrics = {"questions": len(clusters), "clusters": int(clusters.max()) + 1, "pairs": {}}
    metrics["versions"] = {name: describe(some, clusters) for name, some in scores.items()}
    if len(pairs) > 1:
        for one, p in zip(made.values(), holm([one["p"] for one in made.values()]), strict=True):
            one["holm_p"] = float(f"{p:.3g}")
        metrics["differ"] = [f"{old} and {new}" for (old, new), one in made.items() if one["holm_p"] < 0.05]
    for (old, new), one in made.items():
        metrics["pairs"].setdefault(old, {})[new] = one
    return metrics


def judge_gate(pair: dict, margin: float) -> tuple[str, str]:
    """Hold an interval of new - old against a margin -> verdict (passed, worse, cannot tell) and a line that says why.

    passed: the whole interval lies at -margin or above. worse: the whole lies below. cannot tell: the rest.
    """
    found = pair["difference"]
    told = f"new - old is {found['value']:+.4f}, 95 % interval {found['low']:+.4f} to {found['high']:+.4f}"
    if found["low"] >= -margin:
        return "passed", f"passed: {told}, so no drop of more than {margin:g}"
    if found["high"] < -margin:
        return "worse", f"failed, worse: {told}, so a drop of more than {margin:g}"
    why = f"a drop of more than {margin:g} is not ruled out by {found['n']} questions; ask more, or allow more"
    return "cannot tell", f"failed, cannot tell: {told}; {why}"


# The judge.


def position_bias(rows: list[dict], path: Path) -> dict:
    """Does a judge favour a place? -> shares and a test over pairs of answers that were shown in both orders.

    Consistent, as in Zheng et al. (2023), arXiv 2306.05685: the same answer wins in both orders, or both are ties. The
    other pairs lean to the first place or to the second; an unbiased judge does so equally often (exact binomial test).
    """
    shown: dict[str, dict] = {}
    for number, row in enumerate(rows, 1):
        if row["winner"] not in ("first", "second", "tie"):
            raise Problem(f"{path}: winner of row {number} is {str(row['winner'])[:40]!r}; use first, second or tie")
        orders, order = shown.setdefault(str(row["id"]), {}), (str(row["first"]), str(row["second"]))
        if order in orders or order[0] == order[1]:
            raise Problem(f"{path}: row {number}, pair {row['id']}, shows {order[0]} first once more; once each order")
        orders[order] = {"first": 1, "second": -1, "tie": 0}[row["winner"]]
    for name, orders in shown.items():
        if len(orders) != 2 or next(iter(orders)) != list(orders)[1][::-1]:
            raise Problem(f"{path}: pair {name} needs two rows, the same two answers in both orders")
    leans = np.array([sum(orders.values()) for orders in shown.values()])
    told = Counter(winner for orders in shown.values() for winner in orders.values())
    first, second = int((leans > 0).sum()), int((leans < 0).sum())
    test = stats.binomtest(first, first + second) if first + second else None
    decided = told[1] + told[-1]
    return {
        "pairs": len(leans),
        "consistency": share_of(int((leans == 0).sum()), len(leans)),
        "first_position_won": round(told[1] / decided, 4) if decided else None,
        "leaning_to_first": share_of(first, first + second),
        "p": float(f"{test.pvalue:.3g}") if test else 1.0,
    }


def main() -> None:
    config = check_flags(read_config(Config))
    metrics, failed = {}, False
    if config.judgements:
        path = Path(config.judgements)
        metrics["judge"] = position_bias(read_rows(path, "id", "first", "second", "winner"), path)
    if config.files or not config.judgements:
        versions = read_versions(config) if config.files else read_lab(config)
        if config.fail_if_worse_than >= 0 and len(versions) != 2:
            raise Problem(f"--fail-if-worse-than: a gate is for two versions, here are {len(versions)}; choose --arms")
        metrics |= compare_all(versions, config)
    if config.fail_if_worse_than >= 0:
        [[pair]] = [found.values() for found in metrics["pairs"].values()]
        verdict, line = judge_gate(pair, config.fail_if_worse_than)
        metrics["gate"], failed = {"verdict": verdict}, verdict != "passed"
        print(f"{Path(sys.argv[0]).stem}: {line}", file=sys.stderr)
    print_report(config, metrics)
    if failed:
        sys.exit(1)


def check_flags(config: Config) -> Config:
    """Refuse settings that cannot work, before anything is read."""
    if not 0 < config.detect < 1:
        raise Problem(f"--detect {config.detect}: use a difference between 0 and 1, such as 0.05")
    if not (config.fail_if_worse_than == -1 or 0 <= config.fail_if_worse_than < 1):
        raise Problem(f"--fail-if-worse-than {config.fail_if_worse_than}: use a drop from 0 to 1, such as 0.02")
    if config.device not in ("auto", "cpu"):
        raise Problem(f"--device {config.device}: there is nothing here for a GPU to do; run with --device cpu")
    if config.seed < 0:
        raise Problem(f"--seed {config.seed}: use 0 or more")
    for name in ("arms", "asked", "id", "metric", "filter", "cluster"):
        if getattr(config, name) and not config.files:
            raise Problem(f"--{name} {getattr(config, name)}: is about your own files; name them with --files")
    if config.fail_if_worse_than >= 0 and config.judgements and not config.files:
        raise Problem("--fail-if-worse-than: needs two versions; name their --files")
    return config


def split(names: str) -> list[str]:
    """Names joined by commas -> the names, each once."""
    return list(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))


def print_report(config, metrics: dict) -> None:
    """Print the one line of JSON on stdout; the other snippets' `report` asks torch for the machine."""
    used = {"numpy": np.__version__, "scipy": scipy.__version__}
    machine = {"python": platform.python_version(), "device": "cpu", "name": platform.machine(), **used}
    print(json.dumps({"config": dataclasses.asdict(config), "metrics": metrics, "environment": machine}))


def run_without_torch(main) -> None:
    """Run `main`; end bad input in one line and status 2, Ctrl-C in one line and status 130."""
    name = Path(sys.argv[0]).stem
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)
    try:
        main()
    except Problem as problem:
        sys.exit(print(f"{name}: {problem}", file=sys.stderr) or 2)
    except OSError as error:
        sys.exit(print(f"{name}: {error.filename or 'output'}: {error.strerror or error}", file=sys.stderr) or 2)
    except KeyboardInterrupt:
        sys.exit(print(f"\n{name}: stopped; run it again", file=sys.stderr) or 130)


# Plumbing: the same text in every snippet.


class Problem(Exception):
    """What is wrong, where, and the nearest fix: one line for the reader."""


def read_config(config, argv=None):
    """Make a flag of every field of a dataclass: its default, and the comment behind it as help."""
    source = Path(__file__).read_text(encoding="utf-8")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])

    def refuse(message):
        raise Problem(f"{message}; --help lists the flags")

    parser.error = refuse
    for field in dataclasses.fields(config):
        why = re.search(rf"^    {field.name}: .*?# (.*)$", source, re.M)[1]
        kind = {"action": "store_true"} if field.default is False else {"type": type(field.default)}
        flag = f"--{field.name.replace('_', '-')}"
        parser.add_argument(flag, default=field.default, help=f"{why} (default: {field.default!r})", **kind)
    return config(**vars(parser.parse_args(argv)))


def in_lab(path: str, lab: str, name: str) -> Path:
    """Return the reader's own path, or the lab's file of that name when none was given."""
    found = Path(path) if path else Path(lab) / name
    if not path and not found.exists():
        raise Problem(f"{found}: no lab here; unpack snippets.zip, run make_lab.py, or name a lab with --lab")
    return found


def read_rows(path: Path, *columns: str) -> list[dict]:
    """Read JSON lines that have these columns."""
    rows = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"{path}: cannot be read as JSON lines ({type(error).__name__}); name another file") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise Problem(f"{path}:{number}: not JSON ({error}); write one object a line") from None
            missing = [name for name in columns if not isinstance(row, dict) or name not in row]
            if missing:
                raise Problem(f"{path}:{number}: no {', '.join(missing)}; every line needs {', '.join(columns)}")
            rows.append(row)
    if not rows:
        raise Problem(f"{path}: holds no rows; write at least one line with {', '.join(columns)}")
    return rows


if __name__ == "__main__":
    run_without_torch(main)
