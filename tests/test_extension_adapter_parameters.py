"""`::: adapter-parameters`: the sum by hand is what was measured, and what peft builds."""

import html
import json
import re

import pytest

from scripts import results
from scripts.extension import SiteError
from scripts.extension.adapter_parameters import MODEL, SNIPPET, read_maps, read_rank
from tests.conftest import ROOT
from tests.snippet_process import load_snippet
from tests.tiny_site import TinySite

SHAPES = {
    "hidden_size": 8,
    "intermediate_size": 20,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 3,
    "num_hidden_layers": 5,
}
# q 8 to 12, k and v 8 to 6, o 12 to 8, gate and up 8 to 20, down 20 to 8; r 2, 5 layers.
TRAINED = 5 * 2 * (20 + 14 + 14 + 20 + 28 + 28 + 28)
LORA = "class Config:\n    model: str = ''\n    rank: int = 2  # r\n"


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    site.write(MODEL, json.dumps(SHAPES))
    measure(site, TRAINED)
    return site


def measure(site, trained, source=LORA):
    one = {"unit": "", "says": "Weights."}
    counts = {"parameters.trainable": {"value": trained, **one}, "parameters.all": {"value": 100 * TRAINED, **one}}
    code = [site.write(SNIPPET, source)]
    results.write("lora", "cpu", command="make it", code=code, measured=counts, root=site.root)


def rows(page: str) -> list[list[str]]:
    cells = re.findall(r"<tr>(.*?)</tr>", page.replace("\n", ""))
    return [
        [html.unescape(re.sub("<[^>]+>", "", cell)) for cell in re.findall(r"<t[hd].*?</t[hd]>", one)] for one in cells
    ]


def test_the_sum_is_worked_out_line_by_line(site):
    shown = rows(site.render("::: adapter-parameters\n"))
    assert shown[0] == ["Linear map", "In", "Out", "2 \u00d7 (in + out)"]
    assert shown[2] == ["k_proj", "8", "6", "28"] and shown[7] == ["down_proj", "20", "8", "56"]
    assert sum(int(one[3]) for one in shown[1:8]) == int(shown[8][3]) == TRAINED // 5
    assert shown[9] == ["\u00d7 5 layers", "", "", f"{TRAINED:,}"]
    assert shown[10] == [f"Of {100 * TRAINED:,} weights", "", "", "1.00%"]


def test_the_total_leads_to_its_evidence(site):
    assert f'href="evidence.md#lora-cpu">{TRAINED:,}</a>' in site.render("::: adapter-parameters\n")


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")
def test_the_real_sum_is_what_peft_builds_and_what_was_measured():
    lora = load_snippet("lora")
    maps, layers = read_maps(ROOT / MODEL)
    rank = read_rank(ROOT / SNIPPET)
    assert rank == lora.Config.rank
    model, _ = lora.open_model(str((ROOT / MODEL).parent), "cpu")
    adapted = lora.add_adapters(lora.freeze_base(model), rank)
    counted = {}
    for name, weight in adapted.named_parameters():
        if weight.requires_grad:
            counted.setdefault(name.split(".lora_")[0].split(".")[-1], []).append(weight.numel())
    assert {name: sum(sizes) for name, sizes in counted.items()} == {
        one.name: one.trained(rank) * layers for one in maps
    }
    total = sum(one.trained(rank) for one in maps) * layers
    measured = results.load(ROOT)["lora-cpu"]
    assert total == measured.value("parameters.trainable")["value"] == lora.count_trainable(adapted)["trainable"]
    assert lora.count_trainable(adapted)["all"] == measured.value("parameters.all")["value"]


def test_a_sum_that_was_not_measured_stops_the_build(site):
    measure(site, TRAINED + 1)
    problem = rf"^docs/index\.md:3: the shapes give {TRAINED:,} trained weights, and lora-cpu has {TRAINED + 1:,}"
    with pytest.raises(SiteError, match=problem):
        site.render("# Page\n\n::: adapter-parameters\n")


def test_another_rank_than_the_measured_one_stops_the_build(site):
    measure(site, TRAINED, LORA.replace("= 2", "= 4"))
    with pytest.raises(SiteError, match="the shapes give"):
        site.render("::: adapter-parameters\n")


def test_code_that_changed_since_stops_the_build(site):
    site.write(SNIPPET, LORA + "# another\n")
    with pytest.raises(SiteError, match=r"^docs/index\.md:1: .*lora"):
        site.render("::: adapter-parameters\n")


def test_no_result_stops_the_build(site):
    (site.root / "results" / "lora-cpu.json").unlink()
    with pytest.raises(SiteError, match=r"^docs/index\.md:1: there is no result lora-cpu"):
        site.render("::: adapter-parameters\n")


@pytest.mark.parametrize("rank", ["'two'", "0", "True", ""])
def test_a_rank_that_is_no_number_stops_the_build(site, rank):
    measure(site, TRAINED, LORA.replace("rank: int = 2", f"rank: int = {rank}" if rank else "other: int = 2"))
    with pytest.raises(SiteError, match=r"^snippets/lora\.py:1: Config\.rank is no whole number"):
        site.render("::: adapter-parameters\n")


def test_a_model_of_another_kind_stops_the_build(site):
    site.write(MODEL, json.dumps({**SHAPES, "head_dim": None}))
    with pytest.raises(SiteError, match=r"^snippets/lab/model/config\.json:1: no whole number for head_dim"):
        site.render("::: adapter-parameters\n")


def test_an_argument_stops_the_build(site):
    with pytest.raises(SiteError, match=r"^docs/index\.md:1: adapter-parameters takes no argument"):
        site.render("::: adapter-parameters lora\n")
