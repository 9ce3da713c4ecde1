"""HTML in the theme's style and ours, served for each scheme, so that a block can be seen without a built site."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import material

from scripts.publishing.static_host import StaticHost
from tests.conftest import ROOT

THEME = Path(material.__file__).parent / "templates/assets/stylesheets"


@contextmanager
def themed(folder: Path, html: str, *styles: str, policy: str = "") -> Iterator[StaticHost]:
    """Yield a host with default.html and slate.html. styles: of docs/assets, after the theme's and site.css."""
    files = [next(THEME.glob(f"{name}.*.min.css")) for name in ("main", "palette")]
    files += [ROOT / "docs/assets" / name for name in ("site.css", *styles)]
    for file in files:
        shutil.copyfile(file, folder / file.name)
    links = "".join(f'<link rel="stylesheet" href="{file.name}">' for file in files)
    for scheme in ("default", "slate"):
        (folder / f"{scheme}.html").write_text(
            f'<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f'<title>A block</title>{links}<body data-md-color-scheme="{scheme}" dir="ltr">'
            f'<div class="md-content"><article class="md-content__inner md-typeset">{html}</article></div>',
            encoding="utf-8",
        )
    with StaticHost({"/": folder}, {"Content-Security-Policy": policy} if policy else {}) as host:
        yield host
