"""Reads YAML that people write by hand, and says file and line of every mistake in it."""

from pathlib import Path
from typing import Any

import yaml

from scripts.extension.page import Page, SiteError
from scripts.nearest import nearest

TYPES = {
    str: "text (quote it)",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a mapping",
}


class Entries(dict):
    """A YAML mapping. line: where it starts. lines: key -> where that is. file: as messages name it."""

    line: int
    lines: dict[str, int]
    file: str

    def error(self, problem: str, key: str | None = None) -> SiteError:
        return SiteError(f"{self.file}:{self.lines.get(key, self.line)}: {problem}")


class _Loader(yaml.SafeLoader):
    file = ""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> Entries:
    entries = Entries(loader.construct_mapping(node, deep=True))
    entries.file, entries.line, entries.lines = loader.file, node.start_mark.line + 1, {}
    for key_node, _ in node.value:
        key, line = loader.construct_object(key_node), key_node.start_mark.line + 1
        if key in entries.lines:  # plain YAML would keep the last one and say nothing
            raise SiteError(f"{loader.file}:{line}: {key} is there twice, first on line {entries.lines[key]}")
        entries.lines[key] = line
    return entries


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def load(path: Path, root: Path) -> Any:
    """Return the data of a YAML file, each mapping as `Entries`; SiteError when it cannot be read."""
    name = path.relative_to(root).as_posix()
    if not path.is_file():
        there = [p.stem for p in path.parent.glob("*.yml")]
        raise SiteError(f"{name}: there is no such file; {nearest(path.stem, there)}")
    loader = _Loader(path.read_text(encoding="utf-8"))
    loader.file = name
    try:
        return loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise SiteError(f"{name}:{mark.line + 1 if mark else 1}: not YAML: {error.problem}") from None
    finally:
        loader.dispose()


def load_figure(folder: str, name: str, required: dict[str, type], optional: dict[str, type], page: Page) -> Entries:
    """Return the mapping in `folder/name.yml` that describes a figure of the page; SiteError for a mistake in it."""
    path = page.root / folder / f"{name}.yml"
    data = load(path, page.root)
    page.data.append(path)
    if not isinstance(data, Entries):
        raise SiteError(f"{page.name(path)}:1: must be a mapping with {', '.join(required)}")
    check_fields(data, name, required, optional, data)
    return data


def check_fields(entry: Any, what: str, required: dict[str, type], optional: dict[str, type], near: Entries) -> None:
    """Raise SiteError unless `entry` has all required fields and no unknown one, of their types, none empty.

    what: the entry's name in the message. near: the mapping that holds it, for the line when it is no
    mapping.
    """
    if not isinstance(entry, Entries):
        raise near.error(f"{what} must be a mapping with {', '.join(required)}", what)
    for field in required:
        if field not in entry:
            raise entry.error(f"{what} has no {field}; every entry has {', '.join(required)}")
    known = required | optional
    for field, value in entry.items():
        if field not in known:
            raise entry.error(f"{what} has an unknown field {field}; {nearest(str(field), known)}", field)
        # bool is an int in Python, and `year: yes` is no year
        if not isinstance(value, known[field]) or (known[field] is int and isinstance(value, bool)):
            raise entry.error(f"{what}: {field} must be {TYPES[known[field]]}, not {value!r}", field)
        if value in ("", []):
            raise entry.error(f"{what}: {field} is empty", field)
