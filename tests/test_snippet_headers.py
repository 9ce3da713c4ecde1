"""The header of a script names the packages that the script imports, itself or through ours, and no others."""

import ast
import sys

import pytest

from scripts.downloads.snippet_files import snippets_of
from tests.conftest import ROOT

# What a header asks for though nothing imports it by name: transformers opens GGUF files and NF4 with them.
UNSEEN = {"gguf", "bitsandbytes"}


@pytest.mark.parametrize("snippet", snippets_of(ROOT), ids=lambda snippet: snippet.name)
def test_header_names_what_is_imported(snippet):
    asked = {requirement.name for requirement in snippet.dependencies}
    needed = imported(ROOT / "snippets" / snippet.name, set())
    assert needed <= asked
    assert asked - needed <= UNSEEN


def imported(file, seen):
    """Return the packages that a file and the files of ours that it imports ask for."""
    seen.add(file)
    packages = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            ours = (ROOT / "snippets" / name.replace(".", "/")).with_suffix(".py")
            package = ROOT / "snippets" / name.partition(".")[0]
            if ours.is_file():
                packages |= imported(ours, seen) if ours not in seen else set()
            elif not package.is_dir() and name.partition(".")[0] not in sys.stdlib_module_names:
                top = name.partition(".")[0]
                if not (ROOT / "snippets" / f"{top}.py").is_file():
                    packages.add(top.replace("_", "-"))
    return packages
