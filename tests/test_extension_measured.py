"""`[=result:key]` prints a measured value, the Evidence page all; the stale or unknown stops the build."""

import re

import pytest

from scripts import results
from scripts.extension import SiteError
from tests.tiny_site import TinySite

MEASURED = {
    "ratio": {
        "value": 0.39,
        "unit": "",
        "says": "Cold <start>",
        "min": 0.35,
        "max": 0.44,
        "n": 7,
        "limit": 0.45,
    },
    "hits": {"value": 0.5, "unit": "of 1", "says": "Right answers", "floor": 0.9},
}


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    code = site.write("boot.mjs", "boot()")
    results.write("first-verdict", "cpu", command="make bench", code=[code], measured=MEASURED, root=tmp_path)
    site.write("results/expected.yml", "lora-gpu: {machine: gpu, command: make lora, says: LoRA on a GPU.}\n")
    return site


def test_value_with_its_birth_certificate(site):
    html = site.render("It is [=first-verdict-cpu:ratio].\n")
    assert 'href="evidence.md#first-verdict-cpu"' in html
    assert '<data class="result" title="Cold &lt;start&gt;; measured by make bench on 20' in html
    assert 'value="0.39">0.39</data>' in html


def test_a_share_is_printed_in_percent_and_another_number_with_its_unit(site):
    assert 'value="0.5">50\N{NO-BREAK SPACE}%</data>' in site.render("It is [=first-verdict-cpu:hits].\n")
    seconds = {"value": 0.39, "unit": "s", "says": "Seconds"}
    results.write("times", "cpu", command="x", code=[site.root / "boot.mjs"], measured={"a": seconds}, root=site.root)
    assert 'value="0.39">0.39 s</data>' in site.render("It is [=times-cpu:a].\n")


def test_announced_result_is_not_measured_yet(site):
    assert '<a class="measured" href="evidence.md#lora-gpu">not measured yet</a>' in site.render("[=lora-gpu:loss]\n")


MISTAKES = {
    "[=first-verdict-cpu:rato]": r"has no rato; did you mean ratio\?",
    "[=first-verdct-cpu:ratio]": r"there is no result first-verdct-cpu; did you mean first-verdict-cpu\?",
    "[=lora-gpus:loss]": r"there is no result lora-gpus; did you mean lora-gpu",
    "[=ratio]": r"\[=ratio\] is not a result; write \[=name:key\]",
}


@pytest.mark.parametrize(("written", "message"), MISTAKES.items(), ids=MISTAKES)
def test_unknown_result_stops_with_its_line(site, written, message):
    with pytest.raises(SiteError, match=rf"^docs/index\.md:3: .*{message}"):
        site.render(f"# Page\n\nIt is {written}.\n")


@pytest.mark.parametrize("text", ["It is [=first-verdict-cpu:ratio].", "::: evidence"])
def test_stale_result_stops_and_names_the_command(site, text):
    site.write("boot.mjs", "boot(faster)")
    with pytest.raises(SiteError, match=r"^docs/index\.md:2: .*boot\.mjs has changed; run: make bench"):
        site.render(f"\n{text}\n")


def test_page_without_results_does_not_mind_a_stale_one(site):
    site.write("boot.mjs", "boot(faster)")
    assert site.render("Words.\n") == "<p>Words.</p>"


def test_evidence_shows_values_limits_and_how_to_repeat(site):
    html = site.render("::: evidence\n", "docs/evidence.md")
    assert '<h2 id="first-verdict-cpu">' in html and '<h2 id="lora-gpu">' in html
    assert "<td>0.35 to 0.44</td>" in html and "<td>7</td>" in html
    assert "<td>at most 0.45: met</td>" in html
    assert "<td>at least 0.9: not met</td>" in html
    assert "<code>make bench</code>" in html and "Not measured yet: <code>make lora</code>" in html
    assert "boot.mjs sha256 " in html


def columns(html: str) -> list[str]:
    return re.findall(r'<th scope="col">(.*?)</th>', html)


def test_evidence_has_the_columns_that_a_result_fills(site):
    assert columns(site.render("::: evidence\n")) == ["Measured", "Value", "Range", "Runs", "Limit"]
    share = {"value": 0.9, "unit": "of 1", "says": "Right", "low": 0.85, "high": 0.94, "n": 3, "cases": 240}
    code = [site.root / "boot.mjs"]
    results.write("first-verdict", "cpu", command="x", code=code, measured={"a": share}, root=site.root)
    html = site.render("::: evidence\n")
    assert columns(html) == ["Measured", "Value", "95 % interval", "Runs"]
    assert "<td>0.9 of 1</td>" in html and "<td>0.85 to 0.94</td>" in html and "<td>3 of 240</td>" in html


def test_many_numbers_and_many_files_unfold(site):
    assert "<details>" not in site.render("::: evidence\n")
    many = {f"k{n}": MEASURED["hits"] for n in range(30)}
    code = [site.write(f"code/{n}.py", str(n)) for n in range(21)]
    results.write("first-verdict", "cpu", command="x", code=code, measured=many, root=site.root)
    html = site.render("::: evidence\n")
    assert "<summary>All 30 numbers</summary>" in html and html.count("<td>0.5 of 1</td>") == 30
    assert "<summary>All 21 files that were measured</summary>" in html and html.count(" sha256 ") == 21


def test_announcement_names_its_machine(site):
    site.write("results/expected.yml", "\nlora-cpu: {machine: gpu, command: make lora, says: LoRA.}\n")
    with pytest.raises(SiteError, match=r"^results/expected\.yml:2: lora-cpu must end in its machine, -gpu"):
        site.render("::: evidence\n")
