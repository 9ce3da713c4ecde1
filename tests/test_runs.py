"""Run files: one that is no good is named with its remedy; what changes a number makes it stale, all else does not."""

import json
import shutil

import pytest

from scripts.measuring import results, runs
from scripts.measuring.make_run import Job, claim, is_made, make
from scripts.measuring.runs import BadRun, StaleRun
from scripts.measuring.snippet_process import RunError
from scripts.measuring.summary import summarise
from tests.made_runs import TOY, checkout, edit, made_run, put

COMMAND = "python -m scripts.make toy"
FILE = "results/runs/toy/tuned-0.json"


@pytest.fixture
def root(tmp_path):
    return checkout(tmp_path)


def written(root, **changed):
    """Write a run of the toy; return its path from the root."""
    return runs.write(made_run(root, **changed), root)


def test_what_is_written_is_read(root):
    run = made_run(root, metrics={"right": 1 / 3, "replies": ["\u2028\x85 \N{BLACK STAR}", ""]})
    path = runs.write(run, root)
    assert path.as_posix() == FILE and runs.read(path, root) == run
    assert runs.load("toy", root) == [run]
    lines = (root / path).read_text(encoding="utf-8").split("\n")
    assert len(lines) == 19 and lines[-3].startswith('"sha256": ')  # a field a line: a change reads well


def test_runs_come_by_arm_and_seed_and_none_is_no_mistake(root):
    for arm, seed in (("tuned", 10), ("tuned", 9), ("base", 11)):
        written(root, arm=arm, seed=seed)
    put(root, "results/runs/toy/.tuned-9-unfinished.json", "{")
    assert [(run.arm, run.seed) for run in runs.load("toy", root)] == [("base", 11), ("tuned", 9), ("tuned", 10)]
    assert runs.load("nothing", root) == []


BAD = {
    "missing": (lambda text: None, f"{FILE} is missing; run the command of its result again"),
    "half-written": (lambda text: text[:200], f"{FILE} is no JSON, maybe half-written; delete it and run the command"),
    "empty": (lambda text: "", f"{FILE} is no JSON"),
    "no text": (lambda text: b"\xff\xfe", f"{FILE} is no JSON"),
    "JSON of something else": (lambda text: '{"metrics": {}}', f"{FILE} is no run of this project; delete it"),
    "a list": (lambda text: "[1]", f"{FILE} is no run of this project; delete it"),
    "a field more": (lambda text: text.replace("{\n", '{\n"more": 1,\n'), f"{FILE} is no run of this project"),
    "another run": (
        lambda text: text.replace('"seed": 0', '"seed": 3'),
        f"{FILE} holds results/runs/toy/tuned-3.json, another run; delete it and run: {COMMAND}",
    ),
    "one digit edited": (
        lambda text: text.replace('"right":0.5', '"right":0.6'),
        f"{FILE} was edited: it does not hold to its own hash; delete it and run: {COMMAND}",
    ),
    "without its hash": (
        lambda text: json.dumps({name: value for name, value in json.loads(text).items() if name != "sha256"}),
        f"{FILE} was edited",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), BAD.values(), ids=BAD)
def test_a_file_that_is_no_good_is_named_with_its_remedy(root, spoil, message):
    path = written(root)
    spoilt = spoil((root / path).read_text(encoding="utf-8"))
    if spoilt is None:
        (root / path).unlink()
    else:
        (root / path).write_bytes(spoilt if isinstance(spoilt, bytes) else spoilt.encode())
    for read in (runs.read, lambda path, root: runs.check([path], root)):
        with pytest.raises(BadRun) as raised:
            read(path, root)
        assert str(raised.value).startswith(message) and "\n" not in str(raised.value)
        assert not isinstance(raised.value, StaleRun)


@pytest.mark.parametrize("spoil", [spoil for spoil, _ in BAD.values()], ids=BAD)
def test_under_a_summary_it_is_named_with_the_command_that_makes_it_again(root, spoil):
    path = written(root)
    summarise("toy", "cpu", root)
    spoilt = spoil((root / path).read_text(encoding="utf-8")) or b""
    (root / path).write_bytes(spoilt if isinstance(spoilt, bytes) else spoilt.encode())
    with pytest.raises(results.StaleResult, match=rf"^results/toy-cpu\.json is stale: {FILE} has .*; run: {COMMAND}$"):
        results.load(root)


def test_a_run_under_the_name_of_another_experiment_is_foreign(root):
    (root / "results/runs/other").mkdir(parents=True)
    shutil.copy(root / written(root), root / "results/runs/other/tuned-0.json")
    with pytest.raises(BadRun, match=rf"^results/runs/other/tuned-0\.json holds {FILE}, another run"):
        runs.load("other", root)


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


def job(**more) -> Job:
    given = ("--arms", "tuned", "--seeds", "3")
    return Job("toy", "tuned", 3, "toy", COMMAND, **{"arguments": given, "key": "tuned-3", "protocol": 1, **more})


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


@pytest.fixture
def summed(root):
    """A checkout with a summary of two runs."""
    for seed in (0, 1):
        written(root, arm="default", seed=seed, metrics={"right": 0.5 + seed / 4})
    summarise("toy", "cpu", root)
    assert results.load(root)["toy-cpu"].value("right")["value"] == 0.625
    return root


def test_the_code_that_sums_up_makes_the_summary_stale_and_not_the_runs(summed):
    put(summed, "scripts/measuring/metrics.py", "def combine():\n    return 1\n")
    with pytest.raises(
        results.StaleResult, match=rf"toy-cpu\.json is stale: scripts/measuring/metrics\.py has .*{COMMAND}"
    ):
        results.load(summed)
    assert len(runs.load("toy", summed)) == 2


def test_stale_code_of_a_run_makes_the_summary_stale(summed):
    edit(summed, "snippets/other.py", "LIFT = 0.3", "LIFT = 0.4")
    with pytest.raises(results.StaleResult, match=r"default-0\.json is stale: snippets/other\.py has changed; run: "):
        results.load(summed)


def test_a_run_that_changed_under_a_summary_makes_it_stale(summed):
    written(summed, arm="default", seed=1, metrics={"right": 0.7})
    with pytest.raises(results.StaleResult, match=rf"default-1\.json has changed; run: {COMMAND}"):
        results.load(summed)


def test_a_summary_without_its_runs_does_not_load(summed):
    (summed / "results/runs/toy/default-1.json").unlink()
    with pytest.raises(results.StaleResult, match=rf"default-1\.json is gone; run: {COMMAND}"):
        results.load(summed)


def test_a_run_that_is_edited_together_with_its_summary_is_seen(summed):
    path = summed / "results/runs/toy/default-1.json"
    edit(summed, "results/runs/toy/default-1.json", '"right":0.75', '"right":0.95')
    result = json.loads((summed / "results/toy-cpu.json").read_text(encoding="utf-8"))
    result["code"]["results/runs/toy/default-1.json"] = results.fingerprint(path)
    put(summed, "results/toy-cpu.json", results.canonical(result))
    with pytest.raises(results.BadResult, match=r"default-1\.json was edited: .*; delete it and run: "):
        results.load(summed)
