"""A run is stale when something changed that changes a number, and stays fresh under all else."""

import pytest

from scripts.measuring import runs
from scripts.measuring.runs import StaleRun
from tests.made_runs import checkout, edit, put
from tests.toy_runs import COMMAND, FILE, written
from tests.toy_snippet import TOY


@pytest.fixture
def root(tmp_path):
    return checkout(tmp_path)


# What makes the run stale, by an edit: file, old text, new text, what is named.
STALE = {
    "a function in use": ("snippets/toy.py", "judge(seed) + other", "judge(seed + 1) + other", "snippets/toy.py"),
    "a function of the case": ("snippets/case/judge.py", "seed % 7", "seed % 8", "snippets/case/judge.py"),
    "a constant of another snippet": ("snippets/other.py", "LIFT = 0.3", "LIFT = 0.4", "snippets/other.py"),
    "a default": ("snippets/toy.py", "rate: float = 1e-3", "rate: float = 2e-3", "the default of --rate"),
    "a flag gone": ("snippets/toy.py", "    rate: float = 1e-3\n", "", "the default of --rate"),
    "data of the case": ("snippets/case/questions.jsonl", "When?", "Where?", "snippets/case/questions.jsonl"),
    "a page": ("snippets/case/handbook/pets.md", "Cats only", "Dogs only", "snippets/case/handbook"),
    "a pin that is listed": ("requirements.txt", "numpy==2.0.1", "numpy==2.0.2", "requirements"),
    "the arm": ("snippets/arms.toml", "rate = 1e-3", "rate = 2e-3", "the arm tuned in snippets/arms.toml"),
    "the arm gone": ("snippets/arms.toml", "[tuned]", "[other]", "the arm tuned in snippets/arms.toml"),
}


@pytest.mark.parametrize(("file", "old", "new", "what"), STALE.values(), ids=STALE)
def test_what_changes_a_number_makes_it_stale(root, file, old, new, what):
    path = written(root)
    runs.check([path], root)
    edit(root, file, old, new)
    with pytest.raises(StaleRun) as raised:
        runs.check([path], root)
    assert str(raised.value) == f"{FILE} is stale: {what} has changed; run: {COMMAND}"


FRESH = {
    "a function not in use": ("snippets/toy.py", "    return 1\n", "    return 2\n"),
    "a function of the case not in use": ("snippets/case/judge.py", "    pass", "    return []"),
    "a constant not in use": ("snippets/other.py", "OTHER = 1", "OTHER = 2"),
    "a message": ("snippets/toy.py", "too large", "must be smaller"),
    "words": ("snippets/toy.py", '"""Ask."""', '"""Ask for it."""'),
    "a flag more": ("snippets/toy.py", '    out: str = ""\n', '    out: str = ""\n    more: int = 1\n'),
    "a pin that is not listed": ("requirements.txt", "scipy==1.15.0", "scipy==1.16.0"),
    "another arm": ("snippets/arms.toml", "wide = true", "wide = false"),
}


@pytest.mark.parametrize(("file", "old", "new"), FRESH.values(), ids=FRESH)
def test_what_changes_no_number_leaves_it_fresh(root, file, old, new):
    path = written(root)
    runs.check([path], root)
    edit(root, file, old, new)
    runs.check([path], root)


def test_a_file_more_or_gone_makes_it_stale(root):
    path = written(root)
    put(root, "snippets/case/handbook/dogs.md", "Dogs.")
    with pytest.raises(StaleRun, match="snippets/case/handbook has changed"):
        runs.check([path], root)
    (root / "snippets/case/handbook/dogs.md").unlink()
    runs.check([path], root)
    (root / "snippets/case/questions.jsonl").unlink()
    with pytest.raises(StaleRun, match=r"questions\.jsonl has changed"):
        runs.check([path], root)


GONE = {"no longer there": None, "no Python any more": "def", "pinned nowhere": TOY.replace("numpy>=2", "torch>=2")}


@pytest.mark.parametrize("text", GONE.values(), ids=GONE)
def test_a_snippet_that_cannot_be_read_makes_it_stale(root, text):
    path = written(root)
    put(root, "snippets/toy.py", text) if text else (root / "snippets/toy.py").unlink()
    with pytest.raises(StaleRun, match=rf"^{FILE} is stale: .*toy\.py.*; run: {COMMAND}$"):
        runs.check([path], root)


def test_another_version_of_the_protocol_makes_it_stale(root):
    path, early = written(root), written(root, arm="base", protocol=0)
    edit(root, "decisions/the-protocol.md", "Version 1,", "Version 2,")
    message = f"{FILE} is stale: made under version 1 of the protocol, which is now 2; run: {COMMAND}"
    with pytest.raises(StaleRun, match=f"^{message}$"):
        runs.check([path], root)
    runs.check([early], root)  # of a trial, which comes before the protocol
    edit(root, "decisions/the-protocol.md", "2", "1")
    runs.check([path], root)
    (root / "decisions/the-protocol.md").unlink()
    assert runs.protocol_version(root) == 0
    with pytest.raises(StaleRun, match="which is now 0"):
        runs.check([path], root)


def test_a_trial_that_sets_a_setting_itself_does_not_depend_on_it(root):
    path = written(root, arguments=["--arms", "tuned", "--change", "rate=5e-4", "wide=false", "--out", "build/x"])
    edit(root, "snippets/arms.toml", "rate = 1e-3", "rate = 2e-3")
    runs.check([path], root)
    edit(root, "snippets/arms.toml", "passes = 8", "passes = 4")
    with pytest.raises(StaleRun, match=r"the arm tuned in snippets/arms\.toml has changed"):
        runs.check([path], root)
