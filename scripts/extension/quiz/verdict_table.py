"""All complete answers and where they lead, as one table of links below the quiz."""

from html import escape

from quiz import all_answers, decide
from quiz.outcomes import outline
from quiz.questions import QUESTIONS
from scripts.extension.quiz.verdict_card import anchor, query


def verdict_table() -> str:
    """Return the table, folded away until it is asked for."""
    head = "".join(f'<th scope="col">{escape(question.name)}</th>' for question in QUESTIONS)
    rows = "".join(row(answers) for answers in all_answers())
    return f"""<details class="verdict-table">
<summary>All {len(all_answers())} answers at a glance</summary>
<table><thead><tr>{head}<th scope="col">Verdict</th></tr></thead><tbody>{rows}</tbody></table>
</details>"""


def row(answers: dict[str, str]) -> str:
    """Return one set of answers with a link that gives them in the quiz."""
    verdict = decide(answers)
    cells = "".join(f"<td>{escape(q.option(answers[q.id]).short)}</td>" for q in QUESTIONS)
    href = escape(f"{query(answers)}#{anchor(answers)}")
    plan = escape(outline(verdict.now, verdict.later).removesuffix("."))
    return f'<tr>{cells}<td><a href="{href}" target="_self">{plan}</a></td></tr>'
