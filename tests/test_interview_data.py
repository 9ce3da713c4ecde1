"""Files of interview questions are read with their order, topics, tags and anchors; a wrong one is named."""

import re

import pytest

from scripts.extension.headings import headings
from scripts.extension.page import SiteError
from scripts.extension.practice.interview_data import TOPICS, Question, load_questions, load_tags, shown_first
from tests.interview_data import FOLDER, PAGE, TAGS, fault, good, site_with


@pytest.fixture
def site(tmp_path):
    return site_with(tmp_path)


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
