"""`::: transcript` shows what a run asked and got, and the lessons' own transcripts are what the model says."""

import json
import random
import re
from pathlib import Path

import pytest

from scripts import results
from scripts.extension import SiteError
from tests.conftest import ROOT
from tests.snippet_process import load_snippet
from tests.tiny_site import TinySite

WRONG = [{"question": f"Which, {n}?", "told": f'{{"answer": "<{n}>"}}'} for n in range(3)]
REPORT = {"metrics": {"base": {"wrong": WRONG, "right": [], "share": {"value": 1}, "losses": [1, 2]}}}
SHARE = {"value": 1, "unit": "of 1", "says": "A share."}


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    how = {"command": "make it", "code": [site.write("few.py", "")], "measured": {"share": SHARE}, "root": tmp_path}
    results.write("few", "cpu", printed=json.dumps(REPORT), **how)
    results.write("mute", "cpu", **how)
    return site


def text(html):
    return re.sub("<[^>]+>", "", html)


def test_items_are_shown_as_they_were_printed(site):
    shown = text(site.render("::: transcript few-cpu base.wrong 2\n"))
    assert 'question: Which, 0?\ntold:     {"answer": "&lt;0&gt;"}\n\nquestion: Which, 1?' in shown
    assert "Which, 2?" not in shown and "printed by few-cpu, first seed" in shown
    assert "Which, 2?" in text(site.render("::: transcript few-cpu base.wrong\n"))


@pytest.mark.parametrize(
    ("argument", "problem"),
    {
        "few-cpu": "write '::: transcript result path'",
        "few-cpu base.wrong two": "write '::: transcript result path'",
        "fw-cpu base.wrong": r"there is no result fw-cpu with a printed line; did you mean few-cpu\?",
        "mute-cpu base.wrong": "there is no result mute-cpu with a printed line",
        "few-cpu base.wong": r"few-cpu printed no wong in base\.wong; did you mean wrong\?",
        "few-cpu base.wrong.0": r"few-cpu printed no 0 in base\.wrong\.0",
        "few-cpu base.right": r"base\.right of few-cpu is no list of transcripts",
        "few-cpu base.share": r"base\.share of few-cpu is no list of transcripts",
        "few-cpu base.losses": r"base\.losses of few-cpu is no list of transcripts",
    }.items(),
)
def test_mistakes_stop_the_build(site, argument, problem):
    with pytest.raises(SiteError, match=rf"^docs/index\.md:3: {problem}"):
        site.render(f"# Page\n\n::: transcript {argument}\n")


def test_a_stale_result_stops_the_build(site):
    site.write("few.py", "changed")
    with pytest.raises(SiteError, match=r"^docs/index\.md:1: .*few"):
        site.render("::: transcript few-cpu base.wrong\n")


def test_the_transcript_in_prompting_is_what_the_labs_model_says():
    few = load_snippet("few_shot")
    config = few.Config(end_token=True)
    lab = Path(config.lab)
    rows = random.Random(0).sample(few.read_paged(config, lab / "questions.jsonl"), 60)
    pool = few.read_pool(config, {row["prompt"] for row in rows})
    model, tokenizer = few.open_model(str(lab / "model"), "cpu")
    shown = (ROOT / "docs/prompting.md").read_text("utf-8")
    assert f"\n{rows[0]['question']}\n\nno example:" in shown
    asked = {
        "no example:": ("json", 0),
        "one example, JSON:": ("json", 1),
        "four examples, JSON:": ("json", 4),
        "one example, brackets:": ("bracketed", 1),
    }
    for label, (form, count) in asked.items():
        prompts = few.write_prompts(config, tokenizer, pool, form, count, 0, [rows[0]["prompt"]])
        assert ("neesclund-793" in prompts[0]) == (count == 4), "the wrong page is copied out of the four examples"
        (told,) = few.answer_alike(model, tokenizer, tokenizer(prompts)["input_ids"], config.longest)
        assert f"\n{label}\n  {told}\n" in shown
