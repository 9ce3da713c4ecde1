"""`::: interview`: every question is on the page, complete before any script runs."""

import re
from xml.etree import ElementTree as etree

import pytest

from scripts.extension.blocks import CITES
from scripts.extension.page import SiteError
from scripts.extension.practice.interview_controls import SAYS
from scripts.extension.practice.interview_data import TOPICS, load_questions, shown_first
from scripts.extension.sources.citing_sections import cited_in
from tests.interview_data import ANSWER, FOLDER, ROOT, TAGS, WORD, good
from tests.interview_data import PAGE as LESSON
from tests.tiny_site import TinySite

PAGE = "# All questions\n\n::: interview\n"
REFERENCES = "docs/_data/references.yml"
MARKDOWN = f"|\n    First *one* [@lora].\n\n    - {ANSWER}\n    - b\n"


@pytest.fixture
def site(tmp_path):
    """A question on each topic; that on RAG is shown first."""
    site = TinySite(tmp_path)
    site.write(f"{FOLDER}/tags.yml", TAGS)
    for topic, page in TOPICS.items():
        site.write(f"docs/{page}", LESSON.replace("# Page", f"# The {WORD[topic]}"))
        site.write(f"{FOLDER}/{topic}.yml", good(topic))
    site.write("docs/index.md", LESSON.replace("# Page", "# One vs other: the decision"))
    site.write(f"{FOLDER}/rag.yml", good("rag").replace("  level", "  order: 1\n  level").replace(ANSWER, MARKDOWN))
    return site


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The site's own questions, as a tree."""
    site = TinySite(tmp_path_factory.mktemp("interview"))
    for path in (*(ROOT / FOLDER).glob("*.yml"), *(ROOT / "docs").glob("*.md"), ROOT / REFERENCES):
        site.write(path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
    return tree(site.render(PAGE, "docs/interview.md"))


def tree(html):
    return etree.fromstring(f"<body>{html}</body>".replace("&nbsp;", " "))


def text(element):
    return "".join(element.itertext())


def test_a_question_has_all_its_parts(site):
    body = tree(site.render(PAGE, "docs/interview.md"))
    article = body.find(".//article[@data-id='rag-one']")
    assert article.attrib["data-topic"] == "rag" and article.attrib["data-level"] == "working"
    assert article.attrib["data-tags"] == "explain memory"
    assert article.find("h3").text == "What does rag change in ash and ash leaves?"
    assert [text(tag) for tag in article.find("ul")] == ["Working", "The ash", "Explain", "Memory"]
    answer = article.find("details/div")
    assert [part.tag for part in answer] == ["p", "ul"] and text(answer[0]) == "First one (Hu et al. 2021)."
    assert answer.find("p/em").text == "one" and len(answer.findall("ul/li")) == 2
    assert [text(one.find("p")) for one in article.findall("ol/li")] == ["rag?", "Is rag dear?"]
    assert [text(one.find("details/div")) for one in article.findall("ol/li")] == ["Because.", "No."]
    assert [(mark.tag, text(mark)) for mark in article.find(".//dl")] == [
        ("dt", "Weak"),
        ("dd", "Says rag."),
        ("dt", "Good"),
        ("dd", "Says rag and why."),
        ("dt", "Excellent"),
        ("dd", "Says rag, why and when not."),
    ]
    lesson = article.find("p[@class='interview-lesson']/a")
    assert lesson.attrib["href"] == "rag.md#when-it-fails" and lesson.text == "The ash: When it fails"


def test_what_gives_an_answer_away_is_folded(site):
    body = tree(site.render(PAGE, "docs/interview.md"))
    for article in body.iter("article"):
        for folded in article.iter("details"):
            assert "open" not in folded.attrib
            folded.clear()
        assert "word" not in text(article) and "Because." not in text(article) and "Says" not in text(article)


def test_those_shown_first_come_first_and_once(site):
    body = tree(site.render(PAGE, "docs/interview.md"))
    ids = [article.attrib["data-id"] for article in body.iter("article")]
    assert ids == ["rag-one", *(f"{topic}-one" for topic in TOPICS if topic != "rag")]
    topics = [heading.attrib["id"] for heading in body.iter("h2")]
    assert topics == ["first", *(f"topic-{topic}" for topic in TOPICS if topic != "rag")]
    assert body.find(".//h2[@id='topic-decision']").text == "The decision"


def test_script_gets_its_words_from_the_page(site):
    template = tree(site.render(PAGE, "docs/interview.md")).find(".//template")
    choices = {select.attrib["name"]: [o.text for o in select.iter("option")] for select in template.iter("select")}
    assert choices["topic"][:2] == ["All topics", "The decision"] and len(choices["topic"]) == 1 + len(TOPICS)
    assert choices["level"] == ["All levels", "Screening", "Working", "Senior"]
    assert choices["tag"] == ["All tags", "Explain", "Debug", "Memory", "Cost and latency"]
    assert [b.attrib["data-mark"] for b in template.iter("button") if "data-mark" in b.attrib] == [
        "weak",
        "good",
        "excellent",
    ]
    scripts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs/assets/interview").glob("*.mjs"))
    said = set(re.findall(r'tell\("([a-z-]+)"|ProgressError\("([a-z-]+)"\)', scripts))
    assert {one or other for one, other in said} == SAYS.keys()


def test_mistakes_name_their_line(site):
    with pytest.raises(SiteError, match=r"^docs/interview\.md:3: interview takes no argument"):
        site.render("# Page\n\n::: interview rag\n", "docs/interview.md")
    site.write(f"{FOLDER}/rag.yml", good("rag").replace("Because.", "Because [@lorra]."))
    with pytest.raises(SiteError, match=rf"^{FOLDER}/rag\.yml:8: .*there is no reference lorra"):
        site.render(PAGE, "docs/interview.md")


def test_references_know_the_page(site):
    site.render(PAGE, "docs/interview.md")
    assert {place.page for place in cited_in(site.root, CITES)["lora"]} == {"interview.md"}
    site.write("docs/interview.md", "# Nothing here\n")
    assert "lora" not in cited_in(site.root, CITES)


def test_every_question_of_the_site_is_there(real):
    questions = load_questions(ROOT)
    articles = {article.attrib["data-id"]: article for article in real.iter("article")}
    assert articles.keys() == {question.id for question in questions}
    assert list(articles)[:3] == [question.id for question in shown_first(questions)]
    for question in questions:
        article = articles[question.id]
        assert article.attrib["data-version"] == question.version
        assert len(article.findall(".//details")) == 4 and len(article.findall(".//dd")) == 3
        assert article.find("h3").attrib["id"] == f"question-{question.id}"


def test_ids_are_unique_and_no_markdown_is_left(real):
    ids = [element.attrib["id"] for element in real.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))
    shown = "".join(text(article) for article in real.iter("article"))
    assert not re.search(r"\*\*|\[@|\]\(|\n- ", shown)
    assert sum(len(article.findall(".//a[@class='cite']")) for article in real.iter("article")) > 100
