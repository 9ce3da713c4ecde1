"""The numbers in a snippet's report: by key, and one number from several runs.

A report's metrics are nested mappings. Each number gets a key, the names on the way to it joined by dots:
`{"after": {"with_page": {"right": 0.4}}}` gives `after.with-page.right`. A number that comes with its interval is a
mapping: {"value", "low", "high", "n"}, 95 % and the cases counted; "low", "high" and "n" may be missing. Texts, lists
and nulls are no results and are left out.
"""

import math
import re
import statistics
from collections.abc import Iterator, Mapping, Sequence

ENTRY = {"value", "low", "high", "n"}
SHARE = "of 1"  # the unit of a share, which lies between 0 and 1


class BadMetrics(ValueError):
    """Metrics in another form than the one above; the message is one line."""


def numbers_of(metrics: object, key: str = "") -> Iterator[tuple[str, dict]]:
    """Yield (key, {"value", maybe "low", "high", "n"}) for every number of a report's metrics, or raise BadMetrics."""
    if isinstance(metrics, Mapping) and "value" not in metrics:
        for name, value in metrics.items():
            yield from numbers_of(value, f"{key}.{spell(name)}".lstrip("."))
        return
    entry = dict(metrics) if isinstance(metrics, Mapping) else {"value": metrics}
    if isinstance(entry["value"], (str, bool, list, tuple, type(None))):
        return
    if extra := set(entry) - ENTRY:
        raise BadMetrics(f"metric {key} has an unknown {', '.join(sorted(extra))} beside its value")
    if ("low" in entry) != ("high" in entry):
        raise BadMetrics(f"metric {key} must have both low and high, or neither")
    for field, number in entry.items():
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(number):
            raise BadMetrics(f"metric {key}: {field} is {number!r}, not a number")
    yield key, entry


def spell(name: object) -> str:
    """Return one part of a key: lower case, words joined by hyphens."""
    if part := re.sub(r"[^a-z0-9]+", "-", str(name).lower()).strip("-"):
        return part
    raise BadMetrics(f"metric name {name!r} holds no letter and no digit")


def combine(runs: Sequence[Mapping], unit: str) -> dict:
    """Return {"value": mean, "n": runs, maybe "min", "max", "low", "high", "cases"} of the numbers of all runs."""
    values = [run["value"] for run in runs]
    combined = {"value": values[0] if len(set(values)) == 1 else tidy(statistics.fmean(values)), "n": len(runs)}
    if len(runs) > 1:
        combined |= {"min": min(values), "max": max(values)}
    if all("low" in run for run in runs):
        low, high = interval(runs)
        if unit == SHARE:
            low, high = max(low, 0.0), min(high, 1.0)
        combined |= {"low": tidy(low), "high": tidy(high)}
    if len({run.get("n") for run in runs}) == 1 and "n" in runs[0]:
        combined["cases"] = runs[0]["n"]
    return combined


def interval(runs: Sequence[Mapping]) -> tuple[float, float]:
    """Return a 95 % interval of the mean over the runs, over cases and over seeds.

    Each side has two parts, added as squares. Over cases: the mean distance of the runs' own bounds; it does not
    shrink with the number of runs, as they may have been asked the same questions. Over seeds: Student's t times the
    standard error of the mean. Rather too wide than too narrow.
    """
    mean = statistics.fmean(run["value"] for run in runs)
    over_seeds = 0.0
    if len(runs) > 1:
        from scipy.stats import t  # a single run, as on a GPU machine with few packages, does not need it

        error = statistics.stdev(run["value"] for run in runs) / math.sqrt(len(runs))
        over_seeds = float(t.ppf(0.975, len(runs) - 1)) * error
    below, above = (abs(mean - statistics.fmean(run[side] for run in runs)) for side in ("low", "high"))
    return mean - math.hypot(below, over_seeds), mean + math.hypot(above, over_seeds)


def tidy(number: float) -> float:
    """Return a number with six significant digits: more than any of our measurements has."""
    return float(f"{number:.6g}")
