"""What each arm of the experiment is asked, and which pages it is shown.

Used by fine_tune_vs_rag.py.
"""

import time

from arms import Arm, write_prompt
from case.make import World
from case.prompt import prompt
from constrained_decoding import answer_held, compile_grammar, write_schema
from few_shot import draw_examples
from passage_index import cut_passages, update_index
from rag import retrieve

TOP = 3  # pages retrieved at most


def search_both(index, world: World, questions: list[str], embedder=None):
    """Retrieve from the handbook, then bring the index up to date and retrieve again.

    Returns the pages by cell, and the processor seconds of the update.
    """
    search, found, spent = "hybrid" if embedder else "full-text", {}, 0.0
    for cell, pages in (("retrieved", world.handbook), ("changed", world.changed)):
        start = time.process_time()
        update_index(index, cut_passages({page.name: page for page in pages}), embedder)
        spent = round(time.process_time() - start, 2)
        found[cell] = retrieve(index, questions, search, TOP, embedder)
    return found, spent


def ask_cells(arm: Arm, model, tokenizer, world: World, rows: list, found: dict):
    """Ask the questions in every cell of the arm. Returns replies by cell."""
    named = {page.name: page for page in world.handbook}
    shown = {
        "closed_book": [[] for _ in rows],
        "retrieved": [pages[:1] for pages in found["retrieved"]],
    }
    if arm.later:
        shown["changed"] = [pages[:1] for pages in found["changed"]]
    if arm.wide:
        shown["top_3"] = found["retrieved"]
        shown["right_page"] = [[named[row["source"] or row["page"]]] for row in rows]
    shots = draw_examples(world.examples, arm.shots, arm.draw)
    grammar = write_schema(named) if arm.held else None
    matcher = compile_grammar(model, tokenizer, grammar) if grammar else None
    said = {}
    for cell, pages in shown.items():
        pairs = zip(rows, pages, strict=True)
        asked = [prompt(row["question"], page, shots) for row, page in pairs]
        chats = [write_prompt(arm, chat) for chat in asked]
        said[cell], _ = answer_held(model, tokenizer, chats, matcher, cell)
    return said
