"""The quiz as a wheel, and its entry in the runtime's lock file."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

# 1980-01-01, the first date that a zip can hold: the same sources give the same bytes on any day.
FIXED_DATE = "315532800"


def build_wheel(project: Path, folder: Path) -> Path:
    """Build the project's wheel into `folder`, by its build backend's PEP 517 hook, and return its path."""
    script = "import sys; from flit_core.buildapi import build_wheel; print(build_wheel(sys.argv[1]))"
    command = [sys.executable, "-c", script, str(folder)]
    environment = {**os.environ, "SOURCE_DATE_EPOCH": FIXED_DATE}
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"flit could not build the quiz's wheel: {last_line(done.stderr)}")
    return folder / done.stdout.split()[-1]


def lock_wheel(stock_lock: Path, version: str, wheel: Path, out: Path) -> None:
    """Write a lock file that holds the wheel and nothing else.

    stock_lock: Pyodide's own, which says the ABI; its packages come from another host, so none is kept.
    version: Pyodide's. The older lock library that Python 3.11 has asks for it, the newer one ignores it.
    """
    info = json.loads(stock_lock.read_text(encoding="utf-8"))["info"]
    base = out.with_suffix(".base.json")
    base.write_text(json.dumps({"info": {**info, "version": version}, "packages": {}}), encoding="utf-8")
    arguments = ["add-wheels", "--input", str(base), "--output", str(out), str(wheel)]
    done = subprocess.run([*lock_command(), *arguments], capture_output=True, text=True)
    base.unlink()
    if done.returncode:
        raise OSError(f"`pyodide lockfile add-wheels` failed: {last_line(done.stderr)}")


def lock_command() -> list[str]:
    """Return `pyodide lockfile` where pyodide-build is installed (Python 3.12 on), else the same from its library."""
    installed = Path(sys.executable).with_name("pyodide")
    if pyodide := (str(installed) if installed.exists() else shutil.which("pyodide")):
        return [pyodide, "lockfile"]
    return [sys.executable, "-c", "from pyodide_lock.cli import main; main()"]


def last_line(text: str) -> str:
    """Return the last line of a traceback, which says what happened."""
    return (text.strip().splitlines() or ["it said nothing"])[-1]
