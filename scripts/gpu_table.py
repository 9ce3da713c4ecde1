"""The table on the large lab, as far as it gets in a few minutes.

The large lab has more questions than the small one; asking as many as there takes no longer. The arms about behaviour
come first, as they are quick; with more time, all. A run that is stopped by the clock has kept its finished arms, and a
second one reports those.
"""

import dataclasses
import json
import random
from pathlib import Path

from scripts.measure import Plan, measure
from scripts.snippet_run import RunError

ASKED = {
    ("private", "test"): 240,
    ("private", "development"): 60,
    ("public", "test"): 120,
    ("public", "development"): 60,
}
QUICK = "base,rag,lora-behaviour,lora-behaviour-rag,qlora-behaviour,qlora-behaviour-rag"
ENOUGH = 1500  # seconds from which all arms are tried
REPORTING = 60  # seconds for the second run, which trains nothing


def ask_less(lab: Path, file: Path) -> None:
    """Write a sample of a lab's questions, so many of each kind, in the lab's order."""
    lines = (lab / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    kinds: dict[tuple[str, str], list[int]] = {kind: [] for kind in ASKED}
    for number, line in enumerate(lines):
        row = json.loads(line)
        kinds[row["set"], row["split"]].append(number)
    rng = random.Random(0)
    kept = sorted(n for kind, some in kinds.items() for n in rng.sample(some, min(ASKED[kind], len(some))))
    file.write_text("".join(f"{lines[number]}\n" for number in kept), encoding="utf-8")


def measure_table(plan: Plan, out: Path, root: Path) -> list[str]:
    """Measure the arms that the plan's limit allows; return what is missing. out: file of the table, from the root."""
    arms = () if plan.limit >= ENOUGH or "--arms" in plan.arguments else ("--arms", QUICK)
    given = (*plan.arguments, "--out", out.as_posix())
    left_out = [f"fine-tune-vs-rag: only {QUICK}; all arms need about {ENOUGH / 60:.0f} minutes"] if arms else []
    partial = root / f"{out}.partial"
    partial.unlink(missing_ok=True)
    try:
        measure(dataclasses.replace(plan, arguments=(*given, *arms), limit=max(plan.limit - REPORTING, 1)), root)
    except RunError as error:
        finished = finished_arms(partial)
        if error.status != 124 or not finished:
            raise
        again = (*given, "--resume", "--arms", ",".join(finished))
        measure(dataclasses.replace(plan, arguments=again, limit=2 * REPORTING), root)
        return [f"fine-tune-vs-rag: only {', '.join(finished)}, then the time was over"]
    return left_out


def finished_arms(partial: Path) -> list[str]:
    """Return the arms that a stopped run has kept."""
    if not partial.is_file():
        return []
    return list(json.loads(partial.read_text(encoding="utf-8"))["arms"])
