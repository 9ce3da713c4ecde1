"""The block `::: break-even`: a form in which readers find out when a student pays, and the same sum by hand.

No number is filled in. `docs/assets/break-even/` does the sum; every word that it says is in WORDS.
"""

import json
import re
from dataclasses import dataclass
from html import escape

from scripts.extension.page import Page


@dataclass(frozen=True)
class Field:
    """One number. name: also its key in the link. letter: in the formula. kind: calls, tokens, price or money."""

    name: str
    letter: str
    label: str
    kind: str
    hint: str = ""


HOSTED = "only if you run it yourself"
GROUPS = {
    "Your calls": [
        Field("calls", "n", "Calls a month", "calls"),
        Field("input", "i", "Input tokens a call", "tokens", "with prompt, examples and passages"),
        Field("output", "o", "Output tokens a call", "tokens"),
    ],
    "Teacher": [
        Field("teacher-input", "a", "Price of a million input tokens", "price"),
        Field("teacher-output", "b", "Price of a million output tokens", "price"),
        Field("teacher-fixed", "H", "Hosting a month", "money", HOSTED),
    ],
    "Student": [
        Field("student-input", "c", "Price of a million input tokens", "price"),
        Field("student-output", "d", "Price of a million output tokens", "price"),
        Field("student-fixed", "h", "Hosting a month", "money", HOSTED),
    ],
    "Making and keeping it": [
        Field("making", "M", "Making the student, once", "money", "labels, training, evals, your time"),
        Field("upkeep", "U", "Upkeep a month", "money", "evals, checks, the next retraining"),
    ],
}
FIGURES = {
    "teacher": "Teacher, a month",
    "student": "Student, a month, with upkeep",
    "saving": "Saving a month",
    "payback": "Paid back",
    "volume": "Break-even volume",
}
WORDS = {
    "empty": "Nothing is filled in yet. The result will stand here.",
    "missing": "Still missing: {what}.",
    "wrong": "Correct this first: {what}.",
    "done": "With these numbers:",
    "ignored": "This link has something that the form does not know, which was left out: {what}",
    "repeated": "{what} (more than once)",
    "too-long": "This link is too long to be one of ours, so its numbers were left out.",
    "saves": "{amount}",
    "saves-nothing": "None: the student costs as much.",
    "dearer": "None: the student costs {amount} more.",
    "pays": "After {months} months, or {calls} calls.",
    "pays-soon": "In less than 0.1 months, or {calls} calls.",
    "pays-never": "Never at this volume, because the student saves nothing a month.",
    "from": "From {calls} calls a month on, the student is the cheaper one.",
    "below": "Up to {calls} calls a month: a call costs more with the student, and its fixed costs are lower.",
    "any": "At any volume, the student is the cheaper one.",
    "never": "Never, because a call with the student is not cheaper, and its fixed costs are not lower.",
    "problems": {
        "negative": "Use zero or more; there is no minus here.",
        "separator": "Use digits with a point for decimals: no comma, no space.",
        "word": "Use digits only, with a point for decimals.",
        "fine": "Use at most six digits behind the point.",
        "large": "This is more than the form believes; is a unit wrong?",
        "whole": "Use a whole number.",
        "none": "Use one call or more.",
    },
}
BY_HAND = """<b>By hand.</b> What a model costs a month is its hosting, plus the calls times what one call costs. A
call costs its input tokens and its output tokens, each at the price of its million. The student has its upkeep on
top:"""
FORMULAS = [  # a letter between underscores is a number of the form, or one of the lines above
    "teacher, a month: _T_ = _H_ + _n_ x (_i_ x _a_ + _o_ x _b_) / 1,000,000",
    "student, a month: _S_ = _h_ + _U_ + _n_ x (_i_ x _c_ + _o_ x _d_) / 1,000,000",
    "months until paid back: _M_ / (_T_ - _S_), if _T_ is larger; else never",
    "break-even volume, in calls a month: (_h_ + _U_ - _H_) / (what a call costs with the teacher - what it costs with "
    "the student), if a call with the student is the cheaper one",
]


def block(argument: str, page: Page) -> str:
    """Return the form, its empty result, and the formula for readers without JavaScript."""
    if argument:
        raise page.error(page.line, "break-even takes no argument")
    figures = "".join(f'<dt>{name}</dt><dd data-slot="{slot}"></dd>' for slot, name in FIGURES.items())
    return f"""<break-even data-search-exclude>
<form method="get" novalidate autocomplete="off">
<p>All amounts in one currency of your choice. Nothing is filled in for you, because prices change. A model that you
host needs no prices. Your numbers go into the address of this page, so a link to it holds them.</p>
{"".join(fieldset(legend, fields) for legend, fields in GROUPS.items())}
<p class="break-even-bar"><button type="reset" class="md-button">Clear</button></p>
<p class="break-even-note" role="status" data-note></p>
</form>
<section class="break-even-result" aria-label="When the student pays" aria-live="polite" aria-atomic="true" data-result>
<p data-state>{WORDS["empty"]}</p>
<dl hidden data-figures>{figures}</dl>
</section>
<p>{BY_HAND}</p>
<ul class="break-even-formula">{"".join(f"<li>{formula(text)}</li>" for text in FORMULAS)}</ul>
<template data-words>{escape(json.dumps(WORDS), quote=False)}</template>
</break-even>"""


def formula(text: str) -> str:
    """Return a formula as HTML, with signs of arithmetic and its letters as variables."""
    signs = {" x ": " &times; ", " / ": " &divide; ", " - ": " &minus; "}
    text = re.sub(" [x/-] ", lambda sign: signs[sign[0]], text)
    return re.sub(r"_(\w)_", r"<var>\1</var>", text)


def fieldset(legend: str, fields: list[Field]) -> str:
    """Return the inputs of one group under its legend."""
    return f"<fieldset><legend>{legend}</legend>{''.join(field_html(field, legend) for field in fields)}</fieldset>"


def field_html(field: Field, legend: str) -> str:
    """Return one labelled input, its name in messages, and the place for what is wrong with it."""
    name = f"break-even-{field.name}"
    full = f"{legend}: {field.label.lower()}" if "-" in field.name else field.label
    hint = f" <small>{field.hint}</small>" if field.hint else ""
    return (
        f'<p class="break-even-field"><label for="{name}">{field.label} '
        f"(<var>{field.letter}</var>){hint}</label>"
        f'<input id="{name}" name="{field.name}" data-called="{full}" data-kind="{field.kind}" type="text" '
        f'inputmode="decimal" '
        f'aria-describedby="{name}-problem"><span class="break-even-problem" id="{name}-problem"></span></p>'
    )
