"""The words of a measured number, made from its key: `after.with-page.right`.

`metric_sentences.yml` says it better where the plain key would not do: `names` maps a part of a key to words, `units`
maps the end of a key to a unit. A part in neither is printed as it is spelled: no measurement stops for a word.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from scripts.measuring.metrics import SHARE

FILE = Path(__file__).with_suffix(".yml")


@cache
def load_words(file: Path = FILE) -> dict[str, dict[str, str]]:
    """Return "names", the words for parts of a key, and "units", the units by the end of a key."""
    return yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)


def unit_of(key: str, number: Mapping) -> str:
    """Return the unit of a number: that of its key's end, "of 1" for a share, else none."""
    end = key.rpartition(".")[2]
    for suffix, unit in load_words()["units"].items():
        if end == suffix or end.endswith(f"-{suffix}"):
            return unit
    return SHARE if "n" in number and 0 <= number["value"] <= 1 and number.get("low", 0) >= 0 else ""


def sentence(key: str) -> str:
    """Return what a key says: the way to it, a colon, and what was counted."""
    *way, end = [load_words()["names"].get(part, part.replace("-", " ")) for part in key.split(".")]
    text = f"{', '.join(way)}: {end}." if way else f"{end}."
    return text[0].upper() + text[1:]
