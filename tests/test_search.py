"""The site's own search, typed into as a reader would: words of the field are found, on the page that explains them."""

import pytest
from playwright.sync_api import expect

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
def search(chromium, host):
    """A function that types into the search box and returns the page."""
    page = chromium.new_page()
    page.goto(f"{host.address}/")
    page.get_by_role("textbox", name="Search").click()
    page.get_by_text("Type to start searching").wait_for()

    def search(words):
        box = page.get_by_role("textbox", name="Search")
        box.fill("x")
        box.press("Backspace")  # the theme listens to keys
        page.get_by_text("Type to start searching").wait_for()
        box.fill(words[:-1])
        box.press_sequentially(words[-1])
        return page

    yield search
    page.close()


@pytest.mark.parametrize(("term", "where"), TERMS.items())
def test_a_term_is_found(search, term, where):
    page, (folder, _, section) = search(term), where.partition("#")
    selector = f'[href*="/{folder}?"][href*="#{section}"]' if section else f'[href*="/{folder}"]'
    page.locator(f".md-search-result__link{selector}").first.wait_for(state="attached", timeout=5000)


def test_nonsense_finds_nothing(search):
    page = search("zzxqv")
    page.locator(".md-search-result__meta", has_text="No matching documents").wait_for(timeout=5000)
    expect(page.locator(".md-search-result__link")).to_have_count(0)


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
