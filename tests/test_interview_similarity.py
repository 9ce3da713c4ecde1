"""A question that another one only rewords is found; another one on the same matter may stay."""

import pytest

from scripts.extension.practice.similarity import ALIKE, alike, likeness

LORA = "What does LoRA do, and why does it save memory?"
RECALL = "Recall at 5 is high and answers are wrong: what do you do?"
SIZE = "How do you choose the size of the passages that you index?"
SAME = [
    (LORA, "Why does LoRA save memory, and what does it do?"),
    (LORA, "How does LoRA work, and why does it save memory?"),
    (RECALL, "The answers are wrong although recall at 5 is high. What would you do?"),
    (SIZE, "How would you choose passage size for an index?"),
    ("When is RAG the right tool, and when is fine-tuning?", "When is fine-tuning the right tool and when is RAG?"),
    ("And why?", "and why? "),
]
OTHER = [
    (LORA, "What does QLoRA save, and what does it cost in memory?"),
    (LORA, "When does LoRA forget less than full fine-tuning?"),
    (RECALL, "Recall at 5 is low and answers are short: what do you measure first?"),
    (SIZE, "How do you choose between full text and vectors for an index?"),
    ("What is distillation, and when is it worth doing?", "What is RAG, and when is it worth doing?"),
    ("Is it dear?", "Is it slow?"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_a_reworded_question_is_found(one, other):
    assert likeness(one, other) >= ALIKE and likeness(other, one) >= ALIKE


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_another_question_on_the_same_matter_may_stay(one, other):
    assert likeness(one, other) < ALIKE


def test_every_two_that_are_alike_are_named():
    assert list(alike([LORA, RECALL, SAME[0][1], RECALL])) == [(0, 2), (1, 3)]
