"""What is asked of a handbook, and what can be taught from it."""

import random

from case.prompt import NOT_THERE, Page, lesson
from case.texts import Pools, Text, Values, draw

MISSING = 4  # one question in five has no answer: one for every four that have
FAR = 3  # one fact in three is asked in words that its page does not use
TURNS = 6  # of the behaviour pages: each with other values, titles and wordings

Filled = list[tuple[Text, Values]]


def ask_all(filled: Filled, rng: random.Random) -> list[dict]:
    """Ask each fact in one test wording, and one in five that has no answer."""
    rows, missing = [], []
    for text, page in filled:
        far = rng.sample(sorted(text.facts), len(text.facts) // FAR)
        for slot, fact in text.facts.items():
            asked = fact["test"][slot in far]
            rows.append({"question": asked, "answer": page[slot], "source": text.name})
        lost = {"answer": NOT_THERE, "source": None, "page": text.name}
        missing += [{"question": asked, **lost} for asked in text.missing]
    return rows + rng.sample(missing, len(rows) // MISSING)


def rewrite(filled: Filled) -> list[Page]:
    """Say the facts of each test and development page in other sentences, twice."""
    return [
        Page(f"{text.name}-{turn + 1}", f"# {text.title}\n\n{' '.join(said)}\n")
        for text, page in filled
        for turn in range(2)
        if (
            said := [
                f["says"][turn].format(**page)
                for f in text.facts.values()
                if "says" in f
            ]
        )
    ]


def teach_facts(filled: Filled) -> list[dict]:
    """Ask the facts of test and development pages in their training wordings."""
    return [
        {"question": asked, "answer": page[slot], "source": text.name}
        for text, page in filled
        if text.split != "behaviour"
        for slot, fact in text.facts.items()
        for asked in fact["train"]
    ]


def teach_behaviour(texts: list[Text], pools: Pools, rng: random.Random) -> list[dict]:
    """Write examples of the behaviour, on pages whose values are theirs alone.

    One in seven has no answer: it is asked nowhere, or stands beside the wrong page.
    """
    rows = []
    for turn in range(TURNS):
        pages = [text.retitled(turn) for text in texts if text.split == "behaviour"]
        filled = list(zip(pages, draw(pages, pools, rng), strict=True))
        for number, (text, values) in enumerate(filled):
            page = text.filled(values)
            for slot, fact in text.facts.items():
                asked = fact["train"][turn % len(fact["train"])]
                rows.append((asked, page, values[slot], text.name))
            if turn % 2:
                asked = rng.choice(list(text.facts.values()))["train"][0]
                other, its_values = filled[(number + turn) % len(filled)]
                rows.append((asked, other.filled(its_values), NOT_THERE, None))
            else:
                asked = text.missing[turn // 2 % len(text.missing)]
                rows.append((asked, page, NOT_THERE, None))
    rng.shuffle(rows)
    return [
        lesson(asked, [page], answer, source) for asked, page, answer, source in rows
    ]
