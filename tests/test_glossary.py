"""The glossary: one entry a term; abbreviations explain themselves at their first mention, to everybody."""

import re

import pytest
from playwright.sync_api import expect

from scripts.extension.lesson.glossary import load_terms
from scripts.extension.page import SiteError
from scripts.measuring.results import REPOSITORY
from tests.tiny_site import TinySite

FILE = "docs/_data/glossary.yml"
TERMS = """\
- term: RAG
  stands_for: Retrieval-augmented generation
  also: [retrieval]
  means: Passages go into the prompt [@lora].
  see: index.md#why
- term: Adapter
  also: [module]
  means: Small weights beside a frozen base.
- term: Token
  means: A piece of text.
"""
RAG = '<abbr tabindex="0" title="Retrieval-augmented generation">RAG</abbr>'


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    site.write("docs/index.md", "# Home\n\n## Why\n")
    site.write(FILE, TERMS)
    return site


def test_the_page_lists_the_terms_by_name(site):
    html = site.render("# Glossary\n\n::: glossary\n", "docs/glossary.md")
    assert html.index('<h2 id="adapter">Adapter</h2>') < html.index('<h2 id="rag">RAG</h2>')
    assert html.count("glossary-more") == 2 and "Also: module. <" in html
    assert "<strong>Retrieval-augmented generation.</strong> <span>Passages go into the prompt" in html
    assert 'Also: retrieval. See <a href="index.md#why">Home: Why</a>.' in html
    assert 'class="cite"' in html and "abbr" not in html


def test_a_term_may_point_to_a_whole_page(site):
    site.write(FILE, TERMS.replace("index.md#why", "index.md"))
    assert '<a href="index.md">Home</a>' in site.render("# G\n\n::: glossary\n", "docs/glossary.md")


def test_the_first_mention_says_what_it_stands_for(site):
    html = site.render("# RAG\n\n[RAG](index.md) is RAG, and RAG again.\n\n- RAG\n", "docs/rag.md")
    assert html.count("<abbr") == 1 and f"</a> is {RAG}, and RAG again." in html


ELSEWHERE = {
    "heading": "## RAG\n",
    "link": "[RAG and more](index.md)\n",
    "code": "`RAG`\n",
    "fence": "```\nRAG\n```\n",
    "part of a word": "RAGs and DRAG\n",
    "folded away": '<details markdown="1"><summary>RAG</summary>\n\nRAG\n\n</details>\n',
}


@pytest.mark.parametrize("text", ELSEWHERE.values(), ids=ELSEWHERE)
def test_other_mentions_are_left_alone(site, text):
    html = site.render(f"# Page\n\n{text}\nAt last RAG.\n", "docs/rag.md")
    assert html.count("<abbr") == 1 and f"At last {RAG}." in html


def test_mentions_keep_the_words_around_them(site):
    html = site.render("# Page\n\n## A RAG, *a* RAG and RAG\n\nOne RAG, *two* RAG and RAG.\n", "docs/rag.md")
    assert f"<p>One {RAG}, <em>two</em> RAG and RAG.</p>" in html
    assert ">A RAG, <em>a</em> RAG and RAG<" in html


def test_without_a_glossary_nothing_is_marked(tmp_path):
    assert "<abbr" not in TinySite(tmp_path).render("RAG\n")


MISTAKES = {
    "no list": ("term: RAG\n", ":1: must be a list of terms"),
    "unknown field": (TERMS.replace("also:", "alos:"), ":3: term 1 has an unknown field alos; did you mean also"),
    "no meaning": ("- term: RAG\n", ":1: term 1 has no means"),
    "other words": (TERMS.replace("[retrieval]", "[1]"), ":3: term 1: also must be a list of words"),
    "twice": (TERMS.replace("term: Adapter", "term: rag"), ":6: rag is there twice"),
    "no such page": (TERMS.replace("index.md#why", "indx.md"), ":5: RAG: there is no page indx.md; did you mean index"),
    "no such heading": (TERMS.replace("#why", "#whi"), ":5: RAG: index.md has no heading #whi; did you mean why"),
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_its_line(site, text, message):
    site.write(FILE, text)
    with pytest.raises(SiteError, match=f"^{re.escape(FILE + message)}"):
        load_terms(site.root)


def test_the_block_takes_no_argument(site):
    with pytest.raises(SiteError, match=r"^docs/glossary\.md:3: glossary takes no argument"):
        site.render("# Glossary\n\n::: glossary rag\n", "docs/glossary.md")


def test_the_sites_own_terms_are_many_and_short():
    terms = load_terms(REPOSITORY)
    assert len(terms) >= 50
    assert [term.term for term in terms if len(re.findall(r"[.!?](?:\s|$)", term.means)) > 3] == []


@pytest.mark.browser
@pytest.mark.parametrize("how", ["hover", "focus", "tap"])
def test_an_abbreviation_is_explained_to_mouse_keyboard_and_finger(visit, how):
    page = visit("/rag/", viewport={"width": 390, "height": 844}, has_touch=True)
    page.wait_for_selector("html.js")
    word = page.locator("article abbr").first
    expect(word).to_have_attribute("title", "Retrieval-augmented generation")
    getattr(word, how)()
    tooltip = page.get_by_role("tooltip", name="")
    expect(tooltip).to_have_text("Retrieval-augmented generation")
    expect(word).to_have_attribute("aria-describedby", tooltip.get_attribute("id"))


@pytest.mark.browser
def test_the_keyboard_is_not_flooded(visit):
    page = visit("/lora-qlora/")
    words = page.locator("article abbr").all_inner_texts()
    assert words and len(words) == len(set(words))
    assert page.locator(":is(a, h2, h3, label, legend, summary, details) abbr").count() == 0


@pytest.mark.browser
def test_without_javascript_the_title_stays(visit):
    page = visit("/rag/", java_script_enabled=False)
    expect(page.locator("article abbr").first).to_have_attribute("title", "Retrieval-augmented generation")
