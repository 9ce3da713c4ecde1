"""The block `::: adapter-parameters`: how many weights the lab's adapter trains, worked out from the model's shapes.

Beside a linear map with `in` inputs and `out` outputs stand A, [r, in], and B, [out, r]: r x (in + out) weights. The
shapes come from the configuration of the lab's model, the rank from lora.py. The sum must be the number that lora.py
counted (`results/lora-cpu.json`), or the build stops.
"""

import ast
import json
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as etree

from markdown.util import AtomicString

from scripts import results
from scripts.extension.page import Page, SiteError
from scripts.extension.source_code import read_symbols

MODEL, SNIPPET, RESULT = "snippets/lab/model/config.json", "snippets/lora.py", "lora-cpu"
HEADS = ("num_attention_heads", "num_key_value_heads", "head_dim")
TIMES = "\u00d7"
FIELDS = ("hidden_size", "intermediate_size", *HEADS, "num_hidden_layers")


@dataclass(frozen=True)
class Map:
    """A linear map of one layer. name: as peft calls it. inputs, outputs: its width on both sides."""

    name: str
    inputs: int
    outputs: int

    def trained(self, rank: int) -> int:
        """Weights of A and B."""
        return rank * (self.inputs + self.outputs)


def block(argument: str, page: Page) -> etree.Element:
    """Return the sum as a table; SiteError when it is not what was measured, or a file lacks what it needs."""
    if argument:
        raise page.error(page.line, "adapter-parameters takes no argument")
    maps, layers = read_maps(page.root / MODEL)
    rank = read_rank(page.root / SNIPPET)
    layer = sum(one.trained(rank) for one in maps)
    try:
        result = results.load(page.root).get(RESULT)
        if result is None:
            raise results.UnknownResult(f"there is no result {RESULT} to compare the sum with")
        trained, everything = (int(result.value(f"parameters.{key}")["value"]) for key in ("trainable", "all"))
    except (results.StaleResult, results.UnknownResult, results.BadResult) as error:
        raise page.error(page.line, str(error)) from None
    if layer * layers != trained:
        problem = f"the shapes give {layer * layers:,} trained weights, and {RESULT} has {trained:,}"
        raise page.error(page.line, f"{problem}; measure lora.py again")
    return table(maps, rank, layers, everything, page)


def read_maps(path: Path) -> tuple[list[Map], int]:
    """Return the seven linear maps of a layer of a Llama-like model, and how many layers it has."""
    config = json.loads(path.read_text(encoding="utf-8"))
    if missing := [name for name in FIELDS if not isinstance(config.get(name), int)]:
        raise SiteError(f"{MODEL}:1: no whole number for {', '.join(missing)}")
    hidden, inside, heads, groups, width, layers = (config[name] for name in FIELDS)
    pairs = {
        "q_proj": (hidden, heads * width),
        "k_proj": (hidden, groups * width),
        "v_proj": (hidden, groups * width),
        "o_proj": (heads * width, hidden),
        "gate_proj": (hidden, inside),
        "up_proj": (hidden, inside),
        "down_proj": (inside, hidden),
    }
    return [Map(name, *sizes) for name, sizes in pairs.items()], layers


def read_rank(path: Path) -> int:
    """Return the rank that the snippet takes unless told otherwise."""
    found = ast.parse(read_symbols(path).get("Config.rank", "rank = None")).body[0].value
    rank = ast.literal_eval(found)
    if type(rank) is not int or rank < 1:
        raise SiteError(f"{SNIPPET}:1: Config.rank is no whole number from 1 up")
    return rank


def table(maps: list[Map], rank: int, layers: int, everything: int, page: Page) -> etree.Element:
    """Return the table: a row for each map, then one layer, all layers, and the share of all weights."""
    box = etree.Element("div", {"class": "sum"})
    drawn = etree.SubElement(box, "table")
    head = etree.SubElement(etree.SubElement(drawn, "thead"), "tr")
    for heading in ("Linear map", "In", "Out", f"{rank} {TIMES} (in + out)"):
        etree.SubElement(head, "th", {"scope": "col"}).text = AtomicString(heading)
    body = etree.SubElement(drawn, "tbody")
    for one in maps:
        row(body, one.name, f"{one.inputs:,}", f"{one.outputs:,}", f"{one.trained(rank):,}")
    layer = sum(one.trained(rank) for one in maps)
    row(body, "One layer", "", "", f"{layer:,}")
    total = row(body, f"{TIMES} {layers} layers", "", "", "")
    link = etree.SubElement(total, "a", {"class": "measured", "href": page.link(f"evidence.md#{RESULT}")})
    link.text = AtomicString(f"{layer * layers:,}")
    row(body, f"Of {everything:,} weights", "", "", f"{layer * layers / everything:.2%}")
    return box


def row(body: etree.Element, name: str, *cells: str) -> etree.Element:
    """Add a row -> its last cell."""
    drawn = etree.SubElement(body, "tr")
    etree.SubElement(drawn, "th", {"scope": "row"}).text = AtomicString(name)
    for text in cells:
        last = etree.SubElement(drawn, "td")
        last.text = AtomicString(text)
    return last
