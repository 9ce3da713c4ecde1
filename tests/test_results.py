"""Results: written whole or not at all, refused when the code that was measured has changed."""

import json

import pytest

from scripts.measuring import fingerprint, results
from scripts.measuring.results import BadResult, StaleResult, UnknownResult

RATIO = {
    "value": 0.39,
    "unit": "",
    "says": "Cold, paired with stock.",
    "min": 0.35,
    "max": 0.44,
    "n": 7,
    "limit": 0.45,
}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "boot.mjs").write_text("boot()")
    return tmp_path


def written(root, **changed):
    """Write one result, with some arguments changed."""
    arguments = {
        "command": "make bench",
        "code": [root / "boot.mjs"],
        "measured": {"ratio": RATIO},
        "root": root,
    }
    return results.write("first-verdict", "cpu", **(arguments | changed))


def test_what_is_written_is_loaded(root):
    path = written(root, packages=["pyyaml"], environment={"chromium": "156"}, notes="A note.")
    assert path == root / "results" / "first-verdict-cpu.json"
    result = results.load(root)["first-verdict-cpu"]
    assert result.value("ratio") == RATIO
    assert result.command == "make bench" and result.notes == "A note."
    assert set(result.code) == {"boot.mjs"} and len(result.code["boot.mjs"]) == 64
    assert result.environment["chromium"] == "156" and "pyyaml" in result.environment


def test_interval_cases_and_what_was_printed_are_kept(root):
    one = RATIO | {"low": 0.36, "high": 0.41, "cases": 240}
    written(root, measured={"ratio": one}, printed='{"loss": 1}')
    result = results.load(root)["first-verdict-cpu"]
    assert result.value("ratio") == one and result.printed == '{"loss": 1}'


def test_file_is_readable_and_sorted(root):
    text = written(root).read_text()
    assert text == results.canonical(json.loads(text))
    assert text.index('"code"') < text.index('"measured"') < text.index('"name"')


def test_nothing_half_written_is_left(root, monkeypatch):
    before = written(root).read_bytes()

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(fingerprint.os, "replace", full)
    with pytest.raises(OSError, match="disk full"):
        written(root, measured={"ratio": RATIO | {"value": 1.0}})
    assert [path.name for path in (root / "results").iterdir()] == ["first-verdict-cpu.json"]
    assert (root / "results" / "first-verdict-cpu.json").read_bytes() == before


def test_changed_code_makes_it_stale(root):
    written(root)
    (root / "boot.mjs").write_text("boot(faster)")
    with pytest.raises(StaleResult, match=r"is stale: boot\.mjs has changed; run: make bench"):
        results.load(root)


def test_words_in_python_make_nothing_stale_and_all_else_does(root):
    code = root / "code.py"
    code.write_text(
        '"""Says."""\nONE = "a # b"  # why\n\n\ndef two():\n    """Say.\n\n    More.\n    """\n    return ONE\n'
    )
    written(root, code=[code])
    code.write_text(
        '"""Says more."""\n# A line.\nONE = "a # b"\n\n\ndef two():\n    """Says."""\n    return ONE  # it\n'
    )
    results.load(root)
    code.write_text(code.read_text().replace("a # b", "a # c"))
    with pytest.raises(StaleResult, match=r"code\.py has changed"):
        results.load(root)


def test_a_folder_is_code_too(root):
    (root / "case").mkdir()
    (root / "case" / "page.md").write_text("One.")
    written(root, code=[root / "case"])
    results.load(root)
    (root / "case" / "other.md").write_text("Two.")
    with pytest.raises(StaleResult, match="case has changed"):
        results.load(root)


def test_code_that_is_gone_makes_it_stale(root):
    written(root)
    (root / "boot.mjs").unlink()
    with pytest.raises(StaleResult, match=r"boot\.mjs is gone; run: make bench"):
        results.load(root)


def test_what_is_no_json_is_refused(root):
    written(root).write_text("{")
    with pytest.raises(BadResult, match=r"results/first-verdict-cpu\.json: not JSON"):
        results.load(root)


def test_with_the_date_of_runs_the_environment_is_theirs_alone(root):
    written(root, date="2026-01-02", environment={"device": "A GPU"})
    result = results.load(root)["first-verdict-cpu"]
    assert result.date == "2026-01-02" and result.environment == {"device": "A GPU"}


def test_unknown_key_names_near_keys(root):
    written(root)
    with pytest.raises(UnknownResult, match=r"first-verdict-cpu has no rato; did you mean ratio\?"):
        results.load(root)["first-verdict-cpu"].value("rato")


MISTAKES = {
    "no code": ({"code": []}, "code is empty"),
    "missing code": ({"code": ["nothing.py"]}, "no such file"),
    "code outside": ({"code": ["../nothing.py"]}, "outside the repository"),
    "no command": ({"command": " "}, "command is empty"),
    "nothing measured": ({"measured": {}}, "measured is empty"),
    "not a number": (
        {"measured": {"ratio": RATIO | {"value": "fast"}}},
        "ratio: value must be a finite number",
    ),
    "not finite": (
        {"measured": {"ratio": RATIO | {"value": float("nan")}}},
        "ratio: value must be a finite number",
    ),
    "no sentence": ({"measured": {"ratio": RATIO | {"says": " "}}}, "ratio: says is empty"),
    "no unit": ({"measured": {"ratio": {"value": 1, "says": "One."}}}, "must have value, unit and says"),
    "unknown field": ({"measured": {"ratio": RATIO | {"mean": 1}}}, "ratio has an unknown mean"),
    "bad key": ({"measured": {"Ratio!": RATIO}}, "'Ratio!' must be a word"),
    "half an interval": ({"measured": {"ratio": RATIO | {"low": 0.3}}}, "ratio must have both low and high"),
    "half a range": ({"measured": {"ratio": dict(RATIO, max=None)}}, "ratio: max must be a finite number"),
    "interval upside down": ({"measured": {"ratio": RATIO | {"low": 0.4, "high": 0.3}}}, "ratio: low is above high"),
    "printed is no text": ({"printed": {"loss": 1}}, "printed must be text"),
}


@pytest.mark.parametrize(("changed", "message"), MISTAKES.values(), ids=MISTAKES)
def test_bad_result_is_not_written(root, changed, message):
    with pytest.raises(BadResult, match=message):
        written(root, **changed)
    assert not list(root.glob("results/*"))


def test_result_edited_by_hand_is_refused(root):
    path = written(root)
    path.write_text(path.read_text().replace('"unit"', '"units"'))
    with pytest.raises(BadResult, match=r"results/first-verdict-cpu\.json: ratio has an unknown units"):
        results.load(root)


SHOWN = {
    0.3912: "0.391",
    0.39: "0.39",
    1234567: "1,234,567",
    1234.5: "1,234",
    3: "3",
    0.0: "0",
    2e-5: "2.00e-05",
}


@pytest.mark.parametrize(("value", "text"), SHOWN.items())
def test_shown(value, text):
    assert results.format_number(value) == text


def test_results_in_the_repository_are_as_written():
    """Nobody else writes there: each file is what `write` gives, to the byte, and fits the code beside it."""
    folder = results.REPOSITORY / "results"
    made = results.load()
    others = {path.name for path in folder.iterdir()} - {f"{name}.json" for name in made} - {"expected.yml", "runs"}
    assert not others
    for name in made:
        text = (folder / f"{name}.json").read_text(encoding="utf-8")
        assert text == results.canonical(json.loads(text)), f"{name}.json was edited by hand"
