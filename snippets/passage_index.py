"""Cut pages into passages, and keep an index of them that touches only what changed.

A passage is known by its page and its place there; a hash of its text says whether it
changed. A run that is stopped leaves the old state or the new one, never half of each.

Used by rag.py.  Lesson: /rag/
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from textwrap import wrap

import lancedb
import pyarrow
from lancedb.expr import col
from lancedb.index import FTS

from case.prompt import Page

LONGEST = 1_000  # characters of a passage, some 250 tokens: many embedders read no more
FIELDS = ("id", "source", "text", "sha256")


def cut_passages(pages: Mapping[str, Page]) -> list[dict]:
    """Cut pages into passages, at blank lines; each passage carries its page's title.

    Returns rows of id, source (the page's name), text and sha256. A page that is short
    enough stays whole, and only a block that is too long by itself is cut inside.
    """
    passages = []
    for page in pages.values():
        first, _, rest = page.text.strip().partition("\n")
        title, body = (first, rest) if first.startswith("#") else ("", page.text)
        pieces = [title]
        for block in re.split(r"\n\s*\n", body.strip()):
            for part in wrap(block, LONGEST, replace_whitespace=False) or [""]:
                if len(pieces[-1]) + len(part) > LONGEST and pieces[-1] != title:
                    pieces.append(title)
                pieces[-1] = f"{pieces[-1]}\n\n{part}".strip()
        for number, text in enumerate(pieces, 1):
            sha256 = hashlib.sha256(text.encode()).hexdigest()
            row = (f"{page.name}#{number}", page.name, text, sha256)
            passages.append(dict(zip(FIELDS, row, strict=True)))
    return passages


def open_index(folder: Path, embedder=None, name: str = ""):
    """Open the table of passages, empty if it is new.

    A vector means nothing to another embedder, so each embedder, known by its name,
    has a table of its own, and full-text search has one without vectors.
    """
    fields = [pyarrow.field(field, pyarrow.string()) for field in FIELDS]
    if embedder:
        vector = pyarrow.list_(pyarrow.float32(), embedder.get_embedding_dimension())
        fields.append(pyarrow.field("vector", vector))
    own = re.sub(r"[^a-zA-Z0-9]+", "-", name).strip("-") if embedder else "full-text"
    tables = lancedb.connect(folder)
    return tables.create_table(own, schema=pyarrow.schema(fields), exist_ok=True)


def update_index(index, passages: list[dict], embedder=None) -> dict[str, int]:
    """Add what is new, replace what changed, remove what is gone, leave the rest alone.

    Returns how many passages were added, changed, removed and kept.
    """
    rows = index.search().select(["id", "sha256"]).limit(index.count_rows() or 1)
    stored = {row["id"]: row["sha256"] for row in rows.to_list()}
    fresh = [row for row in passages if stored.get(row["id"]) != row["sha256"]]
    changed = sum(row["id"] in stored for row in fresh)
    gone = sorted(stored.keys() - {row["id"] for row in passages})
    if embedder and fresh:
        texts = [row["text"] for row in fresh]
        vectors = embedder.encode_document(texts, normalize_embeddings=True)
        pairs = zip(fresh, vectors, strict=True)
        fresh = [row | {"vector": vector} for row, vector in pairs]
    if fresh or gone:
        merge = index.merge_insert("id").when_matched_update_all()
        merge = merge.when_not_matched_insert_all()
        if gone:
            merge = merge.when_not_matched_by_source_delete(col("id").isin(gone))
        merge.execute(pyarrow.Table.from_pylist(fresh, schema=index.schema))
    if not index.list_indices():
        index.create_index("text", config=FTS())  # BM25 over word stems
    elif fresh or gone:
        index.optimize()  # until then, full-text search scans what is new
    return {
        "added": len(fresh) - changed,
        "changed": changed,
        "removed": len(gone),
        "kept": len(passages) - len(fresh),
    }
