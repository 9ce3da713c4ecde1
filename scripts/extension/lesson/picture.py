"""The block `::: picture rag The caption.`: a drawing that explains, from `docs/_data/pictures/rag.svg`.

The file is a whole SVG that a drawing program opens. It says what it shows in a <title> and a <desc>, for who cannot
see it. The caption is Markdown, citations too. Pictures of data are drawn from results: see `charts/`.
"""

import re
from xml.etree import ElementTree as etree

from scripts.extension.numbers.inline import RESULT
from scripts.extension.numbers.loose_numbers import figures
from scripts.extension.page import Page, SiteError
from scripts.extension.sources.citations import keys_in
from scripts.nearest import nearest

FOLDER = "docs/_data/pictures"
SVG = "{http://www.w3.org/2000/svg}"
NAMESPACE = ' xmlns="http://www.w3.org/2000/svg"'  # of the file; inside HTML it says nothing new
STYLED = "styled"  # class of a drawing that brings its own strokes and fills


def block(argument: str, page: Page) -> etree.Element:
    """Return the figure; SiteError for a drawing that is not there or does not say what it shows."""
    name, _, caption = argument.partition(" ")
    path = page.root / FOLDER / f"{name}.svg"
    if not path.is_file():
        names = sorted(other.stem for other in path.parent.glob("*.svg"))
        raise page.error(page.line, f"there is no picture {name}; {nearest(name, names)}")
    if not caption.strip():
        raise page.error(page.line, f"the picture {name} has no caption; write one behind its name")
    if (numbers := figures(caption)) and not keys_in(caption) and not RESULT.search(caption):
        raise page.error(page.line, f"loose number {numbers[0]!r} in the caption of {name}; cite a source beside it")
    text = path.read_text(encoding="utf-8").strip()
    root = check(text, name, f"{FOLDER}/{name}.svg")
    page.data.append(path)
    figure = etree.Element("figure", {} if STYLED in root.get("class", "").split() else {"class": "picture"})
    figure.text = page.md.htmlStash.store(text.replace(NAMESPACE, "", 1))
    etree.SubElement(figure, "figcaption").text = caption.strip()
    return figure


def check(text: str, name: str, file: str) -> etree.Element:
    """Return the drawing's root; SiteError where it is no SVG or cannot be read aloud."""
    try:
        root = etree.fromstring(text)
    except etree.ParseError as error:
        line, _ = error.position
        raise SiteError(f"{file}:{line}: not an SVG: {error.msg if hasattr(error, 'msg') else error}") from None
    if root.tag != f"{SVG}svg" or "viewBox" not in root.attrib:
        raise SiteError(f'{file}:1: must be an <svg{NAMESPACE} viewBox="...">')
    ids = {part: f"picture-{name}-{part}" for part in ("title", "desc")}
    for part, wanted in ids.items():
        element = root.find(f"{SVG}{part}")
        if element is None or element.get("id") != wanted or not (element.text or "").strip():
            raise SiteError(f'{file}:1: has no <{part} id="{wanted}"> with words')
    if root.get("role") != "img" or root.get("aria-labelledby", "").split() != list(ids.values()):
        raise SiteError(f'{file}:1: must have role="img" aria-labelledby="{" ".join(ids.values())}"')
    if foreign := re.search(r"""(?:href|src)\s*=\s*["'](?!#)|<script|\son\w+\s*=""", text):
        line = text[: foreign.start()].count("\n") + 1
        raise SiteError(f"{file}:{line}: a drawing holds no script and loads nothing")
    return root
