"""Requests that take the quiz through everything it does: what they import is what the browser's Python must hold."""

import json

import quiz

BROKEN = ("", "null", "[]", "{}", '{"answers": 1}', '{"answers": {}}', "\ud800", '"\\ud800"', "[" * 500, "[" * 100_000)


def requests() -> list[str]:
    """Return requests for `quiz.api.reply`: all complete answers, one wrong, missing or too many, broken texts."""
    complete = quiz.all_answers()
    first = complete[0]
    wrong = [{**first, question: answer} for question in first for answer in ("", "<b>", "é", None, 3, [])]
    missing = [{q: a for q, a in first.items() if q != question} for question in first]
    answer_sets = [*complete, *wrong, *missing, {**first, "unknown": "yes"}]
    return [*(json.dumps({"answers": answers}) for answers in answer_sets), *BROKEN]
