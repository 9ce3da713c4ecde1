"""RAG from the command: retrieval and answers are scored apart, and a run takes up an edit; its flags say why."""

import re
from pathlib import Path

import pytest

import constrained_decoding
import few_shot
import rag
from case.command import run
from case.prompt import Page
from tests.rag_data import ASKED, MINILM, STAFF, write_docs
from tests.tiny_model import command, write_rows

# peft asks transformers a question that the latter no longer likes to be asked.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")


def test_retrieval_and_answers_are_scored_apart():
    rows = [{"question": "?", "answer": "8 days", "source": name} for name in "aabb"]
    rows.append({"question": "?", "answer": "not in the handbook", "source": None})
    found = [[Page("a", "")], [Page("b", ""), Page("a", "")], [Page("a", "")], [], [Page("a", "")]]
    replies = ['{"answer": "8 days", "source": "a"}', "9 days", "8 days", "", "not in the handbook"]
    scores = rag.score_apart(rows, found, replies)
    values = {name: (scores[name]["value"], scores[name]["n"]) for name in scores}
    assert values["retrieved"] == (0.5, 4) and values["right"] == (0.5, 4)
    assert values["right_when_retrieved"] == (0.5, 2) and values["valid_json"] == (0.25, 4)
    assert values["declined_right"] == (1.0, 1)


def test_a_run_reports_and_a_second_run_takes_up_an_edit(tmp_path, tiny_model, capsys):
    docs, questions = write_docs(tmp_path / "docs", STAFF), write_rows(tmp_path / "asked.jsonl", *ASKED)
    given = ["--model", tiny_model, "--docs", docs, "--questions", questions, "--index", tmp_path / "index"]
    status, report, err = command(rag, capsys, *given)
    assert status == 0 and set(report) == {"config", "metrics", "environment"}
    assert report["metrics"]["retrieved"] == {"value": 1.0, "low": pytest.approx(0.342, abs=0.01), "high": 1.0, "n": 2}
    shares = ("right", "right_when_retrieved", "valid_json", "source_right", "declined", "declined_right")
    assert all(set(report["metrics"][name]) == {"value", "low", "high", "n"} for name in shares)
    assert set(report["metrics"]["seconds"]) == {"index", "retrieve", "answer"}
    assert {"python", "torch", "device", "threads"} <= set(report["environment"])
    assert "page retrieved" in err and max(map(len, err.split("\n\n", 2)[-1].splitlines())) <= 88
    write_docs(docs, {"holidays": "# Holidays\n\nEveryone has forty days a year."})
    status, report, err = command(rag, capsys, *given, "--question", "How many days a year?", "--k", "2")
    assert report["metrics"]["index"] == {"added": 0, "changed": 1, "removed": 0, "kept": 2}
    assert report["metrics"]["passages"][0]["name"] == "holidays" and "forty days" in err
    status, report, _ = command(rag, capsys, *given, "--search", "dense", "--embedder", MINILM)
    assert report["metrics"]["index"]["added"] == 3 and report["metrics"]["retrieved"]["value"] == 1.0


@pytest.mark.parametrize("script", [rag, few_shot, constrained_decoding])
def test_help_shows_the_idea_and_every_flag_with_its_why(script, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(script.main, script.Config, ["--help"])
    shown = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert stopped.value.code == 0 and script.__doc__.splitlines()[0] in shown
    source = Path(script.__file__).read_text(encoding="utf-8")
    flags = re.findall(r"^    (\w+): .*  # (.+)$", source[source.index("class Config") : source.index("\ndef ")], re.M)
    assert len(flags) >= 5
    for name, why in flags:
        assert f"--{name}" in shown and why in shown, name
