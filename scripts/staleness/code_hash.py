"""The hashes of what can change the numbers of a snippet: its functions in use, the data of the case, the pins.

Of flags, the defaults count, each by itself: a new flag leaves old numbers as they are.
"""

import ast
import hashlib
import re
import tomllib
from pathlib import Path

from scripts.staleness.canonical_code import FLAGS
from scripts.staleness.code_in_use import SNIPPETS, BadCode, Tree

CASE = SNIPPETS / "case"
HEADER = re.compile(r"^# /// script$\n(?P<lines>(?:^#(?: .*)?$\n)+?)^# ///$", re.MULTILINE)
PINNED = re.compile(r"^([\w.-]+)(?:\[.*?\])?==([^\s;\\]+)[ \t]*(;[^\\\n]*)?", re.MULTILINE)
PINS = ("requirements.txt", "requirements-torch.txt")
MODEL_PINS = "requirements-model.txt"  # the weights of the measurements: count where torch is listed, so a model runs


def code_of(file: Path, root: Path) -> dict[str, str]:
    """Return the sha256 by name of all that can change the numbers of a snippet, which is named from the root.

    The names: each Python file with definitions in use, each file or folder of the case's data, and "requirements".
    BadCode: a file is no Python, a listed package is pinned nowhere, or there is no `main`.
    """
    tree, pinned = Tree(file, root), pins(file, root)
    texts: dict[str, str] = {}
    for (module, name), text in sorted(tree.used.items()):
        if text:
            path = tree.path(module).as_posix()
            texts[path] = f"{texts.get(path, '')}{name} {text}\n"
    hashes = {path: sha256(text.encode()) for path, text in texts.items()}
    if file.as_posix() not in hashes:
        raise BadCode(f"{file}: has no main and no statements, so no change of it could be noticed")
    for path in sorted((root / CASE).glob("[!._]*")):
        if data := data_of(path):
            hashes[path.relative_to(root).as_posix()] = sha256(data)
    return hashes | {"requirements": sha256("\n".join(pinned).encode())}


def data_of(path: Path) -> bytes:
    """Return what tells a file from another, or a folder: the hash of each file in it. Nothing for Python."""
    if path.is_file():
        return b"" if path.suffix in (".py", ".pyc") else path.read_bytes()
    files = [(file.relative_to(path).as_posix(), data_of(file)) for file in path.rglob("[!.]*") if file.is_file()]
    return "".join(f"{name} {sha256(data)}\n" for name, data in sorted(files) if data).encode()


def defaults_of(file: Path, root: Path) -> dict[str, str]:
    """Return the default of each flag in canonical form; `lora.rank` is one of another script whose Config it uses."""
    tree, counted = Tree(file, root), set()
    defaults = class_defaults(tree, f"{tree.script}.Config", counted)
    for module, name in sorted(tree.used):
        if name in FLAGS:
            others = class_defaults(tree, f"{module}.{name}", counted)
            defaults |= {f"{module}.{field}": default for field, default in others.items()}
    return defaults


def class_defaults(tree: Tree, origin: str, counted: set[str]) -> dict[str, str]:
    """Return the defaults by field of a class of flags and of its bases; none for a class that is counted already."""
    defaults: dict[str, str] = {}
    for code, node in tree.statements(origin) if origin not in counted else ():
        counted.add(origin)
        for base in getattr(node, "bases", ()):
            defaults |= class_defaults(tree, code.text(base, str), counted)
        for field in node.body if isinstance(node, ast.ClassDef) else ():
            if isinstance(field, ast.AnnAssign) and field.value:
                defaults[field.target.id] = code.text(field.value, lambda name: literal(tree, name))
    return defaults


def literal(tree: Tree, origin: str) -> str:
    """Return the value of a constant that is written out, so that a default changes with it; of another, its name."""
    statements = tree.statements(origin)
    code, node = statements[0] if len(statements) == 1 else (None, None)
    written_out = isinstance(node, ast.Assign) and not any(isinstance(part, ast.Name) for part in ast.walk(node.value))
    return code.text(node.value, str) if written_out else origin


def changed_defaults(recorded: dict[str, str], file: Path, root: Path) -> list[str]:
    """Return the recorded flags whose default is another now, or that are gone; a flag that is new is none of them."""
    current = defaults_of(file, root)
    return [name for name, default in recorded.items() if current.get(name) != default]


def pins(file: Path, root: Path) -> list[str]:
    """Return the pins of the packages that a snippet lists, with their markers; BadCode for one that has none."""
    header = HEADER.search((root / file).read_text(encoding="utf-8"))
    lines = re.sub(r"^# ?", "", header["lines"], flags=re.MULTILINE) if header else ""
    listed = {
        normalise_name(re.match(r"[\w.-]+", dependency)[0])
        for dependency in tomllib.loads(lines).get("dependencies", ())
    }
    pinned = [pin for name in PINS for pin in read_pins(root / name)]
    if missing := sorted(listed - {name for name, _ in pinned}):
        raise BadCode(f"{file} lists {missing[0]}, which no requirements file pins; add it to requirements.in")
    weights = read_pins(root / MODEL_PINS) if "torch" in listed else []
    return sorted({pin for name, pin in pinned if name in listed} | {pin for _, pin in weights})


def read_pins(file: Path) -> list[tuple[str, str]]:
    """Return name and pin of each package in a requirements file, if there is one."""
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    listed = [
        (normalise_name(name), version, " ".join(marker.split())) for name, version, marker in PINNED.findall(text)
    ]
    return [(name, f"{name}=={version} {marker}".strip()) for name, version, marker in listed]


def normalise_name(name: str) -> str:
    """Return the name of a package in the one spelling that registries compare."""
    return re.sub(r"[-_.]+", "-", name).lower()


def sha256(content: bytes) -> str:
    """Return the sha256 of bytes, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()
