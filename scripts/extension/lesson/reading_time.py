"""How long a lesson takes: shown under its heading, counted from what the page really shows.

The rule: 200 words a minute, 2 seconds for a line of code, 20 seconds for a picture, rounded to whole minutes. Not
counted: citations, the quiz and the quick check, which are not read but done, and what is folded away. A lesson is a
page that says what you will learn.
"""

import re
from dataclasses import dataclass

from bs4 import BeautifulSoup
from markdown import Markdown
from markdown.postprocessors import Postprocessor

LESSON = 'id="what-you-will-learn"'
WORDS_A_MINUTE, SECONDS_A_LINE, SECONDS_A_PICTURE = 200, 2, 20
DONE = "decision-quiz, quick-check, break-even"
NOT_READ = f"script, style, template, details, {DONE}, button, .headerlink, .cites, .reading-time, .as-markdown"
WORD = re.compile(r"[^\W\d_][\w'\u2019.-]*")  # a table of numbers is looked at, not read
FIRST_HEADING = "</h1>"
QUIZ = "<decision-quiz"


@dataclass(frozen=True)
class Reading:
    """What is to be read on a page. blocks: its paragraphs, items and cells, as plain text."""

    words: int
    lines: int
    pictures: int
    blocks: tuple[str, ...]

    @property
    def minutes(self) -> int:
        seconds = self.words / WORDS_A_MINUTE * 60 + self.lines * SECONDS_A_LINE + self.pictures * SECONDS_A_PICTURE
        return max(1, round(seconds / 60))


def reading_of(html: str) -> Reading:
    """Count what a piece of HTML asks to be read."""
    soup = BeautifulSoup(html, "html.parser")
    for element in soup.select(NOT_READ):
        element.decompose()
    pictures, code = soup.select("svg, img"), soup.select("pre")
    lines = sum(len(block.get_text().strip().split("\n")) for block in code)
    for element in [*pictures, *code]:
        element.extract()
    blocks = [
        " ".join(block.get_text(" ").split())
        for block in soup.select("p, li, dd, dt, legend, label, figcaption")
        if not block.select("p, li")
    ]
    return Reading(len(WORD.findall(soup.get_text(" "))), lines, len(pictures), tuple(filter(None, blocks)))


class ReadingTime(Postprocessor):
    """Runs last, on the finished HTML, so that pictures and code are there."""

    def __init__(self, md: Markdown):
        super().__init__(md)

    def run(self, text: str) -> str:
        if LESSON not in text or FIRST_HEADING not in text:
            return text
        minutes = reading_of(text).minutes
        sentence = f"Reading time: about {minutes} minute{'s' if minutes > 1 else ''}"
        line = f'<p class="reading-time" data-search-exclude>{sentence}</p>'
        if QUIZ in text:  # the first screen is the quiz's
            return text.replace(f"<h2 {LESSON}", f"{line}\n<h2 {LESSON}", 1)
        return text.replace(FIRST_HEADING, f"{FIRST_HEADING}\n{line}", 1)
