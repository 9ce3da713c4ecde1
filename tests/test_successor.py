"""Zensical, Material's successor, builds the same pages: what an article says does not depend on the generator."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from scripts.publishing.markdown_copies import ARTICLE, pages_of
from tests.conftest import ANYWHERE, ROOT, built

SUCCESSOR = ROOT / "build" / "successor"
# Behind our own packages: both generators then read Markdown with the very same library.
BUILD = """
import sys
sys.path.append(sys.argv.pop())
from zensical.main import cli
cli(["build", "--clean", "--strict", "-f", "mkdocs.yml"])
"""
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (SUCCESSOR / "zensical").is_dir(), reason="Zensical could not be installed"),
]


@pytest.fixture(scope="module")
def other_site(tmp_path_factory) -> Path:
    """Build the site with Zensical, in a copy of what it reads; the extension reads the rest where it stands."""
    folder = tmp_path_factory.mktemp("successor")
    shutil.copytree(ROOT / "docs", folder / "docs")
    shutil.copy(ROOT / "mkdocs.yml", folder)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SITE_URL": f"{ANYWHERE}/"}
    command = [sys.executable, "-c", BUILD, str(SUCCESSOR)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


def articles(site: Path) -> dict[str, str]:
    """Return page -> what its article says, without white space that nobody sees."""
    said = {}
    for path in pages_of(site):
        article = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").select_one(ARTICLE)
        for element in article.select("script, style, template, .headerlink"):
            element.decompose()
        said[path.relative_to(site).as_posix()] = re.sub(r"\s+", " ", article.get_text()).strip()
    return said


def test_every_article_says_the_same_with_the_other_generator(other_site):
    ours, theirs = articles(built(f"{ANYWHERE}/")), articles(other_site)
    assert list(ours) == list(theirs) and len(ours) > 10
    assert [page for page in ours if ours[page] != theirs[page]] == []
