"""`[@key]` becomes links to the References page; a mistake in a citation or the data names file and line."""

import pytest

from scripts.extension.page import SiteError
from scripts.extension.sources.citations import load_references
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
    "number for text": ('"2106.09685"', "2106.09685", r":5: lora: arxiv must be text \(quote it\), not 2106.09685"),
    "empty": ('"2106.09685"', "''", r":5: lora: arxiv is empty"),
    "no identifier": ('  arxiv: "2106.09685"\n', "", r":2: lora has no identifier; give it one of arxiv, doi, url"),
    "two identifiers": ("  year: 2021", "  year: 2021\n  doi: 10.1000/182", r":2: lora has arxiv and doi; give it one"),
    "bad arxiv": ("2106.09685", "abs/2106", r":5: lora: arxiv must be a number such as 2106.09685, not 'abs/2106'"),
    "bad doi": ('arxiv: "2106.09685"', "doi: 182", r":5: lora: doi must be text"),
    "malformed doi": ('arxiv: "2106.09685"', "doi: doi.org/x", r":5: lora: doi must be such as 10.1000/182"),
    "bad url": ('arxiv: "2106.09685"', "url: arxiv.org", r":5: lora: url must be a web address"),
    "url without publisher": ('arxiv: "2106.09685"', "url: https://a.example", r":5: lora has no where; say who"),
    "bad letter": ("verified: T", "verified: Q", r":6: lora: verified must be one of T A D X O N"),
    "no sentence": (
        '["Adapters are small, and training takes 48 GB."]',
        "[{a: b}]",
        r":7: lora: supports must be a list of sentences",
    ),
    "name without comma": (
        "Hu, Edward J.",
        "Edward J. Hu",
        r":3: lora: authors has 'Edward J. Hu'; write 'Family, Given",
    ),
    "name with commas": ("Hu, Edward J.", "Hu, Edward, J., Dr", r":3: lora: authors has 'Hu, Edward, J., Dr'; write"),
    "only others": (
        "Hu, Edward J. and Shen, Yelong and Wallis, Phillip and others",
        "others",
        r":3: lora: authors has 'others'; write",
    ),
    "key twice": ("qlora:", "lora:", r":8: lora is there twice, first on line 1"),
    "bad key": ("qlora:", "QLoRA:", r":8: references: the key QLoRA must be words of a-z"),
    "not YAML": ("year: 2021", "year: [", r":\d+: not YAML:"),
}


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_in_the_data_names_its_line(site, old, new, message):
    assert old in REFERENCES
    site.write("docs/_data/references.yml", REFERENCES.replace(old, new, 1))
    with pytest.raises(SiteError, match=rf"^docs/_data/references\.yml{message}"):
        load_references(site.root)


def test_the_data_is_a_mapping(site):
    site.write("docs/_data/references.yml", "- lora\n")
    with pytest.raises(SiteError, match=r"^docs/_data/references\.yml:1: must be a mapping of keys to entries"):
        load_references(site.root)


AUTHORS = {
    "{OpenAI}": "OpenAI 2021",
    "Kalajdzievski, Damjan": "Kalajdzievski 2021",
    "Schulman, John and {Thinking Machines Lab}": "Schulman and Thinking Machines Lab 2021",
    "Hayou, Soufiane and Ghosh, Nikhil and Yu, Bin": "Hayou, Ghosh and Yu 2021",
    "Hu, A. and Shen, B. and Wallis, C. and Li, D.": "Hu et al. 2021",
    "Balaguer, Angels and others": "Balaguer et al. 2021",
    "de Freitas Cunha, Renato": "de Freitas Cunha 2021",
}


@pytest.mark.parametrize(("authors", "short"), AUTHORS.items())
def test_a_citation_names_up_to_three(site, authors, short):
    old = "Hu, Edward J. and Shen, Yelong and Wallis, Phillip and others"
    site.write("docs/_data/references.yml", REFERENCES.replace(old, f'"{authors}"'))
    assert load_references(site.root)["lora"].short == short
    assert f">{short}</a>" in site.render("See [@lora].\n")


PLACES = {
    "url: https://a.example/b\n  verified: O": ("our arithmetic", "https://a.example/b"),
    'arxiv: "2106.09685"': ("arXiv 2106.09685", "https://arxiv.org/abs/2106.09685"),
    "doi: 10.1000/182": ("doi 10.1000/182", "https://doi.org/10.1000/182"),
    "url: https://a.example/b\n  where: A blog": ("A blog", "https://a.example/b"),
    'arxiv: "2106.09685"\n  where: TMLR 2024': ("TMLR 2024, arXiv 2106.09685", "https://arxiv.org/abs/2106.09685"),
}


@pytest.mark.parametrize(("field", "place"), PLACES.items())
def test_an_identifier_gives_the_place_and_the_address(site, field, place):
    data = REFERENCES.replace('arxiv: "2106.09685"', field, 1)
    site.write(
        "docs/_data/references.yml", data.replace("  verified: T\n", "" if "verified" in field else "  verified: T\n")
    )
    one = load_references(site.root)["lora"]
    assert (one.place, one.address) == place
