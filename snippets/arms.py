"""The arms of the experiment: how each changes the model, and what it is taught.

They stand in arms.toml. Used by fine_tune_vs_rag.py.
"""

from case import CASE

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from case.make import World
from case.prompt import RULES, lesson


@dataclass(frozen=True)
class Arm:
    """A way to change the model, and what it is asked.

    passes: how often each row is seen. chat: rows of general chat for each row, which
    the untouched model writes itself. wide: also asked with three pages retrieved and
    with the right one. later: also asked after the handbook changed, by a new index.
    """

    teach: Literal["", "behaviour", "pages", "rewrites", "questions"] = ""
    rate: float = 1e-3
    passes: float = 0.0
    base: Literal["frozen", "4 bits", "trained"] = "frozen"
    facts: Literal["all", "half", "changed"] = "all"
    chat: float = 0.0
    rules: str = RULES  # the prompt's first words
    shots: int = 0  # examples in it
    draw: int = 0  # which ones
    held: bool = False  # to a schema
    wide: bool = False
    later: bool = False


FILE = Path(__file__).with_name("arms.toml")
ARMS = {
    name: Arm(**settings)
    for name, settings in tomllib.loads(FILE.read_text(encoding="utf-8")).items()
}


def choose_facts(arm: Arm, world: World, asked: Sequence[dict]) -> list[dict]:
    """Return the questions that the arm learns by heart, of pages that are asked about.

    Each fact in two wordings, none of which is asked. half: every other fact.
    """
    changed = arm.facts == "changed"
    facts = world.changed_training_questions if changed else world.training_questions
    sources = {row["source"] for row in asked}
    facts = [fact for fact in facts if fact["source"] in sources]
    return [fact for i, fact in enumerate(facts) if arm.facts != "half" or i % 4 < 2]


def choose_rows(arm: Arm, world: World, asked: Sequence[dict]) -> list[dict]:
    """Return what the arm is trained on: of facts, only those that are asked for."""
    if arm.teach == "behaviour":
        return world.examples
    if arm.teach == "questions":
        facts = choose_facts(arm, world, asked)
        return [lesson(f["question"], [], f["answer"], f["source"]) for f in facts]
    sources = {row["source"] for row in asked}
    shown = [page for page in world.handbook if page.name in sources]
    if arm.teach == "rewrites":
        shown += [p for p in world.rewrites if p.name.rpartition("-")[0] in sources]
    return [{"text": page.text} for page in shown]


def write_chat(rows: int, answer: Callable[[list], list[str]]) -> list[dict]:
    """Let the untouched model answer everyday requests, to keep what it can do."""
    asked = (CASE / "chat.txt").read_text(encoding="utf-8").splitlines()[:rows]
    prompts = [[{"role": "user", "content": request}] for request in asked]
    replies = [said.rpartition(".")[0] + "." for said in answer(prompts)]
    return [
        {"prompt": chat, "completion": [{"role": "assistant", "content": said}]}
        for chat, said in zip(prompts, replies, strict=True)
    ]


def write_prompt(arm: Arm, chat: list[dict]) -> list[dict]:
    """Return a prompt under the arm's own rules, or under none."""
    system = [{"role": "system", "content": arm.rules}] if arm.rules else []
    return [*system, *[message for message in chat if message["role"] != "system"]]
