"""A run is made once, by one process, and again when something changed."""

import pytest

from scripts.measuring import runs
from scripts.measuring.make_run import claim, is_made, make
from scripts.measuring.runs import BadRun
from scripts.measuring.snippet_process import RunError
from tests.made_runs import checkout, edit, put
from tests.toy_runs import job
from tests.toy_snippet import TOY


@pytest.fixture
def root(tmp_path):
    return checkout(tmp_path)


def test_a_run_is_made_once_and_again_when_something_changed(root):
    assert not is_made(job(), root)
    run = make(job(), root, quiet=True)
    assert is_made(job(), root) and runs.read(run.path, root) == run
    assert run.metrics["after"]["with_page"]["right"]["value"] == 0.8 and run.environment == {"device": "its own"}
    assert run.settings == '{"passes": 8, "rate": 0.001}' and run.protocol == 1
    assert not is_made(job(protocol=2), root) and not is_made(job(model="build/model"), root)
    assert not is_made(job(arguments=("--arms", "tuned", "--seeds", "3", "--change", "rate=1")), root)
    edit(root, "snippets/arms.toml", "rate = 1e-3", "rate = 2e-3")
    assert not is_made(job(), root)


def test_an_edited_run_is_no_run_to_be_made_again_in_silence(root):
    make(job(), root, quiet=True)
    edit(root, "results/runs/toy/tuned-3.json", '"losses":[1.0,0.5]', '"losses":[1.0,0.4]')
    with pytest.raises(BadRun, match="was edited"):
        is_made(job(), root)


def test_settings_of_the_arm_that_change_while_it_runs_leave_no_run(root):
    given = ("--arms", "tuned", "--seeds", "3", "--act", "edit snippets/arms.toml")
    with pytest.raises(RunError, match="was changed while it ran; run it again"):
        make(job(arguments=given), root, quiet=True)
    assert not (root / job().path).exists()


def test_a_run_on_one_thread_gets_one(root, monkeypatch):
    put(root, "snippets/toy.py", TOY.replace('"threads": None', '"threads": __import__("os").environ[NAME]'))
    edit(root, "snippets/toy.py", "import other\n", 'import other\n\nNAME = "OMP_NUM_THREADS"\n')
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    plain = {"arguments": (), "key": ""}
    assert make(job(threads=1, **plain), root, quiet=True).environment["threads"] == "1"
    assert make(job(**plain), root, quiet=True).environment["threads"] == "7"


def test_only_one_process_makes_a_run(root):
    with claim(job(), root) as mine, claim(job(), root) as theirs:
        assert (mine, theirs) == (True, False)
    with claim(job(), root) as mine:
        assert mine
