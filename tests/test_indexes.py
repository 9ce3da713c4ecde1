"""llms.txt, sitemap, robots.txt and shared links: right where the address is known, and silent where it is not."""

import re
from html import unescape
from pathlib import Path
from xml.etree import ElementTree as etree

import pytest

from scripts.extension.lesson.reading_time import LESSON
from scripts.publishing import indexes
from tests.conftest import built
from tests.nav import PAGES

CONFIG = """\
site_name: Tiny
site_description: A site of two pages.
site_url: !ENV [SITE_URL, "http://127.0.0.1:8000/"]
nav:
  - References: references.md
  - Home: index.md
"""
PAGE = """<html><head><meta name="description" content="What {0} says.">
<link rel="canonical" href="http://127.0.0.1:8000/{0}/"></head><body>{1}</body></html>"""
ADDRESS = "https://docs.example/decision/"
LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


@pytest.fixture
def site(tmp_path):
    (tmp_path / "mkdocs.yml").write_text(CONFIG, encoding="utf-8")
    for name, body in {"index": f"<h2 {LESSON}>L</h2>", "references/index": ""}.items():
        path = tmp_path / "site" / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PAGE.format(name, body), encoding="utf-8")
    for name in ("sitemap.xml", "sitemap.xml.gz"):
        (tmp_path / "site" / name).write_text("http://127.0.0.1:8000/", encoding="utf-8")
    return tmp_path


def publish(site: Path, address: str | None) -> Path:
    indexes.publish(site / "site", site / "mkdocs.yml", address)
    return site / "site"


@pytest.mark.parametrize(("address", "root"), [(None, ""), (ADDRESS, ADDRESS), (ADDRESS.rstrip("/"), ADDRESS)])
def test_llms_txt_has_the_form_and_lists_lessons_first(site, address, root):
    text = (publish(site, address) / "llms.txt").read_text(encoding="utf-8")
    assert text.startswith("# Tiny\n\n> A site of two pages.\n\n")
    sections = re.findall(r"^## (.+)\n\n((?:- .+\n)+)", text, re.MULTILINE)
    assert [title for title, _ in sections] == ["Lessons", "Practice and evidence", "Files"]
    assert sections[0][1] == f"- [Home]({root}index.md): What index says.\n"
    assert sections[1][1] == f"- [References]({root}references/index.md): What references/index says.\n"
    assert all(re.fullmatch(r"- \[[^\]]+\]\([^)]+\): .+", line) for _, lines in sections for line in lines.splitlines())


def test_without_an_address_nothing_names_one(site):
    built = publish(site, None)
    assert not (built / "robots.txt").exists() and not (built / "sitemap.xml.gz").exists()
    assert list(etree.parse(built / "sitemap.xml").getroot()) == []
    assert [path.name for path in built.rglob("*") if path.is_file() and "127.0.0.1" in path.read_text()] == []


def test_with_an_address_crawlers_are_told(site):
    built = publish(site, ADDRESS)
    assert (built / "robots.txt").read_text() == f"User-agent: *\nAllow: /\nSitemap: {ADDRESS}sitemap.xml\n"
    assert "canonical" in (built / "index.html").read_text()


@pytest.fixture(scope="module", params=[ADDRESS, None], ids=["address", "no-address"])
def pages(request):
    """The site as it is built, with an address and without; the address."""
    return built(request.param), request.param


def meta(html: str) -> dict[str, str]:
    found = re.findall(r'<meta (?:name|property)="((?:og|twitter):[^"]+|description)" content="([^"]*)"', html)
    return {name: unescape(content) for name, content in found}


@pytest.mark.slow
def test_a_shared_link_shows_the_card_where_the_address_is_known(pages):
    folder, address = pages
    for path in PAGES:
        html = (folder / path.strip("/") / "index.html").read_text(encoding="utf-8")
        found = meta(html)
        if not address:
            assert list(found) == ["description"]
            continue
        assert found["og:image"] == found["twitter:image"] == f"{address}assets/social-card.png"
        assert found["og:url"] == f"{address}{path.strip('/')}/".replace("//", "/").replace(":/", "://")
        assert found["twitter:card"] == "summary_large_image" and len(found["og:image:alt"]) > 50
        assert found["og:description"] == found["twitter:description"] == found["description"]
        assert found["og:title"] == found["twitter:title"] != ""
    assert list(meta((folder / "404.html").read_text(encoding="utf-8"))) == ["description"]


@pytest.mark.slow
def test_the_sitemap_has_every_page_and_no_other(pages):
    folder, address = pages
    if address:
        found = [one.text for one in etree.parse(folder / "sitemap.xml").iter(LOC)]
        assert sorted(found) == sorted(f"{address.rstrip('/')}{path}" for path in PAGES)


@pytest.mark.slow
def test_the_page_for_a_missing_address_asks_not_to_be_found(pages):
    folder, _ = pages
    assert '<meta name="robots" content="noindex">' in (folder / "404.html").read_text(encoding="utf-8")
    assert "noindex" not in (folder / "index.html").read_text(encoding="utf-8")
