"""Note which interview questions have new words: `python -m scripts.anki` writes `changed.json` anew."""

import json
import sys
import time
from pathlib import Path

from scripts.anki.changes import CHANGED, load_changed, renew
from scripts.extension.practice.interview_data import load_questions


def main(root: Path) -> int:
    """Write the file anew and say how many questions have new words."""
    known = load_changed(root)
    renewed = renew(known, load_questions(root), int(time.time()))
    lines = ",\n".join(f"  {json.dumps(question)}: {json.dumps(entry)}" for question, entry in renewed.items())
    (root / CHANGED).write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(f"anki: {sum(known.get(i, [''])[0] != entry[0] for i, entry in renewed.items())} questions have new words")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parents[2]))
