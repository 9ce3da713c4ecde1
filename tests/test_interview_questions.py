"""The site's own interview questions are complete and sound."""

import re
from collections import Counter

import pytest

from scripts.extension.practice.interview_check import LEVELS, MARKS, MOST_TAGS, WORDS
from scripts.extension.practice.interview_data import TOPICS, Question, load_questions, load_tags, shown_first
from scripts.extension.sources.citations import keys_in, load_references
from tests.interview_data import ROOT
from tests.tiny_site import TinySite

QUESTIONS = load_questions(ROOT)


def texts(question: Question) -> list[str]:
    """Every text of a question that may cite."""
    follow_ups = [text for one in question.follow_ups for text in (one.question, one.answer)]
    return [question.question, question.answer, *follow_ups, *(getattr(question.rubric, mark) for mark in MARKS)]


def test_there_are_questions_on_all_topics_at_all_levels():
    assert len(QUESTIONS) >= 66
    topics = Counter(question.topic for question in QUESTIONS)
    assert topics.keys() == TOPICS.keys() and min(topics.values()) >= 7
    assert {"decision", "rag", "lora-qlora"} == {topic for topic, _ in topics.most_common(3)}
    assert {(q.topic, q.level) for q in QUESTIONS} == {(topic, level) for topic in TOPICS for level in LEVELS}
    assert min(Counter(question.level for question in QUESTIONS).values()) * 5 >= len(QUESTIONS)


def test_the_first_three_are_the_ones_everybody_asks():
    assert [question.question for question in shown_first(QUESTIONS)] == [
        "When is RAG the right tool, and when is fine-tuning?",
        "RAG, fine-tuning or a long context: how do you choose?",
        "What does LoRA do, and why does it save memory?",
    ]
    assert [question.id for question in QUESTIONS[:2]] == [q.id for q in shown_first(QUESTIONS)[:2]]
    assert next(q for q in QUESTIONS if q.topic == "lora-qlora") == shown_first(QUESTIONS)[2]


def test_citations_exist_and_each_topic_has_some():
    references = load_references(ROOT)
    cited = {topic: [] for topic in TOPICS}
    for question in QUESTIONS:
        cited[question.topic] += [key for text in texts(question) for key in keys_in(text)]
    assert all(key in references for keys in cited.values() for key in keys)
    assert all(cited.values())


def test_every_tag_is_used_and_every_form_more_than_once():
    tags = load_tags(ROOT)
    used = Counter(tag for question in QUESTIONS for tag in question.tags)
    assert used.keys() == tags.forms.keys() | tags.subjects.keys()
    assert min(used[form] for form in tags.forms) > 1
    assert all(1 < len(question.tags) <= MOST_TAGS for question in QUESTIONS)


def test_answers_can_be_said_aloud():
    """Also with the citations counted as words, and follow-ups in a few sentences."""
    assert all(WORDS[0] <= len(question.answer.split()) <= WORDS[1] for question in QUESTIONS)
    assert all(10 <= len(one.answer.split()) <= 70 for question in QUESTIONS for one in question.follow_ups)
    assert all(len(getattr(question.rubric, mark).split()) <= 40 for question in QUESTIONS for mark in MARKS)


def test_questions_are_one_plain_line():
    for question in QUESTIONS:
        for asked in (question.question, *(one.question for one in question.follow_ups)):
            assert not re.search(r"[\n`*\[]|  ", asked) and asked == asked.strip()


@pytest.mark.parametrize("topic", TOPICS)
def test_the_site_renders_every_text(topic, tmp_path):
    """As a page would: every citation becomes a link, and no figure is left without its source."""
    site = TinySite(tmp_path)
    site.write("docs/_data/references.yml", (ROOT / "docs/_data/references.yml").read_text(encoding="utf-8"))
    for question in (q for q in QUESTIONS if q.topic == topic):
        html = site.render("\n\n".join(texts(question)))
        assert html.count('class="cite"') == sum(len(keys_in(text)) for text in texts(question))
        assert "[@" not in html
