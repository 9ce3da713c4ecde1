"""Code by symbol: `::: code snippets/lora.py freeze_base`, or `lora.freeze_base`, or `quiz.rules.NEEDS`.

Python's own parser finds the function, class or assignment (`Class.method` too), with its decorators and the
comments directly above, so that a rename stops the build instead of showing the wrong lines.
"""

import ast
import textwrap
from pathlib import Path
from xml.etree import ElementTree as etree

from scripts.extension.page import Page
from scripts.nearest import nearest

SHORT = "snippets"  # where `lora.freeze_base` is looked up before the root


def block(argument: str, page: Page) -> etree.Element:
    """Return the source of a symbol as highlighted code; SiteError where there is no such symbol."""
    path, symbol = _locate(argument, page)
    sources = read_symbols(path)
    if symbol not in sources:
        raise page.error(page.line, f"{page.name(path)} has no {symbol}; {nearest(symbol, sources)}")
    return fenced(sources[symbol], "python", page, f"{page.name(path)}: {symbol}")


def read_symbols(path: Path) -> dict[str, str]:
    """Return the source of every function, class and assignment of a Python file, by its name."""
    text = path.read_text(encoding="utf-8")
    return {name: _source(text, node) for name, node in _symbols(ast.parse(text)).items()}


def python_file(name: str, page: Page) -> Path:
    """Return the file of that name under the root; SiteError if it is none of ours."""
    path = (page.root / name).resolve()
    if not path.is_relative_to(page.root.resolve()) or path.suffix != ".py":
        raise page.error(page.line, f"{name} is not a Python file of this repository")
    if not path.is_file():
        names = [p.relative_to(page.root).as_posix() for p in path.parent.glob("*.py")]
        raise page.error(page.line, f"there is no file {name}; {nearest(name, names)}")
    return page.root / name


def _locate(argument: str, page: Page) -> tuple[Path, str]:
    """Return the file and the symbol in it."""
    words = argument.split()
    if len(words) == 2:
        return python_file(words[0], page), words[1]
    parts = argument.split(".")
    if len(words) != 1 or len(parts) < 2 or not all(part.isidentifier() for part in parts):
        raise page.error(page.line, "write '::: code path/file.py symbol' or '::: code module.symbol'")
    for cut in range(len(parts) - 1, 0, -1):
        for folder in (page.root / SHORT, page.root):
            path = folder.joinpath(*parts[:cut]).with_suffix(".py")
            if path.is_file():
                return path, ".".join(parts[cut:])
    modules = [p.stem for p in (page.root / SHORT).glob("*.py")]
    modules += [".".join(p.relative_to(page.root).with_suffix("").parts) for p in page.root.glob("*/*.py")]
    module = ".".join(parts[:-1])
    raise page.error(page.line, f"there is no module {module}; {nearest(module, modules)}")


def _symbols(tree: ast.AST, prefix: str = "") -> dict[str, ast.stmt]:
    """Return every function, class and assigned name of a module, methods as Class.method."""
    nodes = {}
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            nodes[prefix + node.name] = node
            if isinstance(node, ast.ClassDef):
                nodes |= _symbols(node, f"{prefix}{node.name}.")
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = (name for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))
            nodes |= {prefix + name.id: node for name in names}
    return nodes


def _source(text: str, node: ast.stmt) -> str:
    lines = text.splitlines()
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1
    indent = len(lines[first]) - len(lines[first].lstrip())
    while first and lines[first - 1].startswith(" " * indent + "#"):
        first -= 1
    return textwrap.dedent("\n".join(lines[first : node.end_lineno]))


def fenced(source: str, language: str, page: Page, title: str = "") -> etree.Element:
    """Return the source as highlighted code, made by the extension that the page's own fences use."""
    if "fenced_code_block" not in page.md.preprocessors:
        raise page.error(page.line, "no extension for fenced code is on; add pymdownx.superfences to mkdocs.yml")
    fence = "`" * 3
    while fence in source:
        fence += "`"
    preprocessor = page.md.preprocessors["fenced_code_block"]
    label = f' title="{title}"' if title and type(preprocessor).__module__.startswith("pymdownx") else ""
    paragraph = etree.Element("p")
    lines = preprocessor.run([f"{fence}{language}{label}", *source.split("\n"), fence])
    paragraph.text = "\n".join(lines).strip()
    return paragraph
