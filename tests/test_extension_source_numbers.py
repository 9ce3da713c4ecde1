"""A number beside a citation stands in that source's entry, or the build stops."""

import shutil

import markdown
import pytest

from scripts.extension.numbers.loose_numbers import LooseNumbers, loose_in_data
from scripts.extension.numbers.source_numbers import numbers
from scripts.extension.page import SiteError
from scripts.extension.site_extension import ReadPage
from scripts.measuring.results import REPOSITORY
from tests.tiny_site import TinySite

ENTRY = "docs/_data/references.yml"
REFERENCES = """\
lora:
  title: LoRA
  authors: Hu, Edward J.
  year: 2021
  arxiv: "2106.09685"
  verified: T
  supports: [It scores 73.4 and .504 at rank 1, "10,000 times fewer, 1 to 2% better, 30.0 ms."]
qlora:
  title: QLoRA
  authors: Dettmers, Tim
  year: 2023
  arxiv: "2305.14314"
  verified: T
  supports: [It needs 48 GB, "37% less, 41.6% in all."]
"""
PAGES = [path.relative_to(REPOSITORY).as_posix() for path in sorted((REPOSITORY / "docs").rglob("*.md"))]
FOUND = {
    "75.8 first, 57.2 fifth": ["75.8", "57.2"],
    "79% and 79 %": ["79%", "79%"],
    "1 to 2% better": ["1%", "2%"],
    "0.3-3.6%": ["0.3%", "3.6%"],
    ".504 and 0.504": [".504", "0.504"],
    "10,000 times, from 2e-4 to 16": ["10,000", "2e-4", "16"],
    "8.03B of 48GB": ["8.03", "48"],
    "(56.1), then 53.8.": ["56.1", "53.8"],
    "in 2023, PEFT 0.21.0, Llama-3.1-8B, Qwen2.5, GPT-4, H100": [],
    "4-bit, 32-bit, 1,024-token, 5-shot": [],
    "`rank 8`, [x](48.md#a), [@gpt3], [=few-shot-cpu:draws.8], <b title='9'>": [],
}


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    site.write(ENTRY, REFERENCES)
    return site


@pytest.mark.parametrize(("text", "found"), FOUND.items())
def test_numbers(text, found):
    assert [str(number) for number in numbers(text)] == found


STATED = {
    "as the entry has it": "It scores 73.4 [@lora].\n",
    "another way to write it": "It scores 0.504, 10000 times, 1 % or 2%, 30 ms [@lora].\n",
    "rounded to whole percent": "It is 50 % [@lora], 37 % and 42 % [@qlora].\n",
    "in one of several entries": "It scores 73.4 in 48 GB [@lora; @qlora].\n",
    "each in its own sentence": "It scores 73.4 [@lora]. It needs 48 GB [@qlora].\n",
    "a sentence before the citation": "It scores 73.4. That is at rank 1 [@lora].\n",
    "a value of ours beside it": "Here it takes 47 of [=memory-gpu:peak]. There it is 48 GB [@qlora].\n",
    "no citation at all": "It asks 3 questions.\n",
    "a year and a name": "In 2023, GPT-4 was 4-bit [@lora].\n",
    "a numbered list": "1. It scores 73.4 [@lora].\n2. It is so [@lora].\n3. And so [@lora].\n",
    "a cell": "| a | b |\n|---|---|\n| 73.4 [@lora] | 48 GB [@qlora] |\n",
    "a row by its heading": "| a | b [@qlora] |\n|---|---|\n| x | 48 GB |\n",
}


@pytest.mark.parametrize("text", STATED.values(), ids=STATED)
def test_a_number_of_the_entry(site, text):
    site.write("results/expected.yml", "memory-gpu: {machine: gpu, command: make memory, says: Peak memory.}\n")
    site.render(text)


UNSTATED = {
    "another value": ("Text.\n\nIt scores 73.5\nor so [@lora].\n", 3, "73.5", "lora", "73.4"),
    "a share for a percentage": ("It is .37 [@qlora].\n", 1, ".37", "qlora", "48"),
    "a percentage for a number": ("It is 48% [@qlora].\n", 1, "48%", "qlora", "41.6%"),
    "rounded the wrong way": ("It is 51 % [@lora].\n", 1, "51%", "lora", ".504"),
    "rounded to one place": ("It is 50.4% [@lora].\n", 1, "50.4%", "lora", ".504"),
    "all for one": ("It is 100 % [@lora].\n", 1, "100%", "lora", ".504"),
    "of another source": ("It needs 48 GB [@lora]. So does this [@qlora].\n", 1, "48", "lora", "30.0"),
    "a sentence before the citation": ("It scores 73.5. That is at rank 1 [@lora].\n", 1, "73.5", "lora", "73.4"),
    "of another cell": ("| a | b |\n|---|---|\n| 48 [@lora] | x [@qlora] |\n", 3, "48", "lora", "30.0"),
    "an item": ("- one\n- two, 73.5 [@lora]\n", 2, "73.5", "lora", "73.4"),
}


@pytest.mark.parametrize(("text", "line", "number", "key", "near"), UNSTATED.values(), ids=UNSTATED)
def test_another_number_stops_with_its_line_and_the_nearest(site, text, line, number, key, near):
    at = REFERENCES.split("\n").index(f"{key}:") + 1
    with pytest.raises(SiteError) as caught:
        site.render(text)
    assert str(caught.value) == (
        f"docs/index.md:{line}: '{number}' is not in the entry of {key} ({ENTRY}:{at}); "
        f"the nearest there is {near}; print that, or add to its supports what the source says"
    )


def test_all_entries_that_could_hold_it_are_named(site):
    with pytest.raises(SiteError, match=rf"of lora \({ENTRY}:1\), qlora \({ENTRY}:8\); the nearest there is 48;"):
        site.render("It needs 49 GB [@lora; @qlora].\n")


def test_an_entry_without_a_number_of_the_kind(site):
    site.write(ENTRY, REFERENCES.replace("48 GB", "little"))
    with pytest.raises(SiteError, match=r"'48' is not in the entry of qlora \(\S+:8\); leave it out, or add to its"):
        site.render("It needs 48 GB [@qlora].\n")


def test_the_data_obey_the_same_rule(site):
    site.write("docs/_data/checks/rag.yml", "- id: a\n  why: It scores 73.5 [@lora].\n")
    (problem,) = loose_in_data(site.root)
    assert problem.startswith("docs/_data/checks/rag.yml:2: '73.5' is not in the entry of lora")
    site.write("docs/_data/checks/rag.yml", "- id: a\n  why: It scores 73.4 [@lora].\n  asks: Is it 73.5?\n")
    assert loose_in_data(site.root) == []  # a wrong option may say anything; its reason may not


def hold(root, name):
    """Check one page as the build does, without its blocks and results."""
    md = markdown.Markdown(extensions=["tables", "md_in_html", "pymdownx.superfences"])
    reader = ReadPage(md, root)
    md.preprocessors.register(reader, "our_page", 100)
    md.treeprocessors.register(LooseNumbers(md, reader), "loose_numbers", 25)
    md.convert((root / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", PAGES)
def test_every_page_prints_what_its_entries_say(name):
    hold(REPOSITORY, name)


def test_a_page_fails_when_its_entry_changes(tmp_path):
    shutil.copytree(REPOSITORY / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("assets"))
    hold(tmp_path, "docs/index.md")
    entries = (tmp_path / ENTRY).read_text(encoding="utf-8")
    assert "80.25 with RAG" in entries
    (tmp_path / ENTRY).write_text(entries.replace("80.25 with RAG", "80.27 with RAG"), encoding="utf-8")
    with pytest.raises(SiteError, match=r"^docs/index\.md:\d+: '80\.25' is not in the entry of soudani .* is 80\.27;"):
        hold(tmp_path, "docs/index.md")
