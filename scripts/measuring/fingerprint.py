"""Files written whole, and the hashes of files and folders."""

import ast
import functools
import hashlib
import io
import os
import tempfile
import tokenize
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a text file in one step: whoever reads it finds the old text or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(unfinished, 0o644)  # mkstemp lets only the owner read
        os.replace(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise


def fingerprint(path: Path) -> str:
    """Return the sha256 of what can change a number: a file, Python without its words, or all files of a folder.

    FileNotFoundError where there is nothing.
    """
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
        content = "".join(f"{file.relative_to(path).as_posix()} {fingerprint(file)}\n" for file in files).encode()
    elif path.suffix == ".py":
        content = without_words(path.read_text(encoding="utf-8")).encode()
    else:
        content = path.read_bytes()
    return hashlib.sha256(content).hexdigest()


@functools.lru_cache(maxsize=256)
def without_words(source: str) -> str:
    """Return a Python program without its comments and docstrings; it is the same text for every version of Python."""
    lines: list[str | None] = list(source.splitlines())
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str):
                lines[first.lineno - 1 : first.end_lineno] = [None] * (first.end_lineno - first.lineno + 1)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        row, column = token.start
        if token.type == tokenize.COMMENT and lines[row - 1] is not None:
            lines[row - 1] = lines[row - 1][:column].rstrip() or None
    return "\n".join(line for line in lines if line is not None)


def sha256(path: Path) -> str:
    """Return the sha256 of a file, read piece by piece: a model is large."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
