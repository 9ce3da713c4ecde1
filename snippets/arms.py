"""The arms of the experiment: how each changes the model, and what it is taught.

Used by fine_tune_vs_rag.py.
"""

from dataclasses import dataclass, field
from typing import Literal

from case.make import World
from case.prompt import lesson


@dataclass(frozen=True)
class Arm:
    """A way to change the model. teach: a task of lora.py; settings: its flags."""

    teach: str = ""
    settings: dict = field(default_factory=dict)
    base: Literal["frozen", "4 bits", "trained"] = "frozen"
    facts: Literal["all", "half", "changed"] = "all"
    shots: int = 0  # examples in the prompt
    held: bool = False  # to a schema


FACTS = {"steps": 240, "batch": 8}
ARMS = {
    "base": Arm(),
    "examples": Arm(shots=2),
    "constrained": Arm(held=True),
    "examples-constrained": Arm(shots=2, held=True),
    "lora-pages": Arm("pages", FACTS),
    "lora-rewrites": Arm("rewrites", FACTS),
    "full-pages": Arm("pages", FACTS | {"rate": 5e-5}, base="trained"),
    "lora-questions": Arm("questions", FACTS),
    "lora-half-of-questions": Arm("questions", FACTS, facts="half"),
    "lora-questions-again": Arm("questions", FACTS, facts="changed"),
    "lora-behaviour": Arm("behaviour"),
    "qlora-behaviour": Arm("behaviour", base="4 bits"),
}


def choose_rows(arm: Arm, world: World, asked: list[dict]) -> list[dict]:
    """Return what the arm is trained on: of facts, only those that are asked for."""
    if arm.teach == "behaviour":
        return world.examples
    sources = {row["source"] for row in asked}
    pages = world.changed if arm.facts == "changed" else world.handbook
    shown = [page for page in pages if page.name in sources]
    if arm.teach == "rewrites":
        shown += [p for p in world.rewrites if p.name.rpartition("-")[0] in sources]
    if arm.teach != "questions":
        return [{"text": page.text} for page in shown]
    changed = arm.facts == "changed"
    facts = world.changed_training_questions if changed else world.training_questions
    facts = [fact for fact in facts if fact["source"] in sources]
    if arm.facts == "half":
        facts = [
            fact for i, fact in enumerate(facts) if i // 2 % 2 == 0
        ]  # two wordings
    return [lesson(f["question"], [], f["answer"], f["source"]) for f in facts]
