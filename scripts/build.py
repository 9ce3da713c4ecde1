"""Build the site: `python -m scripts.build`. Writes `site/` only when everything has been built and checked.

Runtime for the browser's Python, pages by MkDocs, npm's modules, the downloads, Markdown copies and indexes, then the
check of the output. A mistake anywhere ends in one line and exit status 1, and the old `site/` stays.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.anki import deck
from scripts.downloads import run_archives
from scripts.downloads.snippet_files import DownloadError, publish
from scripts.extension.numbers.loose_numbers import loose_in_data
from scripts.extension.page import SiteError
from scripts.extension.sources import bibliography
from scripts.extension.sources.citations import load_references
from scripts.publishing import indexes, markdown_copies, vendor, verdict_pages
from scripts.publishing.check import check
from scripts.runtime import build_runtime

ROOT = Path(__file__).resolve().parent.parent


class BuildError(Exception):
    """The site cannot be built; the message says what, where and the nearest fix."""


def build(site: Path, address: str | None = None) -> Path:
    """Build the whole site into the folder `site`, replacing what was there; raises BuildError.

    address: where it will be published, None when that is not known.
    """
    draft = site.with_name(f".{site.name}-draft")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        write(draft, address)
        if problems := check(draft):
            raise BuildError("\n".join(problems))
        shutil.rmtree(site, ignore_errors=True)
        draft.rename(site)
    finally:
        shutil.rmtree(draft, ignore_errors=True)  # of a build that failed
    return site


def write(draft: Path, address: str | None) -> None:
    """Write everything into a folder, unchecked."""
    if loose := loose_in_data(ROOT):
        raise BuildError("\n".join(loose))
    runtime = build_runtime()
    build_pages(draft, address)
    shutil.copytree(runtime, draft / "assets" / "runtime")
    vendor.publish(ROOT, draft / vendor.FOLDER)
    publish(ROOT, draft / "snippets")
    run_archives.publish(ROOT, draft)
    deck.publish(ROOT, draft / deck.FOLDER)
    bibliography.publish(load_references(ROOT), draft)
    markdown_copies.publish(draft)
    indexes.publish(draft, ROOT / "mkdocs.yml", address)
    verdict_pages.publish(ROOT, draft, address)


def build_pages(site: Path, address: str | None) -> None:
    """Render the pages with MkDocs, in a process of its own so that edited Python is read afresh."""
    # Material prints a long notice on MkDocs 2 at every build; decisions/ has our answer to it.
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", **({"SITE_URL": address} if address else {})}
    # Not --quiet: MkDocs would then no longer count the warnings that --strict stops at.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        lines = (done.stderr + done.stdout).strip().splitlines()
        raise BuildError("\n".join(line for line in lines if not line.startswith("INFO")))


def main(arguments: list[str] | None = None) -> int:
    """Build and say where; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, default=ROOT / "site", help="folder to write (default: site)")
    options = parser.parse_args(arguments)
    try:
        site = build(options.site.resolve(), os.environ.get("SITE_URL"))
    except (BuildError, DownloadError, SiteError, OSError, RuntimeError) as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    print(f"build: {sum(1 for file in site.rglob('*') if file.is_file())} files in {site}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
