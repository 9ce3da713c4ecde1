"""The pictures that are made from drawings: of their size, and not older than the drawing."""

import struct
from concurrent.futures import ThreadPoolExecutor

import pytest

from scripts.publishing import social_card
from scripts.publishing.social_card import KEYWORD, PICTURES, ROOT, hash_of, main, with_source

SMALL = 100_000  # bytes


def chunks(png: bytes) -> dict[bytes, bytes]:
    """Return the chunks of a PNG by name."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    found, place = {}, 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        found[png[place + 4 : place + 8]] = png[place + 8 : place + 8 + length]
        place += length + 12
    return found


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.png)
def test_a_picture_has_its_size_and_is_made_from_its_drawing(picture):
    png = (ROOT / picture.png).read_bytes()
    found = chunks(png)
    assert struct.unpack(">II", found[b"IHDR"][:8]) == (picture.width, picture.height)
    assert found[b"tEXt"] == KEYWORD + b"\0" + hash_of(picture).encode(), (
        "run: python -m scripts.publishing.social_card"
    )
    assert len(png) < SMALL


def test_a_changed_drawing_would_be_told():
    png = (ROOT / PICTURES[0].png).read_bytes()
    assert chunks(with_source(png, "another"))[b"tEXt"].endswith(b"another")


@pytest.mark.browser
def test_the_pictures_can_be_drawn_again(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(social_card, "ROOT", tmp_path)
    with ThreadPoolExecutor(1) as alone:  # Playwright wants a thread for each of its own
        assert alone.submit(main).result() == 0
    assert "social_card: docs/assets/social-card.png, " in capsys.readouterr().err
    for picture in PICTURES:
        found = chunks((tmp_path / picture.png).read_bytes())
        assert struct.unpack(">II", found[b"IHDR"][:8]) == (picture.width, picture.height)
