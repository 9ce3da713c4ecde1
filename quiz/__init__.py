"""A few questions, one verdict: prompt, RAG, fine-tune, distill or ship.

Pure Python and standard library only: no clock, no randomness, no files, no browser.
The rules are in `rules`, the words in `questions`, `outcomes` and `verdicts`, the thinking in `engine`.
"""

from quiz.engine import AnswerError, Verdict, all_answers, decide
from quiz.record import decision_record
from quiz.rules import RULES_VERSION

__all__ = ["RULES_VERSION", "AnswerError", "Verdict", "all_answers", "decide", "decision_record"]
