"""`snippets/evals.py` run as a process on versions of replies: it judges, resamples pages, tests differences."""

import json
import tempfile
from pathlib import Path

from scripts.measuring.snippet_process import run_snippet
from scripts.measuring.versions import Lines
from scripts.staleness.code_hash import code_of

EVALS = Path("snippets") / "evals.py"


def judged_by(root: Path) -> list[Path]:
    """Return evals.py and the files that it uses."""
    return [Path(name) for name in code_of(EVALS, root) if name.endswith(".py")]


def evals(versions: Lines, metric: str, root: Path) -> dict:
    """Return what evals.py reports of versions: their shares, and each against the first."""
    files = {f"{number:04}": lines for number, lines in enumerate(versions.values())}  # names that a file can have
    report, names = run_evals(files, metric, root)["report"]["metrics"], dict(zip(files, versions, strict=True))
    return {field: {names[stem]: value for stem, value in report[field].items()} for field in ("versions", "pairs")}


def run_evals(files: Lines, metric: str, root: Path) -> dict:
    """Run evals.py on files of these names; return its report and what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{stem}.jsonl" for stem in files]
        for path, lines in zip(paths, files.values(), strict=True):
            text = "".join(json.dumps(line) + "\n" for line in lines)  # ASCII: a reply may hold odd ends of lines
            path.write_text(text, encoding="utf-8")
        arguments = ["--files", *map(str, paths), *(["--metric", metric] if metric else []), "--json"]
        return run_snippet(EVALS, arguments, root, quiet=True)
