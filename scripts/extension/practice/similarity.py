"""Whether two questions ask the same in nearly the same words."""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import combinations

ALIKE = 0.6  # from this likeness on, two questions count as one; tests/test_interview_similarity.py has the cases
FEWEST = 3  # content words; "And why?" may follow many questions
# What questions are made of whatever they ask about.
FILLING = set(
    re.findall(
        r"\w+",
        """
        a about after all an and any are as ask asks at be been before between but by can could did do does for from
        get give given gives had has have how i if in into is it its just keep may me might more most much my need
        needs no not now of on one only or other our out over right say says should so still than that the their them
        then there these they this to up use used using was we were what when where whether which while who why will
        with would you your yours
        """,
    )
)
ENDING = re.compile(r"(?<=\w{3})(?:ings?|ed|es|s|e)$")  # tune, tunes, tuned and tuning are one word here


@cache
def content(question: str) -> frozenset[str]:
    """Return the words of a question that say what it is about, without their endings."""
    words = re.findall(r"\w+", question.lower().replace("-", " "))
    return frozenset(ENDING.sub("", word) for word in words if word not in FILLING)


def likeness(question: str, other: str) -> float:
    """Return the share of content words that two questions have in common: 0 for none, 1 for all, in any order."""
    words, other_words = content(question), content(other)
    if min(len(words), len(other_words)) < FEWEST:
        return float(question.strip().lower() == other.strip().lower())
    return len(words & other_words) / len(words | other_words)


def alike(questions: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Yield the places of every two questions that ask nearly the same, the earlier one first."""
    for (first, question), (second, other) in combinations(enumerate(questions), 2):
        if likeness(question, other) >= ALIKE:
            yield first, second
