"""The extension in a real MkDocs build: links are resolved and checked, a mistake is one line."""

import os
import subprocess
import sys

import pytest

from scripts.measuring.results import REPOSITORY
from tests.tiny_site import TinySite

CONFIG = """\
site_name: Tiny
strict: true
exclude_docs: /_data/
validation: {{anchors: warn}}
markdown_extensions:
  - tables
  - scripts.extension: {{root: "{root}"}}
"""


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    site.write("mkdocs.yml", CONFIG.format(root=tmp_path.as_posix()))
    site.write("docs/references.md", "---\ntitle: References\n---\n\n# References\n\n::: references\n")
    site.write("docs/rag.md", "# Retrieval\n\nSmall [@lora].\n")
    site.write("docs/index.md", "# Home\n\nWords.\n")
    return site


def build(site: TinySite) -> subprocess.CompletedProcess:
    # Not --quiet: it hides warnings from --strict as well, and a broken anchor is a warning.
    # -m puts the folder of the site on the path; `scripts` is found through PYTHONPATH.
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=site.root,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "DISABLE_MKDOCS_2_WARNING": "true"},
        capture_output=True,
        text=True,
    )


def test_citation_arrives_at_its_entry(site):
    done = build(site)
    assert done.returncode == 0, done.stderr
    assert 'href="../references/#lora"' in (site.root / "site/rag/index.html").read_text()
    assert 'id="lora"' in (site.root / "site/references/index.html").read_text()


def test_mistake_ends_in_a_line_with_file_and_line(site):
    site.write("docs/rag.md", "---\ntitle: RAG\n---\n\n# Retrieval\n\nSmall [@lorra].\n")
    done = build(site)
    assert done.returncode == 1
    assert "docs/rag.md:7: there is no reference lorra; did you mean lora" in done.stderr
    assert "Traceback" not in done.stderr


def test_references_page_without_its_entries_fails(site):
    site.write("docs/references.md", "# References\n")
    done = build(site)
    assert done.returncode == 1
    assert "does not contain an anchor '#lora'" in done.stderr
