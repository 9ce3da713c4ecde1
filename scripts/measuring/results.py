"""The only writer and reader of `results/*.json`: one measurement a file, with its birth certificate.

A result names the hash of all code that it measured. When that code changes, the result is stale and stops
the build until its command has run again: a number on the site is always a number of the code beside it. Comments and
docstrings of Python change no number and are left out of the hash.
"""

import json
import math
import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from scripts.measuring import runs
from scripts.measuring.fingerprint import fingerprint, write_whole
from scripts.nearest import nearest

REPOSITORY = Path(__file__).resolve().parents[2]
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
    """One file. code: sha256 by path. measured: by key, value, unit and says; maybe more, see `write`."""

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
        """Return the name of its file, without .json."""
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
    date: str = "",
    root: Path = REPOSITORY,
) -> Path:
    """Write `results/<name>-<machine>.json` in one step, never half, and return its path.

    command: what repeats it, typed at the root. code: every file or folder whose change would make the numbers untrue.
    measured: by key, {"value": number, "unit": str, "says": sentence, optional "n" runs, their "min" and "max",
    "low" and "high" of a 95 % interval, "cases" counted, "seeds" a list of what each gave, "limit" (at most), "floor"}.
    printed: what the code printed for people, at most 88 columns. packages: Python packages whose versions matter.
    environment: what else matters (browser, GPU). date: of runs that are summed up here and now, maybe elsewhere; then
    the environment is theirs alone. Raises BadResult.
    """
    this_machine = {
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "cpus": os.cpu_count(),
        **{package: metadata.version(package) for package in packages},
    }
    result = {
        "name": name,
        "machine": machine,
        "command": command,
        "notes": notes,
        "date": date or datetime.now(UTC).date().isoformat(),
        "code": {_relative(path, root): _hash(path, root) for path in code},
        "environment": {**({} if date else this_machine), **(environment or {})},
        "measured": {key: dict(number) for key, number in measured.items()},
        **({"printed": printed} if printed else {}),
    }
    path = root / "results" / f"{name}-{machine}.json"
    _read(result, path.name)
    write_whole(path, canonical(result))
    return path


def canonical(result: dict) -> str:
    """Return the text of a result file, with sorted keys so that two runs differ only in what they measured."""
    return json.dumps(result, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def load(root: Path = REPOSITORY) -> dict[str, Result]:
    """Return every result by the name of its file; BadResult or StaleResult for one not to be trusted."""
    results = {}
    for path in sorted((root / "results").glob("*.json")):
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise BadResult(f"results/{path.name}: not JSON: {error}") from None
        results[path.stem] = result = _read(data, path.name)
        for name, recorded in result.code.items():
            if not (root / name).exists():
                raise StaleResult(f"results/{path.name} is stale: {name} is gone; run: {result.command}")
            if fingerprint(root / name) != recorded:
                raise StaleResult(f"results/{path.name} is stale: {name} has changed; run: {result.command}")
        try:
            runs.check([Path(name) for name in result.code if Path(name).is_relative_to(runs.RUNS)], root)
        except runs.StaleRun as error:
            raise StaleResult(str(error)) from None
        except runs.BadRun as error:
            raise BadResult(str(error)) from None
    return results


def format_number(value: float) -> str:
    """Return a measured value as the site prints it, with three significant digits; the file keeps all of them."""
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 1e-3 or value == 0 else f"{value:.2e}"


def _read(data: object, file: str) -> Result:
    """Check the form of a result and return it."""

    def must(holds: bool, message: str) -> None:
        if not holds:
            raise BadResult(f"results/{file}: {message}")

    must(
        isinstance(data, dict) and tuple(sorted(set(data) - set(OPTIONAL))) == FIELDS,
        f"must have {', '.join(FIELDS)}, may have {', '.join(OPTIONAL)}, and nothing else",
    )
    for field in ("name", "machine"):
        must(isinstance(data[field], str) and bool(NAME.fullmatch(data[field])), f"{field} must be a kebab-case word")
    must(file == f"{data['name']}-{data['machine']}.json", "the file must be called <name>-<machine>.json")
    must(bool(data["command"].strip()), "command is empty: say what repeats it")
    must(bool(data["code"]), "code is empty: name the files that were measured")
    must(bool(data["measured"]), "measured is empty")
    must(isinstance(data.get("printed", ""), str), "printed must be text")
    for key, entry in data["measured"].items():
        must(bool(KEY.fullmatch(key)), f"{key!r} must be a word of a-z, 0-9, _ . -")
        extra = set(entry) - {*NUMBERS, *COUNTS, "unit", "says", "seeds"}
        must(not extra, f"{key} has an unknown {', '.join(sorted(extra))}")
        must({"value", "unit", "says"} <= set(entry), f"{key} must have value, unit and says")
        must(all(isinstance(entry[field], str) for field in ("unit", "says")), f"{key}: unit and says must be text")
        must(bool(entry["says"].strip()), f"{key}: says is empty: say what the number is, in a sentence")
        values = [(field, entry.get(field, 0)) for field in (*NUMBERS, *COUNTS)]
        for field, number in [*values, *(("seeds", value) for value in entry.get("seeds", ()))]:
            plain = isinstance(number, (int, float)) and not isinstance(number, bool) and math.isfinite(number)
            must(plain, f"{key}: {field} must be a finite number, not {number!r}")
        for least, most in (("min", "max"), ("low", "high")):
            must((least in entry) == (most in entry), f"{key} must have both {least} and {most}, or neither")
            must(entry.get(least, 0) <= entry.get(most, 0), f"{key}: {least} is above {most}")
    return Result(**data)


def _hash(path: Path, root: Path) -> str:
    try:
        return fingerprint(root / path)
    except FileNotFoundError:
        raise BadResult(f"{path}: there is no such file to measure") from None


def _relative(path: Path, root: Path) -> str:
    try:
        return (root / path).resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        raise BadResult(f"{path} is outside the repository: nobody else could run it") from None
