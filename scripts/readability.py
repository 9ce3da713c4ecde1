"""How long and how hard the pages read: `python -m scripts.readability [site]` prints one line for each page.

Flesch reading ease is 206.8 less 1.015 for each word in a sentence and 84.6 for each syllable in a word, so higher is
easier; the Flesch-Kincaid grade is in years of school. Both are for English prose, and syllables are those at which
pyphen would hyphenate: read them side by side, not as a mark. Nothing is enforced.
"""

import argparse
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyphen
from bs4 import BeautifulSoup

from scripts.extension.lesson.reading_time import Reading, reading_of
from scripts.publishing.markdown_copies import ARTICLE, pages_of

HEADINGS = ("page", "words", "minutes", "sentences", "ease", "grade")
SENTENCE_END = re.compile(r"(?<=[.!?:])\s+")
LETTERS = re.compile(r"[A-Za-z][A-Za-z'\u2019-]*")
PROSE = 4  # words from which a block counts as prose


@dataclass(frozen=True)
class Prose:
    """words and syllables in all sentences of a page."""

    sentences: int
    words: int
    syllables: int

    @property
    def ease(self) -> float:
        """Return Flesch's reading ease."""
        return 206.835 - 1.015 * self.words / self.sentences - 84.6 * self.syllables / self.words

    @property
    def grade(self) -> float:
        """Return Flesch and Kincaid's grade, in years of school."""
        return 0.39 * self.words / self.sentences + 11.8 * self.syllables / self.words - 15.59


def prose_of(reading: Reading) -> Prose | None:
    """Count a page's sentences; None when it has none."""
    parts = [LETTERS.findall(part) for block in reading.blocks for part in SENTENCE_END.split(block)]
    sentences = [words for words in parts if len(words) >= PROSE]
    words = [word for sentence in sentences for word in sentence]
    return Prose(len(sentences), len(words), sum(map(syllables, words))) if words else None


@cache
def syllables(word: str) -> int:
    """Return how many syllables a word has, as the hyphenation sees them."""
    return len(hyphenation().positions(word.lower())) + 1


@cache
def hyphenation() -> pyphen.Pyphen:
    """Return the hyphenation of British English."""
    return pyphen.Pyphen(lang="en_GB", left=1, right=1)


def report(site: Path) -> str:
    """Return the table of a built site, one line a page."""
    lines = ["{:<24}{:>8}{:>9}{:>11}{:>7}{:>7}".format(*HEADINGS)]
    for path in pages_of(site):
        reading = reading_of(article_of(path.read_text(encoding="utf-8")))
        prose = prose_of(reading)
        cells = f"{prose.sentences:>11,}{prose.ease:>7.0f}{prose.grade:>7.1f}" if prose else f"{0:>11}{'-':>7}{'-':>7}"
        name = path.parent.relative_to(site).as_posix().replace(".", "index", 1)
        lines.append(f"{name:<24}{reading.words:>8,}{reading.minutes:>9}{cells}")
    return "\n".join(lines)


def article_of(html: str) -> str:
    """Return the HTML of what the page itself says, without the frame around it."""
    return str(BeautifulSoup(html, "html.parser").select_one(ARTICLE) or "")


def main(arguments: list[str] | None = None) -> int:
    """Print the table; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site", type=Path, nargs="?", default=Path("site"), help="folder to read (default: site)")
    site = parser.parse_args(arguments).site
    if not pages_of(site):
        print(f"readability: {site} holds no page; run the build first", file=sys.stderr)
        return 1
    print(report(site))
    return 0


if __name__ == "__main__":
    sys.exit(main())
