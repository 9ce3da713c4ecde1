"""`::: scenarios`: what the quiz says of each situation is computed, and a mistake in the data stops the build."""

import re

import pytest

from quiz import all_answers, decide
from quiz.outcomes import OUTCOMES, outline
from scripts.extension.data_file import load
from scripts.extension.page import SiteError
from scripts.extension.quiz.scenarios import FILE
from scripts.measuring.results import REPOSITORY
from tests.tiny_site import TinySite

GOOD = """\
- id: product-bot
  says: Fine-tune "it" & ship.
  reflex: Training.
  answers: {tried: "no", gap: facts, scale: ordinary}
  first: Paste the page.
  why: It helped *once* [@lora].
- id: busy
  says: Too slow.
  reflex: Buy.
  answers: {tried: "yes", gap: none, scale: narrow}
  first: Let it label.
  why: Because 48 GB is dear [@lora].
"""


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    site.write(FILE, GOOD)
    return site


def test_texts_are_markdown_with_citations(site):
    html = site.render("# Page\n\n::: scenarios\n")
    assert "<em>once</em>" in html and 'href="references.md#lora"' in html
    assert html.count("<summary>") == 2 and '<li id="scenario-busy">' in html


@pytest.mark.parametrize("answers", all_answers(), ids=lambda answers: "-".join(answers.values()))
def test_the_verdict_is_the_quizs_and_both_links_carry_its_answers(site, answers):
    tried, gap, scale = answers.values()
    given = f'{{tried: "{tried}", gap: {gap}, scale: {scale}}}'
    site.write(FILE, GOOD.replace('{tried: "no", gap: facts, scale: ordinary}', given, 1))
    first = site.render("::: scenarios\n").split("</li>")[0]
    verdict = decide(answers)
    assert re.findall("<strong>(.*?)</strong>", first) == [outline(verdict.now, verdict.later).removesuffix(".")]
    query = f"?tried={tried}&amp;gap={gap}&amp;scale={scale}"
    assert re.findall(r'href="(\?[^"]*)"', first) == [
        f"{query}#verdict-{tried}-{gap}-{scale}",
        f"{query}#quiz",
    ]
    assert 'aria-label="Open in the quiz: Fine-tune &quot;it&quot; &amp; ship."' in first


MISTAKES = {
    "unknown answer": (
        "gap: facts",
        "gap: fact",
        r":4: product-bot: unknown answer 'fact' to gap; valid",
    ),
    "missing answer": (", scale: ordinary", "", r":4: product-bot: no answer to scale; valid options: ordinary"),
    "unknown question": (
        "gap: facts",
        "gap: facts, size: big",
        r":4: product-bot: unknown question 'size'; valid questions: tried",
    ),
    "yes without quotes": ('"no"', "no", r":4: product-bot, answers: tried must be text \(quote it\), not False"),
    "same id": ("id: busy", "id: product-bot", r":7: the id product-bot is also on line 1; choose another"),
    "bad id": ("id: busy", "id: Busy_One", r":7: situation 2: id must be words of a-z"),
    "missing field": ("  reflex: Buy.\n", "", r":7: situation 2 has no reflex"),
    "empty field": ("reflex: Buy.", 'reflex: ""', r":9: situation 2: reflex is empty"),
    "loose number": ("48 GB is dear [@lora]", "48 GB is dear", r":12: busy: loose number '48 GB'; cite a source"),
    "weak source": ("48 GB is dear [@lora]", "48 GB is dear [@qlora]", r":12: busy: loose number '48 GB'"),
    "unknown source": ("[@lora]", "[@lorra]", r":6: there is no reference lorra; did you mean lora"),
}


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_file_and_line(site, old, new, message):
    assert old in GOOD
    site.write(FILE, GOOD.replace(old, new, 1))
    with pytest.raises(SiteError, match=rf"^docs/_data/scenarios\.yml{message}"):
        site.render("::: scenarios\n")


@pytest.mark.parametrize("text", ["one: 1\n", "[]\n"])
def test_anything_but_a_list_stops_the_build(site, text):
    site.write(FILE, text)
    with pytest.raises(SiteError, match=r"^docs/_data/scenarios\.yml:1: must be a list of situations"):
        site.render("::: scenarios\n")


def test_an_argument_stops_the_build(site):
    with pytest.raises(SiteError, match=r"^docs/index\.md:1: scenarios takes no argument"):
        site.render("::: scenarios all\n")


def test_the_sites_own_lead_to_every_step():
    entries = load(REPOSITORY / FILE, REPOSITORY)
    assert 12 <= len(entries) <= 16
    assert {decide(entry["answers"]).now for entry in entries} == set(OUTCOMES)
