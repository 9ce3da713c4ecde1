"""The arms of the experiment as the site names them: `docs/_data/arms.yml`, and `::: arms`, the table of all."""

from collections.abc import Iterable
from xml.etree import ElementTree as etree

from scripts.extension.data_file import Entries, load
from scripts.extension.evidence.table import Cell, Row, Table, add_table
from scripts.extension.page import Page
from scripts.measuring import runs
from scripts.nearest import nearest

FILE = "docs/_data/arms.yml"
ASKS = "What was changed about the model?"


def block(argument: str, page: Page) -> etree.Element:
    """Return the table of the arms: label, name in the files, what is changed."""
    if argument:
        raise page.error(page.line, "arms takes no argument")
    rows = [
        Row(arm["label"], [Cell(arm["says"])], f"arm-{name}", detail=name) for name, arm in load_arms(page, ()).items()
    ]
    box = etree.Element("div", {"class": "evidence"})
    add_table(box, Table("Arms", ASKS, "", ["Arm", "What is changed"], {"": rows}, ("What is changed",)))
    return box


def load_arms(page: Page, measured: Iterable[str]) -> Entries:
    """Return the entry of each arm; SiteError for a mistake. measured: arms of a result, which all must be there."""
    data = load(page.root / FILE, page.root, "arms")
    page.data.append(page.root / FILE)
    if missing := [arm for arm in measured if arm not in data]:
        raise data.error(f"the arm {missing[0]} was measured and has no label here; {nearest(missing[0], data)}")
    known = {*measured, *(runs.arms(page.root) if (page.root / runs.ARMS).is_file() else ())}
    if unknown := [arm for arm in data if known and arm not in known]:
        raise data.error(f"there is no arm {unknown[0]}; {nearest(unknown[0], known)}", unknown[0])
    return data
