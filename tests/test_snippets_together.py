"""What all snippets share: headers that say what they import, one text for one name, and no ties between them."""

import ast
import subprocess
import sys
from collections import defaultdict
from importlib import metadata

import pytest
from packaging.requirements import Requirement

from scripts.downloads import requirements, snippets_of
from tests.snippet_process import SNIPPETS, run_snippet

ALL = snippets_of(SNIPPETS.parent)
NAMES = [snippet.name for snippet in ALL]
# Packages that a header names and the file does not import, and who imports them.
THROUGH_OTHERS = {
    "accelerate": "transformers places a quantised model with it",
    "bitsandbytes": "transformers quantises with it",
    "safetensors": "transformers and peft write with it",
}
# Names whose text may differ: each file has its own.
OWN = {"Config", "main"}
# lora.py and qlora.py are two versions of one file; what differs between them is what the lesson shows.
TWINS = {"lora.py", "qlora.py"}


def third_party(snippet) -> set[str]:
    """Names of the packages that a snippet imports, as the package index spells them."""
    modules = set()
    for node in ast.walk(ast.parse(snippet.text)):
        if isinstance(node, ast.Import):
            modules |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module.partition(".")[0])
    packages = metadata.packages_distributions()
    return {packages[name][0].lower() for name in modules - set(sys.stdlib_module_names)}


@pytest.mark.parametrize("snippet", ALL, ids=NAMES)
def test_header_names_what_is_imported(snippet):
    named, imported = {one.name for one in snippet.dependencies}, third_party(snippet)
    assert imported <= named, f"{snippet.name} imports {imported - named}"
    assert named - imported <= set(THROUGH_OTHERS), f"{snippet.name} names {named - imported} and imports none of it"


@pytest.mark.parametrize("snippet", ALL, ids=NAMES)
def test_header_admits_the_versions_that_the_tests_run_with(snippet):
    for one in snippet.dependencies:
        assert one.specifier.contains(metadata.version(one.name), prereleases=True), one


@pytest.mark.parametrize("snippet", ALL, ids=NAMES)
def test_snippet_stands_alone(snippet):
    siblings = {name.removesuffix(".py") for name in NAMES} | {"quiz", "scripts", "tests"}
    for node in ast.walk(ast.parse(snippet.text)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not {name.partition(".")[0] for name in names} & siblings


def texts_by_name() -> dict[str, dict[str, str]]:
    """Name of a function or class -> file -> its text with decorators."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for snippet in ALL:
        lines = snippet.text.split("\n")
        for node in ast.parse(snippet.text).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name not in OWN:
                first = min(one.lineno for one in (*node.decorator_list, node))
                found[node.name][snippet.name] = "\n".join(lines[first - 1 : node.end_lineno])
    return found


def test_one_name_one_text():
    for name, texts in texts_by_name().items():
        if set(texts) <= TWINS:
            continue
        assert len(set(texts.values())) == 1, f"{name} differs between {', '.join(texts)}"


def test_plumbing_is_shared():
    """The test above would hold of files that share nothing. Some of what is shared asks torch."""
    on_torch = {snippet.name for snippet in ALL if "torch" in {one.name for one in snippet.dependencies}}
    found = texts_by_name()
    assert all(set(found[name]) == set(NAMES) for name in ("Problem", "read_config"))
    assert all(on_torch <= set(found[name]) for name in ("choose_device", "report", "run"))


def test_lora_and_qlora_differ_by_about_a_screen():
    diff = subprocess.run(
        ["diff", SNIPPETS / "lora.py", SNIPPETS / "qlora.py"], capture_output=True, text=True, check=False
    ).stdout
    changed = [line for line in diff.splitlines() if line.startswith("> ")]
    assert 20 < len(changed) < 110, len(changed)


def test_requirements_of_the_zip_admit_what_every_header_asks():
    whole = {one.name: one.specifier for one in map(Requirement, requirements(ALL).split("\n")[:-1])}
    for snippet in ALL:
        for one in snippet.dependencies:
            assert set(one.specifier) <= set(whole[one.name])


@pytest.mark.parametrize("snippet", ALL, ids=NAMES)
def test_ctrl_c_while_the_libraries_load_is_one_line(snippet, tmp_path):
    for library in third_party(snippet):
        interrupt = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
        (tmp_path / f"{library.replace('-', '_')}.py").write_text(interrupt, encoding="utf-8")
    process = run_snippet(snippet.name.removesuffix(".py"), env={"PYTHONPATH": str(tmp_path)}, cwd=tmp_path)
    assert (process.returncode, process.stdout, process.stderr) == (130, "", "\nstopped before it began\n")
