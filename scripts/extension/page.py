"""One page being converted: which file it is, and on which line a text of it stands.

A Markdown extension is given text, not a path. The page is the file under `docs/` with this very text, which
works under any generator (MkDocs takes the front matter off first, so the text may be the end of the file).
"""

import posixpath
from collections.abc import Mapping
from pathlib import Path

from markdown import Markdown

try:  # MkDocs prints this class as one line and exits 1; any other exception becomes a traceback
    from mkdocs.exceptions import BuildError as _StopsTheBuild
except ImportError:
    _StopsTheBuild = ValueError


class SiteError(_StopsTheBuild):
    """A mistake in a page or its data: `docs/index.md:42: what is wrong; nearest fix`, one line each."""


class Page:
    """What a block gets to know about the page it stands on.

    md: the converter. root: folder of `docs/` and `results/`. source: the Markdown as converted.
    path: the file, or None when no file under `docs/` has this text. data: data files that blocks have put
    in. built: elements made by blocks, whose text is not the author's prose. line: the block's own line, as
    written. cites: what blocks cite, by the name of the block.
    """

    def __init__(self, md: Markdown, root: Path, source: str):
        self.md, self.root, self.source = md, root, source
        self.docs = root / "docs"
        self.data: list[Path] = []
        self.built: list = []
        self.line = ""  # the line of the block being made
        self.cites: Mapping = {}
        self.path, self._before = _find(self.docs, source)

    def link(self, target: str) -> str:
        """Return the link from this page to `target`, a Markdown file named from `docs/`."""
        folder = self.path.relative_to(self.docs).parent.as_posix() if self.path else "."
        path, mark, anchor = target.partition("#")
        return posixpath.relpath(path, folder) + mark + anchor

    def where(self, text: str) -> str:
        """Return `file:line` of the first line with `text`: in this page, else in the data that its blocks read."""
        number = _line(self.source, text)
        if number is None:
            for path in self.data:
                line = _line(path.read_text(encoding="utf-8"), text)
                if line:
                    return f"{self.name(path)}:{line}"
        return f"{self.name(self.path)}:{self._before + (number or 1)}"

    def error(self, text: str, problem: str) -> SiteError:
        """Return the error to raise about `text`, a piece of this page as written."""
        return SiteError(f"{self.where(text)}: {problem}")

    def name(self, path: Path | None) -> str:
        """Return a file as messages name it: from the root, with forward slashes."""
        return path.relative_to(self.root).as_posix() if path else "<page>"


def _find(docs: Path, source: str) -> tuple[Path | None, int]:
    """Return the file and how many of its lines come before `source` (its front matter)."""
    stripped = source.strip()
    if not stripped:
        return None, 0
    candidate = None
    for path in sorted(docs.rglob("*.md")):
        text = path.read_text(encoding="utf-8-sig")
        if text.strip() == stripped:
            return path, _lines_before(text, source)
        if candidate is None and text.startswith("---") and text.rstrip().endswith(stripped):
            candidate = path, _lines_before(text, source)
    return candidate or (None, 0)


def _lines_before(text: str, source: str) -> int:
    leading = source[: len(source) - len(source.lstrip())].count("\n")
    return text[: text.rindex(source.strip())].count("\n") - leading


def _line(source: str, text: str) -> int | None:
    """Return the number of the first line with `text` in it (its first line, if it has several), from 1."""
    first = text.strip().split("\n")[0].strip()
    return next((n for n, line in enumerate(source.split("\n"), 1) if first in line), None) if first else None
