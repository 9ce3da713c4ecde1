"""What only a script can serve on the interview page: find, step, mark, keep. All its words are here, in a <template>.

`docs/assets/interview/` clones the parts. `{n}` and its like are filled in there; `data-...` attributes of the message
line are the things that it may say.
"""

from xml.etree import ElementTree as etree

from scripts.extension.practice.interview_article import Names
from scripts.extension.practice.interview_check import LEVELS

MARKS = {"weak": "Weak", "good": "Good", "excellent": "Excellent"}  # the levels of the rubric
STATES = {"due": "Due now", "new": "Not marked yet"}
SAYS = {
    "marked": "Marked: {mark}. Next: {when}.",
    "no-marks": "There are no marks yet.",
    "exported": "Written to a file: {n} marks.",
    "imported": "Read: {n} marks. Where both had one, the later mark stays.",
    "forgotten": "All marks are gone.",
    "big": "Not read: the file is larger than progress can be. Your marks are as they were.",
    "no-json": "Not read: the file is not JSON. Your marks are as they were.",
    "foreign": "Not read: the file is not progress of this page. Your marks are as they were.",
    "newer": "Not read: a newer version of this page wrote the file. Your marks are as they were.",
    "broken": "Not read: something in the file is damaged. Your marks are as they were.",
}
KEPT = (
    "Your marks stay in this browser, on this device; nothing is sent anywhere. "
    "Export them to have a copy, or to go on elsewhere."
)
NOT_KEPT = "Your browser keeps no data for this page, so your marks are gone when you leave it. Export them first."


def controls(names: Names) -> etree.Element:
    """Return the <template> with everything that needs a script."""
    template = etree.Element("template", {"data-search-exclude": ""})
    bar = add(template, "div", "interview-bar")
    add_filter(bar, names)
    counts = add(bar, "p", "interview-counts", role="status")
    for name, text in {
        "shown": "{n} of {m} questions shown. ",
        "due": "{n} due now. ",
        "new": "{n} not marked yet.",
    }.items():
        add(counts, "span", "", **{"data-count": name, "data-text": text})
    row = add(bar, "div", "interview-row")
    button(row, "hour", "Start a set for an hour")
    button(row, "queue", "Practise what is due ({n})")
    button(row, "mode", "One at a time", "All at once")
    button(row, "answers", "Show all answers", "Hide all answers")
    add_progress(bar)
    add(bar, "p", "interview-note", NOT_KEPT, hidden="")
    add(bar, "p", "interview-said", role="status", **{f"data-{name}": text for name, text in SAYS.items()})
    none = add(bar, "p", "interview-none", hidden="", tabindex="-1")
    none.set("data-nothing", "No question fits. Take a filter away, or clear them all.")
    none.set("data-nothing-due", "Nothing is due now. Mark a question, and it comes back when it is time.")
    none.set("data-later", "Nothing is due now. Next: {when}.")
    button(template, "open", "").set("class", "interview-open")
    steps = add(template, "div", "interview-row interview-steps")
    button(steps, "previous", "Previous")
    add(steps, "span", "", **{"data-text": "Question {n} of {m}"})
    button(steps, "next", "Next")
    add_marks(template)
    add_confirmation(template)
    return template


def add_filter(bar: etree.Element, names: Names) -> None:
    """Add the form that says which questions are shown."""
    form = add(bar, "form", "interview-filter", role="search", **{"aria-label": "Find questions"})
    label = add(form, "label", "")
    add(label, "span", "", "Search")
    add(label, "input", "", type="search", name="words", autocomplete="off")
    select(form, "topic", "Topic", "All topics", names.topics)
    select(form, "level", "Level", "All levels", {level: level.capitalize() for level in LEVELS})
    tags = select(form, "tag", "Tag", "All tags", {})
    for title, group in {"What you do": names.tags.forms, "What it is about": names.tags.subjects}.items():
        options(etree.SubElement(tags, "optgroup", {"label": title}), group)
    select(form, "state", "Show", "All", STATES)
    button(form, "clear", "Clear filters")


def select(form: etree.Element, name: str, title: str, every: str, choices: dict[str, str]) -> etree.Element:
    """Add a labelled list with `every` as its first choice, and return the list."""
    label = add(form, "label", "")
    add(label, "span", "", title)
    element = add(label, "select", "", name=name)
    options(element, {"": every} | choices)
    return element


def options(parent: etree.Element, choices: dict[str, str]) -> None:
    """Add an <option> for each value and its text."""
    for value, text in choices.items():
        add(parent, "option", "", text, value=value)


def add_progress(bar: etree.Element) -> None:
    """Add what exports, imports and forgets the marks."""
    details = add(bar, "details", "interview-progress")
    add(details, "summary", "", "Your marks: export, import, forget")
    add(details, "p", "", KEPT)
    row = add(details, "div", "interview-row")
    button(row, "export", "Export").set("data-file", "interview-progress.json")
    file = add(row, "label", "interview-file")
    add(file, "span", "", "Import")
    add(file, "input", "", type="file", accept=".json,application/json")
    button(row, "forget", "Forget all marks")


def add_marks(template: etree.Element) -> None:
    """Add the row with which a reader marks an answer of their own."""
    row = add(template, "div", "interview-row interview-marks", role="group", **{"aria-label": "Mark your own answer"})
    add(row, "span", "interview-label", "Mark your own answer")
    for mark, text in MARKS.items():
        add(row, "button", "", text, type="button", **{"data-mark": mark, "aria-pressed": "false"})
    add(row, "span", "interview-next", **{"data-text": "Next: {when}"}).set(
        "data-changed", "The words have changed since you marked this, so it is asked again."
    )


def add_confirmation(template: etree.Element) -> None:
    """Add the question before all marks are forgotten."""
    dialog = add(template, "dialog", "interview-dialog", **{"aria-labelledby": "interview-forget"})
    form = add(dialog, "form", "", method="dialog")
    question = add(form, "p", "", id="interview-forget")
    question.set("data-text", "Forget all {n} marks? This cannot be undone.")
    row = add(form, "div", "interview-row")
    add(row, "button", "", "Keep them", value="keep")
    add(row, "button", "", "Forget them", value="forget")


def add(parent: etree.Element, tag: str, style: str, text: str = "", /, **attributes: str) -> etree.Element:
    """Add an element. style: its class, may be empty."""
    element = etree.SubElement(parent, tag, ({"class": style} if style else {}) | attributes)
    element.text = text or None
    return element


def button(parent: etree.Element, action: str, text: str, other: str = "") -> etree.Element:
    """Add a button. other: the text that it takes turns with."""
    return add(
        parent, "button", "", text, type="button", **{"data-do": action} | ({"data-other": other} if other else {})
    )
