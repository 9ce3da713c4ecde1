"""The quick check's HTML: native controls and a <details> with every reason, complete without JavaScript.

`docs/assets/quick-check.mjs` enhances it. Its buttons and labels are written here, into a <template>, so that
no wording lives in JavaScript.
"""

from xml.etree import ElementTree as etree


def form(name: str, questions: list) -> etree.Element:
    """Return the <quick-check> for `questions`; their texts are still Markdown, read later with the page."""
    check = etree.Element("quick-check", {"data-name": name})
    check.append(_controls())
    for number, question in enumerate(questions, 1):
        check.append(_question(number, question))
    return check


def _question(number: int, question) -> etree.Element:
    anchor = f"check-{question.id}"
    box = etree.Element("fieldset", {"id": anchor, "data-version": question.version})
    legend = etree.SubElement(box, "legend")
    etree.SubElement(legend, "span", {"class": "check-number"}).text = f"{number}. "
    etree.SubElement(legend, "span").text = question.asks
    kind = "checkbox" if question.several else "radio"
    if question.several:
        etree.SubElement(box, "p", {"class": "check-several"}).text = "More than one may be right."
    for place, option in enumerate(question.options):
        label = etree.SubElement(box, "label")
        etree.SubElement(label, "input", {"type": kind, "name": anchor, "value": str(place)})
        etree.SubElement(label, "span").text = option.text
    box.append(_answer(question))
    return box


def _answer(question) -> etree.Element:
    details = etree.Element("details")
    etree.SubElement(details, "summary").text = "Answer, and why"
    reasons = etree.SubElement(details, "ul")
    for option in question.options:
        item = etree.SubElement(reasons, "li", {"class": "right" if option.right else "wrong"})
        etree.SubElement(item, "span", {"class": "check-option"}).text = option.text
        why = etree.SubElement(item, "span", {"class": "check-why"})
        etree.SubElement(why, "strong").text = "Right. " if option.right else "Wrong. "
        etree.SubElement(why, "span").text = option.why
    return details


def _controls() -> etree.Element:
    """Return what needs a script: score, one or all, check, previous and next, start over."""
    template = etree.Element("template", {"data-search-exclude": ""})
    bar = _div(template, "check-bar")
    etree.SubElement(bar, "output", {"data-text": "{n} of {m} right"})
    _button(bar, "mode", "One at a time", other="All at once")
    _button(bar, "reset", "Start over")
    etree.SubElement(
        bar, "p", {"class": "check-note", "hidden": ""}
    ).text = "Your browser keeps no data for this page, so your answers are gone when you leave it."
    steps = _div(template, "check-steps")
    _button(steps, "previous", "Previous")
    etree.SubElement(steps, "span", {"data-text": "Question {n} of {m}"})
    _button(steps, "next", "Next")
    act = _div(template, "check-act")
    _button(act, "check", "Check", other="Try again")
    feedback = etree.SubElement(act, "div", {"class": "check-feedback", "role": "status", "aria-live": "polite"})
    feedback.set("data-empty", "Choose an answer first.")
    feedback.set("data-missing", "One more answer is right.")
    return template


def _div(parent: etree.Element, name: str) -> etree.Element:
    return etree.SubElement(parent, "div", {"class": name})


def _button(parent: etree.Element, action: str, label: str, other: str = "") -> None:
    button = etree.SubElement(parent, "button", {"type": "button", "data-do": action})
    if other:  # the label that it takes turns with
        button.set("data-other", other)
    button.text = label
