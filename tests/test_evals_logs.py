"""Every form of a log gives the same marks, and which of them count is chosen by name."""

import pytest

from eval_logs import Mark, read_version
from tests.eval_files import write

HARNESS = [{"doc_id": i, "doc": {"text": "...", "page": f"p{i % 2}"}, "filter": "none", "metrics": ["acc"], "acc": v}
           for i, v in enumerate([1.0, 0.0, 1.0])]  # fmt: skip
INSPECT = {
    "version": 2, "status": "success", "eval": {"task": "t"},
    "samples": [{"id": i, "epoch": 1, "metadata": {"page": f"p{i % 2}"}, "scores": {"match": {"value": v}}}
                for i, v in enumerate(["C", "I", "C"])],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("own.jsonl", [{"id": i, "right": v, "page": f"p{i % 2}"} for i, v in enumerate([True, False, True])]),
        ("samples_task.jsonl", HARNESS),
        ("log.json", [INSPECT]),
        (
            "replies.jsonl",
            [
                {"id": 0, "question": "When?", "reply": "At 08:50.", "answer": "08:50", "source": "p0"},
                {"id": 1, "question": "Who?", "reply": "the cook", "answer": "purser", "source": "p1"},
                {"id": 2, "question": "Why?", "reply": "not in the handbook", "answer": "", "source": None}
                | {"page": "p0"},
            ],
        ),
    ],
)
def test_every_form_of_a_log_gives_the_same_marks(tmp_path, name, rows):
    assert read_version(write(tmp_path / name, *rows)) == {"0": Mark(1, "p0"), "1": Mark(0, "p1"), "2": Mark(1, "p0")}


def test_filters_scorers_epochs_and_clusters_are_chosen_by_name(tmp_path):
    strict = [row | {"filter": "strict", "acc": 0} for row in HARNESS]
    twice = [*strict, *(row | {"filter": "loose"} for row in HARNESS)]
    file = write(tmp_path / "samples.jsonl", *twice)
    assert [mark.score for mark in read_version(file, "acc,loose").values()] == [1, 0, 1]
    assert [mark.score for mark in read_version(file, "acc,strict").values()] == [0, 0, 0]
    runs = [{"id": "a", "epoch": e, "scores": {"x": {"value": v}, "y": {"value": 0.25}}} for e, v in enumerate("CIP")]
    log = write(tmp_path / "log.json", INSPECT | {"samples": runs})
    assert read_version(log, "x") == {"a": Mark(0.5, "a")} and read_version(log, "y") == {"a": Mark(0.25, "a")}
    rows = write(tmp_path / "rows.jsonl", {"id": 1, "right": 1, "page": "p", "service": 7})
    assert read_version(rows, cluster="service")["1"].cluster == "7"
