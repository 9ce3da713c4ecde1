"""`::: map` draws what a result holds: each point at its place, told in words and numbers, coloured by the page."""

import json
import re
from html import unescape
from itertools import combinations

import pytest

from scripts.extension.charts import plot
from scripts.extension.numbers.percent import percent, with_interval
from scripts.extension.page import SiteError
from scripts.measuring.results import REPOSITORY
from tests.map_data import CELLS, DATA, SHARES, measured, random_shares, site_with

BLOCK = "::: map tiny-cpu Retrieval lifts the facts\n"
DRAWING = re.compile(r'<svg [^>]*class="drawing (\w+)"[^>]*viewBox="0 0 (\d+) (\d+)".*?</svg>', re.DOTALL)
GROUP = re.compile(r'<g class="([\w ]+)"(?: text-anchor="(\w+)")?>(.*?)</g>')
AT = re.compile(r"translate\(([\d.-]+),([\d.-]+)\)")
SIZES = {"wide": {"lead": 15, "": 14}, "narrow": {"lead": 14, "": 14}}  # of text, as the stylesheet has them
EM = {True: 0.62, False: 0.56}  # width of a letter in a wide font, bold or not
NO_BREAK = "\u00a0"


@pytest.fixture(scope="module", autouse=True)
def kept(tmp_path_factory):
    """Keep the tests' pictures out of the build's, each drawn once."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("kept")
        patch.setattr(plot, "KEPT", folder)
        yield folder


@pytest.fixture
def site(tmp_path):
    return site_with(tmp_path)


@pytest.fixture(scope="module")
def html(kept, tmp_path_factory):
    """The page as the tests find it that change nothing."""
    return site_with(tmp_path_factory.mktemp("map")).render(BLOCK)


def drawings(html):
    """Return name -> (width, height, groups) of the drawings, each group (classes, anchor, content)."""
    return {
        found[1]: (
            int(found[2]),
            int(found[3]),
            [(one[1], one[2] or "middle", one[3]) for one in GROUP.finditer(found[0])],
        )
        for found in DRAWING.finditer(html)
    }


def points(groups):
    """Return (x, y) of the marks, in the order of the data."""
    found = []
    for classes, _, content in groups:
        if classes.startswith("point "):
            circle = re.search(r'cy="([\d.]+)" cx="([\d.]+)"', content)
            found.append(
                (float(circle[2]), float(circle[1])) if circle else tuple(map(float, AT.search(content).groups()))
            )
    return found


def ticks(groups, anchor):
    """Return tick -> where its value is written, across (anchor middle) or up (anchor end)."""
    axis = 0 if anchor == "middle" else 1
    return {
        int(re.search(r">(\d+)<", content)[1]): float(AT.search(content)[1 + axis])
        for classes, where, content in groups
        if (classes, where) == ("tick", anchor)
    }


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


def boxes(form, groups):
    """Return (text, left, top, right, bottom) of each line of a label."""
    found = []
    for classes, anchor, content in groups:
        if classes.split()[0] in ("name", "value"):
            text = unescape(re.search(r">([^<]*)</text>", content)[1])
            x, y = map(float, AT.search(content).groups())
            bold = "lead" in classes or "number" in classes
            width = len(text) * SIZES[form]["lead" if "lead" in classes else ""] * EM[bold]
            left = {"start": x, "middle": x - width / 2, "end": x - width}[anchor]
            found.append((text, left, y - 8, left + width, y + 8))
    return found


@pytest.mark.parametrize("seed", range(7))
def test_labels_cover_neither_each_other_nor_a_mark(tmp_path, seed):
    shares = random_shares(seed) if seed else [(0.5, 0.5)] * len(CELLS)
    html = site_with(tmp_path, shares=shares).render(BLOCK)
    for form, (width, height, groups) in drawings(html).items():
        labels = boxes(form, groups)
        for one in labels:
            assert one[1] >= -2 and one[2] >= 0 and one[3] <= width + 2 and one[4] <= height, f"{one} is cut off"
        marks = [("", x - 4, y - 4, x + 4, y + 4) for x, y in points(groups)]
        pairs = [*combinations(labels, 2), *((label, mark) for label in labels for mark in marks)]
        for a, b in pairs:
            apart = a[3] <= b[1] or b[3] <= a[1] or a[4] <= b[2] or b[4] <= a[2]
            assert apart, f"{form}, seed {seed}: {a[0]} lies on {b[0] or 'a mark'}"


def test_a_label_far_from_its_mark_has_a_line_to_it(tmp_path):
    html = site_with(tmp_path, shares=[(0.5, 0.5)] * len(CELLS)).render(BLOCK)
    for _, _, groups in drawings(html).values():
        assert sum(classes == "leader" for classes, _, _ in groups) >= 3


def test_an_announced_result_is_not_measured_yet(site):
    site.write("results/expected.yml", "tiny-gpu: {machine: gpu, command: make it, says: Later.}\n")
    html = site.render("::: map tiny-gpu It will show\n")
    assert '<a class="measured" href="evidence.md#tiny-gpu">Not measured yet</a>' in html
    assert "<svg" not in html


def test_a_title_may_hold_a_measured_value_and_no_other_number(site):
    html = site.render("::: map tiny-cpu From [=tiny-cpu:base.closed-book.right] up\n")
    assert '<p class="chart-title"><strong>From <a class="measured"' in html
    with pytest.raises(
        SiteError, match=r"index\.md:1: the title holds '44 %', which may go stale; write \[=result:key\]"
    ):
        site.render("::: map tiny-cpu Up to 44 %\n")


def test_without_words_of_the_page_it_has_a_neutral_title(site):
    assert '<p class="chart-title"><strong>Where each change moves the model</strong></p>' in site.render(
        "::: map tiny-cpu\n"
    )


def test_a_share_without_an_interval_has_no_whisker(site):
    path = site.root / "results/tiny-cpu.json"
    result = json.loads(path.read_text(encoding="utf-8"))
    for one in result["measured"].values():
        del one["low"], one["high"]
    path.write_text(json.dumps(result), encoding="utf-8")
    html = site.render(BLOCK)
    assert "whisker" not in html and f"<td>79{NO_BREAK}%</td>" in html


def test_a_map_of_arrows_alone_needs_no_list(site):
    text = (site.root / DATA).read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if "cell:" not in line or re.search("base|behaviour", line)]
    site.write(DATA, "\n".join(kept))
    assert "chart-key" not in site.render(BLOCK)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "cell: examples.retrieved",
            "cell: exmples.retrieved",
            r"map\.yml:\d+: result tiny-cpu has no exmples\.retrieved\.valid-json; did you mean examples\.retrieved\.v",
        ),
        ("to: base.retrieved", "to: base.retrived", r"map\.yml:\d+: there is no base\.retrived; did you mean base\.r"),
        ("label: both, role: both", "label: both, role: bth", r"map\.yml:\d+: there is no bth; did you mean both"),
        ("title:", "titel:", r"map has an unknown field titel"),
        ("short: facts", "shrt: facts", r"up has an unknown field shrt"),
        (
            "{cell: base.retrieved, label: with retrieval, role: knowledge}",
            "text",
            r"point 2 must be a mapping with cell, label, role",
        ),
    ],
)
def test_a_mistake_in_the_map_stops_the_build(site, old, new, problem):
    text = (site.root / DATA).read_text(encoding="utf-8")
    assert old in text
    site.write(DATA, text.replace(old, new, 1))
    with pytest.raises(SiteError, match=problem):
        site.render(BLOCK)


def test_what_is_no_share_stops_the_build(tmp_path):
    site = site_with(tmp_path)
    path = site.root / "results/tiny-cpu.json"
    result = json.loads(path.read_text(encoding="utf-8"))
    result["measured"]["base.closed-book.valid-json"]["value"] = 2
    path.write_text(json.dumps(result), encoding="utf-8")
    with pytest.raises(
        SiteError, match=r"map\.yml:\d+: base\.closed-book\.valid-json is 2, and the map goes from 0 to 1"
    ):
        site.render(BLOCK)


def test_an_unknown_or_stale_result_stops_the_build(site):
    with pytest.raises(SiteError, match=r"index\.md:1: there is no result tny-cpu; did you mean tiny-cpu"):
        site.render("::: map tny-cpu\n")
    site.write("code.py", "changed = True\n")
    with pytest.raises(SiteError, match=r"index\.md:1: results/tiny-cpu\.json is stale"):
        site.render(BLOCK)


def test_without_node_or_its_packages_the_build_says_what_to_run(site, tmp_path, monkeypatch):
    again = "`make serve` sets up what draws"
    code = tmp_path / "elsewhere"  # where node finds no node_modules
    code.mkdir()
    for file in plot.CODE.glob("*.mjs"):
        (code / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(plot, "CODE", code)
    monkeypatch.setattr(plot, "KEPT", tmp_path / "kept")
    with pytest.raises(SiteError, match=rf"index\.md:1: the chart map is not drawn: .*@observablehq/plot.*; {again}"):
        site.render(BLOCK)
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(SiteError, match=rf"index\.md:1: the chart map is not drawn: no node on the path; .*; {again}"):
        site.render(BLOCK)


def test_an_unknown_form_is_told():
    with pytest.raises(OSError, match=r"the chart pie is not drawn: .*there is no form pie; known: map"):
        plot.draw("pie", "pie", "", "", {})


def test_a_share_is_honest_at_the_edges():
    shown = {0: "0 %", 0.004: "<1 %", 0.006: "1 %", 0.444: "44 %", 0.994: "99 %", 0.996: ">99 %", 1: "100 %"}
    assert {share: percent(share).replace(NO_BREAK, " ") for share in shown} == shown
    one = measured(SHARES)["lora-behaviour.retrieved.valid-json"]
    assert with_interval(one).replace(NO_BREAK, " ") == ">99 % (92 to 100)"
