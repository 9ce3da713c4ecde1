"""Packages from npm that a page loads as they are, copied into the site, so that no request goes to another host.

Each is one module without imports of its own, pinned in package.json; its licence is published beside it.
"""

import json
import shutil
from pathlib import Path

FOLDER = "assets/vendor"
MODULES = {"ts-fsrs": "dist/index.mjs"}  # package -> the module in it


class VendorError(RuntimeError):
    """A package is missing or not the pinned one; the message is one line with the nearest fix."""


def publish(root: Path, folder: Path) -> None:
    """Copy every module and its licence into a folder of the site."""
    pinned = json.loads((root / "package.json").read_text(encoding="utf-8"))["dependencies"]
    folder.mkdir(parents=True, exist_ok=True)
    for name, module in MODULES.items():
        package = root / "node_modules" / name
        manifest = package / "package.json"
        version = json.loads(manifest.read_text(encoding="utf-8"))["version"] if manifest.is_file() else "none"
        if version != pinned.get(name):
            raise VendorError(f"node_modules has {name} {version}, package.json pins {pinned.get(name)}; run: npm ci")
        shutil.copyfile(package / module, folder / f"{name}.mjs")
        shutil.copyfile(package / "LICENSE", folder / f"{name}.LICENSE.txt")
