"""A good interview question on each topic, and a site that holds them, for the tests to break."""

from pathlib import Path

import pytest

from scripts.extension.page import SiteError
from scripts.extension.practice.interview_data import TOPICS, load_questions
from tests.tiny_site import TinySite

ROOT = Path(__file__).resolve().parents[1]
FOLDER = "docs/_data/interview"
TAGS = "forms:\n  explain: Explain\n  debug: Debug\nsubjects:\n  memory: Memory\n  cost: Cost and latency\n"
ANSWER = " ".join(["word"] * 60)
PAGE = '# Page\n\n## When it fails\n\n```sh\n## a comment\n```\n\n## Why "just tune" fails\n'
# The faults of the tests name these lines: id 1, level 2, tags 3, question 4, answer 5, follow_ups 6, rubric 11.
GOOD = """\
- id: {topic}-one
  level: working
  tags: [explain, memory]
  question: What does {topic} change in {word} and {word} leaves?
  answer: {answer}
  follow_ups:
    - question: "{topic}?"
      answer: Because.
    - question: Is {topic} dear?
      answer: No.
  rubric:
    weak: Says {topic}.
    good: Says {topic} and why.
    excellent: Says {topic}, why and when not.
  lesson: {page}#when-it-fails
"""
# Topics need words of their own, or their questions ask the same.
WORD = dict(zip(TOPICS, ("oak", "lime", "ash", "elm", "fir", "yew", "box"), strict=True))


def good(topic: str) -> str:
    return GOOD.format(topic=topic, word=WORD[topic], page=TOPICS[topic], answer=ANSWER)


def site_with(root: Path) -> TinySite:
    """Return a site with a question on each topic."""
    site = TinySite(root)
    site.write(f"{FOLDER}/tags.yml", TAGS)
    for topic, page in TOPICS.items():
        site.write(f"docs/{page}", PAGE)
        site.write(f"{FOLDER}/{topic}.yml", good(topic))
    return site


def fault(site, text: str, topic="rag") -> str:
    """Return the message that this text of one topic ends in."""
    site.write(f"{FOLDER}/{topic}.yml", text)
    with pytest.raises(SiteError) as caught:
        load_questions(site.root)
    return str(caught.value)
