"""Make the handbook of one seed: `python -m case.make --seed 3 --out build/case-3`.

A person wrote the pages and questions in `texts/`; the values in their slots are drawn
anew for every seed, so that no model can know them. The files here are seed 0.
"""

import argparse
import json
import random
from dataclasses import dataclass
from pathlib import Path

from case.prompt import Page
from case.rows import Filled, ask_all, rewrite, teach_behaviour, teach_facts
from case.texts import change, draw, read_pools, read_texts

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class World:
    """Everything that one seed gives: pages, and rows as the scripts read them.

    changed: after half of the facts were drawn anew. rewrites: the facts in other
    sentences. training_questions: the same facts in wordings that no test uses.
    examples: the behaviour, on pages that no question is about.
    """

    handbook: list[Page]
    changed: list[Page]
    rewrites: list[Page]
    questions: list[dict]
    changed_questions: list[dict]
    development: list[dict]
    changed_development: list[dict]
    training_questions: list[dict]
    changed_training_questions: list[dict]
    examples: list[dict]


def make(seed: int) -> World:
    """Make everything for a seed."""
    texts, pools = read_texts(), read_pools()
    values = list(draw(texts, pools, random.Random(f"values {seed}")))
    now = list(zip(texts, values, strict=True))
    changed = change(texts, values, pools, random.Random(f"changed {seed}"))
    later = list(zip(texts, changed, strict=True))

    def asked(filled: Filled, split: str) -> list[dict]:
        part = [pair for pair in filled if pair[0].split == split]
        return ask_all(part, random.Random(f"questions {seed}"))

    return World(
        handbook=[text.filled(page) for text, page in now],
        changed=[text.filled(page) for text, page in later],
        rewrites=rewrite(now),
        questions=asked(now, "test"),
        changed_questions=asked(later, "test"),
        development=asked(now, "development"),
        changed_development=asked(later, "development"),
        training_questions=teach_facts(now),
        changed_training_questions=teach_facts(later),
        examples=teach_behaviour(texts, pools, random.Random(f"behaviour {seed}")),
    )


def write(world: World, out: Path) -> None:
    """Write a seed's files into a folder: pages as Markdown, rows as JSON lines."""
    for name, content in vars(world).items():
        if isinstance(content[0], Page):
            (out / name).mkdir(parents=True, exist_ok=True)
            for page in content:
                file = out / name / f"{page.name}.md"
                file.write_text(page.text, encoding="utf-8")
        else:
            lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in content]
            (out / f"{name}.jsonl").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write")
    given = parser.parse_args()
    write(make(given.seed), given.out)
