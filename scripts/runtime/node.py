"""Node, which runs Pyodide at build time."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
AT_LEAST = 20


def run_node(script: Path, *arguments: Path) -> str:
    """Run a Node script and return what it printed; OSError, in one line, when it fails."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    node = shutil.which("node", path=path)
    if not node:
        raise OSError(f"no node on the path; install Node {AT_LEAST} or later")
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip()
    if int(version.lstrip("v").partition(".")[0] or 0) < AT_LEAST:
        raise OSError(f"node {version} is too old; install Node {AT_LEAST} or later")
    done = subprocess.run([node, str(script), *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"{script.name} failed: {(done.stderr.strip().splitlines() or ['it said nothing'])[-1]}")
    return done.stdout
