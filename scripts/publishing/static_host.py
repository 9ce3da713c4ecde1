"""A static host on loopback, as the benchmark and the browser tests need it: compressed, counted, and breakable.

It serves folders under prefixes, with brotli or gzip for the types that static hosts compress, computed once and kept
in `build/compressed/`. `log` says what was asked for; `faults` makes a path fail, stall or lie.
"""

import gzip
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import brotli

KEPT = Path(__file__).resolve().parents[2] / "build" / "compressed"
TYPES = {
    ".css": "text/css",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".xml": "application/xml",
}
PLAIN = "application/octet-stream"  # everything else, images and zips: not compressed again
ENCODERS = {"br": brotli.compress, "gzip": lambda body: gzip.compress(body, 6, mtime=0)}


@dataclass(frozen=True)
class Fault:
    """What to do instead of serving a path: status, other bytes (with the same type), a delay in seconds."""

    status: int = 200
    body: bytes | None = None
    delay: float = 0.0


class StaticHost(ThreadingHTTPServer):
    """Serves until closed; use as a context manager. `address` has no slash at its end.

    folders: prefix such as "/assets" -> folder; the longest prefix that fits wins.
    headers: sent with every answer, such as a Content-Security-Policy.
    log: the path of each request, in order. faults: path -> Fault; fill and clear at any time.
    """

    daemon_threads = True

    def __init__(self, folders: Mapping[str, Path], headers: Mapping[str, str] | None = None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.folders = sorted(folders.items(), key=lambda item: -len(item[0]))
        self.headers = {"Cache-Control": "max-age=600", **(headers or {})}
        self.log: list[str] = []
        self.faults: dict[str, Fault] = {}
        self.address = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        """A browser that goes away in the middle of an answer is no news."""

    def find(self, path: str) -> Path | None:
        """Return the file for a path, None where there is none or it is outside its folder."""
        for prefix, folder in self.folders:
            if path == prefix or path.startswith(f"{prefix.rstrip('/')}/"):
                file = (folder / path[len(prefix) :].lstrip("/")).resolve()
                file = file / "index.html" if file.is_dir() else file
                return file if file.is_file() and file.is_relative_to(folder.resolve()) else None
        return None

    def size(self, path: str, encoding: str) -> int:
        """Return the bytes of the body that this path takes on the wire, 0 where there is no file."""
        file = self.find(path)
        return len(encoded(file.read_bytes(), type_of(file), encoding)[0]) if file else 0


class Handler(BaseHTTPRequestHandler):
    """Answers GET."""

    protocol_version = "HTTP/1.1"
    server: StaticHost

    def do_GET(self):
        path = urlsplit(self.path).path
        self.server.log.append(path)
        file = self.server.find(path)
        fault = self.server.faults.get(path, Fault(status=200 if file else 404))
        time.sleep(fault.delay)
        body = b"" if fault.status != 200 or not file else file.read_bytes() if fault.body is None else fault.body
        kind = type_of(file) if file else TYPES[".txt"]
        accepted = self.headers.get("Accept-Encoding", "")
        body, encoding = encoded(body, kind, next((name for name in ENCODERS if name in accepted), None))
        self.send_response(fault.status)
        for name, value in {**self.server.headers, "Content-Type": kind, "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        if encoding:
            self.send_header("Content-Encoding", encoding)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Quiet: `StaticHost.log` has it."""


def type_of(file: Path) -> str:
    """Return the Content-Type of a file by its name."""
    return TYPES.get(file.suffix, PLAIN)


def encoded(body: bytes, kind: str, encoding: str | None) -> tuple[bytes, str | None]:
    """Return the body as it goes over the wire, and its encoding if it has one."""
    if kind == PLAIN or encoding is None or not body:
        return body, None
    kept = KEPT / f"{hashlib.sha256(body).hexdigest()[:32]}.{encoding}"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(f".{time.monotonic_ns()}")
        unfinished.write_bytes(ENCODERS[encoding](body))
        unfinished.replace(kept)
    return kept.read_bytes(), encoding
