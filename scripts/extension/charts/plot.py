"""Draws a chart as SVG, with Observable Plot in Node (`scripts/charts/draw.mjs`).

A drawn picture is kept under `build/charts/` by the hash of its data and of the code that drew it, so that Node starts
only for what is new.
"""

import hashlib
import json
from pathlib import Path

from scripts.measuring.results import REPOSITORY, write_whole
from scripts.runtime.node import run_node

CODE = REPOSITORY / "scripts" / "charts"
KEPT = REPOSITORY / "build" / "charts"
PACKAGES = REPOSITORY / "package-lock.json"


def draw(form: str, name: str, title: str, description: str, data: dict) -> str:
    """Return the SVG of a form of `draw.mjs`; OSError, in one line with the nearest fix, when it cannot be drawn.

    name: starts its ids. title, description: for who cannot see it. data: what the form takes.
    """
    chart = {"form": form, "name": name, "title": title, "description": description, "data": data}
    request = json.dumps(chart, sort_keys=True, ensure_ascii=False)
    drawn = KEPT / f"{hash_of(request)}.svg"
    if not drawn.is_file():
        request_file = drawn.with_suffix(".json")
        write_whole(request_file, request)
        try:
            write_whole(drawn, run_node(CODE / "draw.mjs", request_file))
        except OSError as error:
            raise OSError(f"the chart {form} is not drawn: {error}; `make serve` sets up what draws") from None
        finally:
            request_file.unlink()
    return drawn.read_text(encoding="utf-8")


def hash_of(request: str) -> str:
    """Return the hash of a chart's data and of all code that draws it."""
    code: list[Path] = [*sorted(CODE.glob("*.mjs")), PACKAGES]
    parts = [request.encode(), *(file.read_bytes() for file in code)]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
