"""`[@key]` becomes links to the References page; a mistake in a citation or the data names file and line."""

import pytest

from scripts.extension import SiteError
from scripts.extension.citations import load_references
from scripts.extension.references import cited_in
from tests.tiny_site import REFERENCES, TinySite


@pytest.fixture
def site(tmp_path):
    return TinySite(tmp_path)


def test_citation_is_a_link_with_the_papers_title(site):
    html = site.render("Adapters are small [@lora].\n")
    assert 'class="cite" href="references.md#lora" title="LoRA: Low-Rank Adaptation">Hu et al. 2021</a>' in html


def test_two_citations_in_one_bracket(site):
    html = site.render("See [@lora; @qlora].\n")
    assert html.count('class="cite"') == 2
    assert "</a>; <a" in html


def test_link_is_relative_to_the_page(site):
    assert 'href="../../references.md#lora"' in site.render("[@lora]\n", "docs/a/b/page.md")


@pytest.mark.parametrize("text", ["`[@nobody]`", "    [@nobody]", "```\n[@nobody]\n```", r"\[@nobody]"])
def test_code_and_escapes_are_no_citations(site, text):
    assert "cite" not in site.render(f"Text\n\n{text}\n")


def test_unknown_key_stops_with_line_and_near_key(site):
    with pytest.raises(SiteError, match=r"^docs/index\.md:3: there is no reference lorra; did you mean lora"):
        site.render("# Page\n\nSmall [@lorra].\n")


def test_line_counts_the_front_matter_that_the_generator_takes_off(site):
    site.write("docs/index.md", "---\ntitle: Page\n---\n\n# Page\n\nSmall [@lorra].\n")
    import markdown

    with pytest.raises(SiteError, match=r"^docs/index\.md:7:"):
        markdown.markdown(
            "# Page\n\nSmall [@lorra].\n",
            extensions=["scripts.extension"],
            extension_configs={"scripts.extension": {"root": str(site.root)}},
        )


def test_text_from_no_file_still_renders(site):
    import markdown

    html = markdown.markdown(
        "[@lora]",
        extensions=["scripts.extension"],
        extension_configs={"scripts.extension": {"root": str(site.root)}},
    )
    assert 'href="references.md#lora"' in html


def test_not_a_citation_says_how_to_write_one(site):
    with pytest.raises(SiteError, match=r"^docs/index\.md:1: \[@lora; qlora\] is not a citation; write \[@key\]"):
        site.render("[@lora; qlora]\n")


MISTAKES = {
    "missing field": ("  year: 2021\n", "", r":2: lora has no year"),
    "unknown field": (
        "  year: 2021",
        "  year: 2021\n  yaer: 1",
        r":5: lora has an unknown field yaer; did you mean year",
    ),
    "wrong type": ("year: 2021", "year: '2021'", r":4: lora: year must be a whole number, not '2021'"),
    "empty": ("where: arXiv 2106.09685", "where: ''", r":5: lora: where is empty"),
    "bad url": ("https://arxiv.org/abs/2106.09685", "arxiv.org", r":6: lora: url must be a web address"),
    "bad letter": ("verified: T", "verified: Q", r":7: lora: verified must be one of T A D X O N"),
    "no sentence": ('["Adapters are small."]', "[{a: b}]", r":8: lora: supports must be a list of sentences"),
    "key twice": ("qlora:", "lora:", r":9: lora is there twice, first on line 1"),
    "bad key": ("qlora:", "QLoRA:", r":9: QLoRA: a key is words of a-z"),
    "not YAML": ("year: 2021", "year: [", r":\d+: not YAML:"),
}


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_in_the_data_names_its_line(site, old, new, message):
    assert old in REFERENCES
    site.write("docs/_data/references.yml", REFERENCES.replace(old, new, 1))
    with pytest.raises(SiteError, match=rf"^docs/_data/references\.yml{message}"):
        load_references(site.root)


def test_references_page_has_every_entry_its_verification_and_where_it_is_cited(site):
    site.write("docs/rag.md", "# Retrieval\n\nSmall [@lora].\n")
    html = site.render("# References\n\n::: references\n", "docs/references.md")
    assert '<li id="lora">' in html and '<li id="qlora">' in html
    assert "read in full text" in html and "excerpt only: no number taken from it" in html
    assert '<a href="rag.md">Retrieval</a>' in html
    assert html.count("Cited on") == 1  # nobody cites QLoRA


def test_citation_in_a_check_counts_for_the_page_that_shows_it(site):
    site.write("docs/_data/checks/rag.yml", "- why: Because [@qlora].\n")
    site.write("docs/rag.md", "# Retrieval\n\n::: check rag\n")
    assert cited_in(site.root) == {"qlora": {"rag.md": "Retrieval"}}
