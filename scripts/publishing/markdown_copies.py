"""A Markdown copy of each page, for who reads with a machine: `rag/index.md` beside `rag/index.html`.

It is made from the finished page, so that it says the same: measured values and citations are in it, quick checks with
their answers, pictures as their descriptions. What can only be pressed is left out.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from markdownify import MarkdownConverter

from scripts.publishing.verdict_pages import FOLDER as VERDICTS

COPY = "index.md"
ARTICLE = "article.md-content__inner"
# Controls, what only they reveal, and what a sighted reader does not see either.
LEFT_OUT = (
    "script, style, template, button, input, textarea, select, output, [hidden], .headerlink, .as-markdown, "
    ".quiz-bar, .quiz-note, .quiz-state, .verdict, .verdicts-static, details.source"
)


class Converter(MarkdownConverter):
    """markdownify with our style; names with underscores stay as they are."""

    class Options(MarkdownConverter.DefaultOptions):
        heading_style = "ATX"
        bullets = "-"
        escape_asterisks = False
        escape_underscores = False

    def __init__(self):
        super().__init__(code_language_callback=language)

    def convert_svg(self, element: Tag, text: str, parent_tags: set[str]) -> str:
        """Return the title and the description of a picture."""
        parts = [element.find(name) for name in ("title", "desc")]
        return "\n\n*Picture: " + " ".join(sentence(part.get_text()) for part in parts if part) + "*\n\n"

    def convert_legend(self, element: Tag, text: str, parent_tags: set[str]) -> str:
        return f"\n\n**{text.strip()}**\n\n"

    def convert_summary(self, element: Tag, text: str, parent_tags: set[str]) -> str:
        return f"\n\n**{text.strip()}**\n\n"

    def convert_label(self, element: Tag, text: str, parent_tags: set[str]) -> str:
        return f"\n- {text.strip()}\n"


def language(pre: Tag) -> str:
    """Return the language of a block of code, which its box names."""
    box = pre.find_parent(class_="highlight")
    names = [name for name in (box or {}).get("class", []) if name.startswith("language-")]
    return names[0].removeprefix("language-") if names else ""


def sentence(text: str) -> str:
    """End a text like a sentence."""
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?")) else f"{text}."


def markdown_of(html: str) -> str:
    """Return the article of a page as Markdown; RuntimeError when the page has none."""
    article = BeautifulSoup(html, "html.parser").select_one(ARTICLE)
    if article is None:
        raise RuntimeError("a page has no article to copy as Markdown; has the theme's template changed?")
    for element in article.select(LEFT_OUT):
        element.decompose()
    for element in article.select("a.measured, abbr"):
        element.unwrap()
    for element in article.select(".filename"):
        element.name = "p"
    for element in article.select(".check-option"):
        element.insert_after(" ")  # on the page, its style puts it on a line of its own
    for small in article.select("td small"):
        small.replace_with(f" ({small.get_text()})")  # an interval, which the page puts under its value
    for link in article.select("a[href]"):
        link["href"] = to_copy(link["href"])
        del link["title"]
    text = Converter().convert_soup(article)
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def to_copy(address: str) -> str:
    """Lead a link to a page of the site to its copy; other links stay as they are."""
    parts = urlsplit(address)
    if parts.query and not parts.path:
        return f"./{address}"  # answers of the quiz, which only the page itself can take
    if parts.scheme or parts.netloc or not parts.path or not (parts.path.endswith("/") or parts.path in (".", "..")):
        return address
    path = f"{parts.path.rstrip('/')}/{COPY}".removeprefix("./")
    return parts._replace(path=path, query="").geturl()


def pages_of(site: Path) -> list[Path]:
    """Return the HTML files of the pages, without the one for missing addresses and those of single verdicts."""
    return sorted(page for page in site.rglob("index.html") if page.relative_to(site).parts[0] != VERDICTS)


def publish(site: Path) -> None:
    """Write a copy beside each page."""
    for page in pages_of(site):
        page.with_name(COPY).write_text(markdown_of(page.read_text(encoding="utf-8")), encoding="utf-8")
