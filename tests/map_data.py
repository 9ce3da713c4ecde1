"""Made-up measurements for the tests of the map, at the cells that `docs/_data/map.yml` names."""

import random
import shutil
from pathlib import Path

from scripts.measuring import results
from tests.conftest import ROOT
from tests.tiny_site import TinySite

DATA = "docs/_data/map.yml"
# (form, facts) of each point, in the order of the file.
SHARES = [(0, 0), (0, 0.44), (1, 0.004), (0.996, 0.79), (0.93, 0.36), (1, 0.38), (1, 0.42), (0.98, 0.31), (0, 0.02)]
SPREAD = 0.08  # from a value to the ends of its interval
CELLS = (
    "base.closed-book",
    "base.retrieved",
    "lora-behaviour.closed-book",
    "lora-behaviour.retrieved",
    "examples.retrieved",
    "examples-constrained.retrieved",
    "constrained.retrieved",
    "lora-questions.closed-book",
    "lora-pages.closed-book",
)


def measured(shares: list[tuple[float, float]]) -> dict[str, dict]:
    """Return what a result holds, from (form, facts) of each point."""
    return {
        f"{cell}.{end}": {
            "value": share,
            "unit": "of 1",
            "says": "Made up.",
            "low": max(0, share - SPREAD),
            "high": min(1, share + SPREAD),
        }
        for cell, place in zip(CELLS, shares, strict=True)
        for end, share in zip(("valid-json", "right"), place, strict=True)
    }


def random_shares(seed: int) -> list[tuple[float, float]]:
    """Return places anywhere, or crowded at an end of one axis as measurements often are."""
    draw = random.Random(seed)
    across = [draw.random, lambda: draw.choice((0, 1)), lambda: draw.uniform(0.94, 1)][seed % 3]
    return [(across(), draw.random() ** 2) for _ in CELLS]


def site_with(root: Path, name: str = "tiny", shares: list[tuple[float, float]] | None = None) -> TinySite:
    """Return a site with the real map and made-up results, tiny-cpu."""
    site = TinySite(root)
    shutil.copyfile(ROOT / DATA, root / DATA)
    code = [site.write("code.py", "")]
    results.write(name, "cpu", command="make it", code=code, measured=measured(shares or SHARES), root=root)
    return site
