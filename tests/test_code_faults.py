"""A snippet whose code cannot be hashed is named in one line, with what is wrong."""

from pathlib import Path

import pytest

from scripts.staleness.code_hash import code_of
from scripts.staleness.code_in_use import BadCode
from tests.code_hash_data import TOY, edit, write, write_toy


@pytest.fixture
def root(tmp_path):
    return write_toy(tmp_path)


def test_a_package_that_nothing_pins_is_an_error(root):
    edit(root, "toy.py", "num_py", "unpinned")
    with pytest.raises(BadCode, match=r"snippets/toy\.py lists unpinned, .*add it to requirements\.in"):
        code_of(TOY, root)


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
