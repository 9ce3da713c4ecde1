"""One run of a snippet as a process: its report, the table it printed, its seconds, and the hashes of what ran."""

import ast
import json
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from scripts.results import fingerprint

SNIPPETS = Path("snippets")
CASE = SNIPPETS / "case"
WORDS_ONLY = ("command.py", "errors.py", "report.py")  # of the case: flags, messages and tables, which change no number
BAR = re.compile(r"\r|\d%\|")  # what a progress bar leaves in a text
PATIENCE = 30  # seconds that a process gets to end by itself when it is stopped


class RunError(Exception):
    """A run that gave no report; the message is one line. status: the exit status."""

    def __init__(self, message: str, status: int = 2):
        super().__init__(message)
        self.status = status


def run_snippet(file: Path, arguments: list[str], root: Path, limit: float | None = None) -> dict:
    """Run a snippet, named from the root; return report, printed (its table), seconds and code (path -> hash).

    limit: seconds it may take. RunError where it gives no report, or was changed while it ran.
    """
    started, code = time.monotonic(), code_of(file, root)
    stdout, stderr = run([sys.executable, str(file), *arguments], root, limit)
    seconds, report = round(time.monotonic() - started, 1), read_report(stdout, file)
    if code != code_of(file, root):
        raise RunError(f"{file} or the case was changed while it ran; run it again")
    return {"report": report, "printed": table_of(stderr), "seconds": seconds, "code": code}


def read_report(printed: str, file: Path) -> dict:
    """Return the report that a snippet printed; RunError for anything else."""
    try:
        (line,) = printed.splitlines()
        report = json.loads(line)
        report["config"].items(), report["metrics"].items(), report["environment"].items()
    except (ValueError, LookupError, TypeError, AttributeError):
        what = "it must print one line of JSON with config, metrics and environment"
        raise RunError(f"{file} printed {printed[:60]!r}; {what}") from None
    return report


def table_of(stderr: str) -> str:
    """Return what a snippet told people in the end: the text after the last part that has a progress bar in it.

    Parts are divided by blank lines; without a bar, it is all behind the first one, which may be empty.
    """
    parts = re.split(r"\n[ \t]*\n", stderr)
    bars = [place for place, part in enumerate(parts) if BAR.search(part)]
    return "\n\n".join(parts[max(bars, default=0) + 1 :]).strip("\n")


def run(command: list[str], root: Path, limit: float | None = None) -> tuple[str, str]:
    """Run a Python file; return its stdout and its stderr, which is also passed on. RunError: failed, or late."""
    name, said = Path(command[1]).name, []
    # A process group of its own: Ctrl-C reaches it once, from us, and not also from the terminal.
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=root, process_group=0, **pipes) as process:

        def pass_on() -> None:
            while piece := process.stderr.read1():
                said.append(piece)
                print(piece.decode(errors="replace"), end="", file=sys.stderr, flush=True)

        late = threading.Event()
        timer = threading.Timer(limit or 0, lambda: (late.set(), stop(process)))
        reader = threading.Thread(target=pass_on, daemon=True)
        reader.start()
        if limit:
            timer.start()
        try:
            printed = process.stdout.read()
            reader.join()
            process.wait()
        except BaseException:
            stop(process)
            raise
        finally:
            timer.cancel()
    if late.is_set():
        raise RunError(f"{name} was not done after {limit:.0f} s", 124)
    if process.returncode:
        why = f"{name} ended with status {process.returncode}; the line above says why"
        raise RunError(why, max(process.returncode, 1))
    return printed.decode(), b"".join(said).decode(errors="replace").replace("\r\n", "\n")


def stop(process: subprocess.Popen) -> None:
    """End a process of ours: ask first, then insist."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()


def code_of(file: Path, root: Path) -> dict[str, str]:
    """Return path -> hash of all that can change a snippet's numbers: itself, the scripts it imports, the case."""
    names = [*imported(file, root), *(path.relative_to(root) for path in sorted((root / CASE).glob("*")))]
    kept = (name for name in names if name.name not in WORDS_ONLY and not name.name.startswith(("_", ".")))
    return {name.as_posix(): fingerprint(root / name) for name in kept}


def imported(file: Path, root: Path, known: tuple[Path, ...] = ()) -> tuple[Path, ...]:
    """Return a snippet and the snippets that it imports, directly or not."""
    known = (*known, file)
    for node in ast.walk(ast.parse((root / file).read_text(encoding="utf-8"))):
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        for module in modules:
            other = SNIPPETS / f"{module.partition('.')[0]}.py"
            if other not in known and (root / other).is_file():
                known = imported(other, root, known)
    return known
