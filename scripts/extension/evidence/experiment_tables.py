"""What was measured of each question of the experiment, in the cells that `experiment_questions.py` names."""

import re
from collections.abc import Mapping, Sequence

from scripts.extension.evidence.experiment_questions import Group, Question
from scripts.extension.evidence.table import NOTHING, Cell, Row, Table, short


def table(question: Question, measured: Mapping[str, dict], arms: Mapping[str, str], name: str) -> Table | None:
    """Return the table of a question, None when none of it was measured. arms: labels by arm. name: of the result."""
    groups = {heading: rows_of(group, measured, arms) for heading, group in question.groups.items()}
    heads = list(next(iter(question.groups.values())).columns)
    filled = [head for head in heads if any(head in cells for rows in groups.values() for cells in rows.values())]
    labels = {**arms, **{start: label for group in question.groups.values() for start, label in group.starts.items()}}
    body = {}
    for number, (heading, rows) in enumerate(groups.items()):
        part = f"-{number}" if number else ""
        body[heading] = [
            Row(
                labels[start],
                [Cell(cells.get(head, NOTHING)) for head in filled],
                f"{name}-{question.id}{part}-{start.replace('.', '-')}",
            )
            for start, cells in rows.items()
        ]
    body = {heading: rows for heading, rows in body.items() if rows}
    gaps = any(cell.text == NOTHING for rows in body.values() for row in rows for cell in row.cells)
    note = f"{question.note} A dash: not asked." if gaps else question.note
    return Table(question.title, question.asks, note, [question.rows, *filled], body) if body else None


def rows_of(group: Group, measured: Mapping[str, dict], arms: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return what the cells print, by start of a key and by head, without rows that hold nothing."""
    rows = {}
    for start in group.starts or arms:
        if group.only and f"{start}.{group.only}" not in measured:
            continue
        keys = {head: f"{start}.{end}".rstrip(".") for head, end in group.columns.items()}
        if cells := {head: short(measured[key]) for head, key in keys.items() if key in measured}:
            rows[start] = cells
    return rows


def keys_of(question: Question, keys: Sequence[str]) -> list[str]:
    """Return the keys of a result that belong to a question."""
    return [key for key in keys if re.search(question.keys, key)]
