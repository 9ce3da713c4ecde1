"""One run of a snippet as a process: its report, its seconds, and the hashes of the code that ran."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from scripts.results import sha256

LAB = Path("snippets") / "lab"
LAB_FILES = ("model/model.safetensors", "*.jsonl")  # one of them differs when the lab does
MAKER = Path("snippets") / "make_lab.py"  # what a lab outside the repository is made by
PATIENCE = 30  # seconds that a process gets to end by itself when it is stopped


class RunError(Exception):
    """A run that gave no report; the message is one line. status: the exit status."""

    def __init__(self, message: str, status: int = 2):
        super().__init__(message)
        self.status = status


def run_snippet(file: Path, arguments: list[str], root: Path, limit: float | None = None) -> dict:
    """Run a snippet, named from the root, and return report, seconds, code (path -> sha256) and lab; RunError.

    limit: seconds it may take. lab: sha256 of the lab's model where that is not the committed one, else empty.
    """
    started, code = time.monotonic(), sha256(root / file)
    printed = run([sys.executable, str(file), *arguments], root, limit)
    seconds, report = round(time.monotonic() - started, 1), read_report(printed, file)
    if code != sha256(root / file):
        raise RunError(f"{file} was changed while it ran; run it again")
    code, lab = code_of(file, report["config"], root)
    return {"report": report, "seconds": seconds, "code": code, "lab": lab}


def read_report(printed: str, file: Path) -> dict:
    """Return the report that a snippet printed; RunError for anything else."""
    try:
        (line,) = printed.splitlines()
        report = json.loads(line)
        report["config"].items(), report["metrics"].items(), report["environment"]["device"]
    except (ValueError, LookupError, TypeError, AttributeError):
        what = "it must print one line of JSON with config, metrics and environment"
        raise RunError(f"{file} printed {printed[:60]!r}; {what}") from None
    return report


def run(command: list[str], root: Path, limit: float | None = None) -> str:
    """Run a Python file, or a module with -m, and return its stdout; its stderr is ours. RunError: failed, or late."""
    name = Path(command[1] if command[1] != "-m" else command[2]).name
    # A process group of its own: Ctrl-C reaches it once, from us, and not also from the terminal.
    how = {"cwd": root, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "text": True, "process_group": 0}
    with subprocess.Popen(command, **how) as process:
        try:
            printed, _ = process.communicate(timeout=limit)
        except BaseException as error:
            stop(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise RunError(f"{name} was not done after {limit:.0f} s", 124) from None
            raise
    if process.returncode:
        why = f"{name} ended with status {process.returncode}; the line above says why"
        raise RunError(why, max(process.returncode, 1))
    return printed


def stop(process: subprocess.Popen) -> None:
    """End a process of ours: ask first, then insist."""
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()


def code_of(file: Path, config: dict, root: Path) -> tuple[dict[str, str], str]:
    """Return path -> sha256 of what a run with this config rests on, and the sha256 of a lab that is not committed."""
    names, model = [file], ""
    if config.get("lab"):
        lab = (root / config["lab"]).resolve()
        if lab == (root / LAB).resolve():
            names += sorted(path.relative_to(root) for name in LAB_FILES for path in (root / LAB).glob(name))
        elif (lab / LAB_FILES[0]).is_file():
            names.append(MAKER)
            model = sha256(lab / LAB_FILES[0])
    return {name.as_posix(): sha256(root / name) for name in names}, model


def from_root(report: dict, root: Path) -> dict:
    """Return a report with paths from the repository's root, which is elsewhere on another machine."""
    return json.loads(json.dumps(report).replace(json.dumps(f"{root}/")[1:-1], ""))
