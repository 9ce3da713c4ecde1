"""The hashes of our own snippets: each can be read, and an edit is noticed where it is in use."""

import shutil
from pathlib import Path

import pytest

from scripts.staleness.code_hash import changed_defaults, code_of, defaults_of, read_pins
from tests.code_hash_data import changed

ROOT = Path(__file__).resolve().parents[1]


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
