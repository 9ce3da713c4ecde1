"""The blocks a page may put in: `::: name argument`, alone on its line.

A block is a function `(argument: str, page: Page) -> Element | str`. The text of an Element is read as
Markdown (citations too), and MkDocs checks its links; a str is HTML and goes in as it is. To add one, write
the function and name it in BLOCKS.
"""

import re
from collections.abc import Callable
from xml.etree import ElementTree as etree

from markdown.blockparser import BlockParser
from markdown.blockprocessors import BlockProcessor

from scripts.extension.charts import arm_map
from scripts.extension.code import anki_package, diff, downloads, source_code
from scripts.extension.evidence import birth_certificate, evidence, experiment, experiment_arms, printed
from scripts.extension.lesson import automaton, break_even, glossary, picture, sample_size
from scripts.extension.page import Page
from scripts.extension.practice import interview, quick_check
from scripts.extension.quiz import form, ladder, scenarios
from scripts.extension.sources import references
from scripts.extension.sources.citing_sections import Cites
from scripts.nearest import nearest

Block = Callable[[str, Page], etree.Element | str]

BLOCKS: dict[str, Block] = {
    "arms": experiment_arms.block,  # docs/_data/arms.yml
    "automaton": automaton.block,  # name of a file in docs/_data/automata/
    "anki": anki_package.block,  # the interview questions as a package
    "break-even": break_even.block,  # when a student pays: the reader's own numbers
    "check": quick_check.block,  # name of a file in docs/_data/checks/
    "code": source_code.block,  # path and symbol, or lora.freeze_base
    "diff": diff.block,  # two files and the symbols to compare
    "downloads": downloads.block,  # every snippet and the zip of all
    "error-bars": sample_size.error_bars,  # of one score
    "evidence": evidence.block,  # every result that no other block of the page shows
    "experiment": experiment.block,  # result, then the heading: a table for each question
    "glossary": glossary.block,  # every term of docs/_data/glossary.yml
    "interview": interview.block,  # every question of docs/_data/interview/
    "ladder": ladder.block,  # the quiz's steps as a picture
    "map": arm_map.block,  # result, then the title: docs/_data/map.yml says what stands on it
    "picture": picture.block,  # name of a file in docs/_data/pictures/, then the caption
    "printed": printed.block,  # result: the table that its script printed
    "quiz": form.block,
    "references": references.block,
    "runs": birth_certificate.block,  # name of a folder in results/runs/
    "sample-size": sample_size.block,  # of a paired comparison
    "scenarios": scenarios.block,  # docs/_data/scenarios.yml, with the quiz's verdicts
}

# What a block cites of itself, beside the text of its page; see sources/citing_sections.py.
CITES: dict[str, Cites] = {
    "check": quick_check.cites,
    "glossary": glossary.cites,
    "interview": interview.cites,
    "quiz": form.cites,
    "scenarios": scenarios.cites,
}

LINE = re.compile(r"^ {0,3}(:::.*)$", re.MULTILINE)
NAMED = re.compile(r"::: ([a-z][a-z-]*)(?: +(\S.*?))? *$")
CUSTOM_ELEMENT = re.compile(r"<([a-z]+-[a-z-]+)")


class BlockOfOurs(BlockProcessor):
    """Replaces the line by what its block makes. Lines before and after it stay what they are."""

    def __init__(self, parser: BlockParser, reader):
        super().__init__(parser)
        self.reader = reader

    def test(self, parent: etree.Element, block: str) -> bool:
        return bool(LINE.search(block))

    def run(self, parent: etree.Element, blocks: list[str]) -> None:
        block = blocks.pop(0)
        match = LINE.search(block)
        before, after = block[: match.start()].rstrip("\n"), block[match.end() :].lstrip("\n")
        if before:
            self.parser.parseBlocks(parent, [before])
        element = self.make(match[1], self.reader.page)
        if isinstance(element, str):
            element = self.as_html(element)
        self.reader.page.built.append(element)
        parent.append(element)
        if after:
            blocks.insert(0, after)

    def make(self, line: str, page: Page) -> etree.Element | str:
        match = NAMED.match(line)
        if not match:
            raise page.error(line, f"{line!r} is not a block; write '::: name argument'")
        name, argument = match[1], match[2] or ""
        if name not in BLOCKS:
            raise page.error(line, f"there is no block {name}; {nearest(name, BLOCKS)}")
        page.line = line  # what a block names in its errors: page.error(page.line, ...)
        page.cites = CITES
        return BLOCKS[name](argument, page)

    def as_html(self, html: str) -> etree.Element:
        # Python-Markdown takes away the <p> around a stored piece only if that is a block-level element.
        self.parser.md.block_level_elements.extend(CUSTOM_ELEMENT.findall(html))
        paragraph = etree.Element("p")
        paragraph.text = self.parser.md.htmlStash.store(html)
        return paragraph
