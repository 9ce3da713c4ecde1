"""The comparisons of the experiment: what `experiment.toml` asks, by evals.py, and p after Holm within each family."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from statsmodels.stats.multitest import multipletests

from scripts.measuring.evals_process import evals
from scripts.measuring.metrics import SHARE, tidy
from scripts.measuring.runs import BadRun, Run
from scripts.measuring.versions import lines_of

PLAN = Path("scripts") / "experiment.toml"


def compare(runs: Sequence[Run], comparison: Mapping, root: Path) -> dict[str, dict]:
    """Return one comparison, the second version minus the first, on the same questions."""
    lines, names = lines_of(runs, comparison["set"]), (comparison["first"], comparison["second"])
    if missing := [name for name in names if name not in lines]:
        raise BadRun(f"{PLAN}: comparison {comparison['name']}: no arm and cell {missing[0]} among the runs")
    pair = evals({name: lines[name] for name in names}, comparison["metric"], root)["pairs"][comparison["second"]]
    key = f"compare.{comparison['name']}"
    says = f"{comparison['second']} minus {comparison['first']}, {comparison['set']}"
    ends = {end: tidy(pair["difference"][end]) for end in ("value", "low", "high")}
    return {
        f"{key}.difference": {**ends, "cases": pair["difference"]["n"], "unit": SHARE, "says": f"{says}: difference."},
        f"{key}.won": {"value": len(pair["won"]), "unit": "questions", "says": f"{says}: only the second is right."},
        f"{key}.lost": {"value": len(pair["lost"]), "unit": "questions", "says": f"{says}: only the first is right."},
        f"{key}.p": {"value": tidy(pair["p"]), "unit": "", "says": f"{says}: p, by swapping whole pages."},
        f"{key}.needs": {
            "value": pair["questions_needed"],
            "unit": "questions",
            "says": f"{says}: questions that would show five points.",
        },
    }


def adjust(measured: dict[str, dict], plan: Mapping) -> None:
    """Add to each comparison p after Holm, within its family."""
    for family in dict.fromkeys(comparison["family"] for comparison in plan["comparison"]):
        keys = [f"compare.{comparison['name']}" for comparison in plan["comparison"] if comparison["family"] == family]
        corrected = multipletests([measured[f"{key}.p"]["value"] for key in keys], method="holm")[1]
        for key, p in zip(keys, corrected, strict=True):
            says = measured[f"{key}.p"]["says"].replace("p, by", f"p after Holm among the {family} ones, by")
            measured[f"{key}.p-holm"] = {"value": tidy(float(p)), "unit": "", "says": says}
