"""One run of a snippet, made as a process and written to its file; one that is there and fresh is left alone."""

import fcntl
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scripts.measuring import runs
from scripts.measuring.fingerprint import sha256
from scripts.measuring.runs import Run
from scripts.measuring.snippet_process import RunError, run_snippet
from scripts.staleness.code_hash import code_of, defaults_of

OUTPUTS = ("out", "index")  # flags that say where a snippet writes
NO_NUMBER = {*OUTPUTS, "json", "device", "resume", "merge", "arms", "seeds"}  # flags whose default changes no number
WORK = Path("build") / "measure"
WIDE = Path("scripts") / "measuring" / "bfloat16_products.py"


@dataclass(frozen=True)
class Job:
    """A run to make. arguments: for the snippet. model: for --model, empty for its own. command: what makes it again.

    key: of its part of the metrics, empty for all. threads: of the process, 0 for as many as the machine gives.
    wide: products of bfloat16 are formed in 32 bits, for a processor that has no instructions for them.
    """

    experiment: str
    arm: str
    seed: int
    snippet: str
    command: str
    arguments: tuple[str, ...] = ()
    model: str = ""
    key: str = ""
    protocol: int = 0
    threads: int = 0
    wide: bool = False

    @property
    def file(self) -> Path:
        """Return the snippet's file, from the root."""
        return Path("snippets") / f"{self.snippet}.py"

    @property
    def path(self) -> Path:
        """Return where the run is written, from the root."""
        return runs.path_of(self.experiment, self.arm, self.seed)

    @property
    def work(self) -> Path:
        """Return the folder that the snippet writes to."""
        return WORK / self.experiment / f"{self.arm}-{self.seed}"

    def all_arguments(self, root: Path) -> list[str]:
        """Return what the snippet is started with."""
        model = ["--model", self.model] if self.model else []
        defaults = defaults_of(self.file, root)
        flags = {argument.partition("=")[0] for argument in self.arguments}
        outputs = [name for name in OUTPUTS if name in defaults and f"--{name}" not in flags]
        paths = [word for name in outputs for word in (f"--{name}", (self.work / name).as_posix())]
        return [*model, *self.arguments, *paths]

    def defaults(self, root: Path) -> dict[str, str]:
        """Return the defaults of its flags that can change a number and that it does not set."""
        flags = [word for word in self.all_arguments(root) if word.startswith("--")]
        set_here = {flag.removeprefix("--").partition("=")[0].replace("-", "_") for flag in flags}
        return {
            name: default
            for name, default in defaults_of(self.file, root).items()
            if name not in set_here and name.rpartition(".")[2] not in NO_NUMBER
        }


def is_made(job: Job, root: Path) -> bool:
    """Say whether the run is there, from these arguments and from the code as it is; BadRun for an edited file."""
    if not (root / job.path).is_file():
        return False
    try:
        runs.check([job.path], root)
    except runs.StaleRun:
        return False
    run = runs.read(job.path, root)
    return (run.arguments, run.protocol) == (job.all_arguments(root), job.protocol)


def make(job: Job, root: Path, limit: float | None = None, quiet: bool = False) -> Run:
    """Run the snippet, write the run's file and return the run, or raise RunError. limit: seconds that it may take."""
    arguments, before = job.all_arguments(root), made_with(job, root)
    shutil.rmtree(root / job.work, ignore_errors=True)
    environ = {"OMP_NUM_THREADS": str(job.threads)} if job.threads else {}
    through = [WIDE.as_posix()] if job.wide else []
    output = run_snippet(job.file, arguments, root, limit, environ, quiet, through)
    if before != made_with(job, root):
        raise RunError(f"{job.file} or what it uses was changed while it ran; run it again")
    report = output["report"]
    metrics = report["metrics"][job.key] if job.key else report["metrics"]
    environment = flatten(metrics.pop("environment", report["environment"]))
    environment |= {"products": "formed in 32 bits, rounded to bfloat16"} if job.wide else {}
    environment |= weights_of("model", job.model, root)
    environment |= weights_of("embedder", "".join(runs.flag_values(arguments, "--embedder")), root)
    run = Run(
        experiment=job.experiment,
        arm=job.arm,
        seed=job.seed,
        snippet=job.file.as_posix(),
        command=job.command,
        arguments=arguments,
        date=datetime.now(UTC).date().isoformat(),
        seconds=output["seconds"],
        protocol=job.protocol,
        **before,
        environment=environment,
        metrics=metrics,
        printed=output["printed"],
    )
    runs.write(run, root)
    return run


def made_with(job: Job, root: Path) -> dict[str, object]:
    """Return those fields of a run that say what can change its numbers, as it is now."""
    return {
        "code": code_of(job.file, root),
        "defaults": job.defaults(root),
        "settings": runs.settings_of(job.all_arguments(root), root),
    }


def flatten(environment: Mapping) -> dict[str, str | int | float]:
    """Return what an environment says in one word each; what is nested in it goes by its own names."""
    flat: dict[str, str | int | float] = {}
    for name, value in environment.items():
        flat |= flatten(value) if isinstance(value, Mapping) else {name: value} if value is not None else {}
    return flat


def weights_of(kind: str, name: str, root: Path) -> dict[str, str]:
    """Return a model as it was asked for, by its kind, with the start of its weights' sha256 where it lies here."""
    if not name:
        return {}
    path = root / name
    weights = sorted(path.glob("*.safetensors")) if path.is_dir() else [path] if path.is_file() else []
    return {kind: " ".join([name, *(sha256(file)[:12] for file in weights)])}


@contextmanager
def claim(job: Job, root: Path) -> Iterator[bool]:
    """Yield whether this process may make the run: no other does so now. The claim ends with the process."""
    file = root / job.work.with_suffix(".lock")
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def say(program: str, message: str) -> None:
    """Tell how far it is."""
    print(f"{program}: {message}", file=sys.stderr, flush=True)
