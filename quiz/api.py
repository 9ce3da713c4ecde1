"""The API for the browser: one function, JSON text in, JSON text out."""

import json

from quiz.engine import AnswerError, decide
from quiz.record import decision_record
from quiz.rules import RULES_VERSION

# Characters; ours have fewer than 100. A deep enough JSON text would end the browser's Python, not just raise.
LONGEST_REQUEST = 2000

# Stands in the record's links for the address of the site, which only the page knows.
SITE = "{site}"


def reply(request: str) -> str:
    """Answer one request; never raises.

    request: JSON text `{"answers": {question id: option id}}`.
    Returns JSON text: `{"verdict": ..., "record": Markdown, "rules": version}`, the record's links starting
    with `{site}`; or `{"error": {"message", "question", "options"}}` when the request has another
    shape, or an answer is wrong.
    """
    try:
        if len(request) > LONGEST_REQUEST:
            raise ValueError
        answers = json.loads(request)["answers"]
        verdict = decide(answers)
    except AnswerError as error:
        problem = {"message": str(error), "question": error.question, "options": list(error.options)}
        return json.dumps({"error": problem})
    except (ValueError, TypeError, KeyError, RecursionError):
        shape = '{"answers": {"tried": "yes"}}'
        message = f"the request must be JSON text like {shape}, of at most {LONGEST_REQUEST} characters"
        return json.dumps({"error": {"message": message, "question": None, "options": []}})
    return json.dumps(
        {"verdict": verdict.as_dict(), "record": decision_record(answers, site=SITE), "rules": RULES_VERSION}
    )
