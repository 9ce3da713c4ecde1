"""The downloads: every snippet as it is, and one zip with all of them and the case, the same bytes on every machine.

`publish` writes them into the site, and the Snippets page states what `snippets_of` and `archive` give here, so that
file and page cannot differ.
"""

import ast
import hashlib
import io
import re
import shutil
import tomllib
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from packaging.requirements import Requirement

FOLDER = "snippets"
ZIP = "snippets.zip"
HEADER = re.compile(r"^# /// script\n((?:#.*\n)+?)# ///$", re.MULTILINE)
RUN_LINE = re.compile(r"^ +((?:uv run|python|torchrun|accelerate launch) .+?) *$", re.MULTILINE)
GUARD = 'if __name__ == "__main__":'
HIDDEN = re.compile(r"/(\.|__pycache__/)")  # what tools and systems leave in a folder
MOMENT = (2026, 1, 1, 0, 0, 0)  # of every file in the zip; it says nothing and never changes
PLAIN = 0o100644 << 16  # a file that everybody may read
LINES = ("pip install -r requirements.txt", "python rag.py")
UV = "uv run rag.py"
# The order of the ladder, then what measures it. A script that is not named comes last.
LADDER = ("few_shot.py", "constrained_decoding.py", "rag.py", "lora.py", "qlora.py", "distill.py", "evals.py")


class DownloadError(ValueError):
    """A snippet that cannot be offered; the message is one line."""


@dataclass(frozen=True)
class Snippet:
    """One file. content: its bytes."""

    name: str
    content: bytes

    @property
    def text(self) -> str:
        """Return its content as text."""
        return self.content.decode("utf-8")

    @property
    def sha256(self) -> str:
        """Return the sha256 of its content, in hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()

    @cached_property
    def docstring(self) -> str:
        """Return its docstring; DownloadError where there is none."""
        return self._must(ast.get_docstring(ast.parse(self.text)), "a docstring")

    @property
    def shows(self) -> str:
        """Return what it shows: the first line of its docstring."""
        return self.docstring.splitlines()[0]

    @property
    def run_lines(self) -> list[tuple[str, str]]:
        """Return the commands in its docstring, each with the remark behind it."""
        lines = self._must(RUN_LINE.findall(self.docstring), "a line that runs it, such as '    uv run lora.py'")
        # A backslash at the end of a line in a docstring leaves the indent of the next one.
        return [tuple(" ".join(part.split()) for part in line.partition("  #")[::2]) for line in lines]

    @property
    def dependencies(self) -> list[Requirement]:
        """Return the packages in its PEP 723 header."""
        header = self._must(HEADER.search(self.text), "a PEP 723 header")
        plain = "".join(line.removeprefix("#").removeprefix(" ") for line in header[1].splitlines(keepends=True))
        return [Requirement(requirement) for requirement in tomllib.loads(plain)["dependencies"]]

    def _must(self, value, part: str):
        if not value:
            raise DownloadError(f"{FOLDER}/{self.name} has no {part}; every snippet has one")
        return value


def snippets_of(root: Path) -> list[Snippet]:
    """Return the snippets of the repository, those that can be run, in the order of the ladder."""
    rungs = {name: rung for rung, name in enumerate(LADDER)}
    paths = sorted((root / FOLDER).glob("*.py"), key=lambda path: (rungs.get(path.name, len(rungs)), path.name))
    return [Snippet(path.name, path.read_bytes()) for path in paths if runs(path)]


def runs(path: Path) -> bool:
    """Say whether a Python file is run, not only imported by others."""
    return GUARD in path.read_text(encoding="utf-8")


def settings_of(root: Path) -> dict[str, bytes]:
    """Return the content of each file of settings beside the snippets, by name."""
    files = [*(root / FOLDER).glob("*.yaml"), *(root / FOLDER).glob("arms.toml")]  # no tool's own settings
    return {path.name: path.read_bytes() for path in sorted(files)}


def archive(root: Path) -> bytes:
    """Return the zip. Nothing is compressed: what a compressor writes differs from one version of it to another."""
    snippets, buffer = snippets_of(root), io.BytesIO()
    shared = [*(root / FOLDER).glob("*.py"), *(root / FOLDER / "case").rglob("*")]
    names = {path.relative_to(root / FOLDER).as_posix(): path for path in shared if path.is_file()}
    files = {name: path.read_bytes() for name, path in names.items() if not HIDDEN.search(f"/{name}")}
    files |= settings_of(root)
    files |= {"requirements.txt": requirements(snippets).encode()}
    files |= {
        path.name: path.read_bytes() for path in (root / FOLDER / "README.md", root / "LICENSE") if path.is_file()
    }
    with zipfile.ZipFile(buffer, "w") as file:
        for name in sorted(files):
            member = zipfile.ZipInfo(f"{FOLDER}/{name}", MOMENT)
            member.create_system, member.external_attr = 3, PLAIN  # as on Unix, whoever builds it
            file.writestr(member, files[name])
    return buffer.getvalue()


def requirements(snippets: list[Snippet]) -> str:
    """Return a requirements.txt for all snippets: each package once, with what all headers ask of it."""
    packages: dict[str, Requirement] = {}
    for requirement in (requirement for snippet in snippets for requirement in snippet.dependencies):
        if requirement.name in packages:
            packages[requirement.name].specifier &= requirement.specifier
        else:
            packages[requirement.name] = requirement
    return "".join(f"{requirement}\n" for _, requirement in sorted(packages.items()))


def publish(root: Path, folder: Path) -> None:
    """Write all downloads into a folder of the site."""
    folder.mkdir(parents=True, exist_ok=True)
    for snippet in snippets_of(root):
        shutil.copyfile(root / FOLDER / snippet.name, folder / snippet.name)
    for name, content in settings_of(root).items():
        (folder / name).write_bytes(content)
    (folder / ZIP).write_bytes(archive(root))


def size(count: int) -> str:
    """Return a number of bytes as people read it."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB"
