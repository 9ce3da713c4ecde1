"""`::: break-even` names every field of the form and fills in none."""

import json
import re

import pytest

from scripts.extension.lesson import break_even
from scripts.extension.page import SiteError
from tests.break_even_data import FIELDS
from tests.tiny_site import TinySite


def test_the_form_fills_in_nothing_and_names_every_field(tmp_path):
    html = TinySite(tmp_path).render("# Page\n\n::: break-even\n")
    assert html.count("<input ") == len(FIELDS) == html.count("data-called")
    assert " value=" not in html
    for field in FIELDS:
        assert f'<label for="break-even-{field.name}">' in html and f"<var>{field.letter}</var>" in html
    words = json.loads(re.search(r"<template data-words>(.*?)</template>", html, re.S)[1].replace("&lt;", "<"))
    assert words == break_even.WORDS


def test_an_argument_stops_the_build(tmp_path):
    with pytest.raises(SiteError, match=r"^docs/index\.md:3: break-even takes no argument"):
        TinySite(tmp_path).render("# Page\n\n::: break-even yes\n")
