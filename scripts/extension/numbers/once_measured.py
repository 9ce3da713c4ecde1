"""`::: once-measured NAME` to `::: end`: words about a result that has not been made yet are one line until it is.

A table whose every cell says "not measured yet" helps nobody. Both lines stand alone; between them is plain Markdown.
"""

from collections.abc import Iterator

from markdown import Markdown
from markdown.preprocessors import Preprocessor

from scripts.extension.numbers.inline import load_expected
from scripts.measuring import results
from scripts.nearest import nearest

START, END = "::: once-measured ", "::: end"


class OnceMeasured(Preprocessor):
    """Leaves the lines between as they are, or puts `::: printed NAME` for them, which says that it is not made."""

    def __init__(self, md: Markdown, reader):
        super().__init__(md)
        self.reader = reader

    def run(self, lines: list[str]) -> list[str]:
        return list(self.chosen(iter(lines)))

    def chosen(self, lines: Iterator[str]) -> Iterator[str]:
        """Yield the lines of the page that are to be read."""
        page = self.reader.page
        for line in lines:
            if line.rstrip() == END:
                raise page.error(line, f"{END} without {START.strip()} before it")
            if not line.startswith(START):
                yield line
                continue
            name, inside = line.removeprefix(START).strip(), []
            for inner in lines:
                if inner.rstrip() == END:
                    break
                inside.append(inner)
            else:
                raise page.error(line, f"{line!r} has no {END} behind it")
            try:
                measured, expected = results.load(page.root), load_expected(page.root)
            except (results.StaleResult, results.BadResult) as error:
                raise page.error(line, str(error)) from None
            if name not in {*measured, *expected}:
                raise page.error(line, f"there is no result {name}; {nearest(name, [*measured, *expected])}")
            yield from inside if name in measured else ["", f"::: printed {name}", ""]
