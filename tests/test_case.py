"""The worked case: who may know what, and that nothing can be guessed."""

import json
import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from case.files import read_docs, read_examples, read_questions
from case.make import make, write
from case.prompt import page_name
from case.texts import SPLITS, read_pools, read_texts

CASE = Path(__file__).resolve().parent.parent / "snippets" / "case"
TEXTS = read_texts()
SEEDS = (0, 1, 2, 100)
SHARED = set()  # values that two pages may hold: none
# Words that say nothing about what a page is about.
FUNCTION_WORDS = set(Path(__file__).with_name("function_words.txt").read_text(encoding="utf-8").split())


def pages_of(split):
    return [text for text in TEXTS if text.split == split]


def stem(word):
    word = re.sub(r"'s?$", "", word.lower())
    for ending in ("ings", "ing", "ies", "ed", "ers", "er", "es", "s", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending).rstrip("ey")
    return word.rstrip("ey")


def content_words(text):
    words = re.findall(r"[A-Za-z][A-Za-z']*", text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    return {stem(word) for word in words if word.lower() not in FUNCTION_WORDS}


def values_of(world_values):
    return [value for page in world_values for value in page]


def test_pages_facts_and_kinds_are_as_many_as_the_case_says():
    assert Counter(text.split for text in TEXTS) == {"test": 16, "development": 8, "behaviour": 12}
    assert {len(text.facts) for text in TEXTS} == {6}
    assert len({text.kind for text in TEXTS}) >= 10


@pytest.mark.parametrize(("one", "other"), list(combinations(SPLITS, 2)))
def test_no_page_and_no_kind_is_in_two_splits(one, other):
    for known_by in (lambda text: text.name, lambda text: text.kind):
        assert not {known_by(text) for text in pages_of(one)} & {known_by(text) for text in pages_of(other)}


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_a_page_is_complete_and_plain(text):
    slots = re.findall(r"\{(\w+)\}", text.text)
    assert slots == list(text.facts)  # each slot once, in the order of the text
    page = text.filled(dict.fromkeys(slots, "40 minutes")).text
    assert 50 <= len(re.findall(r"\w[^\s]*", page)) <= 120
    assert not re.search(r"\d", re.sub(r"(?m)^\d+\. ", "", text.text))  # every value stands in a slot
    pools = Counter(fact["draw"] for fact in text.facts.values())
    assert set(pools) <= set(read_pools()) and max(pools.values()) <= 2


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_every_fact_has_its_wordings(text):
    counts = (4, 0, 0) if text.split == "behaviour" else (2, 2, 2)
    for slot, fact in text.facts.items():
        assert tuple(len(fact.get(use, ())) for use in ("train", "test", "says")) == counts
        for asked in (*fact["train"], *fact.get("test", ())):
            assert asked.endswith("?") and not re.search(r"[\d{]", asked)  # no value, so no answer to infer
        assert all(said.count(f"{{{slot}}}") == 1 for said in fact.get("says", ()))


def test_no_wording_stands_twice_so_no_test_wording_is_trained_on():
    asked = [
        " ".join(sorted(re.findall(r"\w+", wording.lower())))
        for text in TEXTS
        for fact in text.facts.values()
        for wording in (*fact["train"], *fact.get("test", ()))
    ]
    asked += [" ".join(sorted(re.findall(r"\w+", lost.lower()))) for text in TEXTS for lost in text.missing]
    assert [wording for wording, count in Counter(asked).items() if count > 1] == []


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("split", ["questions", "development"])
def test_a_third_of_what_is_asked_shares_no_content_word_with_its_page(seed, split):
    world = make(seed)
    pages = {page.name: content_words(page.text) for page in world.handbook}
    rows = [row for row in getattr(world, split) if row["source"]]
    far = [row for row in rows if not content_words(row["question"]) & pages[row["source"]]]
    assert len(far) >= len(rows) * 0.3
    assert len(far) <= len(rows) * 0.45  # and it is not all riddles


@pytest.mark.parametrize("seed", SEEDS)
def test_every_value_is_unique_to_its_page(seed):
    world = make(seed)
    for pages, rows in ((world.handbook, world.questions), (world.changed, world.changed_questions)):
        texts = {page.name: page.text for page in pages}
        for row in rows:
            if row["source"]:
                value = rf"(?<!\w){re.escape(row['answer'])}(?!\w)"
                holding = [name for name, text in texts.items() if re.search(value, text)]
                assert holding == [row["source"]] or row["answer"] in SHARED
                assert len(re.findall(value, texts[row["source"]])) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_each_split_is_asked_and_taught_what_is_its_own(seed):
    world = make(seed)
    named = {split: {text.name for text in pages_of(split)} for split in SPLITS}
    assert {row["source"] for row in world.questions if row["source"]} == named["test"]
    assert {row["source"] for row in world.development if row["source"]} == named["development"]
    assert {row["source"] for row in world.training_questions} == named["test"] | named["development"]
    shown = {re.match(r"Page: (\S+)", row["prompt"][-1]["content"])[1] for row in world.examples}
    assert not shown & (named["test"] | named["development"])
    for rows in (world.questions, world.development):
        assert sum(row["source"] is None for row in rows) * 5 == len(rows)
    taught = {row["question"] for row in world.training_questions}
    taught |= {row["prompt"][-1]["content"].rpartition("Question: ")[2] for row in world.examples}
    assert not taught & {row["question"] for row in [*world.questions, *world.development]}


def test_examples_hold_no_value_of_the_handbook_by_rule():
    """The same slot shows other values in other turns, so that the page has to be read."""
    world = make(0)
    answers = {}
    for row in world.examples:
        said = json.loads(row["completion"][0]["content"])
        asked = row["prompt"][-1]["content"].rpartition("Question: ")[2]
        answers.setdefault(asked, set()).add(said["answer"])
    slots = {}
    for text in pages_of("behaviour"):
        for slot, fact in text.facts.items():
            slots[text.name, slot] = {value for asked in fact["train"] for value in answers.get(asked, ())}
    assert sum(len(values - {"not in the handbook"}) >= 3 for values in slots.values()) > 0.9 * len(slots)


@pytest.mark.parametrize("seed", SEEDS)
def test_half_of_the_facts_change_and_the_questions_stay(seed):
    world = make(seed)
    pairs = list(zip(world.questions, world.changed_questions, strict=True))
    assert all(before["question"] == after["question"] for before, after in pairs)
    changed = Counter(before["source"] for before, after in pairs if before["answer"] != after["answer"])
    assert set(changed.values()) == {3} and len(changed) == 16


def test_a_seed_gives_the_same_files_and_seed_0_is_committed(tmp_path):
    write(make(0), tmp_path)
    made = sorted(file.relative_to(tmp_path) for file in tmp_path.rglob("*") if file.is_file())
    assert made and [name for name in made if (CASE / name).read_bytes() != (tmp_path / name).read_bytes()] == []
    for folder in ("handbook", "changed", "rewrites"):
        assert {file.name for file in (CASE / folder).iterdir()} == {
            file.name for file in (tmp_path / folder).iterdir()
        }
    assert make(1).handbook != make(0).handbook


def test_the_committed_files_are_what_the_scripts_read():
    pages = read_docs(CASE / "handbook")
    assert len(pages) == 36
    for name, page in pages.items():
        assert page_name(page.text.splitlines()[0].removeprefix("# ")) == name
    for name in ("questions", "development", "training_questions", "changed_questions"):
        assert read_questions(CASE / f"{name}.jsonl", pages)
    assert len(read_examples(CASE / "examples.jsonl")) >= 300


def test_general_knowledge_is_a_hundred_questions_that_do_not_answer_themselves():
    rows = [json.loads(line) for line in (CASE / "general.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 100 == len({row["question"] for row in rows})
    assert [row for row in rows if row["answer"].lower() in re.findall(r"\w+", row["question"].lower())] == []
    assert 200 <= len((CASE / "prose.txt").read_text(encoding="utf-8").split()) <= 600
