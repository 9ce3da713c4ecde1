"""The page for a missing address helps: at any depth, under a sub-path, with and without JavaScript."""

import pytest
from playwright.sync_api import expect

from scripts.publishing.static_host import StaticHost
from tests.conftest import built, moved
from tests.nav import PAGES
from tests.test_indexes import ADDRESS

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SUB_PATH = "/decision"
HOST = ADDRESS.removesuffix(f"{SUB_PATH}/")
DEPTHS = ["/nothing", "/rag/nothing", "/one/two/three/nothing.html"]


class Host(StaticHost):
    """Serves 404.html wherever nothing else is, as static hosts do (with another status, which no script can see)."""

    def find(self, path):
        folder = self.folders[0][1]
        return super().find(path) or (folder / "404.html" if "assets" not in path and "llms" not in path else None)


@pytest.fixture(scope="module", params=["known", "unknown"])
def missing(request, tmp_path_factory):
    """The site under a sub-path, built with and without its address; returns where it is."""
    folder = tmp_path_factory.mktemp("missing") / "site"
    with Host({SUB_PATH: folder}) as host:
        moved(built(ADDRESS if request.param == "known" else None), folder, HOST, host.address)
        yield f"{host.address}{SUB_PATH}"


@pytest.fixture
def open_page(chromium):
    contexts = []

    def open_page(url, **options):
        contexts.append(chromium.new_context(**options))
        page = contexts[-1].new_page()
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("depth", DEPTHS)
def test_every_page_can_be_reached_from_it(missing, open_page, depth):
    page = open_page(missing + depth)
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no page here")
    links = page.locator("article ul a")
    expect(links.last).to_have_js_property("href", f"{missing}{PAGES[-1]}")  # the script may still be looking
    found = [link.removeprefix(missing) for link in links.evaluate_all("all => all.map(({ href }) => href)")]
    assert [path.replace("/.", "/") for path in found] == PAGES
    page.get_by_role("link", name="Take the three questions").click()
    page.wait_for_url(f"{missing}/")
    expect(page.locator("decision-quiz")).to_be_visible()


def test_words_that_are_searched_for_are_found(missing, open_page):
    page = open_page(f"{missing}/one/two/nothing")
    form = page.get_by_role("search").filter(has=page.get_by_label("Search for"))
    expect(form).to_have_attribute("action", f"{missing[missing.index(SUB_PATH) :]}/glossary/")
    form.get_by_label("Search for").fill("reranker")
    form.get_by_role("button", name="Search").click()
    page.wait_for_url(f"{missing}/glossary/?q=reranker")
    page.locator(".md-search-result__link").first.wait_for()


def test_it_looks_like_the_site(missing, open_page):
    page = open_page(f"{missing}/one/nothing", viewport={"width": 390, "height": 844})
    colour = "() => getComputedStyle(document.querySelector('.md-header')).backgroundColor"
    page.wait_for_function(f"({colour})() === 'rgb(15, 90, 83)'")
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_without_javascript_the_pages_are_listed_and_no_search_is_offered(missing, open_page):
    page = open_page(f"{missing}/one/nothing", java_script_enabled=False)
    expect(page.locator("article ul a")).to_have_count(len(PAGES))
    if page.locator("link[rel=stylesheet]").first.get_attribute("href").startswith(SUB_PATH):
        expect(page.get_by_label("Search for")).to_be_hidden()
        page.get_by_role("link", name="RAG", exact=True).last.click()
        page.wait_for_url(f"{missing}/rag/")
