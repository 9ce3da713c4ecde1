"""Each page's Markdown copy says what the page says, and leaves out what can only be pressed."""

import re

import pytest

from scripts.extension.lesson.reading_time import LESSON
from scripts.publishing.markdown_copies import COPY, markdown_of, pages_of, publish, to_copy
from tests.nav import PAGES


def copy(body: str) -> str:
    return markdown_of(f'<nav>Elsewhere</nav><article class="md-content__inner md-typeset">{body}</article>')


CASES = {
    "heading": ('<h2 id="a">Why<a class="headerlink" href="#a">¶</a></h2>', "## Why"),
    "citation": (
        '<p>So <span class="cites">(<a class="cite" href="../references/#lora" title="LoRA">Hu 2021</a>)</span></p>',
        "So ([Hu 2021](../references/index.md#lora))",
    ),
    "measured": (
        '<p><a class="measured" href="../evidence/#a"><data class="result" value="0.5">0.5</data></a> right</p>',
        "0.5 right",
    ),
    "abbreviation": ('<p><abbr title="Retrieval-augmented generation" tabindex="0">RAG</abbr> it is</p>', "RAG it is"),
    "code": (
        '<div class="language-python highlight"><span class="filename">a.py: f</span><pre><span></span><code>'
        '<span class="k">def</span> f(x_y):\n    pass\n</code></pre></div>',
        "a.py: f\n\n```python\ndef f(x_y):\n    pass\n```",
    ),
    "plain code": ("<pre><code>one\n</code></pre>", "```\none\n```"),
    "picture": (
        '<figure><svg role="img"><title>A ladder</title><desc>Four rungs.</desc><text>x</text></svg>'
        "<figcaption>Climb.</figcaption></figure>",
        "*Picture: A ladder. Four rungs.*\n\nClimb.",
    ),
    "table": (
        "<table><thead><tr><th>A</th></tr></thead><tbody><tr><td>0.5<small>0 to 1</small></td></tr></tbody></table>",
        "| A |\n| --- |\n| 0.5 (0 to 1) |",
    ),
    "quick check": (
        "<quick-check><template><button>Check</button></template><fieldset><legend><span>1. </span><span>Why?</span>"
        '</legend><label><input type="radio"><span>So.</span></label><details><summary>Answer</summary><ul><li>'
        '<span class="check-option">So.</span><span class="check-why"><strong>Right. </strong><span>Because.</span>'
        "</span></li></ul></details></fieldset></quick-check>",
        "**1. Why?**\n\n- So.\n\n**Answer**\n\n- So. **Right.** Because.",
    ),
    "quiz": (
        '<decision-quiz><style>a{}</style><form><p class="quiz-bar"><button>Show</button></p></form><table><thead><tr>'
        '<th>Verdict</th></tr></thead><tbody><tr><td><a href="?tried=no#a">RAG now</a></td></tr></tbody></table>'
        '<div class="verdicts-static">Sixteen</div></decision-quiz>',
        "| Verdict |\n| --- |\n| [RAG now](./?tried=no#a) |",
    ),
    "names with underscores": ("<p>lora_alpha and a*b</p>", "lora_alpha and a*b"),
    "not for readers": ('<p>One</p><p class="as-markdown">This page as Markdown</p><p hidden>Two</p>', "One"),
}


@pytest.mark.parametrize(("html", "text"), CASES.values(), ids=CASES)
def test_what_is_on_the_page_is_in_the_copy(html, text):
    assert copy(html) == f"{text}\n"


LINKS = {
    "../rag/": "../rag/index.md",
    "../rag/#why": "../rag/index.md#why",
    "..": "../index.md",
    "../#next": "../index.md#next",
    "./": "index.md",
    ".": "index.md",
    "../?tried=no": "../index.md",
    "#why": "#why",
    "?tried=no#verdict": "./?tried=no#verdict",
    "../snippets/lora.py": "../snippets/lora.py",
    "https://arxiv.org/abs/1/": "https://arxiv.org/abs/1/",
}


@pytest.mark.parametrize(("address", "to"), LINKS.items())
def test_a_link_to_a_page_leads_to_its_copy(address, to):
    assert to_copy(address) == to


def test_a_page_without_an_article_stops_the_build():
    with pytest.raises(RuntimeError, match="a page has no article to copy as Markdown; has the theme's template"):
        markdown_of("<main>Words</main>")


def test_each_copy_lies_beside_its_page(tmp_path):
    for name in ("index.html", "rag/index.html", "404.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('<article class="md-content__inner"><h1>A</h1></article>', encoding="utf-8")
    publish(tmp_path)
    copies = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.md"))
    assert copies == ["index.md", "rag/index.md"]


@pytest.fixture(scope="module")
def site(host):
    from tests.conftest import SITE

    return SITE


@pytest.mark.browser  # with the tests that have the site built
def test_every_page_of_the_site_has_a_clean_copy(site):
    assert len(pages_of(site)) == len(PAGES)
    for page in pages_of(site):
        html, text = page.read_text(encoding="utf-8"), page.with_name(COPY).read_text(encoding="utf-8")
        assert text.startswith("# ") and text.count("\n# ") == len(re.findall(r"^# ", code_of(text), re.MULTILINE))
        prose = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE)
        assert [sign for sign in (":::", "[@", "[=", "¶", "\u200b") if sign in prose] == [], page
        assert re.findall(r"</?[a-z][^>\n]*>", re.sub(r"`[^`\n]*`", "", prose)) == [], page
        assert '<link rel="alternate " type="text/markdown" href="index.md"' in html
        assert html.count('<a href="index.md" type="text/markdown">This page as Markdown</a>') == 1
        if LESSON in html:
            assert text.count("**Right.**") >= 5 and "*Picture: " in text


def code_of(text: str) -> str:
    return "\n".join(re.findall(r"^ *```.*?^ *```$", text, re.DOTALL | re.MULTILINE))


@pytest.mark.browser
def test_the_search_does_not_know_the_copies(site):
    index = (site / "search" / "search_index.json").read_text(encoding="utf-8")
    assert "index.md" not in index and "About 9 minutes" not in index
