"""`::: map` draws what a result holds: each point at its place, told in words and numbers, coloured by the page."""

import re
from html import unescape

import pytest

from scripts.extension.charts import plot
from scripts.measuring.results import REPOSITORY
from tests.map_data import CELLS, SHARES, site_with
from tests.map_drawing import BLOCK, NO_BREAK, SIZES, drawings, points, ticks


@pytest.fixture(scope="module")
def html(kept, tmp_path_factory):
    """The page as the tests find it that change nothing."""
    return site_with(tmp_path_factory.mktemp("map")).render(BLOCK)


@pytest.mark.parametrize("form", SIZES)
def test_points_stand_where_the_axes_say(html, form):
    _, _, groups = drawings(html)[form]
    across, up = ticks(groups, "middle"), ticks(groups, "end")
    assert set(across) == set(up) == {0, 25, 50, 75, 100}
    for (x, y), (share_x, share_y) in zip(points(groups), SHARES, strict=True):
        assert x == pytest.approx(across[0] + share_x * (across[100] - across[0]), abs=0.11)
        assert y == pytest.approx(up[0] + share_y * (up[100] - up[0]), abs=0.11)


@pytest.mark.parametrize("form", SIZES)
def test_an_arrow_leads_from_the_base_up_to_the_right_and_to_both(html, form):
    _, _, groups = drawings(html)[form]
    places = dict(zip(CELLS, points(groups), strict=True))
    ends = {"knowledge": CELLS[1], "behaviour": CELLS[2], "both": CELLS[3]}
    arrows = {classes.split()[1]: content for classes, _, content in groups if classes.startswith("arrow ")}
    assert set(arrows) == set(ends)
    for role, cell in ends.items():
        numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", arrows[role])]
        for (x, y), (mark_x, mark_y) in zip((numbers[:2], numbers[2:4]), (places[CELLS[0]], places[cell]), strict=True):
            assert ((x - mark_x) ** 2 + (y - mark_y) ** 2) ** 0.5 < 20, f"{role} does not lead to its point"
    assert [classes for classes, _, _ in groups].count("arrow both over") == 1, "the arrow of both has two colours"


def test_whiskers_span_the_intervals(html):
    _, _, groups = drawings(html)["wide"]
    across, up = ticks(groups, "middle"), ticks(groups, "end")
    whiskers = [content for classes, _, content in groups if classes == "whisker other"]
    level, upright = (list(map(float, re.findall(r"[\d.]+", path))) for path in whiskers[:2])  # examples.retrieved
    percent_x, percent_y = (across[100] - across[0]) / 100, (up[100] - up[0]) / 100
    assert (level[0], level[2]) == pytest.approx((across[0] + 85 * percent_x, across[100]), abs=0.11)
    assert (upright[1], upright[3]) == pytest.approx((up[0] + 28 * percent_y, up[0] + 44 * percent_y), abs=0.11)


def test_it_is_told_in_words_and_all_numbers_are_in_the_table(html):
    html = unescape(html).replace(NO_BREAK, " ")
    assert '<p class="chart-title"><strong>Retrieval lifts the facts</strong></p>' in html
    told = re.search(r'<desc id="map-tiny-cpu-desc">(.*?)</desc>', html, re.DOTALL)[1]
    assert "both: facts 79 % (71 to 87), form >99 % (92 to 100);" in told
    assert "Arrows: the model alone to with retrieval; the model alone to LoRA on the behaviour;" in told
    assert 'aria-labelledby="map-tiny-cpu-title map-tiny-cpu-desc"' in html
    table = re.search(r'<details class="fold">.*?</details>', html, re.DOTALL)[0]
    rows = re.findall(r'<tr><th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td></tr>', table)
    assert len(rows) == len(CELLS)
    assert ("LoRA on the behaviour", "<1 % (0 to 8)", "100 % (92 to 100)") in rows
    for label, *cells in rows:
        assert all(label in told and cell in told for cell in cells)
    assert '<a href="evidence.md#tiny-cpu">How it was measured</a>' in html


@pytest.mark.parametrize("form", SIZES)
def test_values_are_printed_at_the_points_or_in_the_list_beside(html, form):
    html = unescape(html).replace(NO_BREAK, " ")
    drawn = "".join(content for _, _, content in drawings(html)[form][2])
    key = re.search(r'<ol class="chart-key">.*?</ol>', html, re.DOTALL)[0]
    told = drawn if form == "wide" else drawn + key
    for label in ("both", "LoRA on the pages", "schema + retrieval"):
        assert f">{label}" in told
    for values in ("facts 79 %, form >99 %", "facts 2 %, form 0 %", "facts <1 %, form 100 %"):
        assert values in told
    numbers = re.findall(r'<g class="name number"[^>]*><text[^>]*>(\d)</text>', html)
    assert sorted(numbers) == [f"{n}" for n in range(1, 1 + key.count("<li>"))], "the narrow form's numbers, no others"


def test_the_picture_is_the_same_each_time_and_drawn_once(site, html, tmp_path, monkeypatch):
    monkeypatch.setattr(plot, "KEPT", tmp_path / "kept")
    assert site.render(BLOCK) == html
    assert [file.suffix for file in plot.KEPT.iterdir()] == [".svg"]
    monkeypatch.setattr(plot, "run_node", lambda *_: pytest.fail("it was drawn again"))
    assert site.render(BLOCK) == html


def test_a_picture_is_drawn_again_when_its_code_changes(tmp_path, monkeypatch):
    (tmp_path / "draw.mjs").write_text("old")
    monkeypatch.setattr(plot, "CODE", tmp_path)
    before = plot.hash_of("{}")
    assert plot.hash_of("[]") != before
    (tmp_path / "draw.mjs").write_text("new")
    assert plot.hash_of("{}") != before


def test_colours_and_sizes_are_the_stylesheets(html):
    svg = html[html.index("<svg") : html.rindex("</svg>")]
    assert not re.search(
        r"<style|<script|\sstyle=|\s(fill|stroke)=|(?<!&)#[0-9a-f]{3}|rgb\(|currentColor|\son\w+=|http", svg
    )
    css = (REPOSITORY / "docs/assets/charts.css").read_text(encoding="utf-8")
    for _, (width, height, _) in drawings(html).items():
        assert f"aspect-ratio: {width} / {height};" in css
    ours = css[css.index("/* Charts that Plot draws") :]
    assert not re.search(r":[^;{]*(#[0-9a-f]{3}|rgb|hsl)", ours), "a colour that the dark scheme cannot change"
    for role in ("knowledge", "behaviour", "both", "base", "other"):
        assert f".map .{role}" in ours
