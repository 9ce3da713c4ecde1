"""Draws the pictures that must not be SVG: `python -m scripts.publishing.social_card` writes them into `docs/assets/`.

`social-card.png` is what is shown where a link to the site is shared, `apple-touch-icon.png` what a phone puts on its
home screen. Each PNG names the hash of the drawing that it was made from, so that a test can tell a stale one.
"""

import hashlib
import shutil
import struct
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

from scripts.bootstrap import CHROMIUM

ROOT = Path(__file__).resolve().parents[2]
END = 12  # bytes of a PNG's last chunk, which is empty
KEYWORD = b"Source"


@dataclass(frozen=True)
class Picture:
    """A drawing and the PNG made from it, both named from the root; width and height in pixels."""

    drawing: str
    png: str
    width: int
    height: int


PICTURES = (
    Picture("scripts/publishing/social_card.svg", "docs/assets/social-card.png", 1200, 630),
    Picture("docs/assets/favicon.svg", "docs/assets/apple-touch-icon.png", 180, 180),
)


def draw(picture: Picture, page) -> bytes:
    """Return the PNG of a drawing, as a browser page shows it."""
    svg = (ROOT / picture.drawing).read_text(encoding="utf-8")
    page.set_viewport_size({"width": picture.width, "height": picture.height})
    page.set_content(f"<style>body{{margin:0}}svg{{display:block;width:100vw;height:100vh}}</style>{svg}")
    return with_source(page.screenshot(omit_background=True), hash_of(picture))


def hash_of(picture: Picture) -> str:
    """Return the sha256 of a drawing."""
    return hashlib.sha256((ROOT / picture.drawing).read_bytes()).hexdigest()


def with_source(png: bytes, source: str) -> bytes:
    """Add a text chunk with the hash of the drawing."""
    body = b"tEXt" + KEYWORD + b"\0" + source.encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:-END] + chunk + png[-END:]


def main() -> int:
    """Draw every picture again, and return the exit code."""
    with sync_playwright() as playwright:
        chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        for picture in PICTURES:
            png = draw(picture, page)
            (ROOT / picture.png).write_bytes(png)
            print(f"social_card: {picture.png}, {len(png):,} bytes", file=sys.stderr)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
