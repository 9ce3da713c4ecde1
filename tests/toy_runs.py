"""Runs of the toy, as the tests write them and ask for them."""

from scripts.measuring import runs
from scripts.measuring.make_run import Job
from tests.made_runs import made_run

COMMAND = "python -m scripts.make toy"
FILE = "results/runs/toy/tuned-0.json"


def written(root, **changed):
    """Write a run of the toy; return its path from the root."""
    return runs.write(made_run(root, **changed), root)


def job(**more) -> Job:
    """Return what is asked for: a run of the tuned arm on seed 3, with some fields changed."""
    given = ("--arms", "tuned", "--seeds", "3")
    return Job("toy", "tuned", 3, "toy", COMMAND, **{"arguments": given, "key": "tuned-3", "protocol": 1, **more})
