# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "torch>=2.6", "transformers>=5", "peft>=0.19", "gguf>=0.17", "numpy>=2",
#   "scipy>=1.15", "statsmodels>=0.14", "tqdm>=4.66", "tyro>=1",
# ]
# ///
"""Few-shot prompting: show some examples in the prompt, and count what each one brings.

Every question is asked with its own page, so that no search can miss:

    python few_shot.py                          # none, one, two and four examples
    python few_shot.py --shots 0 2 --draws 5    # how much the choice of them matters
    python few_shot.py --docs FOLDER --questions mine.jsonl --examples shown.jsonl

Which examples are shown is luck, so several draws are tried. A longer draw holds the
shorter one. From two on, one example has no answer on its page: the rules ask for that
reply too, and few models give one that they have not seen. It stands first, since what
stands last, just before the question, is copied most.  Lesson: /prompting/
"""

from case import CASE  # first: Ctrl-C during the slow imports ends in one line

import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from case.answer import answer
from case.command import Common, run
from case.errors import BadInput
from case.files import read_docs, read_examples, read_questions
from case.judge import judge
from case.model import choose_device, open_model
from case.prompt import with_page
from case.report import environment, example, table
from case.shares import score


@dataclass(frozen=True)
class Config(Common):
    """How many examples to show, how often, and what to ask."""

    docs: Path = CASE / "handbook"  # the pages: a folder of Markdown
    questions: Path = CASE / "development.jsonl"  # question, answer, source
    examples: Path = CASE / "examples.jsonl"  # rows of prompt and completion
    shots: tuple[int, ...] = (0, 1, 2, 4)  # numbers of examples to show
    draws: int = 2  # random choices of examples tried for each number
    limit: int = 30  # questions asked, evenly spread; 0 asks all


def draw_examples(examples: Sequence[dict], shots: int, seed: int) -> list[dict]:
    """Draw the examples to show: from two on, one that declines, and it stands first.

    A draw of more holds the draw of fewer with the same seed.
    """
    kinds = {True: [], False: []}
    for row in random.Random(seed).sample(examples, len(examples)):
        reply = row["completion"][-1]["content"]
        kinds[judge(reply, {"source": None}).declined].append(row)
    if shots < 2 or not kinds[True] or not kinds[False]:
        return (kinds[False] or kinds[True])[:shots]
    return [kinds[True][0], *kinds[False][: shots - 1]]


def ask_with_examples(model, tokenizer, rows, pages, draws: list[list[dict]]) -> dict:
    """Ask every question with every draw of examples.

    Returns shares over all draws, the lowest and highest share right of a single draw,
    the tokens of a prompt, and the reply to the first question.
    """
    replies, tokens = [], []
    for number, shown in enumerate(draws, 1):
        asked = [with_page(row, pages, shown) for row in rows]
        title = f"{len(shown)} examples, draw {number} of {len(draws)}"
        replies.append(answer(model, tokenizer, asked, title))
        texts = tokenizer.apply_chat_template(asked, tokenize=False)
        tokens += map(len, tokenizer(texts)["input_ids"])
    rights = [score(each, rows)["right"]["value"] or 0.0 for each in replies]
    return {
        **score([reply for each in replies for reply in each], rows * len(draws)),
        "lowest": min(rights),
        "highest": max(rights),
        "prompt_tokens": round(fmean(tokens)),
        "reply": replies[0][0],
    }


def show(row: dict, counts: Mapping[str, dict]) -> str:
    """Return the shares by number of examples, and what each made of one question."""
    columns = ("examples", "tokens", "JSON", "source", "declined", "right", "draws")
    shares = ("prompt_tokens", "valid_json", "source_right", "declined_right", "right")
    cells = []
    for shots, count in counts.items():
        draws = [f"{100 * count[end]:.0f}" for end in ("lowest", "highest")]
        cells.append((shots, *[count[key] for key in shares], " to ".join(draws)))
    lines = [("question", row["question"]), ("key", row["answer"])]
    lines += [(f"{shots} examples", count["reply"]) for shots, count in counts.items()]
    title = "Percent by number of examples; declined: of questions without an answer"
    head = table(title, columns, cells)
    return "\n".join([head, "", *[example(*line) for line in lines]])


def main(config: Config) -> tuple[dict, str]:
    """Ask the same questions with every number of examples."""
    if config.draws < 1 or min(config.shots, default=-1) < 0 or config.limit < 0:
        raise BadInput("--shots, --limit: at least 0; --draws: at least 1")
    device = choose_device(config.device)
    pages = read_docs(config.docs)
    rows = read_questions(config.questions, pages)
    limit = 6 if config.quick else config.limit or len(rows)
    rows = [rows[i * len(rows) // limit] for i in range(min(limit, len(rows)))]
    examples = read_examples(config.examples)
    most = max(config.shots)
    if len(draw_examples(examples, most, config.seed)) < most:
        raise BadInput(f"{config.examples}: fewer than {most} examples; lower --shots")
    model, tokenizer = open_model(config.model, device)

    counts = {}
    for shots in (0, 1) if config.quick else config.shots:
        seeds = range(config.seed, config.seed + (config.draws if shots else 1))
        draws = [draw_examples(examples, shots, seed) for seed in seeds]
        counts[str(shots)] = ask_with_examples(model, tokenizer, rows, pages, draws)
    report = {"metrics": {"examples": counts}, "environment": environment(model)}
    return report, show(rows[0], counts)


if __name__ == "__main__":
    sys.exit(run(main, Config))
