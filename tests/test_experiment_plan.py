"""The plan of the experiment names only arms, cells and settings that there are."""

import tomllib

import arms
from scripts.experiment import trials
from scripts.measuring import runs
from scripts.measuring.experiment_summary import CELLS, PLAN
from scripts.measuring.versions import SETS
from tests.made_runs import ROOT


def test_the_plan_names_arms_cells_and_settings_that_there_are():
    plan = tomllib.loads((ROOT / PLAN).read_text(encoding="utf-8"))
    for each in plan["comparison"]:
        for version in (each["first"], each["second"]):
            arm, cell = version.split(" ")
            later = SETS[each["set"]][1] == "later"
            assert arm in arms.ARMS and cell in CELLS, version
            assert later == (cell in ("changed", "old_index", "closed_book_later")), version
            assert cell != "changed" or arms.ARMS[arm].later
    assert len({each["name"] for each in plan["comparison"]}) == len(plan["comparison"])
    fields = set(arms.Arm.__dataclass_fields__)
    for job in trials(plan["tuning"], "build/model"):
        changes = runs.flag_values(job.arguments, "--change")
        assert job.arguments[1] in arms.ARMS and {change.partition("=")[0] for change in changes} <= fields
    assert {job.seed for job in trials(plan["tuning"], "")}.isdisjoint(plan["evidence"]["seeds"])
