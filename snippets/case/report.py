"""What a run leaves: numbers for programs, a table for people."""

import platform
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

USED = ("torch", "transformers", "peft", "trl", "bitsandbytes", "lancedb", "llguidance")
WIDTH = 88


def environment(model=None) -> dict:
    """Return what a number depends on: machine, precision, libraries."""
    on_gpu = str(getattr(model, "device", "cpu")).startswith("cuda")
    torch = sys.modules.get("torch")  # not imported here: evals.py does without
    return {
        "python": platform.python_version(),
        "device": torch.cuda.get_device_name() if on_gpu else "cpu",
        "cpu": cpu_name(),
        "threads": torch.get_num_threads() if torch else None,
        "dtype": str(getattr(model, "dtype", "")).removeprefix("torch."),
        **{name: metadata.version(name) for name in USED if name in sys.modules},
    }


def cpu_name() -> str:
    """Return the processor's name as the system tells it."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    names = [line for line in lines if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.machine()


def percent(cell: object) -> str:
    """Show a share in percent, `98 (89 to 100)`, and what is missing as a dash."""
    if not isinstance(cell, dict) or cell["value"] is None:
        return str(cell) if isinstance(cell, str | int | float) else "-"
    value, low, high = (f"{100 * cell[key]:.0f}" for key in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence]) -> str:
    """Return a plain table: the first column to the left, the others to the right."""
    cells = [list(columns), *[[percent(cell) for cell in row] for row in rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = []
    for first, *others in cells:
        right = [
            text.rjust(width) for text, width in zip(others, widths[1:], strict=True)
        ]
        lines.append("  ".join([first.ljust(widths[0]), *right])[:WIDTH].rstrip())
    return "\n".join([title, "", lines[0], "-" * max(map(len, lines)), *lines[1:]])


def example(label: str, reply: str) -> str:
    """Return one reply on one line, cut to the table's width."""
    shown = f"{label}: {' '.join(reply.split())}"
    return shown if len(shown) <= WIDTH else shown[: WIDTH - 4] + " ..."
