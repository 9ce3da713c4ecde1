"""`::: diff` shows what one file changes in another, symbol by symbol, and refuses to show nothing."""

import html
import re

import pytest

from scripts.extension.code.source_code import read_symbols
from scripts.extension.page import SiteError
from tests.conftest import ROOT
from tests.tiny_site import TinySite

OLD = """\
RANK = 8


def freeze(model):
    return model


def main():
    read()
    model = freeze(load())
    train(model)
    report()
"""
NEW = """\
RANK = 8


def four_bits():
    return {"bits": 4}


def main():
    read()
    model = load(four_bits())
    train(model)
    report()
"""


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    site.write("snippets/lora.py", OLD)
    site.write("snippets/qlora.py", NEW)
    return site


def shown(page: str) -> str:
    return html.unescape(re.sub("<[^>]+>", "", page)).strip()


def test_each_symbol_is_compared_with_its_namesake(site):
    page = site.render("::: diff snippets/lora.py snippets/qlora.py freeze four_bits main\n")
    assert shown(page).splitlines() == [
        "snippets/lora.py to snippets/qlora.py--- snippets/lora.py",
        "+++ snippets/qlora.py",
        "@@ freeze @@",
        "-def freeze(model):",
        "-    return model",
        "@@ four_bits @@",
        "+def four_bits():",
        '+    return {"bits": 4}',
        "@@ main @@",
        "     read()",
        "-    model = freeze(load())",
        "+    model = load(four_bits())",
        "     train(model)",
    ]
    assert 'class="gd"' in page and 'class="gi"' in page, "highlighted as a difference"


def test_the_differences_of_the_real_snippets_are_their_own_lines():
    """What is shown with + stands in qlora.py's symbol, what is shown with - in lora.py's."""
    from scripts.extension.code.diff import compare

    old, new = (read_symbols(ROOT / "snippets" / f"{name}.py") for name in ("lora", "qlora"))
    lines = compare("open_base", old["open_base"], new["open_base"])
    signs = {line[0] for line in lines}
    assert {"+", "-", "@"} <= signs
    assert all(line[1:] in old["open_base"].splitlines() for line in lines if line.startswith("-"))
    assert all(line[1:] in new["open_base"].splitlines() for line in lines if line.startswith("+"))


MISTAKES = {
    "::: diff snippets/lora.py snippets/qlora.py": "write '::: diff old.py new.py symbol', with one symbol or more",
    "::: diff": "write '::: diff old.py new.py symbol'",
    "::: diff snippets/lora.py snippets/qlora.py main freze": r"neither file has freze; did you mean freeze\?",
    "::: diff snippets/lora.py snippets/qlora.py RANK": "RANK is the same in both files; leave it out",
    "::: diff snippets/lora.py snippets/qlra.py main": r"there is no file snippets/qlra.py; did you mean .*qlora",
    "::: diff ../lora.py snippets/qlora.py main": r"\.\./lora\.py is not a Python file of this repository",
}


@pytest.mark.parametrize(("line", "message"), MISTAKES.items(), ids=MISTAKES)
def test_a_mistake_names_its_line(site, line, message):
    with pytest.raises(SiteError, match=rf"^docs/index\.md:3: {message}"):
        site.render(f"# Page\n\n{line}\n")
