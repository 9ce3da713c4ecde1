"""Draws the pictures that must not be SVG: `python -m scripts.publishing.social_card` writes them into `docs/assets/`.

`social-card.png` is what is shown where a link to the site is shared, `cards/` what is shown for a verdict, and
`apple-touch-icon.png` what a phone puts on its home screen. Each PNG names the hash of the drawing that it was made
from, so that a test can tell a stale one.
"""

import hashlib
import shutil
import struct
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

from quiz import all_answers
from scripts.bootstrap import CHROMIUM
from scripts.extension.quiz.verdict_card import name_of
from scripts.publishing.verdict_drawing import HEIGHT, WIDTH, drawing
from scripts.publishing.verdict_pages import CARDS

ROOT = Path(__file__).resolve().parents[2]
END = 12  # bytes of a PNG's last chunk, which is empty
KEYWORD = b"Source"


@dataclass(frozen=True)
class Picture:
    """A drawing, as SVG, and the PNG made from it, named from the root; width and height in pixels."""

    drawing: str
    png: str
    width: int
    height: int


def read(drawing: str) -> str:
    """Return a drawing that is a file of the repository."""
    return (ROOT / drawing).read_text(encoding="utf-8")


PICTURES = (
    Picture(read("scripts/publishing/social_card.svg"), "docs/assets/social-card.png", WIDTH, HEIGHT),
    Picture(read("docs/assets/favicon.svg"), "docs/assets/apple-touch-icon.png", 180, 180),
    *(Picture(drawing(answers), f"docs/{CARDS}/{name_of(answers)}.png", WIDTH, HEIGHT) for answers in all_answers()),
)


def draw(picture: Picture, page) -> bytes:
    """Return the PNG of a drawing, as a browser page shows it."""
    page.set_viewport_size({"width": picture.width, "height": picture.height})
    page.set_content(f"<style>body{{margin:0}}svg{{display:block;width:100vw;height:100vh}}</style>{picture.drawing}")
    return with_source(page.screenshot(omit_background=True), hash_of(picture))


def hash_of(picture: Picture) -> str:
    """Return the sha256 of a drawing."""
    return hashlib.sha256(picture.drawing.encode()).hexdigest()


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
            (ROOT / picture.png).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / picture.png).write_bytes(png)
            print(f"social_card: {picture.png}, {len(png):,} bytes", file=sys.stderr)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
