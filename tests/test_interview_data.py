"""Interview questions: the site's own are complete and sound; a mistake in one names its file and line."""

import re
from collections import Counter
from pathlib import Path

import pytest

from scripts.extension.headings import headings
from scripts.extension.page import SiteError
from scripts.extension.practice.interview_check import LEVELS, MARKS, MOST_TAGS, WORDS
from scripts.extension.practice.interview_data import TOPICS, Question, load_questions, load_tags, shown_first
from scripts.extension.practice.similarity import ALIKE, alike, likeness
from scripts.extension.sources.citations import keys_in, load_references
from tests.tiny_site import TinySite

ROOT = Path(__file__).resolve().parents[1]
FOLDER = "docs/_data/interview"
QUESTIONS = load_questions(ROOT)

TAGS = "forms:\n  explain: Explain\n  debug: Debug\nsubjects:\n  memory: Memory\n  cost: Cost and latency\n"
ANSWER = " ".join(["word"] * 60)
PAGE = '# Page\n\n## When it fails\n\n```sh\n## a comment\n```\n\n## Why "just tune" fails\n'
# Each line is named in the faults below: id 1, level 2, tags 3, question 4, answer 5, follow_ups 6, rubric 11.
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


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
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


def test_good_data_is_read(site):
    questions = load_questions(site.root)
    assert [question.topic for question in questions] == list(TOPICS)
    rag = questions[2]
    assert isinstance(rag, Question) and rag.id == "rag-one" and rag.tags == ("explain", "memory")
    assert rag.follow_ups[0].answer == "Because." and rag.rubric.good == "Says rag and why."
    assert rag.order is None and shown_first(questions) == ()


def test_version_follows_the_words(site):
    before = load_questions(site.root)[2].version
    site.write(f"{FOLDER}/rag.yml", good("rag").replace("level: working", "level: senior"))
    assert load_questions(site.root)[2].version == before
    site.write(f"{FOLDER}/rag.yml", good("rag").replace("Because.", "For a reason."))
    assert load_questions(site.root)[2].version != before


FAULTS = {
    "no rubric mark": ("    good: Says rag and why.\n", "", ":12: rag-one, rubric has no good; every entry has"),
    "no rubric": ("  rubric:\n", "  rubrik:\n", ":11: question 1 has an unknown field rubrik; did you mean rubric"),
    "unknown rubric mark": ("    good: ", "    poor: x\n    good: ", ":13: .* unknown field poor; "),
    "same rubric twice": ("Says rag and why.", "says RAG", ":13: rag-one, good says the same as .*rag.yml:12;"),
    "unknown level": ("working", "seniour", ":2: rag-one: unknown level seniour; did you mean senior"),
    "unknown tag": ("memory]", "memori]", ":3: rag-one: unknown tag memori; did you mean memory"),
    "tag that is no word": ("memory]", "4]", ":3: question 1: tags must be text \\(quote it\\), not 4"),
    "no form": ("[explain, memory]", "[memory]", ":3: rag-one has 0 forms; give it one of debug, explain"),
    "two forms": ("[explain, memory]", "[explain, debug]", ":3: rag-one has 2 forms"),
    "tag twice": ("[explain, memory]", "[explain, memory, memory]", ":3: rag-one has the tags .*; write 1 to 4"),
    "no tag": ("[explain, memory]", "[]", ":3: question 1: tags is empty"),
    "one follow-up": (
        "    - question: Is rag dear?\n      answer: No.\n",
        "",
        ":6: rag-one has 1 follow-ups; write 2",
    ),
    "three follow-ups": (
        "  rubric:\n",
        "    - question: And then?\n      answer: So.\n  rubric:\n",
        ":6: rag-one has 3 follow-ups; write 2",
    ),
    "follow-up without an answer": ("      answer: No.\n", "", ":9: rag-one, follow-up 2 has no answer"),
    "follow-up that is a sentence": (
        "    - question: Is rag dear?\n      answer: No.\n",
        "    - Dear?\n",
        ":6: rag-one, follow-up 2 must be a mapping",
    ),
    "bad id": ("rag-one", "Rag_One", ":1: question 1: id must be words"),
    "id of another topic": ("rag-one", "decision-one", r":1: the id decision-one is also in .*decision\.yml:1;"),
    "short answer": (ANSWER, "No.", ":5: rag-one: the answer has 1 words; write 60 to 160"),
    "long answer": (ANSWER, f"{ANSWER} {ANSWER} {ANSWER}", ":5: rag-one: the answer has 180 words; write"),
    "question on two lines": (
        "  question: What does rag change in ash and ash leaves?\n",
        "  question: |\n    What does rag\n    change?\n",
        ":4: rag-one: write the question on one line",
    ),
    "unknown lesson": ("rag.md#", "rga.md#", ":15: rag-one: there is no lesson rga.md; did you mean rag.md"),
    "unknown heading": ("#when-it-fails", "#when-it-fail", ":15: .* no heading #when-it-fail; did you mean when-it"),
    "no heading": ("#when-it-fails", "", ":15: rag-one: rag.md has no heading #;"),
    "comment in code": ("#when-it-fails", "#a-comment", ":15: rag-one: rag.md has no heading #a-comment;"),
    "loose number": ("Because.", "It takes 48 GB.", ":8: rag-one, follow-up 1: loose number '48 GB'; cite a source"),
    "loose number in a rubric": ("Says rag and why.", "Says 3 times.", ":13: rag-one, good: loose number '3 times'"),
    "loose number in a question": ("rag change", "rag change by 5%", ":4: rag-one: loose number '5%'"),
    "number of an unread source": (
        "Because.",
        "It takes 48 GB [@qlora].",
        r":8: .* loose number '48 GB'; \[@qlora\] was not read far enough",
    ),
    "number cited elsewhere": (
        f"answer: {ANSWER}",
        f"answer: |\n    It takes 48 GB.\n\n    {ANSWER} [@lora]",
        ":5: rag-one: loose number '48 GB'; cite",
    ),
    "number of the next list item": (
        f"answer: {ANSWER}",
        f"answer: |\n    {ANSWER}\n\n    - 48 GB\n    - more [@lora]",
        ":5: rag-one: loose number '48 GB'; cite",
    ),
    "unknown citation": ("Because.", "Because [@lorra].", ":8: .* there is no reference lorra; did you mean lora"),
    "measured value": ("Because.", "It was [=rag-cpu:x].", r":8: .*\[=rag-cpu:x\] is our own value .*; point to"),
    "same question": (
        "What does rag change in ash and ash leaves?",
        "In oak and oak leaves, what does decision change?",
        r":4: 'In oak .*' asks nearly the same as docs/_data/interview/decision\.yml:4; ask something else",
    ),
    "same short follow-up": ("Is rag dear?", "rag?", r":9: 'rag\?' asks nearly the same as .*rag\.yml:7"),
    "order with a gap": ("  level", "  order: 2\n  level", ":2: rag-one: order 2, but nothing has order 1"),
    "order that is no number": ("  level", "  order: first\n  level", ":2: .* order must be a whole number"),
    "unknown field": ("  level", "  topic: rag\n  level", ":2: question 1 has an unknown field topic"),
    "entry that is a sentence": ("- id", "- What?\n- id", ":1: question 1 must be a mapping"),
}


@pytest.mark.parametrize(("old", "new", "message"), FAULTS.values(), ids=FAULTS)
def test_fault_names_file_and_line(site, old, new, message):
    assert old in good("rag")
    said = fault(site, good("rag").replace(old, new, 1))
    assert re.match(rf"{FOLDER}/rag\.yml{message}", said), said


@pytest.mark.parametrize("text", ["", "id: x\n", "[]\n"])
def test_a_file_is_a_list_of_questions(site, text):
    assert fault(site, text) == f"{FOLDER}/rag.yml:1: must be a list of questions"


def test_order_is_given_once(site):
    first = {topic: good(topic).replace("  level", "  order: 1\n  level") for topic in ("rag", "evals")}
    said = fault(site, first["rag"].replace("order: 1", "order: 0"))
    assert said == f"{FOLDER}/rag.yml:2: rag-one: order 0, but nothing has order 1"
    site.write(f"{FOLDER}/rag.yml", first["rag"])
    assert [question.id for question in shown_first(load_questions(site.root))] == ["rag-one"]
    said = fault(site, first["evals"], "evals")
    assert said == f"{FOLDER}/evals.yml:2: evals-one: order 1 is taken by rag-one; choose another"


def test_unknown_and_missing_topics_are_named(site):
    path = site.write(f"{FOLDER}/rga.yml", good("rag"))
    with pytest.raises(SiteError, match=rf"^{FOLDER}/rga\.yml:1: there is no topic rga; did you mean rag"):
        load_questions(site.root)
    path.unlink()
    (site.root / FOLDER / "evals.yml").unlink()
    with pytest.raises(SiteError, match=rf"^{FOLDER}/evals\.yml: there is no such file; "):
        load_questions(site.root)


VOCABULARY_FAULTS = {
    "group left out": ("subjects:", "topics:", ":4: tags has an unknown field topics; known: forms, subjects"),
    "tag with a blank": ("  memory", "  main memory", ":5: subjects: the key main memory must be words"),
    "label left out": ("Memory", "", ":5: subjects: memory must be text"),
    "tag in both": ("  memory", "  debug", ":5: debug is also a form; choose another word"),
}


@pytest.mark.parametrize(("old", "new", "message"), VOCABULARY_FAULTS.values(), ids=VOCABULARY_FAULTS)
def test_fault_in_the_vocabulary_names_file_and_line(site, old, new, message):
    site.write(f"{FOLDER}/tags.yml", TAGS.replace(old, new, 1))
    with pytest.raises(SiteError, match=rf"^{FOLDER}/tags\.yml{message}"):
        load_tags(site.root)


def test_anchors_are_those_of_the_table_of_contents(site):
    path = site.write("docs/rag.md", PAGE)
    html = site.render(PAGE)
    assert set(headings(path)) == set(re.findall(r'<h\d id="([^"]+)"', html))
    assert headings(path) == {
        "page": "Page",
        "when-it-fails": "When it fails",
        "why-just-tune-fails": 'Why "just tune" fails',
    }


LORA = "What does LoRA do, and why does it save memory?"
RECALL = "Recall at 5 is high and answers are wrong: what do you do?"
SIZE = "How do you choose the size of the passages that you index?"
SAME = [
    (LORA, "Why does LoRA save memory, and what does it do?"),
    (LORA, "How does LoRA work, and why does it save memory?"),
    (RECALL, "The answers are wrong although recall at 5 is high. What would you do?"),
    (SIZE, "How would you choose passage size for an index?"),
    ("When is RAG the right tool, and when is fine-tuning?", "When is fine-tuning the right tool and when is RAG?"),
    ("And why?", "and why? "),
]
OTHER = [
    (LORA, "What does QLoRA save, and what does it cost in memory?"),
    (LORA, "When does LoRA forget less than full fine-tuning?"),
    (RECALL, "Recall at 5 is low and answers are short: what do you measure first?"),
    (SIZE, "How do you choose between full text and vectors for an index?"),
    ("What is distillation, and when is it worth doing?", "What is RAG, and when is it worth doing?"),
    ("Is it dear?", "Is it slow?"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_a_reworded_question_is_found(one, other):
    assert likeness(one, other) >= ALIKE and likeness(other, one) >= ALIKE


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_another_question_on_the_same_matter_may_stay(one, other):
    assert likeness(one, other) < ALIKE


def test_every_two_that_are_alike_are_named():
    assert list(alike([LORA, RECALL, SAME[0][1], RECALL])) == [(0, 2), (1, 3)]


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
