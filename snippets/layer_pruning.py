"""Cut a smaller model out of a larger one: leave out the layers that change least.

Each layer of a transformer adds to a stream that runs through all of them; so what one
layer writes the next but one can read, and a block of layers can go without breaking
the shape of anything. It breaks some of the skill, which training mends.
Used by distill.py.  Lesson: /distillation/
"""

import copy
from collections.abc import Sequence

import torch
from torch.nn.functional import cosine_similarity


def choose_layers(teacher, tokenizer, rows: Sequence[dict], keep: float) -> list[int]:
    """Return the layers to keep: all but the block that turns the stream least.

    Measured by the angle between what goes into the block and what comes out of it,
    after Gromov et al. (2024), arXiv 2403.17887. The first and the last layer stay.
    """
    chats = [[*row["prompt"], *row["completion"]] for row in rows]
    texts = tokenizer.apply_chat_template(chats, tokenize=False)
    inputs = tokenizer(texts, return_tensors="pt", padding=True).to(teacher.device)
    with torch.inference_mode():
        states = teacher.model(**inputs, output_hidden_states=True).hidden_states
    count = len(states) - 1
    gone = count - max(2, round(keep * count))
    tokens = inputs["attention_mask"].bool()
    stream = [state[tokens].float() for state in states]  # before each layer

    def turn(first: int) -> float:
        return -cosine_similarity(stream[first], stream[first + gone], dim=-1).mean()

    first = min(range(1, count - gone), key=turn)
    return [layer for layer in range(count) if not first <= layer < first + gone]


def cut_student(teacher, kept: Sequence[int]):
    """Return a copy of the teacher that has only these layers."""
    student = copy.deepcopy(teacher).requires_grad_(True)  # also what LoRA froze
    layers = [student.model.layers[layer] for layer in kept]
    for place, layer in enumerate(layers):
        layer.self_attn.layer_idx = place  # its place in the cache of keys and values
    student.model.layers = torch.nn.ModuleList(layers)
    student.config.num_hidden_layers = len(layers)
    if getattr(student.config, "layer_types", None):
        student.config.layer_types = [student.config.layer_types[i] for i in kept]
    return student
