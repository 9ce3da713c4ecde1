"""What a reader points the scripts at: `--docs`, `--questions`, `--examples`."""

import json
from collections.abc import Iterator
from pathlib import Path

from case.errors import BadInput
from case.prompt import Page

ROLES = ("system", "user", "assistant")
SIDES = (("prompt", "user"), ("completion", "assistant"))


def read_docs(folder: Path) -> dict[str, Page]:
    """Read a folder of Markdown. Returns its pages by name; raises BadInput."""
    if not folder.is_dir():
        raise BadInput(f"--docs {folder}: no such folder; name one with .md files")
    pages = {}
    for file in sorted(folder.rglob("*.md")):
        if file.stem in pages:
            raise BadInput(f"{file}: a second page named {file.stem}; rename one")
        if text := read_text(file).strip():
            pages[file.stem] = Page(file.stem, text + "\n")
    if not pages:
        raise BadInput(f"--docs {folder}: no .md file with text in it; add one")
    return pages


def read_questions(file: Path, pages: dict[str, Page] | None = None) -> list[dict]:
    """Read rows of question, answer and source (a page's name, or null for no answer).

    A row whose source is null may name the `page` to show. Raises BadInput, also for a
    page that is not among `pages`.
    """
    rows = []
    for where, row in read_rows(file, "question", "answer", "source"):
        if not isinstance(row["question"], str) or not row["question"].strip():
            raise BadInput(f"{where}: question must be text")
        if not isinstance(row["answer"], (str, int, float)):
            raise BadInput(f"{where}: answer must be text or a number")
        for name in (row["source"], row.get("page")):
            if not isinstance(name, str | None):
                raise BadInput(f"{where}: source must be a page's name or null")
            if name and pages and name not in pages:
                raise BadInput(
                    f"{where}: --docs has no page {name}; name one of its own"
                )
        rows.append(row | {"answer": str(row["answer"])})
    return rows


def read_examples(file: Path) -> list[dict]:
    """Read rows of prompt and completion, each text or chat messages.

    Returns them as chat messages; raises BadInput.
    """
    return [
        {side: as_messages(row[side], by, f"{where}: {side}") for side, by in SIDES}
        for where, row in read_rows(file, "prompt", "completion")
    ]


def as_messages(value: object, role: str, where: str) -> list[dict]:
    """Return text or chat messages as chat messages; BadInput for anything else."""
    if isinstance(value, str) and value.strip():
        return [{"role": role, "content": value}]
    messages = value if isinstance(value, list) else []
    for message in messages:
        role_of = message.get("role") if isinstance(message, dict) else None
        if role_of not in ROLES or not isinstance(message.get("content"), str):
            roles = ", ".join(ROLES)
            raise BadInput(f"{where}: a message needs a role ({roles}) and content")
    if not messages or messages[-1]["role"] != role:
        raise BadInput(f"{where}: must be text, or messages that end with the {role}'s")
    return [{key: message[key] for key in ("role", "content")} for message in messages]


def read_rows(file: Path, *keys: str) -> Iterator[tuple[str, dict]]:
    """Read JSON lines that have these keys; yields file and line, and the row."""
    needs, count = f"each line needs {', '.join(keys)}", 0
    for number, line in enumerate(read_text(file).splitlines(), 1):
        if not line.strip():
            continue
        where, count = f"{file}, line {number}", count + 1
        try:
            row = json.loads(line)
        except ValueError as error:
            raise BadInput(f"{where}: not JSON ({error}); {needs}") from None
        if not isinstance(row, dict):
            raise BadInput(f"{where}: not a JSON object; {needs}")
        if missing := [key for key in keys if key not in row]:
            raise BadInput(f"{where}: no {', '.join(missing)}; {needs}")
        yield where, row
    if not count:
        raise BadInput(f"{file}: empty; {needs}")


def read_text(file: Path) -> str:
    """Read a text file; BadInput for one that is missing, unreadable or not text."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadInput(f"{file}: not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}; check the path") from None
