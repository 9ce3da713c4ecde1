"""Serve the site on loopback and build it again on every change: `python -m scripts.serve --port 8000`."""

import argparse
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

from mkdocs.exceptions import Abort
from mkdocs.livereload import LiveReloadServer

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "site"
WATCHED = ("docs", "quiz", "scripts", "snippets", "results", "mkdocs.yml")


def build(address: str) -> None:
    """Build in a process of its own, so that edited Python is read afresh; Abort, which the server survives.

    address: where the site will be; instant navigation works only where the sitemap says the same.
    """
    environment = {"SITE_URL": address, **os.environ}
    if subprocess.run([sys.executable, "-m", "scripts.build"], cwd=ROOT, env=environment).returncode:
        raise Abort("serve: the build failed; mend it and save, the last good site stays")


def open_server(port: int, tries: int = 20) -> LiveReloadServer:
    """Return a server bound to the first free port from `port` on; OSError when none of `tries` is free."""
    for candidate in range(port, port + tries):
        address = f"http://127.0.0.1:{candidate}/"
        server = LiveReloadServer(lambda a=address: build(a), "127.0.0.1", candidate, root=str(SITE))
        try:
            server.server_bind()
            server.server_activate()
        except OSError as error:
            server.server_close()
            print(f"serve: port {candidate} is taken ({error.strerror}), trying the next", file=sys.stderr)
            continue
        server.server_bind = server.server_activate = lambda: None  # done: serve() must not do it again
        return server
    raise OSError(f"no free port from {port} to {port + tries - 1}; choose another with PORT=")


def main(arguments: list[str] | None = None) -> int:
    """Build once, then serve until interrupted; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8000, help="first port to try (default: 8000)")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="serve: %(message)s")
    try:
        server = open_server(options.port)
    except (OSError, OverflowError) as error:
        print(f"serve: {error}", file=sys.stderr)
        return 2
    for signal_number in (signal.SIGINT, signal.SIGTERM):  # also where a shell in the background had them ignored
        signal.signal(signal_number, signal.default_int_handler)
    try:
        server.builder()
        for name in filter(lambda name: (ROOT / name).exists(), WATCHED):
            server.watch(str(ROOT / name))
        print(f"serve: {server.url}  (Ctrl-C stops)", flush=True)
        server.serve()
    except KeyboardInterrupt:
        print("serve: stopped", file=sys.stderr)
    finally:
        server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
