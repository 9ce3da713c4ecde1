"""What the tests of the experiment's summary share: a small experiment, and evals.py in process."""

import pytest

from scripts.measuring import evals_process
from tests.known_replies import COMPARISONS, plan_of
from tests.made_runs import in_process, small_experiment


@pytest.fixture(autouse=True, scope="module")
def without_processes():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evals_process, "run_snippet", in_process())
        yield


@pytest.fixture
def root(tmp_path):
    """The experiment in small, without runs."""
    return small_experiment(tmp_path, plan_of(COMPARISONS))
