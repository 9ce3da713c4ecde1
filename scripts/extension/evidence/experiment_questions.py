"""What is asked of the experiment: which tables its result is shown in, and which of its keys belong to each.

A key is `<arm>.<cell>.<end>`. A column names what comes behind the arm; a column that no arm fills is left out, and so
is a row or a table without any number.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

NOW = r"(closed-book|retrieved|top-3|right-page)"
LATER = r"(changed|old-index|closed-book-later)"
PERCENT = "Percent, 95 % interval in brackets."
PAGES = {
    "closed-book": "No page",
    "retrieved": "Page retrieved",
    "top-3": "Three pages retrieved",
    "right-page": "The right page",
}
OF = {"right": "All facts", "right-changed": "Changed facts", "right-kept": "Kept facts"}


@dataclass(frozen=True)
class Group:
    """Rows of a table. columns: by head, what comes behind the row's start of a key.

    starts: labels by start of a key; empty for every arm. only: what an arm must have been asked to stand here.
    """

    columns: Mapping[str, str]
    starts: Mapping[str, str] = field(default_factory=dict)
    only: str = ""


@dataclass(frozen=True)
class Question:
    """A table. id: behind the result's name. title: heading. keys: pattern of all keys in its fold.

    rows: what a row is.
    """

    id: str
    title: str
    asks: str
    note: str
    keys: str
    groups: Mapping[str, Group]
    rows: str = "Arm"


def by_page(end: str) -> dict[str, Group]:
    """Return a group with a column for each way to show a page."""
    return {"": Group({head: f"{cell}.{end}" for cell, head in PAGES.items()})}


def after_change(cell: str, only: str = "") -> Group:
    """Return a group of a cell after the change: all facts, those that changed, those that did not."""
    return Group({head: f"{cell}.{end}" for end, head in OF.items()}, only=only)


TUNED_AGAIN = "lora-questions-again.training"
UPDATES = {"retrieval.update": "Bring the index up to date", TUNED_AGAIN: "Tune again, on the changed facts"}
PLACES = {"retrieval": "In the handbook", "retrieval.changed": "After the change, in the new index"}
QUESTIONS = (
    Question(
        "facts",
        "Facts",
        "Which change gets how many facts right?",
        f"Of the questions that the handbook answers. {PERCENT}",
        rf"\.{NOW}\.right$",
        by_page("right"),
    ),
    Question(
        "form",
        "Form and sources",
        "Which change brings the asked form, and names the right page?",
        f"A source counts only in a reply of the asked form. {PERCENT}",
        rf"\.{NOW}\.(valid-json|source-right)$",
        {
            "": Group(
                {
                    "Form, no page": "closed-book.valid-json",
                    "Form, page retrieved": "retrieved.valid-json",
                    "Source, page retrieved": "retrieved.source-right",
                }
            )
        },
    ),
    Question(
        "change",
        "After the handbook changed",
        "Half of the facts change. Who is right now?",
        f"All replies are held against the new facts. {PERCENT}",
        rf"\.{LATER}\.right(-changed|-kept)?$",
        {
            "With the page retrieved from the new index": after_change("changed"),
            "With the page retrieved from the old index": after_change("old-index", only="changed.right"),
            "Without a page": after_change("closed-book-later"),
        },
    ),
    Question(
        "update",
        "What the change costs",
        "How long does it take to follow the change?",
        "Processor seconds, least and most of the seeds in brackets.",
        r"^(retrieval\.update|lora-questions-again\.training)$",
        {"": Group({"Processor seconds": ""}, UPDATES)},
        rows="To follow it",
    ),
    Question(
        "half",
        "Facts that were not taught",
        "Does it help with the other half to be taught one half of the facts?",
        f"The arm that was taught every other fact, beside the untouched model. {PERCENT}",
        rf"\.{NOW}\.right-(taught|untaught)$",
        {
            "": Group(
                {
                    "Taught, no page": "closed-book.right-taught",
                    "Not taught, no page": "closed-book.right-untaught",
                    "Taught, page retrieved": "retrieved.right-taught",
                    "Not taught, page retrieved": "retrieved.right-untaught",
                }
            )
        },
    ),
    Question(
        "invented",
        "Invented answers",
        "How often is something made up where the handbook has no answer?",
        f"Of the questions that the handbook does not answer; less is better. {PERCENT}",
        rf"\.{NOW}\.invented$",
        by_page("invented"),
    ),
    Question(
        "declined",
        "Answers withheld",
        "How often does it decline though the handbook has the answer?",
        f"Of the questions that the handbook answers; less is better. {PERCENT}",
        rf"\.{NOW}\.declined$",
        by_page("declined"),
    ),
    Question(
        "cost",
        "What each change costs",
        "What is lost of general knowledge, and how long does the training take?",
        "Kept: percent of the general questions that the untouched model gets right, 95 % interval in brackets. "
        "Perplexity: of plain prose, as a ratio to the untouched model; more is worse. "
        "Of these and of the seconds: least and most of the seeds in brackets.",
        r"\.general\.(kept|perplexity)$|\.training$",
        {
            "": Group(
                {
                    "General knowledge kept": "general.kept",
                    "Perplexity, ratio": "general.perplexity",
                    "Training, processor seconds": "training",
                }
            )
        },
    ),
    Question(
        "search",
        "Search",
        "How often is the right page found?",
        f"By the same search for every arm. {PERCENT}",
        r"^retrieval\.(changed\.)?top-\d+$",
        {"": Group({"As the first page": "top-1", "Among the first three": "top-3"}, PLACES)},
        rows="Searched",
    ),
)
