"""The site's own search, typed into as a reader would: words of the field are found, on the page that explains them."""

import re

import pytest

from tests.nav import PAGES

pytestmark = pytest.mark.browser

# What a reader might type -> a page that must be among the results.
TERMS = {
    "catastrophic forgetting": "glossary/#catastrophic-forgetting",
    "NF4": "glossary/#nf4",
    "BM25": "glossary/#bm25",
    "position bias": "glossary/#position-bias",
    "on-policy": "glossary/#on-policy",
    "merge adapter": "glossary/#merging",
    "double quantisation": "glossary/#double-quantisation",
    "double quantization": "glossary/#double-quantisation",
    "hallucination": "glossary/#hallucination",
    "McNemar": "glossary/#mcnemars-test",
    "reranker": "glossary/#reranker",
    "KV cache": "glossary/#kv-cache",
    "temperature": "glossary/#temperature",
    "embedding": "glossary/#embedding",
    "chunk": "glossary/#chunk",
    "learning rate": "glossary/#learning-rate",
    "rank": "lora-qlora/",
    "JSON schema": "constrained-decoding/",
    "few-shot": "prompting/",
    "confidence interval": "glossary/#confidence-interval",
    "vector database": "glossary/#retriever",
    "gradient checkpointing": "glossary/#gradient-checkpointing",
    "recall at k": "glossary/#recall-at-k",
    "GPU memory": "glossary/#gpu",
    "overfitting": "glossary/#overfitting",
    "LLM as a judge": "glossary/#judge",
    "GGUF": "glossary/#quantisation",
}


@pytest.fixture(scope="module")
def results(chromium, host):
    """A function that types into the search box and returns where the results lead, in their order."""
    page = chromium.new_page()
    page.goto(f"{host.address}/")
    page.get_by_role("textbox", name="Search").click()
    page.get_by_text("Type to start searching").wait_for()

    def search(words):
        box = page.get_by_role("textbox", name="Search")
        box.fill("")
        box.press_sequentially(words)
        page.locator(".md-search-result__meta", has_text="matching document").wait_for(timeout=5000)
        page.wait_for_timeout(400)  # results follow the typing after a moment
        links = page.locator(".md-search-result__link").evaluate_all("all => all.map(({ href }) => href)")
        return [re.sub(r"\?[^#]*", "", link.removeprefix(f"{host.address}/")) for link in links]

    yield search
    page.close()


@pytest.mark.parametrize(("term", "where"), TERMS.items())
def test_a_term_is_found(results, term, where):
    found = results(term)
    assert [one for one in found if one.startswith(where)], f"{term!r} finds {found}"


def test_nonsense_finds_nothing(results):
    assert results("zzxqv") == []


def test_a_link_with_words_opens_the_search(visit):
    page = visit("/glossary/?q=reranker")
    assert page.get_by_role("textbox", name="Search").input_value() == "reranker"
    page.locator(".md-search-result__link").first.wait_for()


def test_previous_and_next_follow_the_story(visit):
    page = visit("/", java_script_enabled=False)
    seen = ["/"]
    while (onward := page.locator("a.md-footer__link--next")).count():
        onward.click()
        back = page.locator("a.md-footer__link--prev").evaluate("({ pathname }) => pathname")
        assert back == seen[-1]
        seen.append(page.evaluate("location.pathname"))
    assert seen == PAGES
