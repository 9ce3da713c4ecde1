"""The extension itself: which part sees a page when."""

from pathlib import Path

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

from scripts.extension.blocks import BlockOfOurs
from scripts.extension.lesson.glossary import FirstMentions, abbreviations
from scripts.extension.lesson.reading_time import ReadingTime
from scripts.extension.numbers.inline import MeasuredValue
from scripts.extension.numbers.loose_numbers import LooseNumbers
from scripts.extension.numbers.once_measured import OnceMeasured
from scripts.extension.page import Page
from scripts.extension.sources.citations import Citation

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
