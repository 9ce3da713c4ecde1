"""How long a lesson takes is counted by a stated rule, and how hard it reads is reported."""

import pytest

from scripts.extension.lesson.reading_time import reading_of
from scripts.readability import Prose, main, prose_of, report, syllables
from tests.tiny_site import TinySite

LEARN = "# Page\n\n## What you will learn\n\n"


@pytest.fixture
def site(tmp_path):
    return TinySite(tmp_path)


def minutes(html: str) -> int:
    return reading_of(html).minutes


def test_200_words_are_a_minute():
    assert minutes("<p>" + "word " * 599 + "</p>") == minutes("<p>" + "word " * 601 + "</p>") == 3


def test_lines_of_code_and_pictures_take_their_time():
    assert minutes("<pre><code>" + "a = 1\n" * 60 + "</code></pre>") == 2
    assert minutes("<svg><title>A title of five words</title></svg>" * 6 + '<img src="a.png" alt="">' * 3) == 3


def test_a_short_page_takes_a_minute():
    assert minutes("<p>Word.</p>") == 1


NOT_COUNTED = [
    "<details><p>{}</p></details>",
    "<decision-quiz><p>{}</p></decision-quiz>",
    "<template><p>{}</p></template>",
    "<style>{}</style>",
    '<p><span class="cites">{}</span></p>',
    "<svg><text>{}</text></svg>",
]


@pytest.mark.parametrize("html", NOT_COUNTED)
def test_what_is_folded_away_or_not_prose_does_not_count(html):
    assert reading_of("<p>One two.</p>" + html.format("word " * 900)).words == 2


def test_numbers_are_no_words():
    assert reading_of("<table><tr><td>LoRA</td><td>0.5</td><td>1,024</td></tr></table>").words == 1


def test_a_lesson_says_it_under_its_heading(site):
    html = site.render(LEARN + "word " * 300)
    shown = '<h1 id="page">Page</h1>\n<p class="reading-time" data-search-exclude>Reading time: about 2 minutes</p>'
    assert shown in html


def test_one_minute_is_singular(site):
    assert "Reading time: about 1 minute<" in site.render(LEARN + "Words.\n")


def test_code_of_a_lesson_is_counted_once_it_is_there(site):
    assert "Reading time: about 4 minutes" in site.render(LEARN + "```python\n" + "a = 1\n" * 120 + "```\n")


@pytest.mark.parametrize("text", ["# Page\n\nWords.\n", "## What you will learn\n\nWords.\n"])
def test_other_pages_say_nothing(site, text):
    assert "reading-time" not in site.render(text)


WORDS = {"cat": 1, "model": 2, "retrieval": 3, "knowledge": 2}


@pytest.mark.parametrize(("word", "count"), WORDS.items())
def test_syllables(word, count):
    assert syllables(word) == count


def test_the_formulas_give_what_they_give_by_hand():
    prose = Prose(sentences=2, words=20, syllables=30)
    assert prose.ease == pytest.approx(206.835 - 10.15 - 126.9)
    assert prose.grade == pytest.approx(3.9 + 17.7 - 15.59)


def test_sentences_are_counted_in_prose_only():
    html = "<p>The model reads a page. It answers from it at once!</p><ul><li>Two words.</li></ul><p>a = 1</p>"
    prose = prose_of(reading_of(html))
    assert (prose.sentences, prose.words) == (2, 11)
    assert prose_of(reading_of("<p>Two words.</p>")) is None


def page(site: TinySite, name: str, body: str) -> None:
    site.write(name, f'<nav>Not this.</nav><article class="md-content__inner">{body}</article>')


def test_the_report_has_a_line_for_each_page(site, capsys):
    page(site, "site/index.html", "<p>The model reads a page. It answers from it at once.</p>")
    page(site, "site/rag/index.html", "<p>Short.</p>")
    site.write("site/bare/index.html", "<p>A page without an article of its own.</p>")
    assert main([str(site.root / "site")]) == 0
    lines = capsys.readouterr().out.rstrip().split("\n")
    assert [line.split()[:2] for line in lines] == [["page", "words"], ["bare", "0"], ["index", "11"], ["rag", "1"]]
    assert lines[2].split()[3] == "2" and lines[3].split()[4:] == ["-", "-"]


def test_a_folder_without_pages_is_one_line(tmp_path, capsys):
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"readability: {tmp_path} holds no page; run the build first\n"


@pytest.mark.browser  # with the tests that have the site built
def test_every_page_of_the_site_is_reported(host, request):
    from tests.conftest import REPORT, SITE
    from tests.nav import PAGES

    request.config.stash[REPORT] = told = report(SITE)
    assert len(told.split("\n")) == len(PAGES) + 1
