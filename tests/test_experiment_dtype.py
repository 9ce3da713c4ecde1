"""The experiment is computed in the dtype of the protocol, or not at all."""

import pytest

from scripts import experiment
from scripts.measuring import runs
from scripts.measuring.experiment_summary import PLAN
from scripts.measuring.make_run import WIDE
from tests.made_runs import edit, put
from tests.toy_experiment import files, toy_experiment

pytestmark = pytest.mark.slow  # asks torch


@pytest.fixture
def root(tmp_path, monkeypatch):
    return toy_experiment(tmp_path, monkeypatch)


WIDE_TOY = """
import runpy, sys
sys.argv, sys.path[0] = sys.argv[1:], "snippets"
runpy.run_path(sys.argv[0], None, "__main__")
"""
CHOOSES = "def choose_dtype(device):\n    return 'torch.{dtype}'\n"


def test_a_cpu_without_the_dtype_forms_its_products_in_32_bits(root, capsys):
    edit(root, PLAN.as_posix(), "seeds = [0, 1]", 'seeds = [0, 1]\ndtype = "bfloat16"')
    put(root, "snippets/case/model.py", CHOOSES.format(dtype="float32"))
    put(root, WIDE.as_posix(), WIDE_TOY)
    assert experiment.main(["--arms", "base"]) == 0 and len(files(root)) == 2
    assert "this CPU has bfloat16 only by way of 32 bits" in capsys.readouterr().err
    put(root, "snippets/case/model.py", CHOOSES.format(dtype="bfloat16"))
    assert experiment.main([]) == 0 and len(files(root)) == 4
    products = [run.environment.get("products", "") for run in runs.load("fine-tune-vs-rag", root)]
    assert products == ["formed in 32 bits, rounded to bfloat16"] * 2 + [""] * 2
    put(root, "snippets/case/model.py", CHOOSES.format(dtype="float32"))
    capsys.readouterr()
    assert experiment.main([]) == 0  # with every run there, no machine is asked what it computes in
    assert "32 bits" not in capsys.readouterr().err


def test_a_machine_without_the_dtype_makes_no_run(root, capsys):
    edit(root, PLAN.as_posix(), "seeds = [0, 1]", 'seeds = [0, 1]\ndtype = "bfloat16"')
    put(root, "snippets/case/model.py", CHOOSES.format(dtype="float16"))
    assert experiment.main(["--machine", "gpu"]) == 2 and files(root) == []
    asks = "experiment: the protocol says bfloat16, and this machine computes in float16; run it on another\n"
    assert capsys.readouterr().err == asks
    put(root, "snippets/case/model.py", "broken\n")
    assert experiment.main([]) == 2
    assert "could not be asked for its dtype: NameError" in capsys.readouterr().err
