"""`::: automaton`: the states and the mask that it draws, against every text that the schema allows."""

import html
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.extension.lesson import automaton
from scripts.extension.page import SiteError
from tests.tiny_site import TinySite

DATA = """\
title: A mask
caption: Small.
field: queue
values: [billing, login]
tokens: ['{"queue": "', bill, ing, billing, login, '"}', Sure]
"""
TOKENS = st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=6, unique=True)
TEXTS = st.lists(st.text("ab", min_size=1, max_size=5), min_size=1, max_size=4, unique=True)


@pytest.fixture
def site(tmp_path):
    site = TinySite(tmp_path)
    site.write("docs/_data/automata/queue.yml", DATA)
    return site


@given(TEXTS, TOKENS)
def test_a_token_is_allowed_if_and_only_if_an_allowed_text_goes_on_with_it(texts, tokens):
    made = automaton.build(texts, tokens)
    reached, fresh = {0}, [(0, "")]
    while fresh:
        state, written = fresh.pop()
        assert made.mask(state, automaton.END) == (written in texts)
        for token in tokens:
            allowed = any(text.startswith(written + token) for text in texts)
            assert made.mask(state, token) == allowed
            if allowed:
                fresh.append((made.moves[state, token], written + token))
                reached.add(made.moves[state, token])
    assert reached == set(range(len(made.states))), "no state that nothing leads to"
    assert len(set(made.states)) == len(made.states)


def test_the_figure_shows_what_was_worked_out(site):
    shown = site.render("::: automaton queue\n")
    code = html.unescape(re.search(r"Regular expression</text><text[^>]*>([^<]*)", shown)[1])
    for value, fits in {"billing": True, "login": True, "other": False}.items():
        assert bool(re.fullmatch(code, json.dumps({"queue": value}))) == fits
    rows = {
        html.unescape(re.sub("<[^>]+>", "", head)): re.findall(r"<td[^>]*>([^<]*)", cells)
        for head, cells in re.findall(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', shown)
    }
    assert rows['{"queue": "'] == ["→ 1", "no", "no", "no", "no"]
    assert rows["bill"] == ["no", "→ 2", "no", "no", "no"] and rows["ing"] == ["no", "no", "→ 3", "no", "no"]
    assert rows["billing"] == rows["login"] == ["no", "→ 3", "no", "no", "no"]
    assert rows["Sure"] == ["no"] * 5 and rows["end"] == ["no"] * 4 + ["stop"]
    assert "from 1, billing or login leads to 3" in shown and "in 4, the answer may end" in shown


@pytest.mark.parametrize("value", ["a.b", "(x)", "50$", "[a]{2}", "a\\b", 'say "x"', "a|b", "^*+?"])
def test_a_value_stands_for_itself_in_the_regular_expression(value):
    assert re.fullmatch(automaton.escape_regex(value), value)
    assert not re.fullmatch(automaton.escape_regex(value), value + "x")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("caption: Small.\n", "", r"queue\.yml:1: queue has no caption"),
        ("[billing, login]", "[billing, billing]", r"queue\.yml:4: queue: values must be texts, none twice"),
        ("[billing, login]", "[billing, 3]", r"queue\.yml:4: queue: values must be texts, none twice"),
        ("Sure]", "Sure, end]", r"queue\.yml:5: queue: the token end is there already"),
        (", login, '\"}'", ", '\"}'", r"queue\.yml:5: queue: no token begins 'login\"}'"),
        (", '\"}'", "", r"queue\.yml:5: queue: no token begins '\"}'"),
        ("ing, billing", "ing, bil", r"queue\.yml:5: queue: no token begins 'ling\"}'"),
        ("[billing, login]", "[billing, a-queue-with-a-very-long-name]", r"queue\.yml:4: .* wider than 44"),
    ],
)
def test_mistakes_stop_the_build(site, old, new, problem):
    tokens = ", a-queue-with-a-very-long-name, Sure" if "very" in new else ", Sure"
    site.write("docs/_data/automata/queue.yml", DATA.replace(old, new, 1).replace(", Sure", tokens, 1))
    with pytest.raises(SiteError, match=problem):
        site.render("::: automaton queue\n")


def test_a_file_that_is_no_mapping_or_not_there_stops_the_build(site):
    site.write("docs/_data/automata/queue.yml", "- one\n")
    with pytest.raises(SiteError, match=r"queue\.yml:1: must be a mapping"):
        site.render("::: automaton queue\n")
    with pytest.raises(SiteError, match=r"cue\.yml: there is no such file; did you mean queue"):
        site.render("::: automaton cue\n")
