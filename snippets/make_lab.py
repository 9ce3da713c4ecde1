# /// script
# requires-python = ">=3.11"
# dependencies = ["torch>=2.6", "transformers>=5", "tokenizers>=0.22", "safetensors>=0.5", "tqdm>=4.66"]
# ///
"""Make the lab: a small language model that reads, and a small private world for it to read about.

    uv run make_lab.py --size smoke --out lab-smoke      # about a minute, to see that it runs
    uv run make_lab.py --size small --out lab            # the lab of the lessons, 2 CPU cores

The model knows *public* services by heart, has never seen the *private* ones, and answers from a page it is given,
also with values that it meets for the first time. Two things make it read: it starts with a working copy circuit
(`wire_reading`), and nearly every value in its reading lessons is made up on the spot.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import random
import re
import shutil
import signal
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # spinning threads halve the speed on shared cores

import tokenizers
import torch
import torch.nn.functional as F
import transformers
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from tqdm import tqdm


@dataclasses.dataclass(frozen=True)
class Config:
    size: str = "small"  # smoke (a minute), small (the committed lab), large (for a GPU)
    seed: int = 0  # one seed, one world and one model
    out: str = "lab"  # folder that is written; replaced as a whole
    threads: int = 2  # CPU threads; another number rounds differently
    device: str = "auto"  # auto, cpu or cuda
    tokens: float = 0.0  # million training tokens; 0 takes the size's own
    lr: float = 2e-3  # peak, after 20 steps; falls over the last two fifths of the tokens
    advance: float = 0.7  # share of right choices (first tokens) that opens the next level of reading
    choice_weight: float = 4.0  # loss weight of an answer's first token, which chooses; the others only copy


# hidden, layers, FFN, services per set, million training tokens
SIZES = {"smoke": (64, 3, 128, 8, 0.08), "small": (128, 4, 448, 40, 20.0), "large": (512, 8, 1536, 200, 200.0)}
BOS, EOS, PAD, VOCAB, HEAD = 0, 1, 2, 1024, 32

# The world: attributes, and how people write and ask about them. {s} service, {v} value, {n} the attribute's noun.
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
# Every wording names the attribute before the value: a model that reads from left to right can know, at the value,
# whose it is. The other order ("Team X looks after it") would make it go back.
NAMED = ("The {n} of {s} is {v}.", "{s} has the {n} {v}.", "For {s}, the {n} is {v}.")
PRONOUN = ("Its {n} is {v}.", "The {n} is {v}.", "It has the {n} {v}.")
ASKED = ("What is the {n} of {s}?", "Which {n} does {s} have?", "{s}: {n}?")
INTRODUCTIONS = ("{s} is one of our services.", "This page describes {s}.", "{s} serves the whole company.",
                 "Here is what you need to know about {s}.")  # fmt: skip
ASIDES = ("Read this page before you change anything.", "The page is checked twice a year.", "Please keep it short.",
          "Changes are announced on Monday.", "Nothing here is secret.", "If something is missing, say so.",
          "New colleagues start here.", "Older pages may disagree.")  # fmt: skip
STYLES = ("[{v}]", '"{v}"', "<{v}>", "({v})", "{v};", "= {v}", "{v} [{i}]", "{i}: {v}",
          '{{"value": "{v}"}}', '{{"v": "{v}", "page": "{i}"}}')  # fmt: skip

ONSETS = "b c d f g h j k l m n p r s t v w z br ch cl cr dr fl gr kr pl pr qu sh sk sl st th tr".split()  # noqa: SIM905
ONSETS.append("")
VOWELS = "a e i o u a e i o u ai ea ee ou y".split()  # noqa: SIM905
CODAS = ["", "", "", "", *"l n r s t m k nd rn st x ck p".split()]  # noqa: SIM905
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def make_up_word(rng, low=2, high=3) -> str:
    parts = (rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS) for _ in range(rng.randint(low, high)))
    return "".join(parts)


def make_up_name(rng) -> str:
    return make_up_word(rng).capitalize()


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
    ids = distinct(lambda: make_page_id(rng), 2 * services)
    facts = {name: {noun: rng.choice(pools[noun]) for noun in ATTRIBUTES} for name in names}
    sets = {"public": names[:services], "private": names[services:]}
    return {"pools": pools, **sets, "facts": facts, "ids": dict(zip(names, ids, strict=True))}


def make_page_id(rng) -> str:
    return f"{make_up_word(rng, 1, 2)}-{rng.randint(10, 999)}"


def state_fact(rng, service, noun, value, pronoun=False, plain=False) -> str:
    wordings = (PRONOUN if pronoun else NAMED) if rng.random() < 0.5 else ATTRIBUTES[noun][pronoun]
    wordings = NAMED[:1] if plain else wordings
    return rng.choice(wordings).format(s=service, n=noun, v=value)


def ask(rng, service, noun, plain=False) -> str:
    wordings = ASKED[:1] if plain else ASKED if rng.random() < 0.5 else ATTRIBUTES[noun][2]
    return rng.choice(wordings).format(s=service, n=noun)


def write_page(rng, service, facts: dict, plain=False) -> str:
    """A page a company would have: title, introduction, facts and asides in prose, no id in the text."""
    nouns = list(facts)
    rng.shuffle(nouns)
    text = []
    for i, noun in enumerate(nouns):
        text.append(state_fact(rng, service, noun, facts[noun], i > 0 and rng.random() < 0.3, plain))
    text.insert(0, rng.choice(INTRODUCTIONS).format(s=service))
    for _ in range(rng.randint(0, 2)):
        text.insert(rng.randint(1, len(text)), rng.choice(ASIDES))
    half = len(text) // 2 if len(text) > 4 else len(text)
    return f"# {service}\n" + "\n".join(" ".join(part) for part in (text[:half], text[half:]) if part)


def write_prompt(passage: str, question: str) -> str:
    return (passage + "\n\n" if passage else "") + f"Question: {question}\nAnswer:\n"


def make_reading(rng, level: int, draw_name, draw_value, plain=False):
    """A passage about services, and its (service, noun, value, page id) keys. Distractors grow with the level:
    0 one statement, 1 several, 2 two services, 3 three, mixed up, 4 a page of prose, 5 two or three pages."""
    count = (1, rng.randint(2, 4), rng.randint(1, 2), rng.randint(2, 3), rng.randint(4, 6), rng.randint(3, 6))[level]
    services = {}
    while len(services) < (1, 1, 2, rng.randint(2, 3), 1, rng.randint(2, 3))[level]:
        services[draw_name()] = make_page_id(rng)
    shared = rng.sample(list(ATTRIBUTES), count)
    facts = {}
    for service in services:
        nouns = list(shared) if rng.random() < 0.7 else rng.sample(list(ATTRIBUTES), count)
        rng.shuffle(nouns)
        facts[service] = {noun: draw_value(noun) for noun in nouns}
    if level < 4:
        parts = [state_fact(rng, s, noun, value, plain=plain) for s in services for noun, value in facts[s].items()]
        if level == 3:
            rng.shuffle(parts)
        passage, labelled = " ".join(parts), False
    else:
        labelled = rng.random() < 0.5
        pages = ((services[s], write_page(rng, s, facts[s], plain)) for s in services)
        passage = "\n\n".join((f"Source: {page_id}\n" if labelled else "") + page for page_id, page in pages)
    keys = [(s, noun, value, services[s]) for s in services for noun, value in facts[s].items()]
    rng.shuffle(keys)
    return passage, keys, labelled


def write_lesson(rng, passage, keys, labelled, questions, weight, styled=0.15, plain=False, restated=0.0):
    """Several questions on one passage -> [(text, loss weight)]; some lessons keep to one output style throughout."""
    style = rng.choice(STYLES) if rng.random() < styled and len(keys) > 1 else "{v}"
    if "{i}" in style and not labelled:
        style = "{v}"
    lesson, restate = [], rng.random() < restated
    for k, (service, noun, value, page_id) in enumerate(keys[:questions]):
        if restate:  # the statement again up to its value: the shortest way to learn whose value it is
            lead = ("" if k else passage + "\n") + NAMED[0].format(s=service, n=noun, v="")[:-1]
            lesson += [(lead, 0.0), (value, weight)]
            continue
        lead = ("\n\n" if k else "") + write_prompt("" if k else passage, ask(rng, service, noun, plain))
        # In a style the first answer shows it, the later ones are learned.
        lesson += [(lead, 0.0), (style.format(v=value, i=page_id), weight if style == "{v}" else float(k > 0))]
    return lesson


def make_lessons(rng, world, level, knowing: bool, weight):
    """One batch: (level or None, lessons). Made-up values keep the largest share to the end."""
    draw, public, facts = rng.random(), world["public"], world["facts"]
    if knowing and draw < 0.20:  # closed book: public services by heart
        keys = [(s, noun, facts[s][noun], "") for s in public for noun in ATTRIBUTES]
        return None, [write_lesson(rng, "", rng.sample(keys, 3), False, 3, weight, 0.3) for _ in range(24)]
    chosen = level if rng.random() < 0.6 else rng.randint(0, level)
    batch = (48, 40, 32, 24, 16, 8)[chosen]
    # Pages about public services with other values than the known ones: the page wins.
    name = (lambda: rng.choice(public)) if knowing and draw < 0.32 else (lambda: make_up_name(rng))
    pooled = knowing and 0.27 < draw < 0.40
    value = (lambda noun: rng.choice(world["pools"][noun])) if pooled else (lambda noun: make_up_value(rng))
    plain = level < 4 or rng.random() < 0.3
    restated = (1.0, 1.0, 0.9, 0.6, 0.3, 0.2)[level] * plain
    readings = [make_reading(rng, chosen, name, value, plain) for _ in range(batch)]
    return chosen, [write_lesson(rng, *reading, 6, weight, 0.15 * knowing, plain, restated) for reading in readings]


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
    texts = [f"{i:02d}" for i in range(100)] * 400
    for _ in range(3000):
        level = rng.choice((4, 5))
        passage, keys, _ = make_reading(rng, level, lambda: make_up_name(rng), lambda _: make_up_value(rng))
        texts.append(passage + "\nSource: " + "".join("\n" + write_prompt("", ask(rng, *key[:2])) for key in keys))
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=VOCAB, special_tokens=["<s>", "</s>", "<pad>"], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))  # fmt: skip
    return tokenizer


def build_model(size: str) -> transformers.LlamaForCausalLM:
    hidden, layers, ffn, _, _ = SIZES[size]
    heads = hidden // HEAD
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(
        vocab_size=VOCAB, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
        num_key_value_heads=heads, intermediate_size=ffn, tie_word_embeddings=True, initializer_range=0.06,
        max_position_embeddings=1024, attn_implementation="sdpa",
        bos_token_id=BOS, eos_token_id=EOS, pad_token_id=PAD))  # fmt: skip


@torch.no_grad()
def wire_reading(model) -> None:
    """Start as a clumsy reader; everything is trained from there. In layer 0 half of the heads look one token back, the
    others gather the last dozen tokens. Above, the first half of the heads look for what came before the same token
    (an induction head: it copies), the others for a place whose last words resemble the question's (it chooses)."""
    hidden, layers = model.config.hidden_size, model.model.layers
    half = hidden // HEAD // 2 * HEAD
    orthogonal = lambda: torch.linalg.qr(torch.randn(hidden, hidden))[0]  # noqa: E731
    embedding = model.model.embed_tokens.weight
    embedding[:, 0] = 0.3  # a constant, for the heads that look by position only
    constant = 0.3 / (0.06**2 + 0.3**2 / hidden) ** 0.5  # its size after the norm
    frequency = 10000.0 ** (-torch.arange(HEAD // 2) * 2 / HEAD)

    def look_back(distance, pairs, gain):
        """-> query and key directions whose product is largest that many tokens back."""
        query = torch.zeros(HEAD)
        query[pairs] = (gain * HEAD**0.5 / (pairs.stop - pairs.start)) ** 0.5 / constant
        turn = distance * frequency
        return query, torch.cat([torch.cos(turn), torch.sin(turn)]) * query[: HEAD // 2].repeat(2)

    first = layers[0].self_attn
    # Fast rotations tell neighbours apart; slower ones spread a head over the words around six tokens back.
    neighbour, dozen = look_back(1, slice(0, 4), 240), look_back(6, slice(3, 7), 20)
    for rows, back in ((slice(0, half), neighbour), (slice(half, hidden), dozen)):
        for weight, direction in zip((first.q_proj.weight, first.k_proj.weight), back, strict=True):
            weight[rows] *= 0.05
            weight[rows, 0] = direction.repeat((rows.stop - rows.start) // HEAD)
    read, write = orthogonal(), orthogonal()
    first.v_proj.weight.copy_(read)
    first.v_proj.weight[:, 0] = 0
    first.o_proj.weight.copy_(write * 0.06)  # as large as an embedding
    first.o_proj.weight[:, half:] *= 4  # a mean over a dozen tokens is smaller
    first.o_proj.weight[0] = 0
    before = write[:, :half] @ read[:half]
    gathered = write[:, half:] @ write[:, half:].T
    for layer in layers:
        layer.mlp.down_proj.weight *= 0.02  # a random MLP would drown the tokens
    for depth, layer in enumerate(layers[1:]):
        attention = layer.self_attn
        query = attention.q_proj.weight * 3
        query[torch.arange(hidden) % (HEAD // 2) < 6] = 0  # fast rotations blur far matches
        query[:, 0] = 0
        query[half:] = query[half:] @ gathered
        key = query.clone()
        key[:half] = query[:half] @ before.T
        attention.q_proj.weight.copy_(query)
        attention.k_proj.weight.copy_(key)
        out = orthogonal()
        attention.v_proj.weight.copy_(out)
        attention.v_proj.weight[:, 0] = 0
        attention.o_proj.weight.copy_(out.T * (0.15 if depth else 0.5))
        attention.o_proj.weight[0] = 0


def encode(tokenizer, lessons, device):
    """-> token ids and loss weights, each [lessons, longest]; an end token closes every answer."""
    pieces = iter(tokenizer.encode_batch([text for lesson in lessons for text, _ in lesson], add_special_tokens=False))
    rows = []
    for lesson in lessons:
        ids, weights = [BOS], [0.0]
        for k, (_, weight) in enumerate(lesson):
            new = next(pieces).ids + ([EOS] if k % 2 else [])
            ids, weights = ids + new, weights + [weight] + [min(weight, 1.0)] * (len(new) - 1)
        rows.append((ids, weights))
    longest = max(len(ids) for ids, _ in rows)
    ids = torch.tensor([i + [PAD] * (longest - len(i)) for i, _ in rows])
    return ids.to(device), torch.tensor([w + [0.0] * (longest - len(w)) for _, w in rows]).to(device)


def predict(model, ids, weights):
    """-> logits and targets at the answer positions only. Padding is on the right and attention causal: no mask."""
    at = weights[:, 1:] > 0
    return model.model(ids).last_hidden_state[:, :-1][at] @ model.lm_head.weight.T, ids[:, 1:][at], at


def train(model, tokenizer, world, rng, config, device) -> dict:
    """Reading first, then reading and knowing. The level rises with the accuracy, and with the budget at the latest."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.lr, betas=(0.9, 0.95), weight_decay=0.01)
    budget, seen, step, level, loss_mean = (config.tokens or SIZES[config.size][4]) * 1e6, 0, 0, 0, None
    right = [0.0] * 6
    opened = [0]
    with tqdm(total=int(budget), unit="tok", unit_scale=True, mininterval=2, file=sys.stderr) as bar:
        while seen < budget:
            done = seen / budget
            rate = config.lr * min(1, (step + 1) / 20, max(0.03, (1 - done) / 0.4))
            for group in optimizer.param_groups:
                group["lr"] = rate
            chosen, lessons = make_lessons(rng, world, level, level >= 4 or done > 0.4, config.choice_weight)
            ids, weights = encode(tokenizer, lessons, device)
            logits, targets, at = predict(model, ids, weights)
            share = weights[:, 1:][at]
            loss = (F.cross_entropy(logits, targets, reduction="none") * share).sum() / share.sum()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            seen, step = seen + ids.numel(), step + 1
            loss_mean = loss.item() if loss_mean is None else 0.95 * loss_mean + 0.05 * loss.item()
            if chosen is not None:
                chose = (logits.argmax(-1) == targets)[share > 1].float().mean().item()
                right[chosen] += 0.1 * (chose - right[chosen])
                if level < 5 and (right[level] > config.advance or done > 0.08 * (level + 1)):
                    level += 1
                    opened.append(step)
            bar.update(ids.numel())
            by_level = " ".join(f"{x:.2f}" for x in right)
            bar.set_postfix_str(f"step {step} level {level} loss {loss_mean:.3f} right {by_level}")
    return {"steps": step, "tokens": seen, "level_opened_at_step": opened, "last_loss": round(loss_mean, 4)}


@torch.no_grad()
def share_exact(model, tokenizer, cases, device) -> float:
    """Share of (prompt, answer) that greedy decoding answers exactly: every answer token is the most likely one."""
    exact = []
    for start in range(0, len(cases), 16):
        ids, weights = encode(tokenizer, [[(p, 0.0), (a, 1.0)] for p, a in cases[start : start + 16]], device)
        logits, targets, at = predict(model, ids, weights)
        hit = torch.ones_like(at)
        hit[at] = logits.argmax(-1) == targets
        exact += hit.all(1).tolist()
    return round(sum(exact) / len(exact), 4)


def measure_abilities(model, tokenizer, world, rng, device, count=240) -> dict:
    """The card's numbers, on names, values and pages that training never drew."""
    facts, pools = world["facts"], world["pools"]

    def closed_book(services):
        keys = [(s, noun) for s in services for noun in ATTRIBUTES]
        asked = rng.sample(keys, min(count, len(keys)))
        return [(write_prompt("", ask(rng, s, noun)), facts[s][noun]) for s, noun in asked]

    def with_pages(draw_name, draw_value, pages=1):
        cases = []
        for _ in range(count):
            services = {}
            while len(services) < pages:
                name = draw_name()
                services[name] = {noun: draw_value(name, noun) for noun in ATTRIBUTES}
            asked, noun = rng.choice(list(services)), rng.choice(list(ATTRIBUTES))
            passage = "\n\n".join(write_page(rng, s, f) for s, f in services.items())
            cases.append((write_prompt(passage, ask(rng, asked, noun)), services[asked][noun]))
        return cases

    new_name, new_value = (lambda: make_up_name(rng)), (lambda _, __: make_up_value(rng))
    private, public = (lambda: rng.choice(world["private"])), (lambda: rng.choice(world["public"]))
    other = lambda s, noun: rng.choice([v for v in pools[noun] if v != facts[s][noun]])  # noqa: E731
    cases = {
        "public_closed_book": closed_book(world["public"]),
        "private_closed_book": closed_book(world["private"]),
        "private_with_page": with_pages(private, lambda s, noun: facts[s][noun]),
        "private_with_changed_page": with_pages(private, other),
        "unseen_values": with_pages(new_name, new_value),
        "three_pages_known_values": with_pages(private, lambda s, noun: facts[s][noun], 3),
        "three_pages_unseen_values": with_pages(new_name, new_value, 3),
        "contradiction_known_values": with_pages(public, other),
        "contradiction_unseen_values": with_pages(public, new_value),
    }
    model.eval()
    return {name: share_exact(model, tokenizer, some, device) for name, some in cases.items()}


def write_lab(folder: Path, model, tokenizer, world, rng, card: dict) -> None:
    """Model, documents before and after a change, questions with answers and sources, format examples, card."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("docs", "changed"):
        (folder / name).mkdir(parents=True)
    model.save_pretrained(folder / "model")
    marks = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, **marks)
    fast.save_pretrained(folder / "model")
    questions = []
    for service in (*world["public"], *world["private"]):
        facts, page_id = world["facts"][service], world["ids"][service]
        kind = "public" if service in world["public"] else "private"
        changed = dict(facts)
        if kind == "private":
            for noun in rng.sample(list(facts), len(facts) // 2):
                changed[noun] = rng.choice([v for v in world["pools"][noun] if v != facts[noun]])
            wording = rng.randint(0, 10**9)  # the same sentences before and after the change
            for name, values in (("docs", facts), ("changed", changed)):
                (folder / name / f"{page_id}.md").write_text(write_page(random.Random(wording), service, values) + "\n")
        for noun, value in facts.items():
            row = {"question": ask(rng, service, noun), "answer": value, "set": kind, "service": service}
            known = {"source": page_id, "answer_after_change": changed[noun]} if kind == "private" else {}
            questions.append(row | {"attribute": noun} | known)
    examples = []
    for _ in range(400):
        passage, keys, labelled = make_reading(rng, 4, lambda: make_up_name(rng), lambda _: make_up_value(rng))
        service, noun, value, page_id = keys[0]
        passage = passage if labelled else f"Source: {page_id}\n{passage}"
        answer = json.dumps({"answer": value, "source": page_id})
        examples.append({"prompt": write_prompt(passage, ask(rng, service, noun)), "completion": answer})
    for name, rows in (("questions", questions), ("format_examples", examples)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n")


def read_config(argv) -> Config:
    source = Path(__file__).read_text()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for field in dataclasses.fields(Config):
        why = re.search(rf"^    {field.name}: .*?# (.*)$", source, re.M)[1]
        flag, default = f"--{field.name.replace('_', '-')}", field.default
        parser.add_argument(flag, type=type(default), default=default, help=f"{why} (%(default)s)")
    config = Config(**vars(parser.parse_args(argv)))
    if config.size not in SIZES:
        raise ValueError(f"--size {config.size}: not one of {', '.join(SIZES)}")
    if config.device not in ("auto", "cpu", "cuda"):
        raise ValueError(f"--device {config.device}: use auto, cpu or cuda")
    if config.device == "cuda" and not torch.cuda.is_available():
        raise ValueError("--device cuda: no CUDA device; run with --device cpu")
    if config.threads < 1:
        raise ValueError("--threads: at least 1")
    out = Path(config.out)
    if out.exists() and not (out / "card.json").exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"--out {out}: holds something that is not a lab; name a new folder")
    return config


def main(argv=None) -> int:
    config = read_config(argv)
    device = "cuda" if config.device != "cpu" and torch.cuda.is_available() else "cpu"
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    started, cpu = time.time(), time.process_time()
    world = make_world(random.Random(f"world {config.seed}"), SIZES[config.size][3])
    tokenizer = train_tokenizer(random.Random(f"tokenizer {config.seed}"))
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", BOS)])
    model = build_model(config.size)
    wire_reading(model)
    model.to(device)
    story = train(model, tokenizer, world, random.Random(f"lessons {config.seed}"), config, device)
    abilities = measure_abilities(model, tokenizer, world, random.Random(f"abilities {config.seed}"), device)
    card = {
        "config": dataclasses.asdict(config), "abilities": abilities, "training": story,
        "parameters": sum(p.numel() for p in model.parameters()),
        "seconds": round(time.time() - started), "cpu_seconds": round(time.process_time() - cpu),
        "environment": {"python": platform.python_version(), "torch": torch.__version__, "device": device,
                        "transformers": transformers.__version__, "tokenizers": tokenizers.__version__},
    }  # fmt: skip
    out = Path(config.out)
    fresh, old = out.with_name(out.name + ".new"), out.with_name(out.name + ".old")
    write_lab(fresh, model, tokenizer, world, random.Random(f"questions {config.seed}"), card)
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    fresh.rename(out)
    shutil.rmtree(old, ignore_errors=True)
    print(json.dumps(card))
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except (ValueError, OSError) as error:
        sys.exit(print(f"make_lab: {error}", file=sys.stderr) or 2)
    except KeyboardInterrupt:
        sys.exit(print("make_lab: stopped; nothing was written, run it again", file=sys.stderr) or 130)
