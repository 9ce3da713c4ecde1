"""One run of a snippet as a process: its report, the table it printed, and its seconds."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

BAR = re.compile(r"\r|\d%\|")  # what a progress bar leaves in a text
PATIENCE = 30  # seconds that a process gets to end by itself when it is stopped


class RunError(Exception):
    """A run that gave no report; the message is one line. status: the exit status."""

    def __init__(self, message: str, status: int = 2):
        super().__init__(message)
        self.status = status


def run_snippet(
    file: Path,
    arguments: list[str],
    root: Path,
    limit: float | None = None,
    environ: Mapping = {},
    quiet: bool = False,
    through: Sequence[str] = (),
) -> dict:
    """Run a snippet, named from the root; return report, printed (its table) and seconds; RunError without a report.

    limit: seconds it may take. environ: variables to add to its environment. quiet: its progress is not shown.
    through: a program that runs the snippet, named from the root.
    """
    started = time.monotonic()
    stdout, stderr = run([sys.executable, *through, str(file), *arguments], root, limit, environ, quiet, file.name)
    seconds, report = round(time.monotonic() - started, 1), read_report(stdout, file)
    return {"report": report, "printed": table_of(stderr), "seconds": seconds}


def read_report(printed: str, file: Path) -> dict:
    """Return the report that a snippet printed; RunError for anything else."""
    try:
        (line,) = printed.splitlines()
        report = json.loads(line)
        report["config"].items(), report["metrics"].items(), report["environment"].items()
    except (ValueError, LookupError, TypeError, AttributeError):
        form = "it must print one line of JSON with config, metrics and environment"
        raise RunError(f"{file} printed {printed[:60]!r}; {form}") from None
    return report


def table_of(stderr: str) -> str:
    """Return what a snippet told people in the end: the text after the last part that has a progress bar in it.

    Parts are divided by blank lines; without a bar, it is all behind the first one, which may be empty.
    """
    parts = re.split(r"\n[ \t]*\n", stderr)
    bars = [number for number, part in enumerate(parts) if BAR.search(part)]
    return "\n\n".join(parts[max(bars, default=0) + 1 :]).strip("\n")


def run(
    command: list[str],
    root: Path,
    limit: float | None = None,
    environ: Mapping = {},
    quiet: bool = False,
    name: str = "",
) -> tuple[str, str]:
    """Run a Python file; return its stdout and its stderr, which is also passed on. RunError: failed, or late.

    name: what errors call it, if not by its file.
    """
    name, pieces = name or Path(command[1]).name, []
    # A process group of its own: Ctrl-C reaches it once, from us, and not also from the terminal.
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=root, env={**os.environ, **environ}, process_group=0, **pipes) as process:

        def pass_on() -> None:
            while piece := process.stderr.read1():
                pieces.append(piece)
                if not quiet:
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
        last_line = re.split(r"[\r\n]", b"".join(pieces).decode(errors="replace").strip())[-1] if quiet else ""
        message = f"{name} ended with status {process.returncode}; {last_line or 'the line above says why'}"
        raise RunError(message, max(process.returncode, 1))
    return printed.decode(), b"".join(pieces).decode(errors="replace").replace("\r\n", "\n")


def stop(process: subprocess.Popen) -> None:
    """End a process of ours: ask first, then insist."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
