"""Renew a stale result whose code changed in words only: `python -m scripts.attest make-lab-cpu`.

A result goes stale with every byte of the code it measured. Where only comments or the layout of a Python file
changed, the numbers are still those of the same program. This proves it: it finds the version that was measured, by
its hash, in the history of the file, compares the two programs as Python parses them, and writes the new hash. It
refuses where anything else changed, and where the measured version was never committed.
"""

import argparse
import ast
import hashlib
import json
import subprocess
import sys
from pathlib import Path

from scripts import results
from scripts.nearest import nearest

ROOT = Path(__file__).resolve().parent.parent


class NotTheSame(ValueError):
    """A result that must be measured again; the message is one line."""


def attest(stem: str, root: Path = ROOT) -> list[str]:
    """Renew the hashes of one result and return the files whose words changed; NotTheSame where more than that did."""
    path = root / "results" / f"{stem}.json"
    if not path.is_file():
        raise NotTheSame(f"no result {stem}; {nearest(stem, [one.stem for one in path.parent.glob('*.json')])}")
    result, renewed = json.loads(path.read_text(encoding="utf-8")), []
    for name, recorded in result["code"].items():
        now = (root / name).read_bytes() if (root / name).is_file() else b""
        if hashlib.sha256(now).hexdigest() == recorded:
            continue
        if program(now, name) != program(measured_version(name, recorded, root), name):
            raise NotTheSame(f"{name} is another program than the one measured; run: {result['command']}")
        result["code"][name] = hashlib.sha256(now).hexdigest()
        renewed.append(name)
    if renewed:
        results.write_whole(path, results.canonical(result))
    return renewed


def program(content: bytes, name: str) -> str:
    """Return what Python makes of a file: without comments and layout, with everything else."""
    if not name.endswith(".py"):
        raise NotTheSame(f"{name} has changed, and only Python files can be compared as programs; measure again")
    return ast.dump(ast.parse(content))


def measured_version(name: str, sha256: str, root: Path) -> bytes:
    """Return the committed version of a file that has this hash."""
    revisions = git(root, "log", "--format=%H", "--", name).decode().split()
    for revision in revisions:
        content = git(root, "show", f"{revision}:{name}")
        if hashlib.sha256(content).hexdigest() == sha256:
            return content
    raise NotTheSame(f"{name}: the version that was measured is not in the history; measure again")


def git(root: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, check=False).stdout


def main(arguments: list[str] | None = None) -> int:
    """Renew the named results; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.attest", description=__doc__.splitlines()[0])
    parser.add_argument("results", nargs="+", help="names of results, such as make-lab-cpu")
    try:
        for stem in parser.parse_args(arguments).results:
            renewed = attest(stem)
            print(f"attest: {stem}: {'words changed in ' + ', '.join(renewed) if renewed else 'nothing changed'}")
    except (NotTheSame, SyntaxError) as error:
        print(f"attest: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
