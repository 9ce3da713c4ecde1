"""A made-up result of the experiment and a site that shows it, for the tests of the Evidence page."""

import shutil
import tomllib
from pathlib import Path

from scripts.measuring import results, runs
from scripts.measuring.runs import Run
from tests.conftest import ROOT
from tests.tiny_site import TinySite

FILES = ("docs/_data/arms.yml", "docs/_data/comparisons.yml", "scripts/experiment.toml", "snippets/arms.toml")
ARMS = tomllib.loads((ROOT / "snippets/arms.toml").read_text(encoding="utf-8"))
PLAN = tomllib.loads((ROOT / "scripts/experiment.toml").read_text(encoding="utf-8"))["comparison"]
NAME = "fine-tune-vs-rag"
STEM = f"{NAME}-cpu"
BLOCK = f"::: experiment {STEM}\n"
ENDS = {"right": 0.1, "valid-json": 0.2, "source-right": 0.3, "declined": 0.4, "invented": 0.5}
LATER = {"right": 0.15, "right-changed": 0.25, "right-kept": 0.35}
ENVIRONMENT = {
    "cpu": "AMD EPYC",
    "cpus": "2",
    "threads": "1",
    "device": "cpu",
    "dtype": "bfloat16",
    "model": "build/model 7ef915c9bf9d",
    "platform": "Linux x86_64",
    "python": "3.11.7",
    "torch": "2.13.0+cpu",
    "peft": "0.21.2",
    "seeds": "0 1 2",
}


def share(value: float, says: str, seeds: bool = True) -> dict:
    """Return a share five points wide to each side, with three seeds around it."""
    each = [round(max(0, value - 0.02), 3), value, round(min(1, value + 0.02), 3)]
    around = {"min": each[0], "max": each[2], "seeds": each} if seeds else {}
    ends = {"low": round(max(0, value - 0.05), 3), "high": round(min(1, value + 0.05), 3)}
    return {"value": value, **ends, **around, "cases": 288, "unit": "of 1", "says": says}


def mean(value: float, unit: str, says: str) -> dict:
    return {
        "value": value,
        "min": value - 1,
        "max": value + 1,
        "seeds": [value] * 3,
        "n": 3,
        "unit": unit,
        "says": says,
    }


def measured() -> dict[str, dict]:
    """Return every key that a summary of all arms holds; the place of an arm tells its numbers apart."""
    made = {}
    for place, (arm, settings) in enumerate(ARMS.items()):
        cells = ["closed-book", "retrieved", *(["top-3", "right-page"] if settings.get("wide") else [])]
        for number, cell in enumerate(cells):
            for end, value in ENDS.items():
                made[f"{arm}.{cell}.{end}"] = share(tidy(value + place / 100 + number / 10), f"{arm}, {cell}: {end}.")
        later = ["old-index", "closed-book-later", *(["changed"] if settings.get("later") else [])]
        for number, cell in enumerate(later):
            for end, value in LATER.items():
                made[f"{arm}.{cell}.{end}"] = share(tidy(value + place / 100 + number / 10), f"{arm}, {cell}: {end}.")
        made[f"{arm}.general.kept"] = share(tidy(1 - place / 20), f"{arm}: general questions still right.", seeds=False)
        made[f"{arm}.general.perplexity"] = mean(2 + place, "", f"{arm}: perplexity.")
        if settings.get("teach"):
            made[f"{arm}.training"] = mean(1000 + place, "processor s", f"{arm}: processor time of the training.")
    for arm in ("base", "lora-questions-half"):
        for cell in ("closed-book", "retrieved"):
            for end in ("right-taught", "right-untaught"):
                made[f"{arm}.{cell}.{end}"] = share(0.4, f"{arm}, {cell}: {end}.")
    for key, value in {"top-1": 0.63, "top-3": 0.8, "changed.top-1": 0.62, "changed.top-3": 0.79}.items():
        made[f"retrieval.{key}"] = share(value, "Search.", seeds=False)
    made["retrieval.update"] = mean(3, "processor s", "Processor time to bring the index up to date.")
    differences = [(0.71, 0.6, 0.82), (-0.3, -0.4, -0.2), (0.004, -0.03, 0.03), (0.04, 0.01, 0.07)]
    for place, each in enumerate(PLAN):
        value, low, high = differences[place % 4]
        key = f"compare.{each['name']}"
        says = {"unit": "questions", "says": f"{each['second']} minus {each['first']}."}
        made[f"{key}.difference"] = {"value": value, "low": low, "high": high, "cases": 288, **says, "unit": "of 1"}
        made[f"{key}.won"] = {"value": 210 + place, **says}
        made[f"{key}.lost"] = {"value": 5 + place, **says}
        made[f"{key}.p"] = {"value": 0.0004, **says, "unit": ""}
        made[f"{key}.p-holm"] = {"value": 0.06 if place % 4 == 3 else 0.0012, **says, "unit": ""}
        made[f"{key}.needs"] = {"value": 400 + place, **says}
    return made


def tidy(value: float) -> float:
    return round(min(value, 1), 3)


def run(experiment: str, arm: str, seed: int, replies: str = "one") -> Run:
    """Return a run of code that never changes."""
    return Run(
        experiment=experiment,
        arm=arm,
        seed=seed,
        snippet="snippets/fine_tune_vs_rag.py",
        command="python -m scripts.experiment --model build/model",
        arguments=[],
        date="2026-11-25",
        seconds=1.0,
        protocol=0,
        code={},
        defaults={},
        settings="",
        environment=ENVIRONMENT,
        metrics={"replies": replies},
        printed="",
    )


def site_with(root: Path, numbers: dict[str, dict] | None = None) -> TinySite:
    """Return a site with the real arms and comparisons, and made-up results."""
    site = TinySite(root)
    for file in FILES:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / file, root / file)
    for seed in range(3):
        for arm in ("base", "lora-pages"):
            runs.write(run(NAME, arm, seed), root)
    runs.write(run("tuning", "base-rate-1e-3", 100), root)
    write_result(site, measured() if numbers is None else numbers)
    return site


def write_result(site: TinySite, numbers: dict[str, dict]) -> None:
    code = site.write("code.py", "")
    given = {"command": "python -m scripts.experiment", "code": [code], "environment": ENVIRONMENT}
    results.write(
        NAME,
        "cpu",
        measured=numbers,
        notes="Made up.",
        printed="printed by evals.py",
        date="2026-11-25",
        root=site.root,
        **given,
    )
