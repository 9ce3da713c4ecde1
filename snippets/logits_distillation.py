"""Teach a student all that a teacher finds likely: its probabilities, token by token.

A reply says which token the teacher chose; its logits also say what came close. The
teacher may have examples in its prompt that the student does not see (context
distillation): what they bring then goes into the student's weights.
Used by distill.py.  Lesson: /distillation/
"""

from collections.abc import Sequence

import torch
from torch.nn.functional import kl_div
from trl import SFTTrainer

from case.errors import BadInput


class LogitsTrainer(SFTTrainer):
    """trl's trainer with another loss: how far the student is from the teacher."""

    def __init__(self, *arguments, teacher, prefix, **options):
        super().__init__(*arguments, **options)
        self.teacher, (self.start, self.shown) = teacher, prefix

    def compute_loss(
        self, model, inputs, return_outputs=False, num_items_in_batch=None
    ):
        """Return the mean divergence (nats a token, page and question included).

        Forward Kullback-Leibler: at each token the student is to find likely whatever
        the teacher does. The teacher has its examples before the same tokens.
        """
        ids, mask = inputs["input_ids"], inputs["attention_mask"]
        shown = self.shown.to(ids.device).expand(len(ids), -1)
        its_ids = torch.cat([ids[:, : self.start], shown, ids[:, self.start :]], 1)
        its_mask = torch.cat([torch.ones_like(shown), mask], 1)
        last = {"logits_to_keep": ids.shape[1] - self.start}  # the same tokens of both
        with torch.no_grad():
            wanted = self.teacher(its_ids, attention_mask=its_mask, **last).logits
        output = model(ids, attention_mask=mask, **last)
        compared = mask[:, self.start + 1 :].bool()
        has, wanted = (
            logits[:, :-1][compared].float().log_softmax(-1)
            for logits in (output.logits, wanted)
        )
        loss = kl_div(has, wanted, log_target=True, reduction="batchmean")
        return (loss, output) if return_outputs else loss


def show_examples(messages: list[dict], shown: Sequence[dict]) -> list[dict]:
    """Return a prompt with examples between its system message and its question."""
    turns = [
        message for row in shown for message in [*row["prompt"], *row["completion"]]
    ]
    turns = [message for message in turns if message["role"] != "system"]
    start = int(messages[0]["role"] == "system")
    return [*messages[:start], *turns, *messages[start:]]


def find_prefix(tokenizer, taught: Sequence[dict], shown: Sequence[dict]):
    """Return where the teacher's examples stand, as a number of tokens, and their ids.

    That is after the system message, which all prompts must share.
    """
    if not shown:
        return 0, torch.zeros(1, 0, dtype=torch.long)
    system = taught[0]["prompt"][:1]
    if system[0]["role"] != "system" or any(r["prompt"][:1] != system for r in taught):
        fix = "begin every prompt with the same one, or use --shots 0"
        raise BadInput(f"--examples: --shots needs one system message; {fix}")
    chats = [system, show_examples(system, shown)]
    texts = tokenizer.apply_chat_template(chats, tokenize=False)
    start, whole = tokenizer(texts, add_special_tokens=False)["input_ids"]
    return len(start), torch.tensor([whole[len(start) :]])
