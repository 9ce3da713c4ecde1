# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.9", "transformers>=5", "tokenizers>=0.22", "safetensors>=0.5", "tqdm>=4.66"]
# ///
"""Make the lab: a small language model that reads, and a small private world for it to read about.

    uv run make_lab.py --size smoke --out smoke-lab      # about a minute, to see that it runs
    uv run make_lab.py --size small --out my-lab         # the lab of the lessons, on 2 CPU cores
    uv run make_lab.py --size large --out large-lab      # more of everything, for a GPU

The model knows *public* services by heart, has never seen the *private* ones, and answers from the pages it is given,
also with values that it meets for the first time. Two things make it read: its first weights are wired as a circuit
that looks up (`wire_reading`), and nearly every value in its reading lessons is made up on the spot.
Lesson: docs/rag.md
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import json
import logging
import os
import platform
import random
import re
import shutil
import signal
import sys
import time
from importlib import metadata
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning threads halve the speed on shared cores
if __name__ == "__main__":  # the libraries take seconds to load: end a Ctrl-C meanwhile in one line as well
    signal.signal(signal.SIGINT, lambda *_: (print("\nstopped before it began", file=sys.stderr), os._exit(130)))

import torch
import torch.nn.functional as F
import transformers
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from tqdm import tqdm


@dataclasses.dataclass(frozen=True)
class Config:
    size: str = "small"  # smoke (a minute), small (the lab of the lessons) or large (for a GPU)
    seed: int = 0  # one seed, one world and one model
    out: str = "my-lab"  # folder that is written; a lab that is there already is replaced as a whole
    device: str = "auto"  # auto, cpu or cuda
    threads: int = 2  # CPU threads; another number rounds differently
    tokens: float = 0.0  # million training tokens; 0 takes the size's own
    minutes: float = 0.0  # stop training after so many minutes; 0 trains on all tokens
    lr: float = 1e-3  # peak; falls to a thirtieth over the second half. 4e-3 destroys the wired circuit
    precision: str = "auto"  # bf16, fp32, or auto: bf16 where the hardware has it (twice as fast, same quality)
    resume: bool = False  # go on from the checkpoint of a run that was stopped
    save_every: int = 200  # steps between two checkpoints


SIZES = {  # hidden, heads of 64, layers, FFN, services in each set, million training tokens
    "smoke": (132, 2, 3, 128, 12, 0.25),
    "small": (192, 3, 4, 384, 40, 12.0),
    "large": (512, 8, 8, 1536, 200, 300.0),
}
BOS, EOS, PAD, VOCAB, HEAD = 0, 1, 2, 1024, 64
LEVELS = 6  # of reading, see `make_reading`

# The world: attributes, and how people write and ask about them. {s} service, {v} value, {n} the attribute's noun.
# Every wording names the attribute before the value: a model that reads from left to right can know whose value it is.
ATTRIBUTES = {
    "owner": (("{s} belongs to team {v}.", "{s} is looked after by team {v}."),
              ("It belongs to team {v}.", "It is looked after by team {v}."),
              ("Who owns {s}?", "Which team looks after {s}?")),
    "region": (("{s} runs in {v}.", "All machines of {s} stand in {v}."),
               ("It runs in {v}.", "All its machines stand in {v}."),
               ("Where does {s} run?", "In which region are the machines of {s}?")),
    "port": (("{s} listens on port {v}.", "Clients reach {s} on port {v}."),
             ("It listens on port {v}.", "Clients reach it on port {v}."),
             ("On which port does {s} listen?", "Which port do clients of {s} use?")),
    "database": (("{s} keeps its data in {v}.", "The data of {s} lives in {v}."),
                 ("It keeps its data in {v}.", "Its data lives in {v}."),
                 ("Where does {s} keep its data?", "Which database does {s} use?")),
    "contact": (("When {s} is down, call {v}.", "If {s} fails, ask {v}."),
                ("When it is down, call {v}.", "If it fails, ask {v}."),
                ("Who is called when {s} is down?", "Whom do I ask if {s} fails?")),
    "release": (("The last release of {s} was {v}.", "{s} was released as {v}."),
                ("Its last release was {v}.", "It was released as {v}."),
                ("What was the last release of {s}?", "As what was {s} released?")),
}  # fmt: skip
NAMED = ("The {n} of {s} is {v}.", "{s} has the {n} {v}.", "For {s}, the {n} is {v}.")
PRONOUN = ("Its {n} is {v}.", "The {n} is {v}.", "It has the {n} {v}.")
ASKED = ("What is the {n} of {s}?", "Which {n} does {s} have?", "{s}: {n}?")
OTHER_NOUNS = ("budget colour licence manager plan host editor cache queue backup language framework tier cluster "
               "branch quota channel ticket office partner supplier vault").split()  # fmt: skip
INTRODUCTIONS = ("{s} is one of our services.", "This page describes {s}.", "{s} serves the whole company.",
                 "Here is what you need to know about {s}.")  # fmt: skip
ASIDES = ("Read this page before you change anything.", "The page is checked twice a year.", "Please keep it short.",
          "Changes are announced on Monday.", "Nothing here is secret.", "If something is missing, say so.",
          "New colleagues start here.", "Older pages may disagree.")  # fmt: skip
FRAMES = ("[{v}]", '"{v}"', "<{v}>", "({v})", "{v};", "= {v}", "{k}: {v}", "- {v}", "{k}={v}.", "* {k} * {v}")
CITED = ("{v} [{i}]", "{i}: {v}", "{v} ({i})", "{k}: {v}; {i}", "{i} = {v}")
KEYS = "value v result reply found text name fact said page id from ref doc place link".split()

ONSETS = [*"b c d f g h j k l m n p r s t v w z br ch cl cr dr fl gr kr pl pr qu sh sk sl st th tr".split(), ""]
VOWELS = [*"a e i o u a e i o u ai ea ee ou y".split()]
CODAS = ["", "", "", "", *"l n r s t m k nd rn st x ck p".split()]
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def make_up_word(rng, low=2, high=3) -> str:
    parts = (rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS) for _ in range(rng.randint(low, high)))
    return "".join(parts)


def make_up_name(rng) -> str:
    return make_up_word(rng).capitalize()


def make_up_id(rng) -> str:
    return f"{make_up_word(rng, 1, 2)}-{rng.randint(10, 999)}"


def make_up_value(rng) -> str:
    """A value nobody has seen: a spelled word, a number or a mixture, so that only reading can find it."""
    word, k = (lambda: make_up_word(rng, 1, 2)), rng.random()
    if k < 0.35:
        return make_up_word(rng, 1, 3)
    if k < 0.50:
        return make_up_word(rng, 1, 3).capitalize()
    if k < 0.58:
        return word() + rng.choice(" -") + word()
    if k < 0.70:
        return str(rng.randint(1, 10 ** rng.randint(1, 5)))
    if k < 0.76:
        return f"{rng.randint(2, 400)} {rng.choice(['days', 'hours', 'minutes', 'GB', 'percent', word()])}"
    if k < 0.84:
        return word() + rng.choice("-._/") + str(rng.randint(1, 99))
    if k < 0.90:
        return "".join(rng.choice(LETTERS) for _ in range(rng.randint(2, 8)))
    if k < 0.95:
        return ".".join(str(rng.randint(0, 255)) for _ in range(rng.randint(2, 3)))
    return "".join(rng.choice(LETTERS.upper() + "0123456789-") for _ in range(rng.randint(2, 7)))


def make_world(rng, services: int) -> dict:
    """Pools of 30 values an attribute, and two disjoint sets of services with one value for each attribute."""

    def pool_value(noun):
        if noun == "port":
            return str(rng.randint(1024, 9999))
        if noun == "release":
            return f"{rng.randint(1, 9)}.{rng.randint(0, 40)}"
        return f"{make_up_word(rng, 1, 2)}-{rng.randint(1, 9)}" if noun == "region" else make_up_name(rng)

    def distinct(draw, count):
        found = {}
        while len(found) < count:
            found[draw()] = None
        return list(found)

    pools = {noun: distinct(lambda noun=noun: pool_value(noun), 30) for noun in ATTRIBUTES}
    names = distinct(lambda: make_up_name(rng), 2 * services)
    ids = distinct(lambda: make_up_id(rng), 2 * services)
    facts = {name: {noun: rng.choice(pools[noun]) for noun in ATTRIBUTES} for name in names}
    sets = {"public": names[:services], "private": names[services:]}
    return {"pools": pools, **sets, "facts": facts, "ids": dict(zip(names, ids, strict=True))}


def state_fact(rng, service, noun, value, pronoun=False, plain=False) -> str:
    generic = noun not in ATTRIBUTES or rng.random() < 0.5
    wordings = (PRONOUN if pronoun else NAMED) if generic or plain else ATTRIBUTES[noun][pronoun]
    return rng.choice(wordings[:1] if plain else wordings).format(s=service, n=noun, v=value)


def ask(rng, service, noun, plain=False) -> str:
    generic = noun not in ATTRIBUTES or rng.random() < 0.5
    wordings = ASKED[:1] if plain else ASKED if generic else ATTRIBUTES[noun][2]
    return rng.choice(wordings).format(s=service, n=noun)


def write_page(rng, service, facts: dict, plain=False) -> str:
    """A page a company would have: title, introduction, facts and asides in prose, no id in the text."""
    nouns = list(facts)
    rng.shuffle(nouns)
    text = [rng.choice(INTRODUCTIONS).format(s=service)]
    for i, noun in enumerate(nouns):
        text.append(state_fact(rng, service, noun, facts[noun], i > 0 and rng.random() < 0.3, plain))
    for _ in range(rng.randint(0, 2)):
        text.insert(rng.randint(1, len(text)), rng.choice(ASIDES))
    half = len(text) // 2 if len(text) > 4 else len(text)
    return f"# {service}\n" + "\n".join(" ".join(part) for part in (text[:half], text[half:]) if part)


def make_reading(rng, level: int, draw_name, draw_value, plain=False):
    """Passages (source -> text, or one text without a source) about made-up facts, and their keys
    (service, noun, value, source). Distractors grow with the level: 0 one statement, 1 several, 2 two services, named
    once each or in every sentence, 3 two or three, mixed up, 4 a page of prose, 5 two or three pages."""
    count = (1, rng.randint(2, 4), rng.randint(1, 3), rng.randint(2, 3), rng.randint(4, 6), rng.randint(3, 6))[level]
    services = {}
    while len(services) < (1, 1, 2, rng.randint(2, 3), 1, rng.randint(2, 3))[level]:
        services[draw_name()] = make_up_id(rng)
    nouns = list(ATTRIBUTES) if rng.random() < 0.7 else list(OTHER_NOUNS)
    shared, facts = rng.sample(nouns, count), {}
    for service in services:
        own = list(shared) if rng.random() < 0.7 else rng.sample(nouns, count)
        rng.shuffle(own)
        facts[service] = {noun: draw_value(noun) for noun in own}
    if level < 4:
        parts = []
        for s in services:
            for i, (noun, value) in enumerate(facts[s].items()):
                pronoun = level == 2 and i > 0 and rng.random() < 0.5
                parts.append(state_fact(rng, s, noun, value, pronoun, plain))
        if level == 3:
            rng.shuffle(parts)
        passages = {"": " ".join(parts)}
    else:
        passages = {services[s]: write_page(rng, s, facts[s], plain) for s in services}
        if rng.random() < 0.3:
            passages = {"": "\n\n".join(passages.values())}
    keys = [(s, noun, value, services[s]) for s in services for noun, value in facts[s].items()]
    rng.shuffle(keys)
    return passages, keys


def show(passages: dict, question: str) -> str:
    """The prompt; a passage without a source stands there without a label."""
    return f"{passages['']}\n\n{write_prompt({}, question)}" if "" in passages else write_prompt(passages, question)


def make_up_style(rng, cited: bool) -> str:
    """The form of an answer, with {v} for the value and, where it may cite, {i} for its source: half of them JSON. The
    keys are never those of the behaviour that the lessons teach with adapters."""
    key, (name, other) = rng.choice(KEYS), rng.sample((*KEYS, *(make_up_word(rng) for _ in KEYS)), 2)
    if rng.random() < 0.5:
        return rng.choice(CITED if cited and rng.random() < 0.6 else FRAMES).replace("{k}", key)
    end = '"{i}"' if cited and rng.random() < 0.7 else rng.choice(("null", "true", "0", f'"{key}"'))
    fields = [f'"{name}": "{{v}}"'] + [f'"{other}": {end}'] * (rng.random() < 0.7)
    return "{" + ", ".join(fields if rng.random() < 0.8 else fields[::-1]) + "}"


def fill(style: str, value: str, source: str) -> list[tuple[str, bool]]:
    """A style filled in -> pieces of text, and whether each is told (value or source) or belongs to the style."""
    told = {"{v}": value, "{i}": source}
    return [(told.get(piece, piece), piece in told) for piece in re.split(r"(\{[vi]\})", style) if piece]


def write_lesson(rng, passages, keys, questions, styled=0.0, plain=False, restated=0.0):
    """Several questions on the same passages -> [(prompt, pieces of the answer)]; some lessons keep to one style."""
    style = make_up_style(rng, "" not in passages) if rng.random() < styled and len(keys) > 1 else "{v}"
    lesson, restate = [], rng.random() < restated
    for k, (service, noun, value, source) in enumerate(keys[:questions]):
        if restate:  # the statement again up to its value: the shortest way to learn whose value it is
            lead = "" if k else "\n\n".join(passages.values()) + "\n"
            lesson.append((lead + NAMED[0].format(s=service, n=noun, v="")[:-1], fill("{v}", value, source)))
            continue
        question = ask(rng, service, noun, plain)
        prompt = "\n\n" + write_prompt({}, question) if k else show(passages, question)
        lesson.append((prompt, fill(style, value, source)))
    return lesson


def write_series(rng, readings, styled: float, plain=False):
    """One question on each of several readings, all in one style: examples in the prompt, as few-shot prompting has."""
    cited = all("" not in passages for passages, _ in readings)
    style = make_up_style(rng, cited) if rng.random() < styled else "{v}"
    lesson = []
    for k, (passages, ((service, noun, value, source), *_)) in enumerate(readings):
        prompt = "\n\n" * (k > 0) + show(passages, ask(rng, service, noun, plain))
        lesson.append((prompt, fill(style, value, source)))
    return lesson


def make_lessons(rng, world, level, knowing: bool):
    """One batch: (level or None, lessons). Made-up values keep the largest share to the end."""
    draw, public, facts = rng.random(), world["public"], world["facts"]
    if knowing and draw < 0.20:  # closed book: public services by heart
        keys = [(s, noun, facts[s][noun], "") for s in public for noun in ATTRIBUTES]
        return None, [write_lesson(rng, {"": ""}, rng.sample(keys, 4), 4, 0.6) for _ in range(24)]
    examples = rng.randint(2, 6) if knowing and rng.random() < 0.15 else 0
    chosen = rng.choice((1, 3, 4, 4)) if examples else level if rng.random() < 0.65 else rng.randint(0, level)
    batch = 8 * examples or (48, 40, 32, 24, 16, 8)[chosen]
    # Pages about public services with other values than the known ones: the page wins.
    name = (lambda: rng.choice(public)) if knowing and draw < 0.32 else (lambda: make_up_name(rng))
    pooled = knowing and 0.27 < draw < 0.40
    pools = world["pools"]
    value = lambda n: rng.choice(pools[n]) if pooled and n in pools else make_up_value(rng)
    plain = chosen < 4 or rng.random() < 0.2
    restated = (0.5, 0.5, 0.5, 0.5, 0.3, 0.2)[chosen] * plain
    readings = [make_reading(rng, chosen, name, value, plain) for _ in range(batch)]
    if examples:
        readings.sort(key=lambda reading: "" in reading[0])  # those with sources together: they may be cited
        series = [readings[i : i + examples] for i in range(0, batch, examples)]
        return chosen, [write_series(rng, some, 0.8, plain) for some in series]
    return chosen, [write_lesson(rng, *reading, 10, 0.35 * knowing, plain, restated) for reading in readings]


def train_tokenizer(rng) -> Tokenizer:
    """Byte-level BPE. Spaces join the small words around them and never a content word, so that a value has the same
    tokens after a space, after a quote and at the start of an answer: copying stays copying."""
    small = "of|is|its|it|the|has|as|a|in|on|to|was|for"
    first = "The|It|Its|For|What|Which|Who|Where|In|All"
    split = (rf" (?:(?:{small}) )+|(?:{first}) (?:(?:is|the|was|has|its|it|does) )*"
             r"|\p{L}+|\p{N}{1,2}|\n| |[^\s\p{L}\p{N}]|\s")  # fmt: skip
    tokenizer = Tokenizer(models.BPE())
    to_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(split), "isolated"), to_bytes])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", BOS)])
    texts = [f"{i:02d}" for i in range(100)] * 400
    for _ in range(3000):
        passages, keys = make_reading(rng, rng.choice((4, 5)), lambda: make_up_name(rng), lambda _: make_up_value(rng))
        texts.append(show(passages, ask(rng, *keys[0][:2])) + "".join(show({}, ask(rng, *key[:2])) for key in keys[1:]))
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=VOCAB, special_tokens=["<s>", "</s>", "<pad>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))  # fmt: skip
    return tokenizer


def build_model(size: str) -> transformers.SmolLM3ForCausalLM:
    """A Llama whose every second layer has no positions (NoPE): it compares words however far apart they are."""
    hidden, heads, layers, ffn, _, _ = SIZES[size]
    return transformers.SmolLM3ForCausalLM(transformers.SmolLM3Config(
        vocab_size=VOCAB, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads, head_dim=HEAD,
        num_key_value_heads=heads, intermediate_size=ffn, tie_word_embeddings=True, initializer_range=0.06,
        no_rope_layers=[(layer + 1) % 2 for layer in range(layers)], max_position_embeddings=2048,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0}, attn_implementation="sdpa",
        bos_token_id=BOS, eos_token_id=EOS, pad_token_id=PAD))  # fmt: skip


@torch.no_grad()
def wire_reading(model, frequency: torch.Tensor) -> None:
    """Start as a reader; everything is trained from there. frequency: [VOCAB], share of each token in the lessons.

    The residual stream has three lanes: the token's own code, the code of the token before, and the sum of the last
    dozen codes, in which rare words weigh more (as in full-text search). Layer 0 fills the lanes: one head looks one
    token back, one gathers. Above, an induction head attends to what followed the same token before (it copies), and a
    choosing head to the place whose last dozen words are those of the question (it looks up).
    """
    hidden, lane = model.config.hidden_size, min(HEAD, (model.config.hidden_size - 2) // 3)
    own, before, gathered = (slice(2 + i * lane, 2 + (i + 1) * lane) for i in range(3))
    size, eye = 0.83, torch.eye(HEAD, lane)
    embedding = model.model.embed_tokens.weight.mul_(0.2)
    rare = (frequency / 0.01).pow(-0.8).clamp(0.05, 1)
    embedding[:, own] = F.normalize(torch.randn(VOCAB, lane)) * (rare * size)[:, None]
    embedding[:, 1] = (1 - rare**2).sqrt() * size  # what frequent words have in common, so that all are equally long
    embedding[:, 0] = 0.3  # a constant, for heads that look by position only
    scale = hidden**0.5 / (size**2 + 0.3**2 + 0.012**2 * (hidden - lane - 2)) ** 0.5  # of the norm before layer 0
    turns = 10000.0 ** (-torch.arange(HEAD // 2) * 2 / HEAD)  # radians a token of each rotary pair

    def look_back(distance, pairs, gain):
        """Query and key directions whose product is largest that many tokens back."""
        query = torch.zeros(HEAD)
        query[pairs] = (gain * HEAD**0.5 / (pairs.stop - pairs.start)) ** 0.5 / (0.3 * scale)
        angle = distance * turns
        return query, torch.cat([torch.cos(angle), torch.sin(angle)]) * query[: HEAD // 2].repeat(2)

    head = [slice(i * HEAD, (i + 1) * HEAD) for i in range(2)]
    first = model.model.layers[0].self_attn
    first.o_proj.weight *= 0.02
    for rows, back in zip(head, (look_back(1, slice(0, 5), 60), look_back(5.5, slice(6, 10), 10)), strict=True):
        for weight, direction in zip((first.q_proj.weight, first.k_proj.weight), back, strict=True):
            weight[rows] *= 0.05
            weight[rows, 0] = direction
        first.v_proj.weight[rows] = 0
        first.v_proj.weight[rows, own] = eye / scale
    first.o_proj.weight[before, head[0]] = eye.T
    first.o_proj.weight[gathered, head[1]] = eye.T * 4  # a mean over a dozen tokens is smaller
    for layer in model.model.layers:
        layer.mlp.down_proj.weight *= 0.01  # a random MLP would drown the lanes
    unit = 0.7 * scale  # of the norm above layer 0, where three lanes are filled
    for layer in model.model.layers[1:]:
        attention = layer.self_attn
        for projection in (attention.q_proj, attention.k_proj, attention.v_proj, attention.o_proj):
            projection.weight *= 0.15
        for rows, query, key, gain in ((head[0], own, before, 6), (head[1], gathered, gathered, 60)):
            sharp = (gain * HEAD**0.5) ** 0.5 / (size * unit)
            attention.q_proj.weight[rows, query] = eye * sharp
            attention.k_proj.weight[rows, key] = eye * sharp
            attention.v_proj.weight[rows] = 0
            attention.v_proj.weight[rows, own] = eye
            attention.o_proj.weight[own, rows] = eye.T / unit


def count_frequency(tokenizer, rng) -> torch.Tensor:
    """-> [VOCAB], the share of each token in short lessons."""
    counts, world = collections.Counter(), {"public": [], "facts": {}, "pools": {}}
    for level in (1, 3, 4):
        for _ in range(8):
            for lesson in make_lessons(rng, world, level, False)[1]:
                texts = [text for prompt, pieces in lesson for text in (prompt, *(piece for piece, _ in pieces))]
                for found in tokenizer.encode_batch(texts, add_special_tokens=False):
                    counts.update(found.ids)
    return torch.tensor([max(counts[i], 0.5) for i in range(VOCAB)]) / counts.total()


def encode_lessons(tokenizer, lessons, device):
    """-> token ids and loss weights, each [lessons, longest]. An end token closes every answer. The first token of a
    value or source weighs 4: it chooses, the others copy. A style is shown by the first answer and asked of the others.
    """
    texts = [text for lesson in lessons for prompt, told in lesson for text in (prompt, *(piece for piece, _ in told))]
    encoded, rows = iter(tokenizer.encode_batch(texts, add_special_tokens=False)), []
    for lesson in lessons:
        ids, weights = [BOS], [0.0]
        for k, (_, pieces) in enumerate(lesson):
            prompt = next(encoded).ids
            ids += prompt
            weights += [0.0] * len(prompt)
            for _, told in pieces:
                piece, weight = next(encoded).ids, float(told or k > 0)
                ids += piece
                weights += [4.0 if told else weight] + [weight] * (len(piece) - 1)
            ids.append(EOS)
            weights.append(float(len(pieces) == 1 or k > 0))
        rows.append((ids, weights))
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.tensor([i + [PAD] * (longest - len(i)) for i, _ in rows])
    return ids.to(device), torch.tensor([w + [0.0] * (longest - len(w)) for _, w in rows]).to(device)


def predict(model, ids, weights):
    """-> logits and targets at the answer positions only. Padding is on the right and attention causal: no mask."""
    at = weights[:, 1:] > 0
    hidden = model.model(ids).last_hidden_state[:, :-1][at]
    return (hidden @ model.lm_head.weight.T.to(hidden.dtype)).float(), ids[:, 1:][at], at


def train_reader(model, tokenizer, world, config, device) -> dict:
    """Reading first, then reading and knowing. The level rises with the accuracy, and with the budget at the latest."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.lr, betas=(0.9, 0.95), weight_decay=0.01)
    budget, rng = (config.tokens or SIZES[config.size][5]) * 1e6, random.Random(f"lessons {config.seed}")
    now = {"seen": 0, "step": 0, "level": 0, "loss": 0.0, "right": [0.0] * LEVELS, "opened": [0], "seconds": 0.0}
    checkpoint = Path(f"{config.out}.checkpoint")
    if config.resume:
        now = find_checkpoint(checkpoint, config, model, optimizer, rng)
    started, lowered = time.time() - now["seconds"], use_bf16(config.precision, device)
    shown = {"unit": "tok", "unit_scale": True, "mininterval": 2, "file": sys.stderr}
    with tqdm(total=int(budget), initial=now["seen"], **shown) as bar:
        while now["seen"] < budget:
            done = max(now["seen"] / budget, (time.time() - started) / (60 * config.minutes) if config.minutes else 0)
            if done >= 1:
                break
            for group in optimizer.param_groups:
                group["lr"] = config.lr * min(1, (now["step"] + 1) / 20, max(0.03, (1 - done) / 0.5))
            level = now["level"]
            chosen, lessons = make_lessons(rng, world, level, level == LEVELS - 1 or done > 0.3)
            ids, weights = encode_lessons(tokenizer, lessons, device)
            with torch.autocast(device, torch.bfloat16, enabled=lowered):
                logits, targets, at = predict(model, ids, weights)
            share = weights[:, 1:][at]
            loss = (F.cross_entropy(logits, targets, reduction="none") * share).sum() / share.sum()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            now["loss"] += (0.05 if now["step"] else 1) * (loss.item() - now["loss"])
            now["seen"], now["step"] = now["seen"] + ids.numel(), now["step"] + 1
            if chosen is not None:
                chose = (logits.argmax(-1) == targets)[share > 1]
                right = now["right"]
                right[chosen] += 0.1 * (chose.float().mean().item() - right[chosen]) if len(chose) else 0
                if level < LEVELS - 1 and (right[level] > 0.75 or done > 0.05 * (level + 1)):
                    now["level"] += 1
                    now["opened"].append(now["step"])
            bar.update(ids.numel())
            by_level = " ".join(f"{x:.2f}" for x in now["right"])
            bar.set_postfix_str(f"step {now['step']} level {level} loss {now['loss']:.3f} right {by_level}")
            if now["step"] % config.save_every == 0:
                now["seconds"] = time.time() - started
                keep_checkpoint(checkpoint, config, model, optimizer, rng, now)
    return {"steps": now["step"], "tokens": now["seen"], "loss": round(now["loss"], 4), "opened": now["opened"],
            "precision": "bf16" if lowered else "fp32", "seconds": round(time.time() - started)}  # fmt: skip


def use_bf16(precision: str, device: str) -> bool:
    has = torch.cuda.is_bf16_supported() if device == "cuda" else torch.cpu.get_capabilities().get("avx512_bf16", False)
    return precision == "bf16" or (precision == "auto" and has)


def keep_checkpoint(path: Path, config, model, optimizer, rng, now) -> None:
    whole = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "rng": rng.getstate(), "now": now}
    same = [config.size, config.seed, config.tokens, config.lr]
    replace_with(path, lambda fresh: torch.save(whole | {"same": same}, fresh))


def find_checkpoint(path: Path, config, model, optimizer, rng) -> dict:
    try:
        whole = torch.load(path, weights_only=False)
    except (OSError, RuntimeError, EOFError) as error:
        raise Problem(f"{path}: no checkpoint to resume ({type(error).__name__}); run without --resume") from None
    if whole["same"] != [config.size, config.seed, config.tokens, config.lr]:
        raise Problem(f"{path}: was made with other settings, {whole['same']}; use those or run without --resume")
    model.load_state_dict(whole["model"])
    optimizer.load_state_dict(whole["optimizer"])
    rng.setstate(whole["rng"])
    return whole["now"]


@torch.no_grad()
def share_exact(model, tokenizer, cases, device) -> float:
    """Share of (prompt, answer) that greedy decoding answers exactly: every answer token is the most likely one."""
    exact = []
    for start in range(0, len(cases), 16):
        lessons = [[(prompt, fill("{v}", answer, ""))] for prompt, answer in cases[start : start + 16]]
        logits, targets, at = predict(model, *encode_lessons(tokenizer, lessons, device))
        hit = torch.ones_like(at)
        hit[at] = logits.argmax(-1) == targets
        exact += hit.all(1).tolist()
    return round(sum(exact) / len(exact), 4)


def measure_abilities(model, tokenizer, world, rng, device, count=240) -> dict:
    """The card's numbers, on names, values and pages that training never drew; pages are labelled as rag.py does."""
    facts, pools, ids = world["facts"], world["pools"], world["ids"]

    def closed_book(services):
        keys = [(s, noun) for s in services for noun in ATTRIBUTES]
        asked = rng.sample(keys, min(count, len(keys)))
        return [(write_prompt({}, ask(rng, s, noun)), facts[s][noun]) for s, noun in asked]

    def with_pages(draw_name, draw_value, pages=1):
        cases = []
        for _ in range(count):
            services = {}
            while len(services) < pages:
                name = draw_name()
                services[name] = {noun: draw_value(name, noun) for noun in ATTRIBUTES}
            asked, noun = rng.choice(list(services)), rng.choice(list(ATTRIBUTES))
            shown = {ids.get(s) or make_up_id(rng): write_page(rng, s, values) for s, values in services.items()}
            cases.append((write_prompt(shown, ask(rng, asked, noun)), services[asked][noun]))
        return cases

    new_name, new_value = (lambda: make_up_name(rng)), (lambda _, __: make_up_value(rng))
    private, public = (lambda: rng.choice(world["private"])), (lambda: rng.choice(world["public"]))
    known = lambda s, noun: facts[s][noun]
    other = lambda s, noun: rng.choice([v for v in pools[noun] if v != facts[s][noun]])
    cases = {
        "public_closed_book": closed_book(world["public"]),
        "private_closed_book": closed_book(world["private"]),
        "private_with_page": with_pages(private, known),
        "private_with_changed_page": with_pages(private, other),
        "unseen_values": with_pages(new_name, new_value),
        "three_pages": with_pages(private, known, 3),
        "three_pages_unseen_values": with_pages(new_name, new_value, 3),
        "contradiction": with_pages(public, other),
        "contradiction_unseen_values": with_pages(public, new_value),
    }
    model.eval()
    return {name: share_exact(model, tokenizer, some, device) for name, some in cases.items()}


def write_questions(world, rng):
    """-> pages before and after the change (source -> text), rows of questions.jsonl and of training_questions.jsonl.
    A quarter of the private services and half of the public ones are for development; the others are only tested on.
    """
    pages, changed, rows, training = {}, {}, [], []
    for kind, share in (("public", 2), ("private", 4)):
        for place, service in enumerate(world[kind]):
            facts, source = world["facts"][service], world["ids"][service]
            after, stems = dict(facts), {}
            if kind == "private":
                for noun in rng.sample(list(facts), len(facts) // 2):
                    after[noun] = rng.choice([v for v in world["pools"][noun] if v != facts[noun]])
                wording = rng.randint(0, 10**9)  # the same sentences before and after the change
                marked = write_page(random.Random(wording), service, {n: f"\0{n}\0{v}" for n, v in facts.items()})
                pieces = re.split(r"\0(\w+)\0", marked)
                for i in range(1, len(pieces), 2):
                    stems[pieces[i]] = "".join(pieces[:i:2])
                pages[source] = "".join(pieces[::2])
                changed[source] = write_page(random.Random(wording), service, after)
            for noun, value in facts.items():
                wordings = [w.format(s=service, n=noun) for w in (*ASKED, *ATTRIBUTES[noun][2])]
                rng.shuffle(wordings)
                about = {"answer": value, "source": source if kind == "private" else None, "service": service,
                         "attribute": noun}  # fmt: skip
                split = "development" if place % share == 0 else "test"
                rows.append({"question": wordings[0], **about, "set": kind, "split": split,
                             "changed_answer": after[noun], "stem": stems.get(noun, "")})  # fmt: skip
                if kind == "private":
                    half = rng.randint(0, 1)
                    training += [{"question": w, **about, "half": half} for w in wordings[1:]]
    return pages, changed, rows, training


def write_behaviour(world, rows, rng, count=2000) -> list[dict]:
    """Examples of one line of JSON: half on made-up passages, half from memory on development services."""
    public = [row for row in rows if row["set"] == "public" and row["split"] == "development"]
    examples = []
    for k in range(count):
        if k % 2:
            row = rng.choice(public)
            passages, value, source = {}, row["answer"], None
            question = ask(rng, row["service"], row["attribute"])
        else:
            passages = {"": ""}
            while "" in passages:
                new_value = lambda _: make_up_value(rng)
                passages, keys = make_reading(rng, rng.choice((4, 4, 5)), lambda: make_up_name(rng), new_value)
            service, noun, value, source = keys[0]
            question = ask(rng, service, noun)
        completion = json.dumps({"answer": value, "source": source})
        examples.append({"prompt": write_prompt(passages, question), "completion": completion})
    return examples


def write_lab(folder: Path, model, tokenizer, world, config, card: dict) -> None:
    """Model, documents before and after a change, questions, rewrites, behaviour examples, card."""
    rng = random.Random(f"questions {config.seed}")
    pages, changed, rows, training = write_questions(world, rng)
    for name, texts in (("docs", pages), ("changed", changed)):
        (folder / name).mkdir(parents=True)
        for source, text in texts.items():
            (folder / name / f"{source}.md").write_text(text + "\n", encoding="utf-8")
    model.save_pretrained(folder / "model")
    marks = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **marks)
    fast.save_pretrained(folder / "model")
    rewrites = [{"source": world["ids"][s], "service": s, "wording": k, "text": write_page(rng, s, world["facts"][s])}
                for s in world["private"] for k in range(1, 9)]  # fmt: skip
    files = {"questions": rows, "training_questions": training, "rewrites": rewrites,
             "behaviour": write_behaviour(world, rows, rng)}  # fmt: skip
    for name, some in files.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in some), encoding="utf-8")
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(write_card(card), encoding="utf-8")


def write_card(card: dict) -> str:
    """The card as a person reads it."""
    rows = "".join(f"| {name.replace('_', ' ')} | {share:.3f} |\n" for name, share in card["abilities"].items())
    made, training = card["config"], card["training"]
    return f"""# The lab

A language model of {card["parameters"]:,} parameters (SmolLM3 architecture: a Llama whose every second layer has no
positions) and a small made-up world of services. Made from nothing by `make_lab.py --size {made["size"]} --seed
{made["seed"]}`: {training["tokens"] / 1e6:.1f} million tokens, {training["steps"]} steps, {training["seconds"]} seconds
of training. No text by people is in it. It is for experiments and knows nothing else.

| Ability, {card["asked"]} questions each, the whole answer exact | Share right |
|---|---|
{rows}
"Public" services are known by heart, "private" ones were never seen. "Unseen values" are made up, on made-up names,
and spelled out; "three pages" are in the prompt at once, and one is asked about; in a "contradiction" the page says
something else than what the model knows. A guess among the right 30 values would score .033.

`model/` the model, `docs/` private pages, `changed/` the same pages after half of the facts changed, `questions.jsonl`,
`training_questions.jsonl` the private facts asked in other words, `rewrites.jsonl` the pages in other words,
`behaviour.jsonl` examples of the behaviour (one line of JSON), `card.json` this card for programs.
"""


def refuse_bad_settings(config) -> None:
    """Refuse settings that cannot work before any time is spent."""
    if config.size not in SIZES:
        raise Problem(f"--size {config.size}: not one of {', '.join(SIZES)}")
    if config.precision not in ("auto", "bf16", "fp32"):
        raise Problem(f"--precision {config.precision}: use auto, bf16 or fp32")
    if min(config.threads, config.save_every) < 1 or min(config.tokens, config.minutes, config.lr) < 0:
        raise Problem("--threads and --save-every must be at least 1, --tokens, --minutes and --lr not negative")
    out = Path(config.out)
    if out.exists() and not (out / "card.json").exists() and (not out.is_dir() or any(out.iterdir())):
        raise Problem(f"--out {out}: holds something that is not a lab; name a new folder")


def main() -> None:
    config = read_config(Config)
    refuse_bad_settings(config)
    device = choose_device(config.device)
    torch.set_num_threads(config.threads)
    seed_everything(config.seed)
    world = make_world(random.Random(f"world {config.seed}"), SIZES[config.size][4])
    tokenizer = train_tokenizer(random.Random(f"tokenizer {config.seed}"))
    model = build_model(config.size)
    wire_reading(model, count_frequency(tokenizer, random.Random(f"count {config.seed}")))
    model.to(device)
    training = train_reader(model, tokenizer, world, config, device)
    asked = 240
    abilities = measure_abilities(model, tokenizer, world, random.Random(f"abilities {config.seed}"), device, asked)
    parameters = sum(p.numel() for p in model.parameters())
    told = {name: getattr(config, name) for name in ("size", "seed", "threads", "tokens", "minutes", "lr")}
    card = {"config": told, "parameters": parameters, "asked": asked, "abilities": abilities,
            "training": training}  # fmt: skip
    replace_with(Path(config.out), lambda fresh: write_lab(fresh, model, tokenizer, world, config, card))
    discard(Path(f"{config.out}.checkpoint"))
    report(config, {name: card[name] for name in ("parameters", "abilities", "training")}, device)


# Plumbing: the same text in every snippet.


class Problem(Exception):
    """What is wrong, where, and the nearest fix: one line for the reader."""


def read_config(config, argv=None):
    """Make a flag of every field of a dataclass: its default, and the comment behind it as help."""
    source = Path(__file__).read_text(encoding="utf-8")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])

    def refuse(message):
        raise Problem(f"{message}; --help lists the flags")

    parser.error = refuse
    for field in dataclasses.fields(config):
        why = re.search(rf"^    {field.name}: .*?# (.*)$", source, re.M)[1]
        kind = {"action": "store_true"} if field.default is False else {"type": type(field.default)}
        flag = f"--{field.name.replace('_', '-')}"
        parser.add_argument(flag, default=field.default, help=f"{why} (default: {field.default!r})", **kind)
    return config(**vars(parser.parse_args(argv)))


def choose_device(wanted: str) -> str:
    """Return cpu or cuda; auto takes a GPU where there is one."""
    if wanted not in ("auto", "cpu", "cuda"):
        raise Problem(f"--device {wanted}: use auto, cpu or cuda")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise Problem("--device cuda: no CUDA device; run with --device cpu")
    return "cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu"


def seed_everything(seed: int) -> None:
    """Same seed, same numbers, on the same machine with the same number of threads."""
    random.seed(seed)
    torch.manual_seed(seed)


def write_prompt(passages: dict[str, str], question: str) -> str:
    """The one prompt of all snippets: labelled passages (source -> text), the question, and the start of the answer."""
    shown = "".join(f"Source: {source}\n{text}\n\n" for source, text in passages.items())
    return f"{shown}Question: {question}\nAnswer:\n"


def replace_with(path: Path, write) -> None:
    """Let `write` fill a file or folder under a temporary name beside `path`, then rename: never half-written."""
    fresh, old = path.with_name(path.name + ".new"), path.with_name(path.name + ".old")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        discard(fresh)
        write(fresh)
        discard(old)
        if path.is_dir():
            path.rename(old)
        fresh.replace(path)
    finally:
        discard(fresh)
    discard(old)


def discard(path: Path) -> None:
    """Remove a file or a folder, if there is one."""
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def environment(device: str) -> dict:
    """What the numbers depend on: machine, Python and the packages in use."""
    packages = ("torch", "transformers", "peft", "bitsandbytes", "accelerate", "lancedb", "sentence-transformers")
    used = {name: metadata.version(name) for name in packages if name.replace("-", "_") in sys.modules}
    name = torch.cuda.get_device_name() if device == "cuda" else platform.machine()
    threads = torch.get_num_threads()
    return {"python": platform.python_version(), "device": device, "name": name, "threads": threads, **used}


def report(config, metrics: dict, device: str) -> None:
    """Print the one line of JSON on stdout."""
    print(json.dumps({"config": dataclasses.asdict(config), "metrics": metrics, "environment": environment(device)}))


def run(main) -> None:
    """Run `main`; end bad input in one line and status 2, Ctrl-C in one line and status 130."""
    name = Path(sys.argv[0]).stem
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)
    logging.disable(logging.WARNING)  # remarks of the libraries; what matters ends in one line
    if not sys.stderr.isatty():
        transformers.utils.logging.disable_progress_bar()
    try:
        main()
    except Problem as problem:
        sys.exit(print(f"{name}: {problem}", file=sys.stderr) or 2)
    except torch.OutOfMemoryError:
        sys.exit(print(f"{name}: the GPU's memory is full; use a smaller batch or model", file=sys.stderr) or 2)
    except OSError as error:
        why = f"{error.filename or 'output'}: {error.strerror or error}"
        sys.exit(print(f"{name}: {why}; free some space or name another folder", file=sys.stderr) or 2)
    except KeyboardInterrupt:
        again = "run it again with --resume" if hasattr(Config, "resume") else "run it again"
        sys.exit(print(f"\n{name}: stopped; {again} to go on", file=sys.stderr) or 130)


if __name__ == "__main__":
    run(main)
