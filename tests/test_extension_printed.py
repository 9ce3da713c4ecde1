"""`::: printed` shows a part of what a snippet printed, as it stands in the result, and nothing else."""

import json
import re

import pytest

from scripts import results
from scripts.extension import SiteError
from tests.tiny_site import TinySite

PAIR = {"difference": {"value": -0.05, "n": 180}, "won": 0, "lost": 9}
REPORT = {"config": {}, "metrics": {"questions": 180, "pairs": {"Old One": {"new": PAIR}}}, "environment": {}}
MEASURED = {"questions": {"value": 180, "unit": "questions", "says": "Questions."}}


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    code = [site.write("evals.py", "")]
    made = {"command": "make it", "code": code, "measured": MEASURED, "root": tmp_path}
    results.write("evals", "cpu", printed=json.dumps(REPORT), **made)
    results.write("silent", "cpu", **made)
    return site


def shown(html):
    return re.sub("<[^>]+>", "", html).replace("&quot;", '"')


def test_all_metrics_or_a_part_of_them(site):
    assert '"questions": 180' in shown(site.render("::: printed evals-cpu\n"))
    part = shown(site.render("::: printed evals-cpu pairs.old-one.new\n"))
    assert '"lost": 9' in part and "questions" not in part


MISTAKES = {
    "evals-gpu": "there is no result evals-gpu with a printed line; did you mean evals-cpu",
    "silent-cpu": "there is no result silent-cpu with a printed line",
    "evals-cpu pairs.old": "evals-cpu printed no old in pairs.old; did you mean old-one",
    "evals-cpu questions.new": "evals-cpu printed no new in questions.new; there are none yet",
}


@pytest.mark.parametrize(("argument", "message"), MISTAKES.items(), ids=MISTAKES)
def test_mistakes_stop_the_build(site, argument, message):
    with pytest.raises(SiteError, match=rf"^docs/index\.md:3: {message}"):
        site.render(f"# Page\n\n::: printed {argument}\n")


def test_a_stale_result_stops_the_build(site):
    site.write("evals.py", "changed = 1\n")
    with pytest.raises(SiteError, match=r"docs/index\.md:1: results/evals-cpu\.json is stale"):
        site.render("::: printed evals-cpu\n")
