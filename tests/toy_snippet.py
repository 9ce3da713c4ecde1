"""A snippet that meets the contract, and lets a test break it; and two arms for it."""

# A snippet that meets the contract, and lets a test break it with --act. With --arms, its metrics are those of runs.
TOY = '''\
# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy>=2"]
# ///
"""A toy."""

import argparse
import json
import pathlib
import signal
import sys
import time
from dataclasses import dataclass

import other
from case.errors import BadInput
from case.judge import judge


@dataclass(frozen=True)
class Config:
    model: str = ""
    device: str = "cpu"
    seed: int = 7
    rate: float = 1e-3
    out: str = ""


def ask(seed: int) -> float:
    """Ask."""
    if seed > 1000:
        raise BadInput(f"seed {seed}: too large")
    return round(judge(seed) + other.LIFT, 3)


def unused() -> int:
    return 1


def main(act: str, arms: list, seed: int, out: pathlib.Path, device: str) -> None:
    """Print a bar, a table and a report."""
    print("\\r50%|#####     |", end="", file=sys.stderr, flush=True)
    if act == "wait" and seed == 1:
        pathlib.Path("waiting").touch()
        time.sleep(60)
    if act == "stubborn":
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        time.sleep(5)
    if act == "fail" or "broken" in arms:
        sys.exit(print("\\rtoy: no such thing", file=sys.stderr) or 2)
    if act == "chat":
        print("hello")
    if act.startswith("edit "):
        file = pathlib.Path(act.removeprefix("edit "))
        file.write_text(file.read_text().replace("1e-3", "2e-3").replace("LIFT = 0.3", "LIFT = 0.4"))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("made")
    print("\\n\\nA table\\n\\nright  50 %", file=sys.stderr)
    share = {"value": ask(seed), "low": 0.4, "high": 0.9, "n": 20}
    metrics = {"after": {"with_page": {"right": share}}, "losses": [1.0, 0.5], "note": "text", "peak_bytes": None}
    around = {"device": device, "threads": None, "libraries": {"torch": "2"}}
    if act == "odd":
        metrics = {"right": {"value": 1, "low": 0}}
    if arms:
        metrics = {f"{arm}-{seed}": {**metrics, "environment": {"device": "its own"}} for arm in arms}
    print(json.dumps({"config": {"act": act}, "metrics": metrics, "environment": around}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model")
    parser.add_argument("--embedder")
    parser.add_argument("--split")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rate")
    parser.add_argument("--act", default="")
    parser.add_argument("--seed", "--seeds", type=int, default=0)
    parser.add_argument("--arms", nargs="+", default=[])
    parser.add_argument("--change", nargs="+")
    parser.add_argument("--out", type=pathlib.Path)
    given = parser.parse_args()
    main(given.act, given.arms, given.seed, given.out, given.device)
'''
ARMS = """\
[base]
wide = true

[tuned]
rate = 1e-3
passes = 8
"""
