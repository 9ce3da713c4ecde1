"""Holds data that people write by hand against its JSON Schema, and says what a mistake is, and on which line.

The schemas are `docs/_data/schemas/*.json`; editors complete by them where a data file names one in its first line.
Beside the standard's keywords they have `title`, what a message calls one entry of a list, and `errorMessage`, what a
value must be where the keyword alone would not say it.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from scripts.extension.page import SiteError
from scripts.nearest import nearest

SCHEMAS = Path(__file__).resolve().parents[2] / "docs" / "_data" / "schemas"
TYPES = {
    "string": "text (quote it)",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


@lru_cache
def validator(schema: str) -> Draft202012Validator:
    """Return the validator of the schema with this name."""
    return Draft202012Validator(json.loads((SCHEMAS / f"{schema}.json").read_text(encoding="utf-8")))


def validate(data: Any, schema: str, file: str) -> None:
    """Raise SiteError for the first mistake, by its line. data: mappings are `Entries`, which know their lines.

    An unknown field is named before a missing one: most often it is the missing one, misspelled.
    """
    checker = validator(schema)
    mistakes = list(checker.iter_errors(data))
    unknown = [error for error in mistakes if error.validator == "additionalProperties"]
    if mistakes:
        stem = Path(file).stem
        line, problem = min(describe(error, data, checker.schema, stem) for error in unknown or mistakes)
        raise SiteError(f"{file}:{line}: {problem}")


def describe(error: ValidationError, data: Any, schema: dict, stem: str) -> tuple[int, str]:
    """Return the line of a mistake and what it is. stem: what messages call the whole file."""
    keyword, wrong, must_be = error.validator, error.instance, error.schema.get("errorMessage", "")
    label, around, field = place_of(list(error.absolute_path), data, schema, stem)
    line = around.lines[field] if field else getattr(around, "line", 1)
    if "propertyNames" in error.absolute_schema_path:
        inside = around[field] if field else data
        return inside.lines[wrong], f"{label}: the key {wrong} {must_be}"
    if keyword == "required":
        missing = next(name for name in error.validator_value if name not in wrong)
        return wrong.line, f"{label} has no {missing}; every entry has {', '.join(error.validator_value)}"
    if keyword == "additionalProperties":
        known = error.schema["properties"]
        unknown = next(name for name in wrong if name not in known)
        return wrong.lines[unknown], f"{label} has an unknown field {unknown}; {nearest(str(unknown), known)}"
    if not error.absolute_path:
        return 1, f"must be {error.schema.get('title') or mapping(error.schema)}"
    if keyword == "type" and error.validator_value == "object":
        return line, f"{label} must be {mapping(error.schema)}"
    if keyword in ("minLength", "minItems"):
        return line, f"{label}: {field} is empty"
    if keyword == "type" and (isinstance(error.absolute_path[-1], str) or not must_be):
        must_be = f"must be {TYPES[error.validator_value]}"
    return line, f"{label}: {field} {must_be}, not {wrong!r}"


def mapping(schema: dict) -> str:
    """Return what a mapping must be, with the fields that it must have."""
    return f"a mapping with {', '.join(schema['required'])}" if "required" in schema else "a mapping"


def place_of(steps: list, data: Any, schema: dict, stem: str) -> tuple[str, Any, str]:
    """Return the name of what holds a mistake, the mapping around it, and the field in that mapping.

    An entry of a list is called by its title and number, `situation 2`, or by its id around a mapping inside it.
    """
    names, around, field = [], None, ""
    for step in steps:
        if isinstance(data, dict):
            around, field = data, step
        data = data[step]
        fields = schema.get("properties", {})
        schema = schema["items"] if isinstance(step, int) else fields.get(step) or schema["additionalProperties"]
        if schema.get("type") == "object":
            if names and isinstance(around, dict) and "id" in around:
                names[-1] = around["id"]
            names.append(f"{schema['title']} {step + 1}" if isinstance(step, int) else str(step))
    return ", ".join(names) or stem, around, field
