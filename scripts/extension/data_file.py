"""Reads YAML that people write by hand, and says file and line of every mistake in it."""

from pathlib import Path
from typing import Any

import yaml

from scripts.extension.data_schema import validate
from scripts.extension.page import SiteError
from scripts.nearest import nearest


class Entries(dict):
    """A YAML mapping. line: where it starts. lines: the line of each key. file: its name in messages."""

    line: int
    lines: dict[str, int]
    file: str

    def error(self, problem: str, key: str | None = None) -> SiteError:
        return SiteError(f"{self.file}:{self.lines.get(key, self.line)}: {problem}")


class _Loader(yaml.CSafeLoader):
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


def load(path: Path, root: Path, schema: str = "") -> Any:
    """Return the data of a YAML file, each mapping as `Entries`; SiteError for a mistake in it.

    schema: name of a schema that the data must hold to, see `data_schema.py`.
    """
    name = path.relative_to(root).as_posix()
    if not path.is_file():
        stems = [p.stem for p in path.parent.glob("*.yml")]
        raise SiteError(f"{name}: there is no such file; {nearest(path.stem, stems)}")
    loader = _Loader(path.read_text(encoding="utf-8"))
    loader.file = name
    try:
        data = loader.get_single_data()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise SiteError(f"{name}:{mark.line + 1 if mark else 1}: not YAML: {error.problem}") from None
    finally:
        loader.dispose()
    if schema:
        validate(data, schema, name)
    return data
