"""Snippets as a reader meets them: run as a process, or imported for their functions."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

SNIPPETS = Path(__file__).resolve().parents[1] / "snippets"


def run_snippet(name: str, *flags, cwd=None, env=None, timeout: float = 300) -> subprocess.CompletedProcess:
    """Run `python snippets/<name>.py` with flags; text in, text out. env: variables to add to this process's own."""
    return subprocess.run(
        [sys.executable, SNIPPETS / f"{name}.py", *map(str, flags)],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        timeout=timeout,
        capture_output=True,
        text=True,
    )


def load_snippet(name: str) -> ModuleType:
    """Import a snippet by its path; `main` does not run."""
    spec = importlib.util.spec_from_file_location(f"snippet_{name}", SNIPPETS / f"{name}.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
