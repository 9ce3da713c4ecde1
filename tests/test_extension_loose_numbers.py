"""A number with a unit stands beside a citation or a result, or the build stops."""

import pytest

from scripts.extension.numbers.loose_numbers import figures, loose_in_data
from scripts.extension.page import SiteError
from scripts.measuring.results import REPOSITORY
from tests.tiny_site import TinySite

FIGURES = [
    "10,000x", "48 GB", "48GB", "87 %", "87%", "0.6 points", "3 times", "7 billion", "5 ms", "5ms", "24 h",
    "0.3-3.6%", "20 billion tokens", "350 M parameters", "10,000\u00d7", "$5", ".504", "12-fold",
    "90 seconds",
]  # fmt: skip
NO_FIGURES = [
    "in 2021", "Python 3.14", "version 1.2.3", "3 questions", "4-bit", "a 7B model", "Llama-3 8B",
    "2 x 4 x 2", "3 \u00d7 4", "the 1990s", "`48 GB`", "``48 GB``", "[x](48%20GB.md)", '<img width="48%">',
    "H100", "rank 8",
]  # fmt: skip


@pytest.fixture
def site(tmp_path):
    return TinySite(tmp_path)


@pytest.mark.parametrize("text", FIGURES)
def test_figure(text):
    assert figures(f"It takes {text} or so") == [text]


@pytest.mark.parametrize("text", NO_FIGURES)
def test_no_figure(text):
    assert figures(f"It takes {text} or so") == []


LOOSE = {
    "paragraph": ("# Page\n\nText that\ntakes 48 GB.\n", 4),
    "list item": ("Cited [@lora].\n\n- one\n- takes 48 GB\n", 4),
    "item of a loose list": ("- one [@lora]\n\n- takes 48 GB\n", 3),
    "item in an item": ("- one [@lora]\n    - takes 48 GB\n", 2),
    "quote": ("> takes 48 GB\n", 1),
    "row": ("| a | b |\n|---|---|\n| x [@lora] | 48 GB |\n| y | 49 GB |\n", 4),
    "citation one paragraph away": ("Cited [@lora].\n\nIt takes 48 GB.\n", 3),
}


@pytest.mark.parametrize(("text", "line"), LOOSE.values(), ids=LOOSE)
def test_loose_number_stops_with_its_line(site, text, line):
    with pytest.raises(SiteError, match=rf"^docs/index\.md:{line}: loose number '4[89] GB' has no citation; cite"):
        site.render(text)


FINE = {
    "cited": "It takes 48 GB [@lora].\n",
    "cited on another line of the paragraph": "It takes 48 GB\nor so [@lora].\n",
    "announced result": "It takes 48 GB, as [=memory-gpu:peak] says.\n",
    "heading": "# 48 GB\n",
    "fence": "```\n48 GB\n```\n",
    "caption after": "| a | b |\n|---|---|\n| x | 48 GB |\n\nMemory [@lora]\n",
    "caption before": "Memory [@lora]\n\n| a | b |\n|---|---|\n| x | 48 GB |\n",
    "heading row": "| a | b [@lora] |\n|---|---|\n| x | 48 GB |\n",
}


@pytest.mark.parametrize("text", FINE.values(), ids=FINE)
def test_no_loose_number(site, text):
    site.write("results/expected.yml", "memory-gpu: {machine: gpu, command: make memory, says: Peak memory.}\n")
    site.render(text)


def test_caption_is_directly_beside_its_table(site):
    with pytest.raises(SiteError, match=r":7: loose number '48 GB'"):
        site.render("Memory [@lora]\n\nText.\n\n| a | b |\n|---|---|\n| x | 48 GB |\n")


def test_excerpt_carries_no_number(site):
    with pytest.raises(SiteError, match=r":1: loose number '48 GB' \[@qlora\] was not read far enough"):
        site.render("It takes 48 GB [@qlora].\n")
    site.render("It takes 48 GB [@qlora; @lora].\n")


def test_every_loose_number_of_a_page_is_named_at_once(site):
    with pytest.raises(SiteError) as caught:
        site.render("It takes 48 GB.\n\nIt takes 49 GB.\n")
    assert str(caught.value).split("\n")[1].startswith("docs/index.md:3: loose number '49 GB'")


def test_what_a_block_makes_is_not_the_authors_prose(site):
    site.write(
        "docs/_data/references.yml",
        "lora: {title: LoRA, authors: '{Hu}', year: 2021, further: true, where: a, url: 'https://a.org/x', "
        "verified: T, supports: [It needs 48 GB.]}\n",
    )
    assert "48 GB" in site.render("::: references\n")


DATA = {
    "quick check, asked": ("- id: a\n  asks: Is it 48 GB?\n", 2),
    "quick check, option": ("- id: a\n  options:\n    - text: It is 48 GB.\n      why: So it is.\n", 3),
    "chart": ("caption: It takes 48 GB.\ngroups: []\n", 1),
    "list of texts": ("a: {asks: [one, 48 GB]}\n", 1),
    "cited elsewhere": ("- says: It takes 48 GB.\n- says: Cited [@lora].\n", 1),
    "cited outside the entry": ("says: Cited [@lora].\nrows:\n  - says: It takes 48 GB.\n", 3),
}


@pytest.mark.parametrize(("text", "line"), DATA.values(), ids=DATA)
def test_a_loose_number_in_data_has_its_line(site, text, line):
    site.write("docs/_data/scenarios.yml", text)
    (problem,) = loose_in_data(site.root)
    assert problem == (
        f"docs/_data/scenarios.yml:{line}: loose number '48 GB' has no citation; cite a source in the same entry"
    )


def test_an_excerpt_carries_no_number_in_data_either(site):
    site.write("docs/_data/checks/rag.yml", "- why: It takes 48 GB [@qlora].\n")
    problem, _ = loose_in_data(site.root)
    assert "[@qlora] was not read far enough to carry a number" in problem


SUPPORTED = {
    "in the same text": "- why: It takes 48 GB [@lora].\n",
    "in the reason for an option": "- text: It takes 48 GB.\n  why: So it was [@lora].\n",
    "in an answer to what is asked": "- asks: Is it 48 GB?\n  options: [{text: 'Yes.', why: 'So it was [@lora].'}]\n",
    "a result": "- why: It takes 48 GB, see [=memory-gpu:peak].\n",
    "no figure": "- why: It takes 3 questions.\n  order: 3\n",
}


@pytest.mark.parametrize("text", SUPPORTED.values(), ids=SUPPORTED)
def test_a_number_with_a_source_in_data(site, text):
    site.write("docs/_data/checks/rag.yml", text)
    assert loose_in_data(site.root) == []


def test_the_sites_own_data_has_no_loose_number():
    assert loose_in_data(REPOSITORY) == []
