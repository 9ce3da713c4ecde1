"""The only writer and reader of `results/runs/<experiment>/<arm>-<seed>.json`: what one run of a snippet printed.

A summary in `results/` is computed from run files and from nothing else. A run names the hashes of what can change its
numbers (`code_hash.py`), the defaults of its flags, and the hash of itself, so that the build can tell a file that is
stale, foreign, edited or half-written from a good one, and name the command that makes it again.
"""

import hashlib
import itertools
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path

from scripts.measuring.fingerprint import write_whole
from scripts.staleness.code_hash import BadCode, changed_defaults, code_of

RUNS = Path("results") / "runs"
ARMS = Path("snippets") / "arms.toml"
PROTOCOL = Path("decisions") / "the-protocol.md"
VERSION = re.compile(r"^Version (\d+)\b", re.MULTILINE)
INPUTS = ("snippets", "requirements.txt", "requirements-torch.txt", "requirements-model.txt")


class BadRun(ValueError):
    """A run file that cannot be believed; the message is one line with the command that makes it again."""


class StaleRun(BadRun):
    """A run of code, data or a protocol that has changed since."""


@dataclass(frozen=True)
class Run:
    """One run. code: sha256 by name. defaults: those of its flags. protocol: its version, 0 for a run under none.

    settings: of the arm, those that the arguments leave as they are.

    arguments: of the snippet. metrics, environment: of its report. printed: for people. seconds: wall clock, all of it.
    """

    experiment: str
    arm: str
    seed: int
    snippet: str
    command: str
    arguments: list[str]
    date: str
    seconds: float
    protocol: int
    code: dict[str, str]
    defaults: dict[str, str]
    settings: str
    environment: dict[str, object]
    metrics: dict
    printed: str

    @property
    def path(self) -> Path:
        """Return where it lies, from the root."""
        return path_of(self.experiment, self.arm, self.seed)


def path_of(experiment: str, arm: str, seed: int) -> Path:
    """Return where a run lies, from the root."""
    return RUNS / experiment / f"{arm}-{seed}.json"


def write(run: Run, root: Path) -> Path:
    """Write a run's file whole or not at all; return its path from the root."""
    content = asdict(run)
    write_whole(root / run.path, compact(content | {"sha256": own_hash(content)}) + "\n")
    return run.path


def read(path: Path, root: Path) -> Run:
    """Return a run, named from the root; BadRun for a file that is missing, half-written, foreign or edited."""
    if not (root / path).is_file():
        raise BadRun(f"{path} is missing; run the command of its result again")
    try:
        content = json.loads((root / path).read_text(encoding="utf-8"))
    except ValueError:
        raise BadRun(f"{path} is no JSON, maybe half-written; delete it and run the command of its result") from None
    names = {field.name for field in fields(Run)}
    if not isinstance(content, Mapping) or set(content) - {"sha256"} != names:
        raise BadRun(f"{path} is no run of this project; delete it and run the command of its result")
    run = Run(**{name: value for name, value in content.items() if name != "sha256"})
    if run.path != path:
        raise BadRun(f"{path} holds {run.path}, another run; delete it and run: {run.command}")
    if content.get("sha256") != own_hash(asdict(run)):
        raise BadRun(f"{path} was edited: it does not hold to its own hash; delete it and run: {run.command}")
    return run


def check(paths: Sequence[Path], root: Path) -> None:
    """Raise StaleRun where what one of these runs was made with has changed, BadRun where its file is no good."""
    inputs = state(root) if paths else ()
    for path in paths:
        run, version = read(path, root), protocol_version(root)
        if run.protocol and run.protocol != version:
            reason = f"made under version {run.protocol} of the protocol, which is now {version}"
        else:
            try:
                code, defaults = current_code(Path(run.snippet), root, tuple(run.defaults.items()), inputs)
            except BadCode as error:
                raise StaleRun(f"{path} is stale: {error}; run: {run.command}") from None
            changed = sorted(name for name in {*code, *run.code} if code.get(name) != run.code.get(name))
            flags = [f"the default of --{name.replace('_', '-')}" for name in defaults]
            if run.settings != settings_of(run.arguments, root):
                flags.append(f"the arm {flag_values(run.arguments, '--arms')[0]} in {ARMS}")
            reason = f"{[*changed, *flags][0]} has changed" if changed or flags else ""
        if reason:
            raise StaleRun(f"{path} is stale: {reason}; run: {run.command}")


def load(experiment: str, root: Path) -> list[Run]:
    """Return every run of an experiment, by arm and seed; BadRun for one that is not to be believed."""
    paths = sorted(path.relative_to(root) for path in (root / RUNS / experiment).glob("[!.]*.json"))
    check(paths, root)
    return sorted((read(path, root) for path in paths), key=lambda run: (run.arm, run.seed))


def protocol_version(root: Path) -> int:
    """Return the version that the protocol says of itself."""
    match = VERSION.search((root / PROTOCOL).read_text(encoding="utf-8")) if (root / PROTOCOL).is_file() else None
    return int(match[1]) if match else 0


@cache
def current_code(
    snippet: Path, root: Path, defaults: tuple[tuple[str, str], ...], inputs: tuple
) -> tuple[dict, list[str]]:
    """Return the hashes of a snippet's code as it is, and the recorded defaults that have changed.

    inputs: what `state` returns; with it, the cache notices an edit.
    """
    return code_of(snippet, root), changed_defaults(dict(defaults), snippet, root)


def settings_of(arguments: Sequence[str], root: Path) -> str:
    """Return the settings of the experiment's arm that a run does not change itself, as text; empty for other runs."""
    if "--arms" not in arguments:
        return ""
    settings = arms(root).get(flag_values(arguments, "--arms")[0], {})
    changed = {change.partition("=")[0] for change in flag_values(arguments, "--change")}
    return json.dumps({name: value for name, value in settings.items() if name not in changed}, sort_keys=True)


def arms(root: Path) -> dict[str, dict]:
    """Return the arms of the experiment with their settings."""
    return tomllib.loads((root / ARMS).read_text(encoding="utf-8"))


def flag_values(arguments: Sequence[str], flag: str) -> list[str]:
    """Return the words behind a flag, up to the next flag."""
    words = arguments[arguments.index(flag) + 1 :] if flag in arguments else ()
    return list(itertools.takewhile(lambda word: not word.startswith("--"), words))


def state(root: Path) -> tuple:
    """Return what changes with every edit of what hashes are made from; much cheaper than the hashes."""
    files = [file for name in INPUTS for file in ((root / name).rglob("*") if "." not in name else [root / name])]
    stats = [(str(file), file.stat()) for file in files if file.is_file() and "__pycache__" not in file.parts]
    return tuple(sorted((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats))


def own_hash(content: Mapping) -> str:
    """Return the hash that a run's file holds of the rest of itself."""
    return hashlib.sha256(compact(content).encode()).hexdigest()


def compact(content: Mapping) -> str:
    """Return JSON with a line for each field, and none within."""
    lines = [
        f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(',', ':'))}"
        for name, value in content.items()
    ]
    return "{\n" + ",\n".join(lines) + "\n}"
