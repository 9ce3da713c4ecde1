"""What can change a snippet's numbers changes a hash, and only the right one; what people read changes none."""

import shutil
from pathlib import Path

import pytest

from scripts.staleness.code_hash import changed_defaults, code_of, defaults_of, read_pins
from scripts.staleness.code_in_use import BadCode

ROOT = Path(__file__).resolve().parents[1]
TOY = Path("snippets/toy.py")

SCRIPT = '''\
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "Torch>=2.6",
#
#   "num_py[extra]>=1",
# ]
# ///
"""A toy."""

import case  # first

import sys
from dataclasses import dataclass, replace

import torch

import other
from case import MODEL, files
from case.command import Common, run
from case.errors import BadInput
from case.judge import judge
from case.report import environment, table
from tuned import *

LIMIT = 4  # questions
SHOWN = ("a", "b")
torch.set_num_threads(LIMIT)


@dataclass(frozen=True)
class Config(Common):
    """What to ask."""

    rate: float = 1e-3  # of learning
    model: str = MODEL
    shots: tuple[int, ...] = (0, 2)
    threads: int = other.THREADS
    kinds: tuple = tuple(other.KINDS)
    needed: int

    def twice(self) -> float:
        return 2 * self.rate


def show(metrics: dict) -> str:
    """Return the table."""
    return table("A title", ("", *SHOWN), metrics)


def ask(rows: list[dict], config: Config) -> dict:
    """Ask."""
    if len(rows) > LIMIT:
        why, where = f"{len(rows)} rows", "the file"
        raise BadInput(f"{why} in {where}; at most {LIMIT}")
    settings = other.Config(rank=2)
    return {"right": [judge(row["reply"], row) for row in files.read(rows)], "by": other.train(settings)}


def unused() -> None:
    """Do nothing."""


def main(config: Config) -> tuple[dict, str]:
    """Ask and show."""
    metrics: dict = ask([{"reply": "yes"}], config)
    return {"metrics": metrics, "environment": environment()}, show(metrics)


if __name__ == "__main__":
    sys.exit(run(main, Config))
'''

FILES = {
    "toy.py": SCRIPT,
    "other.py": '''\
"""Another script."""

from dataclasses import dataclass

from case.command import Common

THREADS = 2
KINDS = tuple("ab")


@dataclass
class Config(Common):
    rank: int = 8
    unused: int = 1


def train(config):
    """Train."""
    return config.rank + STEPS


def merge(config):
    return config


STEPS = 3
STEPS += 1
''',
    "tuned.py": "import os\nos.environ['A'] = 'b'\n",
    "alone.py": "def main():\n    pass\n",
    "case/__init__.py": 'MODEL = "a/model"\nprint("case")\n',
    "case/command.py": """\
from case import MODEL
class Common:
    model: str = MODEL
    seed: int = 100
def run(main, config): ...
def say(text): ...
""",
    "case/errors.py": "class BadInput(Exception):\n    pass\n",
    "case/report.py": "def table(*cells): ...\ndef environment(): ...\n",
    "case/judge.py": """\
import re
from .words import WORDS as known
def judge(reply, row):
    return known.search(reply) is not None and re.escape(reply)
""",
    "case/words.py": 'import re\nWORDS = re.compile("yes")\nMORE = 1\n',
    "case/files.py": "def read(rows):\n    return rows\ndef write(rows):\n    return rows\n",
    "case/handbook/ferry.md": "The ferry leaves at 7.\n",
    "case/handbook/code.py": "x = 1\n",
    "case/rows.jsonl": "{}\n",
    "case/__pycache__/judge.pyc": "x",
    "case/.hidden": "x",
    "../requirements.txt": """\
absent==1.0 \\
    --hash=sha256:00
num-py==2.4 ; python_full_version < '3.12' \\
    --hash=sha256:00
    # via x
num-py==2.5 ; python_full_version >= '3.12' \\
    --hash=sha256:00
""",
    "../requirements-torch.txt": "# Without a hash.\ntorch==2.13.0\n",
    "../requirements-model.txt": "weights==1\n",
}
JUDGE, WORDS, OTHER = "snippets/case/judge.py", "snippets/case/words.py", "snippets/other.py"
NAMES = {str(TOY), OTHER, "snippets/tuned.py", JUDGE, WORDS, "snippets/case/files.py"}
NAMES |= {"snippets/case/handbook", "snippets/case/rows.jsonl", "requirements"}


@pytest.fixture
def root(tmp_path):
    for name, text in FILES.items():
        write(tmp_path, name, text)
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    file = root / "snippets" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def edit(root: Path, name: str, old: str, new: str) -> None:
    text = (root / "snippets" / name).read_text(encoding="utf-8")
    assert old in text
    write(root, name, text.replace(old, new))


def changed(before: dict, after: dict) -> set:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


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


# Every form in which a name can be bound or read: whether `used` of other.py is followed from `main`.
FOLLOWED = {
    "def main():\n    from other import used as it\n    return it()": True,
    "def main():\n    import other\n    return other.used()": True,
    "import other\ndef main(kind):\n    return getattr(other, kind)": True,
    "from other import used\ndef main(rows=used):\n    return rows": True,
    "from other import used\n@used\ndef main():\n    return 1": True,
    "from other import used\ndef main():\n    return [used for used in used()]": True,
    "from other import used\ndef main():\n    return [used for used in range(3)]": False,
    "from other import used\ndef main():\n    return {k: used for k in 'ab' for used in k}": False,
    "from other import used\ndef main():\n    return [(used := 1) for _ in 'ab'], used": False,
    "from other import used\ndef main(used):\n    return used": False,
    "from other import used\ndef main(*used):\n    return lambda: used": False,
    "from other import used\ndef main():\n    return lambda used: used": False,
    "from other import used\ndef main():\n    return (lambda used: used)(used)": True,
    "from other import used\ndef main():\n    used = 1\n    return used": False,
    "from other import used\ndef main():\n    global used\n    used = 1\n    return used": True,
    "from other import used\ndef main():\n    try: pass\n    except OSError as used: print(used)": False,
    "from other import used\ndef main(x):\n    match x:\n        case [*used]:\n            print(used)": False,
    "from other import used\ndef main(x):\n    match x:\n        case {**used}:\n            print(used)": False,
    "from other import used\ndef main(x):\n    match x:\n        case used:\n            print(used)": False,
    "from other import used\ndef main():\n    def used(): pass\n    return used": False,
    "from other import used\nasync def main():\n    async def used(): pass\n    return used": False,
    "from other import used\ndef main(x: used) -> used:\n    y: used\n    return x": False,
    "from other import used\nclass A:\n    used: int = 1\n    def f(self): return used\ndef main(): return A": True,
    "from other import used\nclass A:\n    def show(self): return used\ndef main(): return A": False,
    "from other import used\ndef main(): return BadInput(used)": False,
    "from case import command\nfrom other import used\ndef main(): command.say(used, 2)": False,
    "from case.report import table as t\nfrom other import used\ndef main(): return t(used)": False,
    "from other import used\ndef main(logger): logger.show(used)": True,
    "from other import used, show as tell\ndef main(): return tell(used)": False,
    "import other\ndef main(): return other.show(other.used)": False,
    "from case import CASE\nfrom other import used\ndef main(): return CASE.joinpath(used)": True,
    "from other import used\nif True:\n    X = used\ndef main(): return X": True,
    "try:\n    from other import used\nexcept ImportError:\n    used = None\ndef main(): return used": True,
    "from again import used\ndef main(): return used": True,
    "from around import used\ndef main(): return used": False,
    "from other import show\ndef main(): return show": False,
    "from case.model.inner import used\ndef main(): return used": True,
    "from other import *\ndef main(): return used": False,
    "import numpy\ndef main(): return numpy.used, unknown": False,
}


@pytest.mark.parametrize(("source", "followed"), FOLLOWED.items(), ids=range(len(FOLLOWED)))
def test_a_name_is_followed_where_it_means_that_definition(root, source, followed):
    write(root, "toy.py", source)
    write(root, "other.py", "def used(): return 1\ndef show(): return used")
    write(root, "again.py", "from other import used")
    write(root, "around.py", "from around import used")
    write(root, "case/model/__init__.py", "")
    write(root, "case/model/inner.py", "from .. import command\nfrom ...other import used\nfrom . import near")
    before = code_of(TOY, root)
    edit(root, "other.py", "return 1", "return 2")
    assert changed(before, code_of(TOY, root)) == ({OTHER} if followed else set())


def test_a_relative_import_is_of_its_own_package(root):
    write(root, "toy.py", "from case.model import open\ndef main(): return open()")
    write(
        root,
        "case/model/__init__.py",
        "from . import near\nfrom ..judge import judge\ndef open(): return near.x, judge",
    )
    write(root, "case/model/near.py", "x = 1")
    names = [name for name in code_of(TOY, root) if name.endswith(".py")]
    assert names == [JUDGE, "snippets/case/model/__init__.py", "snippets/case/model/near.py", WORDS, str(TOY)]


def test_each_script_has_its_own_code(root):
    names = code_of(Path("snippets/alone.py"), root)
    assert [name for name in names if name.endswith(".py")] == ["snippets/alone.py"]
    assert set(names) - {"snippets/alone.py"} == {name for name in NAMES if not name.endswith(".py")}


def test_defaults_are_of_the_script_of_common_and_of_each_config_in_use(root):
    assert defaults_of(TOY, root) == {
        "model": "'a/model'",
        "seed": "100",
        "rate": "0.001",
        "shots": "Tuple(elts=[0,2])",
        "threads": "2",
        "kinds": "Call(func=tuple,args=[other.KINDS])",
        "other.rank": "8",
        "other.unused": "1",
    }
    assert defaults_of(Path("snippets/alone.py"), root) == {}


DEFAULTS = [
    ("toy.py", "rate: float = 1e-3", "rate: float = 1e-2", ["rate"]),
    ("toy.py", "    rate: float = 1e-3  # of learning\n", "", ["rate"]),
    ("toy.py", "rate: float = 1e-3  # of learning", "rate: float  # is needed", ["rate"]),
    ("toy.py", "    needed: int\n", "    needed: int\n    added: bool = False\n", []),
    ("toy.py", "rate: float = 1e-3  # of learning", "rate: object = .001  # other words", []),
    ("other.py", "THREADS = 2", "THREADS = 3", ["threads"]),
    ("other.py", "THREADS = 2", "THREADS = 2\nTHREADS += 1", ["threads"]),
    ("other.py", "rank: int = 8", "rank: int = 9", ["other.rank"]),
    ("other.py", 'KINDS = tuple("ab")', 'KINDS = tuple("abc")', []),  # is in use by name: not a default's own value
    ("case/command.py", "seed: int = 100", "seed: int = 101", ["seed"]),
    ("case/command.py", "    seed: int = 100\n", "", ["seed"]),
    ("case/__init__.py", "a/model", "b/model", ["model"]),
]


@pytest.mark.parametrize(("name", "old", "new", "flags"), DEFAULTS, ids=[f"{c[0]}:{c[2]}" for c in DEFAULTS])
def test_a_changed_default_is_named_and_an_added_flag_is_not(root, name, old, new, flags):
    recorded = defaults_of(TOY, root)
    edit(root, name, old, new)
    assert changed_defaults(recorded, TOY, root) == flags


def test_a_package_that_nothing_pins_is_an_error(root):
    edit(root, "toy.py", "num_py", "unpinned")
    with pytest.raises(BadCode, match=r"snippets/toy\.py lists unpinned, .*add it to requirements\.in"):
        code_of(TOY, root)


def test_weights_count_only_for_what_runs_a_model(root):
    edit(root, "toy.py", '#   "Torch>=2.6",\n', "")
    before = code_of(TOY, root)
    edit(root, "../requirements-model.txt", "weights==1", "weights==2")
    assert code_of(TOY, root) == before


@pytest.mark.parametrize("text", ["def broken(:\n", "\0"])
def test_a_file_that_is_no_python_is_named(root, text):
    write(root, "other.py", text)
    with pytest.raises(BadCode, match=r"snippets/other\.py: not Python: "):
        code_of(TOY, root)


@pytest.mark.parametrize("text", ["", "def work(): ...", "if __name__ == '__main__':\n    print(1)"])
def test_a_snippet_of_which_nothing_would_count_is_an_error(root, text):
    write(root, "alone.py", text)
    with pytest.raises(BadCode, match=r"snippets/alone\.py: has no main"):
        code_of(Path("snippets/alone.py"), root)


def test_a_missing_snippet_is_named(root):
    with pytest.raises(BadCode, match=r"snippets/none\.py: there is no such snippet"):
        code_of(Path("snippets/none.py"), root)


# On the real tree.


@pytest.fixture
def copy(tmp_path):
    for file in [*ROOT.glob("snippets/*.py"), *ROOT.glob("snippets/case/*.py"), *ROOT.glob("requirements*.txt")]:
        (tmp_path / file.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, tmp_path / file.relative_to(ROOT))
    return tmp_path


EXPERIMENT = Path("snippets/fine_tune_vs_rag.py")


def test_the_experiment_uses_the_other_scripts():
    names = code_of(EXPERIMENT, ROOT)
    used = ["lora", "qlora", "arms", "few_shot", "constrained_decoding", "passage_index", "rag"]
    used += ["case/judge", "case/prompt"]
    assert {f"snippets/{name}.py" for name in used} <= set(names)
    assert {"snippets/case/handbook", "snippets/case/texts", "snippets/case/questions.jsonl", "requirements"} <= set(
        names
    )
    assert not {f"snippets/case/{name}.py" for name in ("command", "errors", "report", "__init__")} & set(names)


@pytest.mark.parametrize("script", sorted(ROOT.glob("snippets/*.py")), ids=lambda file: file.name)
def test_every_snippet_can_be_read(script):
    file = script.relative_to(ROOT)
    if "def main(" in script.read_text(encoding="utf-8"):
        assert str(file) in code_of(file, ROOT)
        assert changed_defaults(defaults_of(file, ROOT), file, ROOT) == []


def test_an_edit_of_a_real_script_is_stale_where_it_is_in_use(copy):
    lora = Path("snippets/lora.py")
    before, own = code_of(EXPERIMENT, copy), code_of(lora, copy)
    with (copy / lora).open("a", encoding="utf-8") as file:
        file.write("\n\ndef merge(config):\n    return None\n")
    assert code_of(EXPERIMENT, copy) == before
    assert changed(own, code_of(lora, copy)) == {str(lora)}
    with (copy / lora).open("a", encoding="utf-8") as file:
        file.write("\n\ndef train(*arguments, **options):\n    return None\n")
    after = code_of(EXPERIMENT, copy)
    assert str(lora) in changed(before, after)
    assert not any(name.endswith((".jsonl", "requirements")) for name in changed(before, after))


def test_every_pin_of_the_repository_is_read():
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    assert len(read_pins(ROOT / "requirements.txt")) == sum("==" in line.split(";")[0] for line in text.splitlines())
    assert read_pins(ROOT / "requirements-none.txt") == []
