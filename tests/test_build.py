"""The build's command: the old site stays until a whole new one has been checked, and a mistake is one line."""

import subprocess

import pytest

from scripts import build
from scripts.build import BuildError, build_pages, main
from scripts.downloads.snippet_files import DownloadError
from scripts.extension.page import SiteError

PAGE = '<html><head><title>Home</title><meta name="description" content="{}"></head><body><h1>A</h1></body></html>'
GOOD = PAGE.format("A sentence about this page that is long enough to be shown by a search engine.")


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Where the site goes; an old one is there. `site.page` is what the next build writes."""
    old = tmp_path / "site" / "index.html"
    old.parent.mkdir()
    old.write_text("old", encoding="utf-8")

    def write(draft, address):
        draft.mkdir()
        (draft / "index.html").write_text(GOOD, encoding="utf-8")

    monkeypatch.setattr(build, "write", write)
    return old.parent


def run(site):
    return main(["--site", str(site)])


def test_a_good_build_takes_the_place_of_the_old_one(site, capsys):
    assert run(site) == 0
    assert (site / "index.html").read_text(encoding="utf-8") == GOOD
    assert capsys.readouterr().err == f"build: 1 files in {site}\n"


@pytest.mark.parametrize("error", [BuildError, DownloadError, SiteError, OSError, RuntimeError])
def test_a_mistake_is_one_line_and_the_old_site_stays(site, monkeypatch, capsys, error):
    def write(draft, address):
        draft.mkdir()
        raise error("docs/rag.md:7: what is wrong")

    monkeypatch.setattr(build, "write", write)
    assert run(site) == 1
    assert capsys.readouterr().err == "build: docs/rag.md:7: what is wrong\n"
    assert [path.name for path in site.parent.iterdir()] == ["site"]
    assert (site / "index.html").read_text(encoding="utf-8") == "old"


def test_what_the_check_finds_stops_the_build(site, monkeypatch, capsys):
    monkeypatch.setattr(build, "check", lambda draft: ["index.html: has 2 h1, needs one", "b: c"])
    assert run(site) == 1
    assert capsys.readouterr().err == "build: index.html: has 2 h1, needs one\nb: c\n"
    assert (site / "index.html").read_text(encoding="utf-8") == "old"


def test_a_loose_number_in_the_data_stops_the_build_before_anything_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "loose_in_data", lambda root: ["docs/_data/checks/rag.yml:3: loose number '48 GB'"])
    monkeypatch.setattr(build, "build_runtime", lambda: pytest.fail("went on"))
    with pytest.raises(BuildError, match=r"^docs/_data/checks/rag\.yml:3: loose number"):
        build.write(tmp_path, None)


def test_a_mistake_of_a_page_is_told_without_the_generators_chatter(tmp_path, monkeypatch):
    def mkdocs(command, **options):
        said = "INFO    -  Building\nWARNING -  a link\n"
        return subprocess.CompletedProcess(command, 1, stdout="", stderr=f"{said}docs/rag.md:7: wrong\n")

    monkeypatch.setattr(subprocess, "run", mkdocs)
    with pytest.raises(BuildError) as caught:
        build_pages(tmp_path, None)
    assert str(caught.value) == "WARNING -  a link\ndocs/rag.md:7: wrong"
