"""The defaults of a snippet: those of each config in use, and a changed one is named."""

from pathlib import Path

import pytest

from scripts.staleness.code_hash import changed_defaults, defaults_of
from tests.code_hash_data import TOY, edit, write_toy


@pytest.fixture
def root(tmp_path):
    return write_toy(tmp_path)


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
