"""What the runs hand to evals: the same questions for all arms, in a form that its process takes."""

from collections import defaultdict

import pytest

from scripts.measuring import evals_process
from scripts.measuring.evals_process import evals
from scripts.measuring.experiment_summary import shares
from scripts.measuring.snippet_process import RunError, run_snippet
from scripts.measuring.versions import hits_of, lines_of
from tests.known_replies import COMPARISONS, Experiment, plan_of
from tests.made_runs import small_experiment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    """Runs of two seeds; nobody writes there."""
    return Experiment(small_experiment(tmp_path_factory.mktemp("experiment"), plan_of(COMPARISONS)))


def test_a_question_is_the_same_for_all_arms_and_another_on_every_seed(experiment):
    lines = lines_of(experiment.runs, "now")
    ids = {name: [line["id"] for line in each] for name, each in lines.items()}
    assert len(set(map(tuple, ids.values()))) == 1 and len(set(ids["base retrieved"])) == 24
    hits = defaultdict(list)
    for name, each in hits_of(experiment.runs[:1]).items():
        hits[name] = [line["right"] for line in each]
    assert set(hits) == {"retrieved top-1", "retrieved top-3", "changed top-1", "changed top-3"}


def test_a_process_of_evals_gives_the_same_and_takes_odd_ends_of_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(evals_process, "run_snippet", run_snippet)
    root = small_experiment(tmp_path, plan_of(COMPARISONS))
    found = Experiment(root).runs
    lines = {name: each for name, each in lines_of(found, "now").items() if name.startswith("base")}
    assert any("\u2028" in line["reply"] for each in lines.values() for line in each)
    process = evals(lines, "right", root)
    assert set(process["pairs"]) == set(lines) - {"base closed_book"}
    with pytest.raises(RunError, match="no metric wrong"):
        evals(lines, "wrong", root)
    monkeypatch.undo()
    assert evals(lines, "right", root) == process
    key = "base.retrieved.right"
    assert shares(found, "now", "right", "right", root)[key]["value"] == process["versions"]["base retrieved"]["value"]
