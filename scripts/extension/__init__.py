"""The site's Markdown extension: what our pages may say beyond Markdown, and what stops the build.

Every page may use, and every mistake in it ends the build with `file:line: problem; nearest fix`:

- `::: name argument`, alone on its line: a block from the table in `blocks.py`;
- `[@key]`, `[@key; @other]`: citations of entries in `docs/_data/references.yml` (`citations.py`);
- `[=result:key]`: a measured value from `results/` (`measured.py`);
- `::: once-measured NAME` to `::: end`: words that wait for a result (`once_measured.py`);
- no number with a unit without one of the two beside it (`loose_numbers.py`), and none beside a source that lacks it
  (`source_numbers.py`);
- a lesson says how long it takes (`reading_time.py`);
- the first mention of an abbreviation says what it stands for (`glossary.py`).

It is a plain Python-Markdown extension and uses no hook of one site generator, so that the pages outlive
the generator. The only thing taken from MkDocs, when it is there, is the class of the exception (`page.py`).
Option: `root`, the folder that holds `docs/` and `results/`; the repository by default.
"""

from pathlib import Path

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

from scripts.extension.blocks import BlockOfOurs
from scripts.extension.citations import Citation
from scripts.extension.glossary import FirstMentions, abbreviations
from scripts.extension.loose_numbers import LooseNumbers
from scripts.extension.measured import MeasuredValue
from scripts.extension.once_measured import OnceMeasured
from scripts.extension.page import Page, SiteError
from scripts.extension.reading_time import ReadingTime

__all__ = ["Page", "SiteError", "SiteExtension", "makeExtension"]

REPOSITORY = Path(__file__).resolve().parents[2]


class ReadPage(Preprocessor):
    """Sees the source first, as written, and remembers it for messages with a line."""

    def __init__(self, md: Markdown, root: Path):
        super().__init__(md)
        self.root = root
        self.page = Page(md, root, "")

    def run(self, lines: list[str]) -> list[str]:
        self.page = Page(self.md, self.root, "\n".join(lines))
        return lines


class SiteExtension(Extension):
    def __init__(self, **options):
        self.config = {"root": ["", "folder that holds docs/ and results/; the repository if empty"]}
        super().__init__(**options)

    def extendMarkdown(self, md: Markdown) -> None:
        reader = ReadPage(md, Path(self.getConfig("root") or REPOSITORY))
        md.preprocessors.register(reader, "our_page", 100)  # before whitespace is normalised (30)
        md.preprocessors.register(OnceMeasured(md, reader), "once_measured", 99)
        md.parser.blockprocessors.register(BlockOfOurs(md.parser, reader), "our_block", 75)  # after code (80)
        md.treeprocessors.register(LooseNumbers(md, reader), "loose_numbers", 25)  # before inline (20): raw text
        abbreviations(reader.root).extendMarkdown(md)
        md.treeprocessors.register(FirstMentions(md, reader), "first_mentions", 6)
        md.postprocessors.register(ReadingTime(md), "reading_time", -10)  # when everything else is done
        # After code spans (190) and escapes (180), before links (170): `[@key]` is none of these.
        md.inlinePatterns.register(Citation(md, reader), "citation", 175)
        md.inlinePatterns.register(MeasuredValue(md, reader), "measured", 174)


def makeExtension(**options) -> SiteExtension:  # the name that Python-Markdown looks for
    return SiteExtension(**options)
