"""What stands on the map: the points and arrows of `docs/_data/map.yml`, and where a result puts them."""

from dataclasses import dataclass

from scripts.extension.data_file import Entries, load
from scripts.extension.page import Page
from scripts.measuring.results import Result, UnknownResult
from scripts.nearest import nearest

FILE = "docs/_data/map.yml"
ROLES = {  # by role: the sign of its mark, and what it stands for
    "base": ("\N{WHITE CIRCLE}", "unchanged"),
    "knowledge": ("\N{BLACK UP-POINTING TRIANGLE}", "meant to add knowledge"),
    "behaviour": ("\N{BLACK DIAMOND}", "meant to change behaviour"),
    "both": ("\N{BLACK STAR}", "both"),
    "other": ("\N{BLACK CIRCLE}", "by prompt or schema"),
}


@dataclass(frozen=True)
class Point:
    """One way to change the model. across, up: measurements as the result has them, shares from 0 to 1."""

    cell: str
    label: str
    role: str
    across: dict
    up: dict

    @property
    def place(self) -> dict[str, float]:
        """Return where it stands, and the ends of its intervals, in percent."""
        coordinates = {}
        for axis, share in (("x", self.across), ("y", self.up)):
            names = {"value": axis, "low": f"{axis}Low", "high": f"{axis}High"}
            coordinates |= {name: round(100 * share[side], 3) for side, name in names.items() if side in share}
        return coordinates


def load_data(page: Page) -> Entries:
    """Return what stands on the map; SiteError for a mistake in it."""
    data = load(page.root / FILE, page.root, "map")
    page.data.append(page.root / FILE)
    cells = [entry["cell"] for entry in data["points"]]
    known = {"from": cells, "to": cells, "role": list(ROLES)}
    for entry in (*data["points"], *data["arrows"]):
        for field in known:
            if field in entry and entry[field] not in known[field]:
                raise entry.error(f"there is no {entry[field]}; {nearest(entry[field], known[field])}", field)
    return data


def read(entry: Entries, data: Entries, result: Result) -> Point:
    """Return a point as it was measured."""
    shares = []
    for axis in ("across", "up"):
        key = f"{entry['cell']}.{data[axis]['end']}"
        try:
            share = result.value(key)
        except UnknownResult as error:
            raise entry.error(str(error), "cell") from None
        if not 0 <= share["value"] <= 1:
            raise entry.error(f"{key} is {share['value']}, and the map goes from 0 to 1", "cell")
        shares.append(share)
    return Point(entry["cell"], entry["label"], entry["role"], *shares)


def ranked(points: list[Point]) -> list[Point]:
    """Return the points in the order of a list: the most facts first."""
    return sorted(points, key=lambda point: (-point.up["value"], -point.across["value"]))
