"""`[=result:key]` prints a measured value, the Evidence page all; the stale or unknown stops the build."""

import pytest

from scripts.extension.page import SiteError
from scripts.measuring import results
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
    assert 'href="evidence.md#first-verdict-cpu:ratio"' in html
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


def test_announcement_names_its_machine(site):
    site.write("results/expected.yml", "\nlora-cpu: {machine: gpu, command: make lora, says: LoRA.}\n")
    with pytest.raises(SiteError, match=r"^results/expected\.yml:2: lora-cpu must end in its machine, -gpu"):
        site.render("::: evidence\n")
