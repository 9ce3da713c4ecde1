"""Who may import whom: a room of `scripts/` uses only the rooms that are named for it here, and there is no circle."""

import ast
from graphlib import TopologicalSorter

from scripts.measuring.results import REPOSITORY

# A command is a file at the top of scripts/: it may use every room, and no room uses a command.
GROUND = {"nearest"}  # files at the top that are no commands
EXTENSION = "extension/"
MAY = {
    "staleness": set(),
    "measuring": {"nearest", "staleness"},
    "downloads": {"measuring"},
    "runtime": {"quiz"},
    "publishing": {
        "bootstrap",
        "extension/lesson",
        "extension/quiz",
        "extension/sources",
        "downloads",
        "quiz",
    },
    "anki": {"downloads", "extension/practice", "extension/sources"},
    "extension/page": {"nearest"},
    "extension/sources": {"nearest", "extension/page", "downloads"},
    "extension/numbers": {"nearest", "extension/page", "extension/sources", "measuring"},
    "extension/lesson": {"nearest", "extension/page", "extension/sources", "extension/numbers"},
    "extension/quiz": {"nearest", "extension/page", "extension/sources", "extension/numbers", "downloads", "quiz"},
    "extension/practice": {"nearest", "extension/page", "extension/sources", "extension/numbers"},
    "extension/code": {"nearest", "extension/page", "extension/numbers", "anki", "downloads", "measuring"},
    "extension/charts": {"nearest", "extension/page", "extension/numbers", "measuring", "runtime"},
    "extension/evidence": {
        "nearest",
        "extension/page",
        "extension/numbers",
        "extension/code",
        "downloads",
        "measuring",
    },
}
FRONT = "extension"  # the blocks' table and the extension itself: they know every room of the extension
ON_THE_GROUND = {
    "page",
    "data_file",
    "data_schema",
    "headings",
}  # what all rooms of the extension stand on


def room_of(name: str) -> str:
    """Return the room of a module, named from the root: `scripts.extension.quiz.form` is in `extension/quiz`."""
    first, *rest = name.split(".")
    if first != "scripts":
        return first
    path = REPOSITORY.joinpath("scripts", *rest)
    folders = rest if path.is_dir() else rest[:-1]
    if folders == ["extension"]:
        return "extension/page" if rest[-1] in ON_THE_GROUND else FRONT
    return "/".join(folders) or rest[-1]


def is_module(name: str) -> bool:
    path = REPOSITORY.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def imported(tree: ast.AST):
    """Yield the modules of ours that a file imports, at its top or inside a function."""
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are written in full"
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if is_module(name) else node.module for name in inside]
        yield from (name for name in names if name.partition(".")[0] in ("scripts", "quiz", "snippets"))


def uses() -> dict[str, dict[str, str]]:
    """Return room -> room that it uses -> a file and a module to show for it."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted((REPOSITORY / "scripts").rglob("*.py")):
        name = ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")
        for other in imported(ast.parse(path.read_text(encoding="utf-8"))):
            if room_of(other) != room_of(name):
                found.setdefault(room_of(name), {})[room_of(other)] = f"{name} imports {other}"
    return found


def test_a_room_uses_only_what_stands_here():
    rooms = uses()
    assert not [why for room in MAY for other, why in rooms.get(room, {}).items() if other not in MAY[room]]


def test_every_room_has_its_rule_and_every_rule_its_use():
    rooms, top = uses(), {path.stem for path in (REPOSITORY / "scripts").glob("*.py")}
    assert set(rooms) - top - {FRONT} <= set(MAY)
    assert {room: allowed for room, allowed in MAY.items() if allowed - set(rooms.get(room, {})) - {"nearest"}} == {}


def test_there_is_no_circle():
    list(TopologicalSorter({room: set(others) for room, others in uses().items()}).static_order())


def test_no_room_uses_a_command_and_nothing_imports_a_snippet():
    commands = {path.stem for path in (REPOSITORY / "scripts").glob("*.py")} - GROUND - {"bootstrap"}
    assert not [why for room, others in uses().items() if room in MAY for o, why in others.items() if o in commands]
    assert not [why for others in uses().values() for other, why in others.items() if other == "snippets"]


def test_the_quiz_imports_nothing_but_itself_and_the_standard_library():
    for path in (REPOSITORY / "quiz").glob("*.py"):
        assert not [name for name in imported(ast.parse(path.read_text())) if not name.startswith("quiz")], path
