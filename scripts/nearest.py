"""The end of an error message about an unknown name: what the writer probably meant."""

import difflib
from collections.abc import Iterable

SHOWN = 8  # names listed when none is near; more would bury the message


def nearest(name: str, known: Iterable[str]) -> str:
    """Say "did you mean a, b?", or list the known names when none resembles `name`."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return f"did you mean {', '.join(near)}?"
    if not names:
        return "there are none yet"
    return f"known: {', '.join(names[:SHOWN])}" + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
