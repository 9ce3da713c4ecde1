"""`::: name argument`: blocks and code by symbol."""

import pytest

from scripts.extension.page import SiteError
from tests.tiny_site import TinySite

MODULE = '''\
"""A module."""

import functools

LIMIT: int = 3


# Why it is frozen:
# it must not change.
@functools.cache
def freeze_base(model):
    """Freeze."""
    return f"```{model}"


class Adapter:
    def scale(self):
        return 2
'''


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    site.write("snippets/lora.py", MODULE)
    site.write("quiz/rules.py", "NEEDS = {\n    'facts': ['rag'],\n}\nOTHER = 1\n")
    return site


def text(html: str) -> str:
    import re

    return re.sub("<[^>]+>", "", html)


@pytest.mark.parametrize("line", ["::: code lora.freeze_base", "::: code snippets/lora.py freeze_base"])
def test_code_brings_decorators_and_comments_and_stops_at_the_end(site, line):
    shown = text(site.render(f"# Page\n\n{line}\n\nAfter\n"))
    assert "# Why it is frozen:\n# it must not change.\n@functools.cache\ndef freeze_base(model):" in shown
    assert "LIMIT" not in shown and "Adapter" not in shown
    assert shown.rstrip().endswith("After")


def test_code_is_highlighted_like_a_fence(site):
    by_symbol = site.render("::: code quiz.rules.NEEDS\n")
    fence = site.render("```python title=\"quiz/rules.py: NEEDS\"\nNEEDS = {\n    'facts': ['rag'],\n}\n```\n")
    assert by_symbol == fence


def test_code_finds_annotated_names_and_methods(site):
    assert "LIMIT: int = 3" in text(site.render("::: code lora.LIMIT\n"))
    assert text(site.render("::: code lora.Adapter.scale\n")).count("def scale(self):") == 1


CODE_MISTAKES = {
    "::: code lora.freeze_bse": r"snippets/lora\.py has no freeze_bse; did you mean freeze_base\?",
    "::: code lorra.freeze_base": r"there is no module lorra; did you mean .*lora",
    "::: code snippets/lor.py freeze_base": r"there is no file .*; did you mean snippets/lora\.py\?",
    "::: code ../secret.py x": r"\.\./secret\.py is not a Python file of this repository",
    "::: code lora": r"write '::: code path/file\.py symbol'",
    "::: nothing here": r"there is no block nothing; ",
    "::: refrences": r"there is no block refrences; did you mean references",
    ":::references": r"':::references' is not a block; write '::: name argument'",
    "::: evidence all": r"evidence takes no argument",
    "::: check nobody": r".*docs/_data/checks/nobody\.yml: there is no such file",
}


@pytest.mark.parametrize(("line", "message"), CODE_MISTAKES.items(), ids=CODE_MISTAKES)
def test_mistake_in_a_block_names_its_line(site, line, message):
    with pytest.raises(SiteError, match=rf"^docs/index\.md:3: {message}"):
        site.render(f"# Page\n\n{line}\n")


def test_block_in_a_fence_is_text(site):
    assert "::: nothing" in site.render("```\n::: nothing\n```\n")


def test_lines_around_a_block_stay(site):
    html = site.render("Before\n::: code lora.LIMIT\nAfter\n")
    assert html.index("<p>Before</p>") < html.index("LIMIT") < html.index("<p>After</p>")


def test_html_of_a_block_goes_in_as_it_is(site, monkeypatch):
    from scripts.extension import blocks

    monkeypatch.setitem(blocks.BLOCKS, "raw", lambda argument, page: f"<own-element>*{argument}*</own-element>")
    assert site.render("::: raw hello you\n") == "<own-element>*hello you*</own-element>"
