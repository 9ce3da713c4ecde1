"""Which test files import torch or its like: `make quick` does not even read them, as that alone takes seconds."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAVY = re.compile(r"^ *(?:import|from) (?:torch|transformers|peft|trl|lancedb|llguidance|bitsandbytes)\b", re.M)
TEXT = re.compile(r'"{3}.*?"{3}', re.S)  # an import in it is another program's
IMPORTED = re.compile(r"^(?:import|from) ([\w.]+)(?: import (\w+))?", re.M)


def needs_torch(file: Path, seen: set[Path]) -> bool:
    """Say whether a file imports torch or its like, itself or through files of ours."""
    seen.add(file)
    text = TEXT.sub("", file.read_text(encoding="utf-8"))
    names = {name for module, inside in IMPORTED.findall(text) for name in (module, f"{module}.{inside}")}
    paths = {(room / name.replace(".", "/")).with_suffix(".py") for name in names for room in (ROOT / "snippets", ROOT)}
    return bool(HEAVY.search(text)) or any(needs_torch(path, seen) for path in paths - seen if path.is_file())
