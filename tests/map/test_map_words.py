"""What a map says and leaves out: its title, a result to come, no interval, no list; and shares at the edges."""

import json
import re

import pytest

from scripts.extension.numbers.percent import percent, with_interval
from scripts.extension.page import SiteError
from tests.map_data import DATA, SHARES, measured
from tests.map_drawing import BLOCK, NO_BREAK


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


def test_a_share_is_honest_at_the_edges():
    shown = {0: "0 %", 0.004: "<1 %", 0.006: "1 %", 0.444: "44 %", 0.994: "99 %", 0.996: ">99 %", 1: "100 %"}
    assert {share: percent(share).replace(NO_BREAK, " ") for share in shown} == shown
    one = measured(SHARES)["lora-behaviour.retrieved.valid-json"]
    assert with_interval(one).replace(NO_BREAK, " ") == ">99 % (92 to 100)"
