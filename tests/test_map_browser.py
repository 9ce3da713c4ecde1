"""The map in a real browser: no label lies on another or is cut, text keeps its size, both schemes, no style inline."""

from itertools import combinations

import pytest

from scripts.extension.charts import plot
from tests.map_data import SHARES, random_shares, site_with
from tests.themed_host import themed

pytestmark = pytest.mark.browser

STRICT = "default-src 'none'; style-src 'self'; img-src data:"  # no script, no style but the files
SETS = {"tiny": SHARES, **{f"set{seed}": random_shares(seed) for seed in range(4)}}
LEAST = 11  # pixels that text is high at least
LOOK = """(figure) => {
    const shown = (element) => element.checkVisibility();
    const box = (element) => { const { left, top, right, bottom } = element.getBoundingClientRect();
        return { left, top, right, bottom, text: element.textContent }; };
    const picture = figure.querySelector('.chart-picture');
    const drawing = [...picture.querySelectorAll('.drawing')].filter(shown);
    const texts = [...drawing[0].querySelectorAll('text')];
    const scale = drawing[0].getScreenCTM().a;
    return {
        drawn: drawing.map((one) => one.getAttribute('class')),
        picture: box(picture),
        labels: [...drawing[0].querySelectorAll(':is(.name, .value) text')].map(box),
        texts: texts.map(box),
        sizes: texts.map((text) => parseFloat(getComputedStyle(text).fontSize) * scale),
        body: parseFloat(getComputedStyle(document.querySelector('p.body')).fontSize),
        key: shown(figure.querySelector('.chart-key')),
        ink: getComputedStyle(drawing[0].querySelector('.lead.base text')).fill,
        colours: ['knowledge', 'behaviour'].map((role) =>
            getComputedStyle(drawing[0].querySelector(`.arrow.${role} path`)).stroke),
        wide: document.documentElement.scrollWidth - innerWidth,
    };
}"""


@pytest.fixture(scope="module")
def maps(tmp_path_factory):
    """A host of a page with maps of made-up data, in the theme's style and ours, for each scheme."""
    folder = tmp_path_factory.mktemp("maps")
    for name, shares in SETS.items():
        site = site_with(folder, name, shares)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plot, "KEPT", folder / "kept")
        html = site.render("\n".join(f"::: map {name}-cpu Facts up, form to the right\n" for name in SETS))
    html = f'<p class="body">Text.</p>{html}'
    with themed(tmp_path_factory.mktemp("pages"), html, "charts.css", policy=STRICT) as host:
        yield host


@pytest.fixture
def look(chromium, maps):
    """Return what is seen of each map at a width; nothing may be refused or missing."""
    contexts, said = [], []

    def seen(width, scheme="default", media="screen"):
        contexts.append(chromium.new_context(viewport={"width": width, "height": 900}, java_script_enabled=True))
        page = contexts[-1].new_page()
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{maps.address}/{scheme}.html")
        page.emulate_media(media=media)
        return [figure.evaluate(LOOK) for figure in page.locator("figure.map").all()]

    yield seen
    for context in contexts:
        context.close()
    assert [text for text in said if "favicon" not in text] == []


def apart(a, b):
    """Whether two boxes do not cover each other; their letters may come as close as lines of a text do."""
    return (
        a["right"] <= b["left"] or b["right"] <= a["left"] or a["bottom"] <= b["top"] + 4 or b["bottom"] <= a["top"] + 4
    )


@pytest.mark.parametrize(("width", "drawn"), [(1280, "drawing wide"), (390, "drawing narrow"), (320, "drawing narrow")])
def test_no_label_lies_on_another_or_is_cut(look, width, drawn):
    for name, seen in zip(SETS, look(width), strict=True):
        assert seen["drawn"] == [drawn]
        assert seen["wide"] == 0, "the page scrolls sideways"
        for a, b in combinations(seen["labels"], 2):
            assert apart(a, b), f"{name}: {a['text']} lies on {b['text']}"
        for text in seen["texts"]:
            inside = text["left"] >= seen["picture"]["left"] - 1 and text["right"] <= seen["picture"]["right"] + 1
            assert inside and text["bottom"] <= seen["picture"]["bottom"] + 1, f"{name}: {text['text']} is cut"


@pytest.mark.parametrize("width", [1280, 700, 600, 390, 320])
def test_text_is_never_too_small_and_never_larger_than_the_body(look, width):
    for seen in look(width):
        assert LEAST <= min(seen["sizes"]) <= max(seen["sizes"]) <= seen["body"]


def test_colours_follow_the_scheme(look):
    (light, *_), (dark, *_) = look(1280), look(1280, "slate")
    assert light["ink"] != dark["ink"]
    assert len({*light["colours"], *dark["colours"]}) == 4, "knowledge and behaviour, each in both schemes"


def test_the_list_beside_is_there_where_the_drawing_has_numbers(look):
    assert [one[0]["key"] for one in (look(1280), look(390))] == [False, True]


def test_on_paper_it_is_whole(look):
    for seen in look(700, media="print"):
        assert len(seen["drawn"]) == 1 and len(seen["labels"]) == 18 and max(seen["sizes"]) <= seen["body"]
