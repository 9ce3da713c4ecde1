"""Steps of a build that run only when they must."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path


class RuntimeBuildError(RuntimeError):
    """The runtime cannot be built; the message is one line with the nearest fix."""


class Steps:
    """Keeps for each step the hashes of what it read and what it wrote, so as not to run it in vain.

    stamps: the JSON file that holds them. ran: names of the steps that had to run.
    """

    def __init__(self, stamps: Path):
        self.stamps = stamps
        self.known = json.loads(stamps.read_text(encoding="utf-8")) if stamps.exists() else {}
        self.ran: list[str] = []

    def run(self, name: str, step: Callable[[], None], inputs: list[Path], outputs: Callable[[], list[Path]]) -> None:
        """Run one step unless nothing changed; RuntimeBuildError when it fails.

        outputs: asked before and after, as a step may give its files other names.
        """
        if self.known.get(name) == [hashes(inputs), hashes(outputs())]:
            return
        try:
            step()
        except OSError as error:
            raise RuntimeBuildError(f"{name}: {error}") from error
        self.ran.append(name)
        self.known[name] = [hashes(inputs), hashes(outputs())]
        self.stamps.write_text(json.dumps(self.known, indent=1), encoding="utf-8")


def hashes(paths: list[Path]) -> dict[str, str]:
    """Return the sha256 by path of the files that are there."""
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths if path.exists()}
