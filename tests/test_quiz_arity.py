"""Nothing knows how many questions, options or verdicts there are: a fourth question comes with its data alone."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from quiz import all_answers
from scripts.measuring.results import REPOSITORY
from scripts.publishing.static_host import StaticHost
from tests.quiz_page import answer, expect_no_verdict, expect_verdict

QUESTION = """
    Question(
        id="place",
        asks="May the data leave the house?",
        name="Where it runs",
        options=(
            Option("anywhere", "Yes", "any provider will do", "anywhere"),
            Option("house", "No", "only on our own machines", "in the house"),
            Option("unsure", "Somebody has to ask", "and nobody has", "unsure", undiagnosed=True),
        ),
    ),
)

BY_ID"""
WORDS = """
    Words(when={"place": "anywhere"}, because={"place": "So take the model that is best at the task."}),
    Words(when={"place": "house"}, because={"place": "So take the best model that you may run."}),
    Words(when={"place": "unsure"}, because={"place": "So ask before you choose a model."}),
)
"""
GIVEN = {"tried": "yes", "gap": "structure", "scale": "ordinary", "place": "unsure"}
RENDER = """
import pathlib, sys
from tests.tiny_site import TinySite
site = TinySite(pathlib.Path(sys.argv[1]))
site.write("docs/_data/references.yml", pathlib.Path("docs/_data/references.yml").read_text(encoding="utf-8"))
print(site.render("# Page\\n\\n::: quiz\\n\\n::: ladder\\n"))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Return a folder with a copy of the quiz that asks a fourth question."""
    folder = tmp_path_factory.mktemp("copy")
    for name in ("quiz", "scripts", "tests"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "golden"))
    shutil.copytree(REPOSITORY / "docs" / "_data", folder / "docs" / "_data")
    edit(folder / "quiz" / "questions.py", ")\n\nBY_ID", QUESTION)
    edit(folder / "quiz" / "verdicts.py", "\n)\n", WORDS)
    return folder


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")


def run(folder, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("COVERAGE_PROCESS_START", None)
    done = subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def page_html(copy, tmp_path_factory):
    return run(copy, "-c", RENDER, str(tmp_path_factory.mktemp("site")))


def test_the_terminal_asks_and_answers_it(copy):
    given = [f"{question}={option}" for question, option in GIVEN.items()]
    verdict = json.loads(run(copy, "-m", "quiz", *given, "--format", "json"))
    assert (verdict["now"], verdict["later"]) == ("diagnose", ["constrain"])
    assert verdict["because"][-1] == "Where it runs: Somebody has to ask. So ask before you choose a model."
    assert [change["option"] for change in verdict["changes"]["place"]] == ["anywhere", "house"]
    assert "place=unsure" in run(copy, "-m", "quiz", *given, "--format", "markdown")


def test_form_table_and_every_card_have_it(page_html):
    several = 3 * len(all_answers())
    assert page_html.count('name="place" value="') == 3
    assert page_html.count('class="verdict-static"') == several
    assert f"All {several} answers at a glance" in page_html and '<th scope="col">Where it runs</th>' in page_html
    assert (
        "?tried=yes&amp;gap=structure&amp;scale=ordinary&amp;place=unsure#verdict-yes-structure-ordinary-unsure"
        in page_html
    )


@pytest.mark.browser
def test_the_page_waits_for_it_and_links_to_it(page_html, tmp_path, chromium):
    (tmp_path / "index.html").write_text(
        f"<!doctype html><meta charset=utf-8>{page_html}"
        '<script type="module" src="/assets/quiz/decision-quiz.mjs"></script>',
        encoding="utf-8",
    )
    with StaticHost({"/": tmp_path, "/assets/quiz": REPOSITORY / "docs" / "assets" / "quiz"}) as host:
        page = chromium.new_page()
        page.goto(host.address)
        first, *others = reversed(GIVEN)
        for question in others:
            answer(page, **{question: GIVEN[question]})
        expect(page.locator("[data-progress]")).to_have_text("3 of 4 answered.")
        expect_no_verdict(page)
        answer(page, **{first: GIVEN[first]})
        expect_verdict(page, "diagnose", "constrain")
        assert page.url.endswith("?tried=yes&gap=structure&scale=ordinary&place=unsure")
        page.close()
