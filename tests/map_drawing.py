"""What the tests read off a drawn map: its two forms, their groups, marks and ticks."""

import re

BLOCK = "::: map tiny-cpu Retrieval lifts the facts\n"
DRAWING = re.compile(r'<svg [^>]*class="drawing (\w+)"[^>]*viewBox="0 0 (\d+) (\d+)".*?</svg>', re.DOTALL)
GROUP = re.compile(r'<g class="([\w ]+)"(?: text-anchor="(\w+)")?>(.*?)</g>')
AT = re.compile(r"translate\(([\d.-]+),([\d.-]+)\)")
SIZES = {"wide": {"lead": 15, "": 14}, "narrow": {"lead": 14, "": 14}}  # of text, as the stylesheet has them
NO_BREAK = "\u00a0"


def drawings(html):
    """Return name -> (width, height, groups) of the drawings, each group (classes, anchor, content)."""
    return {
        found[1]: (
            int(found[2]),
            int(found[3]),
            [(one[1], one[2] or "middle", one[3]) for one in GROUP.finditer(found[0])],
        )
        for found in DRAWING.finditer(html)
    }


def points(groups):
    """Return (x, y) of the marks, in the order of the data."""
    found = []
    for classes, _, content in groups:
        if classes.startswith("point "):
            circle = re.search(r'cy="([\d.]+)" cx="([\d.]+)"', content)
            found.append(
                (float(circle[2]), float(circle[1])) if circle else tuple(map(float, AT.search(content).groups()))
            )
    return found


def ticks(groups, anchor):
    """Return tick -> where its value is written, across (anchor middle) or up (anchor end)."""
    axis = 0 if anchor == "middle" else 1
    return {
        int(re.search(r">(\d+)<", content)[1]): float(AT.search(content)[1 + axis])
        for classes, where, content in groups
        if (classes, where) == ("tick", anchor)
    }
