"""Files that lead machines through the site: `llms.txt`, `sitemap.xml`, `robots.txt`, and links that name an address.

An address is written only where it is known. Without one, `llms.txt` links relatively, there is no `robots.txt`, no
canonical link, and the sitemap is empty: it stays because the theme asks for it on every page.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from bs4 import BeautifulSoup

from scripts.extension.lesson.reading_time import LESSON
from scripts.publishing.markdown_copies import COPY

EMPTY_SITEMAP = """\
<?xml version="1.0" encoding="UTF-8"?>
<!-- Built without an address, so no page is listed. -->
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"/>
"""
FILES = {
    "snippets/snippets.zip": "every snippet and the small language model that they run on",
    "references/references.bib": "the sources as BibTeX",
    "references/references.json": "the sources as CSL-JSON",
}


def publish(site: Path, config: Path, address: str | None) -> None:
    """Write all these files. config: mkdocs.yml. address: where the site will be, if that is known."""
    if address:
        sitemap = f"{address.rstrip('/')}/sitemap.xml"
        (site / "robots.txt").write_text(f"User-agent: *\nAllow: /\nSitemap: {sitemap}\n", encoding="utf-8")
    else:
        forget_address(site)
    (site / "llms.txt").write_text(llms(site, config, address), encoding="utf-8")


def forget_address(site: Path) -> None:
    """Take out what would tell search engines that this site's real address is a loopback one."""
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(re.sub(r'<link rel="canonical"[^>]*>', "", text), encoding="utf-8")
    (site / "sitemap.xml").write_text(EMPTY_SITEMAP, encoding="utf-8")
    (site / "sitemap.xml.gz").unlink(missing_ok=True)


def llms(site: Path, config: Path, address: str | None) -> str:
    """Return llms.txt: the site's name and purpose, then its pages in their order, lessons first."""
    settings = yaml.load(config.read_text(encoding="utf-8"), Loader)
    root = f"{address.rstrip('/')}/" if address else ""
    lessons, others = [], []
    for title, source in pages_of(settings["nav"]):
        folder = source.removesuffix(".md").removesuffix("index")
        page = (site / folder / "index.html").read_text(encoding="utf-8")
        description = BeautifulSoup(page, "html.parser").find("meta", attrs={"name": "description"})["content"]
        line = f"- [{title}]({root}{f'{folder}/' if folder else ''}{COPY}): {description}"
        (lessons if LESSON in page else others).append(line)
    files = [f"- [{name.rpartition('/')[2]}]({root}{name}): {content}" for name, content in FILES.items()]
    parts = [f"# {settings['site_name']}", f"> {settings['site_description']}", "Each page is here as Markdown."]
    for title, lines in (("Lessons", lessons), ("Practice and evidence", others), ("Files", files)):
        parts += [f"## {title}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def pages_of(nav: list[dict]) -> Iterator[tuple[str, str]]:
    """Yield title and source of every page of mkdocs.yml's nav, in its order, sections opened."""
    for title, inside in (item for entry in nav for item in entry.items()):
        if isinstance(inside, list):
            yield from pages_of(inside)
        else:
            yield title, inside


class Loader(yaml.SafeLoader):
    """Reads mkdocs.yml, whose own tags (an environment variable) are none of our business."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
