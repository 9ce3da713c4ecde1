"""The pages of the site, in the order of the nav."""

from mkdocs.utils import yaml_load

from scripts.publishing.indexes import pages_of
from tests.conftest import ROOT

SOURCES = [source for _, source in pages_of(yaml_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"])]


def address(source: str) -> str:
    """Return the path under which `docs/<source>` is published."""
    return f"/{source.removesuffix('.md').removesuffix('index')}/".replace("//", "/")


PAGES = [address(source) for source in SOURCES]
# Pages with a quick check, by their source.
CHECKED = [address(source) for source in SOURCES if "\n::: check " in (ROOT / "docs" / source).read_text("utf-8")]
