"""The labels of a map cover neither each other nor a mark, wherever the points lie."""

import re
from html import unescape
from itertools import combinations

import pytest

from tests.map_data import CELLS, random_shares, site_with
from tests.map_drawing import AT, BLOCK, SIZES, drawings, points

pytestmark = pytest.mark.slow  # each draws a map


EM = {True: 0.62, False: 0.56}  # width of a letter in a wide font, bold or not


def boxes(form, groups):
    """Return (text, left, top, right, bottom) of each line of a label."""
    found = []
    for classes, anchor, content in groups:
        if classes.split()[0] in ("name", "value"):
            text = unescape(re.search(r">([^<]*)</text>", content)[1])
            x, y = map(float, AT.search(content).groups())
            bold = "lead" in classes or "number" in classes
            width = len(text) * SIZES[form]["lead" if "lead" in classes else ""] * EM[bold]
            left = {"start": x, "middle": x - width / 2, "end": x - width}[anchor]
            found.append((text, left, y - 8, left + width, y + 8))
    return found


@pytest.mark.parametrize("seed", range(7))
def test_labels_cover_neither_each_other_nor_a_mark(tmp_path, seed):
    shares = random_shares(seed) if seed else [(0.5, 0.5)] * len(CELLS)
    html = site_with(tmp_path, shares=shares).render(BLOCK)
    for form, (width, height, groups) in drawings(html).items():
        labels = boxes(form, groups)
        for one in labels:
            assert one[1] >= -2 and one[2] >= 0 and one[3] <= width + 2 and one[4] <= height, f"{one} is cut off"
        marks = [("", x - 4, y - 4, x + 4, y + 4) for x, y in points(groups)]
        pairs = [*combinations(labels, 2), *((label, mark) for label in labels for mark in marks)]
        for a, b in pairs:
            apart = a[3] <= b[1] or b[3] <= a[1] or a[4] <= b[2] or b[4] <= a[2]
            assert apart, f"{form}, seed {seed}: {a[0]} lies on {b[0] or 'a mark'}"


def test_a_label_far_from_its_mark_has_a_line_to_it(tmp_path):
    html = site_with(tmp_path, shares=[(0.5, 0.5)] * len(CELLS)).render(BLOCK)
    for _, _, groups in drawings(html).values():
        assert sum(classes == "leader" for classes, _, _ in groups) >= 3
