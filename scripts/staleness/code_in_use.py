"""What a snippet uses: from `main`, every name is followed into the other snippets and the case.

Not into what only people read. A name that is no name of ours, and a star import, is not followed.
"""

import ast
import functools
from pathlib import Path

from scripts.staleness.canonical_code import Code

SNIPPETS = Path("snippets")
LEFT_OUT = ("case", "case.command", "case.errors", "case.report")  # flags, messages, tables: they change no number
read_code = functools.lru_cache(maxsize=256)(Code)  # many scripts use the same modules


class BadCode(ValueError):
    """A snippet that cannot be read, or lists a package that is pinned nowhere."""


class Tree:
    """The modules under snippets/ as one script sees them. used: by (module, name), the text of what is in use."""

    def __init__(self, file: Path, root: Path):
        self.root, self.modules, self.used = root, {}, {}
        self.script = ".".join(file.relative_to(SNIPPETS).with_suffix("").parts)
        if not self.module(self.script):
            raise BadCode(f"{file}: there is no such snippet")
        self.pending, seen = [f"{self.script}.{name}" for name in ("main", "Config")], set()
        self.enter(self.script)
        while self.pending:
            if (origin := self.pending.pop()) not in seen:
                seen.add(origin)
                self.use(origin)

    def path(self, name: str) -> Path | None:
        """Return the file of a module, from the root."""
        base = SNIPPETS.joinpath(*name.split("."))
        files = (base.with_suffix(".py"), base / "__init__.py")
        return next((file for file in files if (self.root / file).is_file()), None)

    def module(self, name: str) -> Code | None:
        """Return a module of ours; BadCode where it is no Python."""
        if name not in self.modules:
            file = self.path(name)
            package = name if file and file.stem == "__init__" else name.rpartition(".")[0]
            try:
                source = (self.root / file).read_text(encoding="utf-8") if file else None
                self.modules[name] = read_code(source, name, package) if file else None
            except (SyntaxError, ValueError) as error:
                raise BadCode(f"{file}: not Python: {error}") from None
        return self.modules[name]

    def split(self, origin: str) -> tuple[str, list[str]]:
        """Return the module of ours that a dotted name begins with, or nothing, and the rest of the name."""
        parts = origin.split(".")
        cuts = (cut for cut in range(len(parts), 0, -1) if self.module(".".join(parts[:cut])))
        cut = next(cuts, 0)
        return ".".join(parts[:cut]), parts[cut:]

    def find(self, origin: str, followed: tuple[str, ...] = ()) -> tuple[str, list[str]]:
        """Return the module of ours that defines a dotted name, and the definitions that it means."""
        name, rest = self.split(origin)
        if not name or not rest:
            return name, list(self.modules[name].definitions) if name else []  # a module as a value: anything of it
        module = self.modules[name]
        if rest[0] not in module.definitions and rest[0] in module.names and origin not in followed:
            return self.find(".".join([module.names[rest[0]], *rest[1:]]), (*followed, origin))
        return name, [rest[0]] if rest[0] in module.definitions else []

    def use(self, origin: str) -> None:
        """Put what a dotted name means among what is in use."""
        name, definitions = self.find(origin)
        if name and name not in LEFT_OUT:
            self.enter(name)
            for definition in definitions:
                self.put(name, definition, self.modules[name].definitions[definition])

    def enter(self, name: str) -> None:
        """Put among what is in use what runs on the import of a module, and of those that it imports."""
        if name and name not in LEFT_OUT and (name, "") not in self.used:
            self.put(name, "", self.module(name).always)
            for origin in self.module(name).imports:
                self.enter(self.split(origin)[0])

    def put(self, name: str, definition: str, statements: list) -> None:
        """Put a definition's text among what is in use, and follow the names in it."""

        def refer(origin: str) -> str:
            self.pending.append(origin)
            return origin

        self.used[name, definition] = self.modules[name].text(statements, refer) if statements else ""

    def statements(self, origin: str) -> list[tuple[Code, ast.stmt]]:
        """Return the statements that define a dotted name, each with its module."""
        name, definitions = self.find(origin)
        module = self.modules[name] if name else None
        return [(module, node) for definition in definitions for node in module.definitions[definition]]
