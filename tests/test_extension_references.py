"""The References page: every entry, what it supports, and the sections that cite it; the files to download."""

import json

import pytest
from jsonschema import Draft202012Validator
from pybtex.database import parse_string

from scripts.extension.blocks import CITES
from scripts.extension.page import SiteError
from scripts.extension.sources.bibliography import bibtex, csl_json, note
from scripts.extension.sources.citations import NO_NUMBERS, OURS, load_references
from scripts.extension.sources.citing_sections import cited_in
from scripts.measuring.results import REPOSITORY
from tests.tiny_site import REFERENCES as TINY
from tests.tiny_site import TinySite

REFERENCES = load_references(REPOSITORY)
PAGE = "# References\n\n::: references\n"
# The part of CSL's own data format that we use: the names and forms of its fields, and no other field.
TEXT = {"type": "string", "minLength": 1}
NAME = {
    "oneOf": [
        {"properties": {"family": TEXT, "given": TEXT}, "required": ["family", "given"], "additionalProperties": False},
        {"properties": {"literal": TEXT}, "required": ["literal"], "additionalProperties": False},
    ]
}
YEAR = {"type": "integer", "minimum": 1900, "maximum": 2100}
DATE = {"type": "array", "prefixItems": [YEAR], "minItems": 1, "maxItems": 3}
TEXTS = ("id", "title", "URL", "note", "DOI", "number", "publisher", "container-title")
CSL = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            **dict.fromkeys(TEXTS, TEXT),
            "type": {"enum": ["article", "webpage"]},
            "author": {"type": "array", "items": NAME, "minItems": 1},
            "issued": {
                "properties": {"date-parts": {"type": "array", "items": DATE, "minItems": 1, "maxItems": 2}},
                "required": ["date-parts"],
                "additionalProperties": False,
            },
        },
        "required": ["id", "type", "title", "author", "issued", "URL", "note"],
        "additionalProperties": False,
    },
}


@pytest.fixture
def site(tmp_path):
    return TinySite(tmp_path)


def test_what_was_not_read_is_only_further_reading():
    assert all(one.further for one in REFERENCES.values() if one.verified in NO_NUMBERS)


def test_every_entry_has_its_verification_and_where_it_is_cited(site):
    site.write("docs/rag.md", "# Retrieval\n\nSmall [@lora].\n\n## Why\n\nSmall [@lora], and again [@lora].\n")
    html = site.render(PAGE, "docs/references.md")
    assert '<li id="lora">' in html and '<li id="qlora">' in html
    assert "read in full text" in html and "excerpt only: no number taken from it" in html
    assert "Edward J. Hu, Yelong Shen, Phillip Wallis, and others." in html
    assert 'Cited in <a href="rag.md">Retrieval</a>, <a href="rag.md#why">Retrieval: Why</a>.' in html
    assert html.count("Cited in") == 1  # nobody cites QLoRA


def test_a_long_list_of_names_is_cut_on_the_page(site):
    names = " and ".join(f"Name{letter}, Given" for letter in "abcdefghijkl")
    old = "Hu, Edward J. and Shen, Yelong and Wallis, Phillip and others"
    site.write("docs/_data/references.yml", TINY.replace(old, names))
    site.write("docs/rag.md", "# Retrieval\n\nSmall [@lora].\n")
    html = site.render(PAGE, "docs/references.md")
    assert "Given Namej, and 2 more." in html and "Namek" not in html


def test_an_organisation_is_named_once(site):
    old = "Hu, Edward J. and Shen, Yelong and Wallis, Phillip and others"
    site.write("docs/_data/references.yml", TINY.replace(old, '"{OpenAI}"'))
    site.write("docs/rag.md", "# Retrieval\n\nSmall [@lora].\n")
    assert site.render(PAGE, "docs/references.md").count("OpenAI") == 1


def test_an_entry_that_nothing_cites_stops_with_its_line(site):
    with pytest.raises(
        SiteError, match=r"^docs/_data/references\.yml:1: nothing cites lora; cite it, mark it 'further"
    ):
        site.render(PAGE, "docs/references.md")


def test_the_block_takes_no_argument(site):
    with pytest.raises(SiteError, match=r"^docs/references\.md:3: references takes no argument"):
        site.render("# References\n\n::: references lora\n", "docs/references.md")


SECTIONS = {
    "second level": ("## Why it works\n\n[@lora]\n", "rag.md#why-it-works"),
    "third level": ("## Why\n\n### And how\n\n[@lora]\n", "rag.md#and-how"),
    "same name twice": ("## Why\n\n## Why\n\n[@lora]\n", "rag.md#why_1"),
    "an id of its own": ("## Why `this` {#because}\n\n[@lora]\n", "rag.md#because"),
    "code in the heading": ("## Why `this`\n\n[@lora]\n", "rag.md#why-this"),
    "a comment in code": ("## Why\n\n```sh\n# no heading\n```\n\n[@lora]\n", "rag.md#why"),
    "quick check": ("## Quick check\n\n::: check rag\n", "rag.md#quick-check"),
    "data of its own": ("## Situations\n\n::: scenarios\n", "rag.md#situations"),
    "quiz": ("## Three questions\n\n::: quiz\n", "rag.md#three-questions"),
}


@pytest.mark.parametrize(("text", "link"), SECTIONS.values(), ids=SECTIONS)
def test_the_section_that_cites(site, text, link):
    site.write("docs/_data/checks/rag.yml", "- why: Because [@lora].\n")
    site.write("docs/_data/scenarios.yml", "- why: Because [@lora].\n")
    site.write("docs/rag.md", f"---\ntitle: RAG\n---\n\n# Retrieval\n\n{text}")
    assert [place.link for place in cited_in(site.root, CITES)["lora"]] == [link]


def test_code_cites_nothing(site):
    site.write("docs/rag.md", "# Retrieval\n\n`[@lora]`\n\n```\n[@lora]\n```\n")
    assert cited_in(site.root, CITES) == {}


def test_the_bibtex_file_gives_the_data_back():
    parsed = parse_string(bibtex(REFERENCES), "bibtex").entries
    assert list(parsed) == list(REFERENCES)
    for key, one in REFERENCES.items():
        fields = {name: value.replace("\\", "") for name, value in parsed[key].fields.items()}
        assert fields["title"] == f"{{{one.title}}}" and fields["year"] == str(one.year)
        assert fields["url"] == one.address and fields["note"] == note(one)
        assert fields.get("howpublished", "") == one.where and fields.get("doi", "") == one.doi
        assert fields.get("eprint", "") == (one.arxiv if one.verified != OURS else "")
        assert tuple(str(person) for person in parsed[key].persons["author"]) == one.names


def test_the_csl_file_is_valid_and_gives_the_data_back():
    items = json.loads(csl_json(REFERENCES))
    assert not [error.message for error in Draft202012Validator(CSL).iter_errors(items)]
    assert [item["id"] for item in items] == list(REFERENCES)
    for item in items:
        one = REFERENCES[item["id"]]
        assert (item["title"], item["URL"], item["note"]) == (one.title, one.address, note(one))
        assert item["issued"] == {"date-parts": [[one.year]]}
        assert item.get("container-title", "") == one.where
        names = [
            f"{name['family']}, {name['given']}" if "family" in name else name["literal"] for name in item["author"]
        ]
        assert names == [name.strip("{}") for name in one.names]


def test_the_csl_schema_finds_a_mistake():
    items = json.loads(csl_json(REFERENCES))
    items[0]["author"] = [{"family": "Hu"}]
    items[1]["isued"] = items[1].pop("issued")
    assert len(list(Draft202012Validator(CSL).iter_errors(items))) == 3


def test_a_doi_and_authors_left_out_are_in_both_files(site):
    site.write("docs/_data/references.yml", TINY.replace('arxiv: "2106.09685"', "doi: 10.1000/182", 1))
    references = load_references(site.root)
    entry = parse_string(bibtex(references), "bibtex").entries["lora"]
    assert entry.fields["doi"] == "10.1000/182" and str(entry.persons["author"][-1]) == "others"
    item = json.loads(csl_json(references))[0]
    assert (item["DOI"], item["type"], item["author"][-1]) == ("10.1000/182", "article", {"literal": "and others"})


def test_addresses_are_not_escaped():
    lines = [line for line in bibtex(REFERENCES).split("\n") if line.startswith("    url = ")]
    assert len(lines) == len(REFERENCES) and not [line for line in lines if "\\" in line]
