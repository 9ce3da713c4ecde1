"""A script's `main` as a command: flags from its Config, errors in one line, report."""

from case import MODEL, STOPPED

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import tyro

from case.errors import BadInput

FULL = ("No space left", "Disk quota", "file write failed")
MISUSE = 2


@dataclass(frozen=True)
class Common:
    """Flags of every script that runs a model."""

    model: str = MODEL  # hub id, folder or .gguf file
    device: str = "auto"  # auto, cpu or cuda
    seed: int = 100  # of everything that is drawn
    quick: bool = False  # a minute, to see that all is installed
    json: bool = False  # print the report also where stdout is a terminal


def run(
    main: Callable[..., tuple[dict, str]],
    config: type,
    arguments: Sequence[str] | None = None,
) -> int:
    """Parse flags, run main, print its report; return the exit status.

    main returns the report (metrics, environment, perhaps an exit `status`), which goes
    to stdout as one line of JSON unless that is a terminal without --json, and a table,
    which goes to stderr.
    """
    script = Path(sys.argv[0]).name
    about = sys.modules[config.__module__].__doc__
    chosen = tyro.cli(config, args=arguments, description=about)
    try:
        report, shown = main(chosen)
    except BadInput as error:
        return say(f"{script}: {error}", MISUSE)
    except KeyboardInterrupt:
        fix = "; --resume goes on from there" if hasattr(chosen, "resume") else ""
        return say(f"\n{script}: stopped{fix}", STOPPED)
    except Exception as error:  # of a full disk, every library makes another kind
        if not isinstance(error, OSError) and not any(t in str(error) for t in FULL):
            raise
        why = " ".join(str(error).split())[-120:]
        fix = f"cannot write or read ({why}); check the disk and --out"
        return say(f"\n{script}: {fix}", MISUSE)
    status = report.pop("status", 0)
    if int(os.environ.get("RANK", 0)):
        return status  # of several processes, the first one reports
    say(f"\n\n{shown}", status)
    if chosen.json or not sys.stdout.isatty():
        whole = {"config": asdict(chosen), **report}
        print(json.dumps(whole, allow_nan=False, default=str), flush=True)
    return status


def say(text: str, status: int) -> int:
    """Print a text on stderr; return the exit status."""
    print(text, file=sys.stderr, flush=True)
    return status
