"""Build `build/runtime/`, the files that the browser's worker boots from:

pyodide.mjs pyodide.asm.mjs pyodide.asm.wasm  as npm has them
fine_tune_vs_rag-...whl                       the quiz, with its byte code
pyodide-lock.json                             says that the quiz is the one package, and its sha256
python_stdlib.gzip                            byte code of the modules that boot and quiz import: a zip in gzip
manifest.json                                 the hash of each file by name, which its address carries too
"""

import base64
import gzip
import hashlib
import json
import shutil
from pathlib import Path

from scripts.runtime.node import run_node
from scripts.runtime.steps import RuntimeBuildError, Steps
from scripts.runtime.wheel import build_wheel, lock_wheel

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
RUNTIME = ROOT / "build" / "runtime"
STOCK = ROOT / "node_modules" / "pyodide"
LOCK = "pyodide-lock.json"
AS_THEY_ARE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm")


def build_runtime(out: Path = RUNTIME) -> Path:
    """Bring the runtime up to date and return its folder; raises RuntimeBuildError."""
    run_steps(out)
    return out


def run_steps(out: Path, project: Path = ROOT) -> list[str]:
    """Run the steps that have to run and return their names. project: where the quiz and its pyproject.toml are."""
    version = pinned_version()
    work = out.with_name(f".{out.name}")  # the plain wheel, the list of modules, the stamps: not served
    for folder in (out, work):
        folder.mkdir(parents=True, exist_ok=True)
    modules, library, manifest = work / "modules.json", out / "python_stdlib.gzip", out / "manifest.json"
    copies = [out / name for name in AS_THEY_ARE]
    stock_lock = STOCK / "pyodide-lock.json"
    stock = [stock_lock, STOCK / "python_stdlib.zip", *(STOCK / name for name in AS_THEY_ARE)]
    sources = sorted((project / "quiz").rglob("*.py"))
    sources += [project / name for name in ("pyproject.toml", "README.md", "LICENSE")]

    def copy() -> None:
        for name in AS_THEY_ARE:
            shutil.copyfile(STOCK / name, out / name)

    def wheel() -> None:
        remove(wheels(work))
        lock_wheel(stock_lock, version, build_wheel(project, work), work / LOCK)

    def observe() -> None:
        remove(wheels(out))
        listed = run_node(HERE / "observe.mjs", STOCK, work, HERE / "exercise.py", out)
        modules.write_text(listed, encoding="utf-8")

    def lock() -> None:
        lock_wheel(stock_lock, version, *wheels(out), out / LOCK)

    def compile_modules() -> None:
        stored = work / "python_stdlib.zip"
        run_node(HERE / "compile.mjs", STOCK, work, modules, stored)
        # Hosts compress .mjs, .json and .wasm, but not .zip. The name is not .gz, which some hosts would decode.
        library.write_bytes(gzip.compress(stored.read_bytes(), 9, mtime=0))

    def code(*names: str) -> list[Path]:
        return [HERE / name for name in names]

    def served() -> list[Path]:
        return [*copies, library, out / LOCK, *wheels(out)]

    steps = Steps(work / "stamps.json")
    steps.run("copy", copy, stock, lambda: copies)
    steps.run("wheel", wheel, [*sources, stock_lock, *code("wheel.py")], lambda: [work / LOCK, *wheels(work)])
    observed = [*stock, work / LOCK, *code("boot.mjs", "observe.mjs", "exercise.py")]
    steps.run("observe", observe, observed, lambda: [modules, *wheels(out)])
    steps.run("lock", lock, [stock_lock, *wheels(out), *code("wheel.py")], lambda: [out / LOCK])
    # Other words in the quiz do not come this far: the list of modules stays the same.
    steps.run(
        "compile", compile_modules, [*stock, modules, *code("boot.mjs", "compile.mjs", "bundle.py")], lambda: [library]
    )
    steps.run(
        "manifest", lambda: write_manifest(manifest, served()), [*served(), *code("bundle.py")], lambda: [manifest]
    )
    return steps.ran


def wheels(folder: Path) -> list[Path]:
    """Return the wheels in a folder."""
    return sorted(folder.glob("*.whl"))


def remove(files: list[Path]) -> None:
    """Remove files that are about to be written anew, perhaps under other names."""
    for file in files:
        file.unlink()


def write_manifest(manifest: Path, served: list[Path]) -> None:
    """Write what the worker asks for: the hash of each file by name, as `sha256-<base64>`, which `fetch` checks.

    The worker puts the hash into the address too, so a browser's cache never mixes files of two builds.
    """
    digests = {path.name: hashlib.sha256(path.read_bytes()).digest() for path in sorted(served)}
    files = {name: f"sha256-{base64.b64encode(digest).decode()}" for name, digest in digests.items()}
    manifest.write_text(json.dumps(files, indent=0) + "\n", encoding="utf-8")


def pinned_version() -> str:
    """Return Pyodide's version: the one that package.json pins and node_modules has, or RuntimeBuildError."""
    pinned = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]["pyodide"]
    package = STOCK / "package.json"
    installed = json.loads(package.read_text(encoding="utf-8"))["version"] if package.exists() else "none"
    if installed != pinned:
        raise RuntimeBuildError(f"node_modules has pyodide {installed}, package.json pins {pinned}; run: npm ci")
    return installed
