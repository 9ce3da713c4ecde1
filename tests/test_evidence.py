"""`::: evidence`: each result is its main shares, all numbers in a fold and how it was made; the rest is one list."""

import re
from html import unescape

import pytest

from scripts.extension.evidence.evidence import natural
from scripts.extension.page import SiteError
from scripts.measuring import results
from tests.tiny_site import TinySite

SIGNS = {"\u00a0": " ", "\u2212": "-", "\u2013": "-"}  # no-break space, minus, dash
RATIO = {"value": 0.39, "unit": "", "says": "Cold start.", "min": 0.35, "max": 0.44, "n": 7, "limit": 0.45}
EXPECTED = """\
lora-cpu: {machine: cpu, command: make lora, says: The behaviour taught by LoRA.}
rag-cpu: {machine: cpu, command: make rag, says: Retrieval.}
lora-gpu: {machine: gpu, command: make gpu, says: LoRA on a GPU.}
"""


def share(value, says, **more):
    return {"value": value, "unit": "of 1", "says": says, "low": value - 0.1, "high": value + 0.1, **more}


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    site.write("results/expected.yml", EXPECTED)
    site.write("boot.mjs", "boot()")
    return site


def write(site, name, measured, **more):
    environment = {"cpu": "AMD EPYC", "threads": 1, "dtype": "bfloat16", "model": "build/model 7ef9", "trl": "1.16.0"}
    given = {"command": "make it", "code": [site.root / "boot.mjs"], "environment": environment, **more}
    results.write(name, "cpu", measured=measured, root=site.root, **given)


def render(site, text="::: evidence\n"):
    return plain(site.render(text, "docs/evidence.md"))


def plain(html):
    """Return HTML with the signs that a keyboard has."""
    return unescape(html).translate(str.maketrans(SIGNS))


def rows(html):
    """Return the rows of all tables, each a list of what its cells say."""
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in re.findall(r"<tr.*?</tr>", html, re.S)]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in cells]


BEFORE_AFTER = {
    f"{when}.with-page.{end}": share(value, f"{when.capitalize()} training, with the right page: {what}.", cases=48)
    for when, values in {"before": (0.4, 0.1), "after": (0.8, 0.9)}.items()
    for end, what, value in zip(("right", "valid-json"), ("answers right", "valid JSON"), values, strict=True)
}


def test_a_heading_says_what_it_is_and_keeps_the_results_name_as_id(site):
    write(site, "lora", BEFORE_AFTER)
    write(site, "first-verdict", {"ratio": RATIO})
    html = render(site)
    assert '<h3 id="lora-cpu">The behaviour taught by LoRA</h3>' in html
    assert '<h3 id="first-verdict-cpu">First verdict</h3>' in html
    assert html.index("lora-cpu") < html.index("first-verdict-cpu"), "the announced order comes first"


def test_main_shares_stand_in_percent_with_their_interval_by_what_was_tried(site):
    write(site, "lora", BEFORE_AFTER)
    first = rows(render(site))[:3]
    assert first == [
        ["What was tried", "Answers right", "Valid JSON"],
        ["Before training, with the right page", "40 (30 to 50)", "10 (0 to 20)"],
        ["After training, with the right page", "80 (70 to 90)", "90 (80 to 100)"],
    ]


def test_what_one_way_was_not_asked_is_a_dash_and_a_result_without_ways_is_all_questions(site):
    without = {key: one for key, one in BEFORE_AFTER.items() if key != "before.with-page.right"}
    write(site, "lora", without)
    write(site, "rag", {"right": share(0.25, "Answers right."), "retrieved": share(0.6, "Page among them.")})
    found = rows(render(site))
    assert ["Before training, with the right page", "-", "10 (0 to 20)"] in found
    assert ["What was tried", "Answers right", "Page among them"] in found
    assert ["All questions", "25 (15 to 35)", "60 (50 to 70)"] in found


def test_every_number_has_a_row_of_its_own_that_a_link_lands_on(site):
    write(site, "lora", BEFORE_AFTER)
    html = render(site)
    fold = html[html.index("<summary>All 4 numbers</summary>") :]
    for key in BEFORE_AFTER:
        assert f'<tr id="lora-cpu:{key}">' in fold
    assert '<td data-head="95 % interval">0.7 to 0.9</td>' in fold
    assert ["Measured", "Value", "95 % interval", "Cases"] in rows(fold), "columns that nothing fills are left out"


def test_few_numbers_stand_open_with_limits_and_many_unfold(site):
    floor = {"value": 0.5, "unit": "requests", "says": "Hits.", "floor": 0.9, "seeds": [0.4, 0.6], "n": 2}
    write(site, "first-verdict", {"ratio": RATIO, "hits": floor})
    html = render(site)
    assert "numbers</summary>" not in html
    assert ["Measured", "Value", "Each seed", "Range", "Runs", "Limit"] in rows(html)
    assert ["Cold start", "0.39", "", "0.35 to 0.44", "7", "at most 0.45: met"] in rows(html)
    assert ["Hits", "0.5 requests", "0.4; 0.6", "", "2", "at least 0.9: not met"] in rows(html)
    write(site, "first-verdict", {f"k{number}": RATIO for number in range(21)})
    assert "<summary>All 21 numbers</summary>" in render(site)


def test_how_it_was_made_stands_in_a_fold(site):
    write(site, "lora", BEFORE_AFTER, notes="On <CPU>.", printed="a table")
    html = render(site)
    assert "<summary>The table that it printed</summary>" in html and "a table" in html
    made = html[html.index("<summary>How it was made, and how to repeat it</summary>") :]
    for text in (
        "<p>On <CPU>.</p>",
        "Repeat it: <code>make it</code>",
        "Processor: AMD EPYC",
        "Threads: 1",
        "Precision: bfloat16",
        "Model, and the hash of its weights: build/model 7ef9",
        "Versions: trl 1.16.0",
    ):
        assert text in made
    assert re.search(r"Date: 20\d\d-", made) and re.search(r"boot\.mjs: <code>[0-9a-f]{12}</code>", made)


def test_without_an_environment_of_libraries_no_versions_are_told(site):
    write(site, "lora", BEFORE_AFTER, environment={"dtype": ""}, date="2026-11-25")
    html = render(site)
    assert "Versions" not in html and "Precision" not in html


def test_what_is_not_measured_stands_in_one_list_at_the_end_by_machine(site):
    write(site, "lora", BEFORE_AFTER)
    html = render(site)
    missing = html[html.index('<h2 id="not-measured-yet">') :]
    assert "<h3" not in missing and "lora-cpu" not in missing
    assert '<li id="rag-cpu">Retrieval. <code>make rag</code>' in missing
    assert missing.index("On a CPU") < missing.index("rag-cpu") < missing.index("On a machine with a GPU")
    assert missing.index("On a machine with a GPU") < missing.index('<li id="lora-gpu">')
    site.write("results/expected.yml", EXPECTED.splitlines()[0])
    assert "not-measured-yet" not in render(site)


def test_what_another_block_shows_is_left_to_it(site):
    write(site, "lora", BEFORE_AFTER)
    site.write("docs/_data/arms.yml", "base: {label: The base, says: As it came.}\n")
    html = render(site, "::: experiment rag-cpu\n\n::: evidence\n")
    assert html.count('id="rag-cpu"') == 1, "its heading, not the list"
    assert "<li>Retrieval. <code>make rag</code>" in html


def test_a_stale_result_stops_with_its_line(site):
    write(site, "lora", BEFORE_AFTER)
    site.write("boot.mjs", "boot(faster)")
    with pytest.raises(SiteError, match=r"^docs/evidence\.md:2: .*boot\.mjs has changed; run: make it"):
        render(site, "\n::: evidence\n")


def test_it_takes_no_argument(site):
    with pytest.raises(SiteError, match="evidence takes no argument"):
        render(site, "::: evidence all\n")


def test_numbers_sort_as_numbers_and_before_comes_before_after():
    keys = ["after.right", "examples.10.right", "before.right", "examples.2.right"]
    assert sorted(keys, key=natural) == ["before.right", "after.right", "examples.2.right", "examples.10.right"]
