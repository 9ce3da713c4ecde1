"""The runs of every experiment to download: a zip for each folder in `results/runs/`, the same bytes on every machine.

`publish` writes them into the site, and the Evidence page states what `archive` gives here, as for the snippets.
"""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

from scripts.downloads.snippet_files import MOMENT, PLAIN, DownloadError
from scripts.measuring.runs import RUNS, BadRun, Run, read

FOLDER = "evidence/runs"
README = """\
# Runs: {experiment}

{count}, each a file: {kept}, the machine, and hashes of the code and of the file itself.

To compute from them what the site prints, unpack them into `results/runs/{experiment}/` of the repository, at the
commit that the site was built from, and run there:

{commands}

A run that is there is not made again; where it was made with other code, the command says so.
"""


def experiments(root: Path) -> list[str]:
    """Return the names of the folders that hold runs."""
    return sorted({path.parent.name for path in (root / RUNS).glob("*/[!.]*.json")})


def runs_of(experiment: str, root: Path) -> list[Run]:
    """Return the runs of an experiment, stale or not; DownloadError for a file that is not whole or not a run."""
    paths = sorted((root / RUNS / experiment).glob("[!.]*.json"))
    try:
        return [read(path.relative_to(root), root) for path in paths]
    except BadRun as error:
        raise DownloadError(str(error)) from None


def count(runs: Sequence[Run]) -> str:
    """Say how many runs there are, of how many variants and on which seeds."""
    seeds = [str(seed) for seed in sorted({run.seed for run in runs})]
    variants = len({run.arm for run in runs})
    of_variants = f" of {variants} variants" if variants > 1 else ""
    return f"{len(runs)} run{'s' * (len(runs) > 1)}{of_variants}, seed{'s' * (len(seeds) > 1)} {', '.join(seeds)}"


def what_is_kept(runs: Sequence[Run]) -> str:
    """Say what the runs keep: the experiment's have the replies."""
    with_replies = all("replies" in run.metrics for run in runs)
    return "every question and every reply" if with_replies else "every number of the report"


def archive(experiment: str, root: Path) -> bytes:
    """Return the zip of an experiment, or raise DownloadError. Nothing is compressed, see `snippet_files.archive`."""
    runs, buffer = runs_of(experiment, root), io.BytesIO()
    commands = dict.fromkeys(run.command for run in runs)
    listed = "\n".join(f"    {command}" for command in commands)
    readme = README.format(experiment=experiment, count=count(runs), kept=what_is_kept(runs), commands=listed)
    files = {"README.md": readme.encode()} | {run.path.name: (root / run.path).read_bytes() for run in runs}
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in sorted(files.items()):
            member = zipfile.ZipInfo(f"{experiment}/{name}", MOMENT)
            member.create_system, member.external_attr = 3, PLAIN  # as on Unix, whoever builds it
            file.writestr(member, content)
    return buffer.getvalue()


def publish(root: Path, site: Path) -> None:
    """Write every zip into a site."""
    for experiment in experiments(root):
        file = site / FOLDER / f"{experiment}.zip"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(archive(experiment, root))
