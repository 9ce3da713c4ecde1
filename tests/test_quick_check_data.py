"""Quick checks: a mistake in a question names its file and line; what is rendered needs no JavaScript."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from scripts.extension.page import SiteError
from scripts.extension.practice.quick_check import load_checks
from tests.tiny_site import TinySite

ROOT = Path(__file__).resolve().parents[1]
CHECKS = ROOT / "docs" / "_data" / "checks"

LAST = "    - text: The index\n      why: An index is not part of a model.\n"
GOOD = """\
- id: what-changes
  asks: What does LoRA *change*?
  options:
    - text: The prompt
      why: Prompts are not weights.
    - text: Few weights
      right: true
      why: It adds small matrices [@lora].
    - text: The index
      why: An index is not part of a model.
- id: which-two
  asks: Which two?
  several: true
  options:
    - text: One
      right: true
      why: One is right.
    - text: Two
      right: true
      why: Two is right.
    - text: Three
      why: Three is not.
"""


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    site.write("docs/_data/checks/rag.yml", GOOD)
    return site


def load(site):
    return load_checks(site.root / "docs/_data/checks/rag.yml", site.root)


def test_good_data_is_read(site):
    first, second = load(site)
    assert [option.right for option in first.options] == [False, True, False]
    assert second.several and not first.several
    assert first.version != second.version


MISTAKES = {
    "two options": (LAST, "", ":3: what-changes has 2 options"),
    "no right": (
        "      right: true\n      why: It adds",
        "      why: It adds",
        ":3: what-changes has no right option; mark one",
    ),
    "two right": (
        "  several: true\n",
        "",
        ":13: which-two has 2 right options; keep one or add 'several: true'",
    ),
    "no why": ("      why: Prompts are not weights.\n", "", ":4: what-changes, option 1 has no why"),
    "same why": ("Three is not.", "Two is RIGHT", ":22: which-two, option 3 gives the same why as line 20"),
    "unknown field": (
        "  asks: Which",
        "  hint: x\n  asks: Which",
        ":12: question 2 has an unknown field hint",
    ),
    "misspelt right": (
        "right: true\n      why: It",
        "rigth: true\n      why: It",
        ":7: .* unknown field rigth; did you mean right",
    ),
    "right is no word": (
        "right: true\n      why: It",
        "right: 'yes'\n      why: It",
        ":7: .* right must be true or false",
    ),
    "text read as a boolean": (
        "text: The prompt",
        "text: No",
        r":4: .* text must be text \(quote it\), not False",
    ),
    "same id": (
        "id: which-two",
        "id: what-changes",
        ":11: the id what-changes is also in docs/_data/checks/rag.yml:1",
    ),
    "bad id": ("id: which-two", "id: Which_Two", ":11: question 2: id must be words"),
    "loose number": (
        "It adds small matrices [@lora].",
        "It takes 48 GB.",
        ":8: .*loose number '48 GB'; cite",
    ),
}


@pytest.mark.parametrize(("old", "new", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_names_file_and_line(site, old, new, message):
    assert GOOD.count(old) >= 1
    site.write("docs/_data/checks/rag.yml", GOOD.replace(old, new, 1))
    with pytest.raises(SiteError, match=f"^docs/_data/checks/rag.yml{message}"):
        load(site)


def test_id_is_unique_over_all_files(site):
    site.write("docs/_data/checks/lora.yml", "- asks: x\n  id: which-two\n")
    with pytest.raises(SiteError, match=r"rag\.yml:11: the id which-two is also in lora\.yml:2"):
        load(site)


def question(number: int, right: int) -> str:
    options = "".join(
        f"    - text: Option {o}\n      why: Why {number} {o}\n" + ("      right: true\n" if o == right else "")
        for o in range(3)
    )
    return f"- id: q-{number}\n  asks: Question {number}\n  options:\n{options}"


def test_right_answer_has_no_favourite_place(site):
    site.write("docs/_data/checks/rag.yml", "".join(question(n, right=min(n, 1)) for n in range(4)))
    with pytest.raises(SiteError, match=r"rag\.yml:1: 3 of 4 right answers are option 2; move some"):
        load(site)
    site.write("docs/_data/checks/rag.yml", "".join(question(n, right=n % 3) for n in range(4)))
    assert len(load(site)) == 4


class Form(HTMLParser):
    def __init__(self, html: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))


def test_form_works_without_script(site):
    html = site.render("# Page\n\n::: check rag\n")
    tags = Form(html).tags
    assert [a["id"] for tag, a in tags if tag == "fieldset"] == ["check-what-changes", "check-which-two"]
    assert [a["type"] for tag, a in tags if tag == "input"] == ["radio"] * 3 + ["checkbox"] * 3
    assert {a["name"] for tag, a in tags if tag == "input"} == {"check-what-changes", "check-which-two"}
    assert sum(tag == "details" for tag, _ in tags) == 2
    assert html.count('<li class="right">') == 3 and html.count('<li class="wrong">') == 3
    assert "<quick-check" in html and "<p><quick-check" not in html


def test_texts_are_markdown_with_citations(site):
    html = site.render("# Page\n\n::: check rag\n")
    assert "<em>change</em>" in html
    assert 'href="references.md#lora"' in html


def test_unknown_citation_in_a_check_names_the_check(site):
    site.write("docs/_data/checks/rag.yml", GOOD.replace("@lora", "@lorra"))
    with pytest.raises(SiteError, match=r"^docs/_data/checks/rag\.yml:8: there is no reference lorra; did"):
        site.render("# Page\n\n::: check rag\n")


def test_version_follows_the_words(site):
    before = load(site)[0].version
    site.write("docs/_data/checks/rag.yml", GOOD.replace("The prompt", "A prompt"))
    assert load(site)[0].version != before


def test_script_holds_no_sentence():
    """Labels come from the page: a string with a space would be wording (selectors aside)."""
    script = (ROOT / "docs/assets/quick-check.mjs").read_text(encoding="utf-8")
    code = re.sub(r"/\*.*?\*/|//[^\n]*", "", script, flags=re.DOTALL)
    strings = re.findall(r"[\"'`]([^\"'`\n]*)[\"'`]", code)
    assert len(strings) > 20
    assert [s for s in strings if re.search(r"[A-Za-z]{2,} [a-z]{2,}", s) and not re.search(r"[.\[#]", s)] == [
        "details li"
    ]


@pytest.mark.parametrize("path", sorted(CHECKS.glob("*.yml")), ids=lambda path: path.stem)
def test_the_sites_own_checks_are_valid_and_shown(path):
    assert load_checks(path, ROOT)
    pages = [page.read_text(encoding="utf-8") for page in (ROOT / "docs").rglob("*.md")]
    assert any(re.search(rf"^::: check {path.stem}\s*$", page, re.MULTILINE) for page in pages)
