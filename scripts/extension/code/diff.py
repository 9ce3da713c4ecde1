"""What one file changes in another: `::: diff snippets/lora.py snippets/qlora.py freeze_base four_bits main`.

Each symbol is compared with the symbol of that name, in the order in which the page names them. One that only one of
the files has is shown as added or taken away; one that is the same in both stops the build: it has nothing to show.
"""

import difflib
from xml.etree import ElementTree as etree

from scripts.extension.code.source_code import fenced, python_file, read_symbols
from scripts.extension.page import Page
from scripts.nearest import nearest

AROUND = 1  # lines of context


def block(argument: str, page: Page) -> etree.Element:
    """Return the differences as highlighted code; SiteError names the line of the page for a mistake."""
    words = argument.split()
    if len(words) < 3:
        raise page.error(page.line, "write '::: diff old.py new.py symbol', with one symbol or more")
    old, new, *symbols = words
    paths = [python_file(name, page) for name in (old, new)]
    before, after = (read_symbols(path) for path in paths)
    lines = [f"--- {old}", f"+++ {new}"]
    for symbol in symbols:
        if symbol not in before | after:
            raise page.error(page.line, f"neither file has {symbol}; {nearest(symbol, before | after)}")
        if before.get(symbol) == after.get(symbol):
            raise page.error(page.line, f"{symbol} is the same in both files; leave it out")
        lines += compare(symbol, before.get(symbol, ""), after.get(symbol, ""))
    return fenced("\n".join(lines), "diff", page, f"{old} to {new}")


def compare(symbol: str, before: str, after: str) -> list[str]:
    """Return the lines of a unified diff whose hunks are headed by the symbol: line numbers would mean nothing here."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=AROUND)
    return [f"@@ {symbol} @@" if line.startswith("@@") else line for line in list(lines)[2:]]
