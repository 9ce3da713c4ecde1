"""Words about a result stand in the page once it is measured, and one line until then."""

import pytest

from scripts.extension.page import SiteError
from scripts.measuring import results
from tests.tiny_site import TinySite

TEXT = "# Page\n\nBefore.\n\n::: once-measured {}\nThe ratio is [=bench-cpu:ratio].\n\nMore.\n::: end\n\nAfter.\n"


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    measured = {"ratio": {"value": 0.39, "unit": "", "says": "Ratio"}}
    results.write("bench", "cpu", command="make it", code=[site.write("a.txt", "a")], measured=measured, root=tmp_path)
    site.write("results/expected.yml", "lora-cpu: {machine: cpu, command: make lora, says: LoRA.}\n")
    return site


def test_what_is_measured_is_told(site):
    html = site.render(TEXT.format("bench-cpu"))
    assert "0.39</data>" in html and "More." in html and "once-measured" not in html and "::: end" not in html


def test_what_is_not_is_one_line(site):
    html = site.render(TEXT.format("lora-cpu"))
    assert html.count("Not measured yet") == 1 and "Before." in html and "After." in html
    assert "The ratio" not in html and "More." not in html


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TEXT.format("lora-gpu"), "there is no result lora-gpu; did you mean lora-cpu"),
        (TEXT.format("bench-cpu").replace("::: end", ""), "has no ::: end behind it"),
        ("# Page\n\nText.\n\n::: end\n", "::: end without ::: once-measured before it"),
    ],
)
def test_a_mistake_stops_with_its_line(text, says, site):
    with pytest.raises(SiteError, match=rf"^docs/index\.md:5: .*{says}"):
        site.render(text)


def test_a_stale_result_stops(site):
    site.write("a.txt", "b")
    with pytest.raises(SiteError, match=r"^docs/index\.md:5: .*is stale"):
        site.render(TEXT.format("bench-cpu"))
