"""What the rounds of `bench_first_verdict.py` gave: ratios in pairs, long tasks, and bytes on the wire."""

import statistics

VARIANTS = ("stock", "ours")
MB = 1e6


def compare(runs: dict[str, list[dict]]) -> dict[str, dict]:
    """Return what the rounds gave."""
    stock, ours = (runs[variant] for variant in VARIANTS)
    ratios = [our_run["ms"] / stock_run["ms"] for our_run, stock_run in zip(ours, stock, strict=True)]
    sizes = {(variant, coding): runs[variant][0]["sizes"][coding] for variant in VARIANTS for coding in ("br", "gzip")}
    span = "from navigation to the first verdict computed by Python"
    return {
        "ratio-to-stock": {**spread(ratios, ""), "limit": 0.45, "says": f"Time {span}, ours to stock, in pairs."},
        "ours-wire-brotli": {
            "value": round(sizes["ours", "br"] / MB, 3),
            "unit": "MB",
            "limit": 4.2,
            "says": "All that our page and Python take over the wire, with brotli where hosts compress.",
        },
        "ours-wire-gzip": {
            "value": round(sizes["ours", "gzip"] / MB, 3),
            "unit": "MB",
            "says": "The same with gzip.",
        },
        "stock-wire-brotli": {
            "value": round(sizes["stock", "br"] / MB, 3),
            "unit": "MB",
            "says": "All that the stock page takes over the wire, with brotli where hosts compress.",
        },
        "longest-task": {
            **longest_task(ours),
            "limit": 50,
            "says": "Longest main-thread task above 50 ms until our verdict, of all rounds; 0: there was none.",
        },
        "stock-longest-task": {
            **longest_task(stock),
            "says": "The same on the stock page, whose main thread does next to nothing: what the machine's load adds.",
        },
    }


def longest_task(runs: list[dict]) -> dict:
    """Return the longest task above 50 ms of all runs, and how it varied between them."""
    longest = [max(run["longTasks"], default=0) for run in runs]
    return {**spread(longest, "ms"), "value": max(longest)}


def spread(values: list[float], unit: str) -> dict:
    """Return the median of values with its minimum, maximum and count."""
    rounded = {"value": statistics.median(values), "min": min(values), "max": max(values)}
    return {**{key: round(value, 3) for key, value in rounded.items()}, "n": len(values), "unit": unit}
