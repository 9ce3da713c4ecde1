"""Pages and questions as a person wrote them, and the values for their slots."""

import random
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from case.prompt import Page, page_name

TEXTS = Path(__file__).resolve().parent / "texts"
SPLITS = ("test", "development", "behaviour")
Values = dict[str, str]  # slot -> what the page shows in it
Pools = dict[str, list[str]]  # kind of slot -> what it can hold


@dataclass(frozen=True)
class Text:
    """A page as written.

    text: Markdown with slots. facts: by slot, its pool `draw` and its wordings `train`,
    `test`, `says`. missing: questions that no page answers. titles: other ones.
    """

    title: str
    kind: str
    text: str
    missing: list[str]
    facts: dict[str, dict]
    split: str
    titles: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the page's name."""
        return page_name(self.title)

    def filled(self, values: Values) -> Page:
        """Return the page with a value in each slot."""
        body = self.text.strip().format(**values)
        return Page(self.name, f"# {self.title}\n\n{body}\n")

    def retitled(self, turn: int) -> "Text":
        """Return the same page under another of its titles."""
        titles = (self.title, *self.titles)
        return replace(self, title=titles[turn % len(titles)])


def read_texts() -> list[Text]:
    """Read every page that a person wrote, by split and name."""
    return [
        Text(**tomllib.loads(file.read_text(encoding="utf-8")), split=split)
        for split in SPLITS
        for file in sorted((TEXTS / split).glob("*.toml"))
    ]


def read_pools() -> Pools:
    """Read what each kind of slot can hold, as a page shows it."""
    pools = tomllib.loads((TEXTS / "pools.toml").read_text(encoding="utf-8"))
    return {name: pool.get("names") or count(**pool) for name, pool in pools.items()}


def count(start: int, end: int, step: int = 1, form: str = "{}", clock: bool = False):
    """Return the numbers from start to end in a form, or as times of the day."""
    numbers = range(start, end + 1, step)
    if clock:
        return [f"{minute // 60:02}:{minute % 60:02}" for minute in numbers]
    return [form.format(number) for number in numbers]


def draw(texts: Iterable[Text], pools: Pools, rng: random.Random) -> Iterator[Values]:
    """Draw a value for every slot, none twice; yields each page's, in order."""
    left = {name: rng.sample(pool, len(pool)) for name, pool in pools.items()}
    for text in texts:
        yield {slot: left[fact["draw"]].pop() for slot, fact in text.facts.items()}


def change(
    texts: list[Text], values: list[Values], pools: Pools, rng: random.Random
) -> list[Values]:
    """Draw half of every page's facts anew, from values that no page holds."""
    taken = {value for page in values for value in page.values()}
    free = {
        name: [value for value in pool if value not in taken]
        for name, pool in pools.items()
    }
    redrawn = draw(texts, free, rng)
    return [
        page | {slot: new[slot] for slot in rng.sample(sorted(page), len(page) // 2)}
        for page, new in zip(values, redrawn, strict=True)
    ]
