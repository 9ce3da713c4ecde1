"""A mistake in a map, its result or what draws it stops the build in one line."""

import json

import pytest

from scripts.extension.charts import plot
from scripts.extension.page import SiteError
from tests.map_data import DATA, site_with
from tests.map_drawing import BLOCK


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
