"""`::: picture`: a drawing from its file, with a caption, that can be read aloud and loads nothing."""

import re

import pytest

from scripts.extension.lesson.picture import FOLDER
from scripts.extension.page import SiteError
from scripts.measuring.results import REPOSITORY
from tests.tiny_site import TinySite

SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"
  role="img" aria-labelledby="picture-box-title picture-box-desc">
<title id="picture-box-title">A box</title>
<desc id="picture-box-desc">A box, and nothing in it.</desc>
<rect width="9" height="9"/>
</svg>
"""
LINE = "::: picture box Small, as *drawn* [@lora].\n"


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    site.write(f"{FOLDER}/box.svg", SVG)
    return site


def test_the_drawing_stands_in_a_figure_with_its_caption(site):
    html = site.render(LINE)
    assert '<figure class="picture"><svg viewBox="0 0 9 9"' in html and "xmlns" not in html
    caption = re.search("<figcaption>(.*)</figcaption>", html)[1]
    assert "<em>drawn</em>" in caption and 'href="references.md#lora"' in caption


def test_a_drawing_with_its_own_style_gets_none_of_ours(site):
    site.write(f"{FOLDER}/box.svg", SVG.replace("viewBox", 'class="styled" viewBox'))
    assert "<figure><svg" in site.render(LINE)


MISTAKES = {
    "no xml": ("<rect", "<rekt<", r"box\.svg:5: not an SVG"),
    "no namespace": (' xmlns="http://www.w3.org/2000/svg"', "", r"box\.svg:1: must be an <svg"),
    "no viewBox": ("viewBox", "viewbox", r"box\.svg:1: must be an <svg"),
    "no title": (
        '<title id="picture-box-title">A box</title>',
        "",
        r'box\.svg:1: has no <title id="picture-box-title">',
    ),
    "empty description": (
        "A box, and nothing in it.",
        "",
        r'box\.svg:1: has no <desc id="picture-box-desc"> with words',
    ),
    "another id": ("picture-box-desc", "desc", r'box\.svg:1: has no <desc id="picture-box-desc">'),
    "no role": (' role="img"', "", r'box\.svg:1: must have role="img"'),
    "an image": ("<rect", '<image href="https://x.example/a.png"/><rect', r"box\.svg:5: .* loads nothing"),
    "a script": ("<rect", "<script>alert(1)</script><rect", r"box\.svg:5: a drawing holds no script"),
    "a handler": ("<rect", '<rect onload="alert(1)"', r"box\.svg:5: a drawing holds no script"),
}


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_the_drawing_names_file_and_line(site, old, new, message):
    assert old in SVG
    site.write(f"{FOLDER}/box.svg", SVG.replace(old, new))
    with pytest.raises(SiteError, match=f"^docs/_data/pictures/{message}"):
        site.render(LINE)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("::: picture bx Small.\n", r"there is no picture bx; did you mean box\?"),
        ("::: picture box It takes 48 GB.\n", "loose number '48 GB' in the caption of box; cite a source beside it"),
        ("::: picture box\n", "the picture box has no caption; write one behind its name"),
    ],
)
def test_a_mistake_on_the_page_names_its_line(site, line, message):
    with pytest.raises(SiteError, match=rf"^docs/index\.md:3: {message}"):
        site.render(f"# Page\n\n{line}")


def test_every_drawing_is_on_a_page():
    pages = "\n".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "docs").rglob("*.md"))
    names = [path.stem for path in (REPOSITORY / FOLDER).glob("*.svg")]
    assert names and all(f"\n::: picture {name} " in pages for name in names)
    assert "<svg" not in pages
