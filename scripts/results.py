"""The only writer and reader of `results/*.json`: one measurement a file, with its birth certificate.

A result names the hash of all code that it measured. When that code changes, the result is stale and stops
the build until its command has run again: a number on the site is always a number of the code beside it. Comments and
docstrings of Python change no number and are left out of the hash.
"""

import ast
import functools
import hashlib
import io
import json
import math
import os
import platform
import re
import tempfile
import tokenize
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from scripts.nearest import nearest

REPOSITORY = Path(__file__).resolve().parents[1]
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
KEY = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
FIELDS = ("code", "command", "date", "environment", "machine", "measured", "name", "notes")
OPTIONAL = ("printed",)
NUMBERS = ("value", "min", "max", "low", "high", "limit", "floor")
COUNTS = ("n", "cases")


class BadResult(ValueError):
    """A result that is not in the form `write` gives."""


class StaleResult(ValueError):
    """Code that was measured has changed since, or is gone."""


class UnknownResult(ValueError):
    """A name or key that no result has."""


@dataclass(frozen=True)
class Result:
    """One file. code: path -> sha256. measured: key -> value, unit, says; maybe more, see `write`."""

    name: str
    machine: str
    command: str
    date: str
    code: dict[str, str]
    environment: dict[str, object]
    measured: dict[str, dict]
    notes: str
    printed: str = ""

    @property
    def stem(self) -> str:
        return f"{self.name}-{self.machine}"

    def value(self, key: str) -> dict:
        """Return one measurement; UnknownResult, with near keys, when there is none."""
        if key not in self.measured:
            raise UnknownResult(f"result {self.stem} has no {key}; {nearest(key, self.measured)}")
        return self.measured[key]


def write(
    name: str,
    machine: str,
    *,
    command: str,
    code: Sequence[Path],
    measured: Mapping[str, Mapping],
    notes: str = "",
    printed: str = "",
    packages: Sequence[str] = (),
    environment: Mapping[str, object] | None = None,
    root: Path = REPOSITORY,
) -> Path:
    """Write `results/<name>-<machine>.json` in one step, never half, and return its path.

    command: what repeats it, typed at the root. code: every file or folder whose change would make the numbers untrue.
    measured: key -> {"value": number, "unit": str, "says": sentence, optional "n" runs, their "min" and "max",
    "low" and "high" of a 95 % interval, "cases" counted in each run, "limit" (at most) or "floor" (at least)}.
    printed: what the code printed for people, at most 88 columns. packages: Python packages whose versions matter.
    environment: what else matters (browser, GPU). Raises BadResult.
    """
    result = {
        "name": name,
        "machine": machine,
        "command": command,
        "notes": notes,
        "date": datetime.now(UTC).date().isoformat(),
        "code": {_relative(path, root): fingerprint(root / path) for path in code},
        "environment": {
            "python": platform.python_version(),
            "platform": f"{platform.system()} {platform.machine()}",
            "cpus": os.cpu_count(),
            **{package: metadata.version(package) for package in packages},
            **(environment or {}),
        },
        "measured": {key: dict(one) for key, one in measured.items()},
        **({"printed": printed} if printed else {}),
    }
    path = root / "results" / f"{name}-{machine}.json"
    _read(result, path.name)
    write_whole(path, canonical(result))
    return path


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


def canonical(result: dict) -> str:
    """The text of a result file: sorted keys, so that two runs differ only in what they measured."""
    return json.dumps(result, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def load(root: Path = REPOSITORY) -> dict[str, Result]:
    """Return every result by the name of its file; BadResult or StaleResult for one not to be trusted."""
    found = {}
    for path in sorted((root / "results").glob("*.json")):
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise BadResult(f"results/{path.name}: not JSON: {error}") from None
        found[path.stem] = result = _read(data, path.name)
        for name, recorded in result.code.items():
            if not (root / name).exists():
                raise StaleResult(f"results/{path.name} is stale: {name} is gone; run: {result.command}")
            if fingerprint(root / name) != recorded:
                raise StaleResult(f"results/{path.name} is stale: {name} has changed; run: {result.command}")
    return found


def shown(value: float) -> str:
    """A measured value as the site prints it: three significant digits. The file keeps all of them."""
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 1e-3 or value == 0 else f"{value:.2e}"


def _read(data: object, file: str) -> Result:
    """Check the form of a result and return it."""

    def must(true: bool, what: str) -> None:
        if not true:
            raise BadResult(f"results/{file}: {what}")

    must(
        isinstance(data, dict) and tuple(sorted(set(data) - set(OPTIONAL))) == FIELDS,
        f"must have {', '.join(FIELDS)}, may have {', '.join(OPTIONAL)}, and nothing else",
    )
    for field in ("name", "machine"):
        must(
            isinstance(data[field], str) and bool(NAME.fullmatch(data[field])),
            f"{field} must be a kebab-case word",
        )
    must(file == f"{data['name']}-{data['machine']}.json", "the file must be called <name>-<machine>.json")
    must(bool(data["command"].strip()), "command is empty: say what repeats it")
    must(bool(data["code"]), "code is empty: name the files that were measured")
    must(bool(data["measured"]), "measured is empty")
    must(isinstance(data.get("printed", ""), str), "printed must be text")
    for key, one in data["measured"].items():
        must(bool(KEY.fullmatch(key)), f"{key!r} must be a word of a-z, 0-9, _ . -")
        extra = set(one) - {*NUMBERS, *COUNTS, "unit", "says"}
        must(not extra, f"{key} has an unknown {', '.join(sorted(extra))}")
        must({"value", "unit", "says"} <= set(one), f"{key} must have value, unit and says")
        must(
            all(isinstance(one[field], str) for field in ("unit", "says")),
            f"{key}: unit and says must be text",
        )
        must(bool(one["says"].strip()), f"{key}: says is empty: say what the number is, in a sentence")
        for field in (*NUMBERS, *COUNTS):
            number = one.get(field, 0)
            plain = isinstance(number, (int, float)) and not isinstance(number, bool) and math.isfinite(number)
            must(plain, f"{key}: {field} must be a finite number, not {number!r}")
        for least, most in (("min", "max"), ("low", "high")):
            must((least in one) == (most in one), f"{key} must have both {least} and {most}, or neither")
            must(one.get(least, 0) <= one.get(most, 0), f"{key}: {least} is above {most}")
    return Result(**data)


def _relative(path: Path, root: Path) -> str:
    try:
        return (root / path).resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        raise BadResult(f"{path} is outside the repository: nobody else could run it") from None


def fingerprint(path: Path) -> str:
    """Return the sha256 of what can change a number: a file, Python without its words, or all files of a folder."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
        content = "".join(f"{file.relative_to(path).as_posix()} {fingerprint(file)}\n" for file in files).encode()
    elif not path.is_file():
        raise BadResult(f"{path}: there is no such file to measure")
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
