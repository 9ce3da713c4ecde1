"""A site of one page in a temporary folder, for tests of what the Markdown extension does with it."""

from pathlib import Path
from textwrap import dedent

import markdown

REFERENCES = """\
lora:
  title: "LoRA: Low-Rank Adaptation"
  authors: Hu, Edward J. and Shen, Yelong and Wallis, Phillip and others
  year: 2021
  arxiv: "2106.09685"
  verified: T
  supports: ["Adapters are small, and training takes 48 GB."]
qlora:
  title: QLoRA
  authors: Dettmers, Tim and Pagnoni, Artidoro and Holtzman, Ari and Zettlemoyer, Luke
  year: 2023
  arxiv: "2305.14314"
  verified: X
  further: true
  supports: [The base is kept in four bits.]
"""


class TinySite:
    def __init__(self, root: Path):
        self.root = root
        self.write("docs/_data/references.yml", REFERENCES)

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    def render(self, text: str, name: str = "docs/index.md") -> str:
        """Write the page and return its HTML; a mistake raises SiteError."""
        source = self.write(name, text).read_text(encoding="utf-8")
        return markdown.markdown(
            source,
            extensions=["tables", "md_in_html", "toc", "pymdownx.superfences", "scripts.extension"],
            extension_configs={"scripts.extension": {"root": str(self.root)}},
        )
