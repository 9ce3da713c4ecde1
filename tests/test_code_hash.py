"""What can change a snippet's numbers changes a hash, and only the right one; what people read changes none."""

from pathlib import Path

import pytest

from scripts.staleness.code_hash import code_of
from tests.code_hash_data import FILES, JUDGE, NAMES, OTHER, TOY, WORDS, changed, edit, write, write_toy


@pytest.fixture
def root(tmp_path):
    return write_toy(tmp_path)


def test_names_are_the_code_in_use_the_data_and_the_requirements(root):
    hashes = code_of(TOY, root)
    assert set(hashes) == NAMES
    assert all(len(value) == 64 for value in hashes.values())


COUNTS = [
    # (file, old, new, names whose hash changes)
    ("toy.py", "len(rows) > LIMIT", "len(rows) >= LIMIT", {str(TOY)}),
    ("toy.py", "LIMIT = 4", "LIMIT = 5", {str(TOY)}),
    ("toy.py", "set_num_threads(LIMIT)", "set_num_threads(2)", {str(TOY)}),
    ("toy.py", "2 * self.rate", "3 * self.rate", {str(TOY)}),
    ("toy.py", "    metrics: dict = ask(", "    global LIMIT\n    LIMIT = 1\n    metrics: dict = ask(", {str(TOY)}),
    ("toy.py", "import torch", "import another as torch", {str(TOY)}),
    ("other.py", "config.rank + STEPS", "config.rank - STEPS", {OTHER}),
    ("other.py", "STEPS += 1", "STEPS += 2", {OTHER}),
    ("other.py", '"""Another script."""', "torch.manual_seed(1)", {OTHER}),
    ("tuned.py", "'b'", "'c'", {"snippets/tuned.py"}),
    ("case/words.py", '"yes"', '"no"', {WORDS}),
    ("case/judge.py", "is not None", "is None", {JUDGE}),
    ("case/judge.py", "import re", "import regex as re", {JUDGE}),
    ("case/files.py", "read(rows):\n    return rows", "read(rows):\n    return []", {"snippets/case/files.py"}),
    ("case/handbook/ferry.md", "7", "8", {"snippets/case/handbook"}),
    ("case/rows.jsonl", "{}", "[]", {"snippets/case/rows.jsonl"}),
    ("toy.py", "[judge(", "[other.merge(", {str(TOY), OTHER, JUDGE, WORDS}),
    ("toy.py", "files.read(rows)", "list(rows)", {str(TOY), "snippets/case/files.py"}),
    ("../requirements.txt", "num-py==2.4", "num-py==2.4.1", {"requirements"}),
    ("../requirements-torch.txt", "2.13.0", "2.14.0", {"requirements"}),
    ("../requirements-model.txt", "weights==1", "weights==2", {"requirements"}),
]
DOES_NOT_COUNT = [
    ("toy.py", "def unused() -> None:", "def unused() -> None:\n    print(LIMIT)"),
    ("toy.py", '("", *SHOWN)', '("name", *SHOWN)'),
    ("toy.py", '("a", "b")', '("a", "c")'),
    ("toy.py", "show(metrics)\n", 'show({"shown": metrics})\n'),
    ("toy.py", "; at most {LIMIT}", ": too many, at most {LIMIT}"),
    ("toy.py", 'f"{len(rows)} rows"', 'f"{len(rows)} of the rows"'),
    ("toy.py", '"the file"', '"it" if rows else "the file"'),
    ("toy.py", 'f"{why} in {where}; at most {LIMIT}"', '"too many"'),
    ("toy.py", "  # questions", "  # asked at most"),
    ("toy.py", '"""Ask."""', '"""Ask every question."""'),
    ("toy.py", '    """Do nothing."""', "    pass"),
    ("toy.py", 'row["reply"]', "row[\n    'reply'  # of the model\n]"),
    ("toy.py", "metrics: dict = ", "metrics = "),
    ("toy.py", "rows: list[dict], config: Config) -> dict", "rows, config: 'Config')"),
    ("toy.py", "1e-3", "1e-2"),
    ("toy.py", "    needed: int\n", "    needed: int\n    added: bool = False  # a flag\n"),
    ("toy.py", "sys.exit(run(main, Config))", "raise SystemExit(run(main, Config))"),
    ("other.py", "return config\n", "return None\n"),
    ("other.py", "rank: int = 8", "rank: int = 9"),
    ("alone.py", "pass", "return 1"),
    ("case/__init__.py", '"case"', '"it"'),
    ("case/command.py", "= 100", "= 101"),
    ("case/command.py", "def run(main, config): ...", "def run(main, config): return main(config)"),
    ("case/errors.py", "pass", "status = 2"),
    ("case/report.py", "def table(*cells): ...", "def table(*cells): return cells"),
    ("case/words.py", "MORE = 1", "MORE = 2"),
    ("case/handbook/code.py", "1", "2"),
    ("case/__pycache__/judge.pyc", "x", "y"),
    ("case/.hidden", "x", "y"),
    ("../requirements.txt", "absent==1.0", "absent==2.0"),
    ("../requirements.txt", "sha256:00", "sha256:11"),
]


@pytest.mark.parametrize(("name", "old", "new", "names"), COUNTS, ids=[f"{c[0]}:{c[2]}" for c in COUNTS])
def test_what_can_change_a_number_changes_its_name_alone(root, name, old, new, names):
    before = code_of(TOY, root)
    edit(root, name, old, new)
    assert changed(before, code_of(TOY, root)) == names


@pytest.mark.parametrize(("name", "old", "new"), DOES_NOT_COUNT, ids=[f"{c[0]}:{c[2]}" for c in DOES_NOT_COUNT])
def test_what_changes_no_number_changes_no_hash(root, name, old, new):
    before = code_of(TOY, root)
    edit(root, name, old, new)
    assert changed(before, code_of(TOY, root)) == set()


RENAMED = [
    ("judge(", "decide(", "import judge", "import judge as decide"),
    ("other.", "more.", "import other", "import other as more"),
    ("torch.set_num_threads", "limit", "import torch", "from torch import set_num_threads as limit"),
]


@pytest.mark.parametrize(("old", "new", "imported", "renamed"), RENAMED)
def test_an_import_under_another_name_is_the_same(root, old, new, imported, renamed):
    before = code_of(TOY, root)
    edit(root, "toy.py", old, new)
    edit(root, "toy.py", f"{imported}\n", f"{renamed}\n")
    assert code_of(TOY, root) == before


def test_functions_in_another_order_are_the_same(root):
    before = code_of(TOY, root)
    first, start, second = FILES["other.py"].partition("def merge")
    write(root, "other.py", first.replace("def train", start + second + "def train"))
    assert code_of(TOY, root) == before


def test_more_data_of_the_case_is_noticed(root):
    before = code_of(TOY, root)
    write(root, "case/handbook/quay.md", "A quay.\n")
    write(root, "case/prose.txt", "Prose.\n")
    assert changed(before, code_of(TOY, root)) == {"snippets/case/handbook", "snippets/case/prose.txt"}


def test_each_script_has_its_own_code(root):
    names = code_of(Path("snippets/alone.py"), root)
    assert [name for name in names if name.endswith(".py")] == ["snippets/alone.py"]
    assert set(names) - {"snippets/alone.py"} == {name for name in NAMES if not name.endswith(".py")}


def test_weights_count_only_for_what_runs_a_model(root):
    edit(root, "toy.py", '#   "Torch>=2.6",\n', "")
    before = code_of(TOY, root)
    edit(root, "../requirements-model.txt", "weights==1", "weights==2")
    assert code_of(TOY, root) == before
