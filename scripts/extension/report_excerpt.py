"""A report as a page can show it: the start of its metrics, one idea a line."""

import json

WIDTH, LINES, ITEMS = 88, 18, 3  # characters, lines, items of a list that are shown


def excerpt(report: dict) -> str:
    """Return the metrics of a report as JSON that fits the page: long parts are cut with a …"""
    lines = spread("", {"metrics": shorten(report["metrics"])}, 0, last=True)
    if len(lines) > LINES:
        lines = [*lines[:LINES], f"    … {len(lines) - LINES} more lines"]
    return "\n".join(lines)


def shorten(value: object) -> object:
    """Return a value whose long lists end in a text that says how many items there are more."""
    if isinstance(value, dict):
        return {name: shorten(inside) for name, inside in value.items()}
    if isinstance(value, list) and len(value) > ITEMS + 1:
        return [*map(shorten, value[:ITEMS]), f"… {len(value) - ITEMS} more"]
    return value


def spread(name: str, value: object, depth: int, last: bool) -> list[str]:
    """Return lines of JSON: what fits into one line stays in one."""
    start, end = "  " * depth + (f"{json.dumps(name)}: " if name else ""), "" if last else ","
    whole = start + json.dumps(value, ensure_ascii=False) + end
    if not isinstance(value, dict) or not value or (depth and len(whole) <= WIDTH):
        return [whole]
    parts = list(value.items())
    inside = [line for key, one in parts for line in spread(key, one, depth + 1, key == parts[-1][0])]
    return [start + "{", *inside, "  " * depth + "}" + end]
