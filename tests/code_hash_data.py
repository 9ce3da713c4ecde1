"""A toy of a snippet with every kind of code that counts or does not, what it uses, and its pins."""

from pathlib import Path

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


def write_toy(root: Path) -> Path:
    """Write the toy, what it uses, and the pins; return the root."""
    for name, text in FILES.items():
        write(root, name, text)
    return root


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
