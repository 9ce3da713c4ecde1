"""The check of the built site finds each fault, and finds none in a site that has none."""

import re
from pathlib import Path

import pytest

from scripts.publishing.check import check, main

PAGE = """<!doctype html>
<html><head><title>{title}</title>
<meta name="description" content="{title}, which this page is about, in a sentence of a length that is shown.">
<link rel="canonical" href="https://example.org/x/">
<link rel="stylesheet" href="{up}assets/site.css"><link rel="icon" href="{up}assets/icon.svg">
<script type="module" src="{up}assets/own.mjs"></script></head>
<body><h1 id="top">{title}</h1>{body}</body></html>
"""
CSS = "@import 'more.css'; body { background: url(icon.svg) url(\"data:image/png;base64,AA\"); }"


@pytest.fixture
def site(tmp_path):
    put(tmp_path, "assets/site.css", CSS)
    put(tmp_path, "assets/more.css", "/* url(https://cdn.example.org/a.png) */")
    put(tmp_path, "assets/icon.svg", "<svg/>")
    put(tmp_path, "assets/own.mjs", 'import("./own.mjs"); const ns = "http://www.w3.org/2000/svg";')
    put(tmp_path, "assets/javascripts/bundle.js", 'fetch("https://api.github.com/repos")')
    put(
        tmp_path,
        "rag/index.html",
        PAGE.format(title="RAG", up="../", body='<p id="why">Why</p><a href="..">up</a>'),
    )
    page(tmp_path)
    return tmp_path


def put(site: Path, name: str, text: str) -> None:
    (site / name).parent.mkdir(parents=True, exist_ok=True)
    (site / name).write_text(text, encoding="utf-8")


def page(site: Path, body: str = "", title: str = "Home") -> None:
    body += '<a href="rag/#why">in</a> <a href="https://arxiv.org/">out</a> <a href="#top">here</a>'
    put(site, "index.html", PAGE.format(title=title, up="", body=body + '<img src="assets/icon.svg" alt="">'))


def test_site_without_fault_has_none(site):
    assert check(site) == []


CDN = "https://cdn.example.org/a"
LOADS = [
    f'<img alt="" src="{CDN}">',
    f'<img alt="" src="assets/icon.svg" srcset="assets/icon.svg 1x, {CDN} 2x">',
    f'<script src="{CDN}"></script>',
    '<script src="//cdn.example.org/a"></script>',
    f'<link rel="stylesheet" href="{CDN}">',
    f'<link rel="preconnect" href="{CDN}">',
    f'<iframe src="{CDN}"></iframe>',
    f'<video poster="{CDN}"></video>',
    f'<object data="{CDN}"></object>',
    f'<p style="background: url({CDN})">x</p>',
    f"<style>@import '{CDN}';</style>",
    f'<script>fetch("{CDN}")</script>',
    f'<script>new Worker("{CDN}")</script>',
    f'<svg><image href="{CDN}"/></svg>',
]


@pytest.mark.parametrize("body", LOADS)
def test_load_from_another_host(site, body):
    page(site, body)
    (problem,) = check(site)
    assert problem.startswith("index.html: loads ") and "cdn.example.org/a" in problem


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('<a href="nowhere/">x</a>', "index.html: nowhere/ leads to nowhere/index.html, which is not there"),
        ('<a href="rag/#not">x</a>', "leads to an id that rag/index.html does not have"),
        ('<a href="#not">x</a>', "leads to an id that index.html does not have"),
        ('<own-element><a href="gone.html">x</a></own-element>', "gone.html, which is not there"),
        ('<a href="/rag/">x</a>', "/rag/ is an absolute path"),
        ('<script src="/assets/own.mjs"></script>', "/assets/own.mjs is an absolute path"),
        ('<a href="../secret.html">x</a>', "leads out of the site"),
        ('<img src="assets/gone.png" alt="">', "assets/gone.png, which is not there"),
        ('<img src="assets/icon.svg">', "the image assets/icon.svg has no alt"),
        ('<p id="twice"></p><p id="twice"></p>', "the id 'twice' is there 2 times"),
        ("<h1>Second</h1>", "has 2 h1, needs one"),
        ('<base href="/">', "has a <base>"),
    ],
)
def test_fault_in_a_page(site, body, problem):
    page(site, body)
    problems = check(site)
    assert len(problems) == 1 and problem in problems[0]


def test_title_and_description_are_unique(site):
    page(site, title="RAG")
    text = "RAG, which this page is about, in a sentence of a length that is shown."
    assert check(site) == [
        "index.html: shares its title 'RAG' with another page",
        "rag/index.html: shares its title 'RAG' with another page",
        f"index.html: shares its description {text!r} with another page",
        f"rag/index.html: shares its description {text!r} with another page",
    ]


@pytest.mark.parametrize(("words", "count"), [("Short.", 6), ("Long. " * 30, 180), ("", 0)])
def test_description_has_a_length_that_is_shown(site, words, count):
    text = (site / "index.html").read_text(encoding="utf-8")
    put(site, "index.html", re.sub(r'content="Home[^"]*"', f'content="{words}"', text))
    assert check(site) == [f"index.html: its description has {count} characters; write 70 to 160"]


def test_style_sheet_loads_from_another_host(site):
    put(site, "assets/more.css", f"a {{ background: url('{CDN}') }}")
    assert check(site) == [f"assets/more.css: loads {CDN} from another host; put the file into docs/assets/"]


def test_style_sheet_loads_what_is_not_there(site):
    put(site, "assets/more.css", "a { background: url(gone.png) }")
    assert check(site) == ["assets/more.css: gone.png leads to assets/gone.png, which is not there"]


def test_script_of_ours_names_another_host(site):
    put(site, "assets/own.mjs", f'const where = "{CDN}";')
    assert check(site) == [f"assets/own.mjs: names {CDN}; our scripts use the site's own files"]


def test_page_for_a_missing_address_may_use_absolute_paths(site):
    put(site, "404.html", PAGE.format(title="Home", up="/", body=""))
    assert check(site) == []


def test_a_name_is_an_anchor_and_data_is_no_load(site):
    page(site, '<a name="old"></a><a href="#old">x</a><img src="data:image/png;base64,AA" alt=""><img src="" alt="">')
    assert check(site) == []


def test_a_page_that_sends_elsewhere_must_arrive(site):
    page(site, '<meta http-equiv="refresh" content="0; url=gone/">')
    assert check(site) == ["index.html: gone/ leads to gone/index.html, which is not there"]


def test_a_page_has_a_title(site):
    page(site, title="")
    assert "index.html: has no title" in check(site)


def test_ids_in_a_template_and_titles_in_a_drawing_are_not_the_pages(site):
    page(site, '<template><p id="top"></p></template><svg><title>Ladder</title></svg>')
    assert check(site) == []


def test_command_prints_one_line_each_and_fails(site, capsys):
    assert main([str(site)]) == 0
    page(site, "<h1>Second</h1>")
    assert main([str(site)]) == 1
    assert capsys.readouterr().out == "index.html: has 2 h1, needs one\n"


def test_empty_folder_is_not_a_site(tmp_path):
    assert check(tmp_path) == [f"{tmp_path}: holds no page; run the build first"]
