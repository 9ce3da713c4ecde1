"""Run files: what is written is read, and a file that is no good is named with its remedy."""

import json
import shutil

import pytest

from scripts.measuring import results, runs
from scripts.measuring.runs import BadRun, StaleRun
from scripts.measuring.summary import summarise
from tests.made_runs import checkout, made_run, put
from tests.toy_runs import COMMAND, FILE, written


@pytest.fixture
def root(tmp_path):
    return checkout(tmp_path)


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
