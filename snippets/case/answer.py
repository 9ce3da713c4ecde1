"""Asking a model many questions at once."""

from collections.abc import Callable, Sequence

import torch
from tqdm import tqdm

NEW_TOKENS = 48  # a reply in the asked form takes about 30
BATCH = 16


def answer(
    model,
    tokenizer,
    prompts: Sequence[list[dict]],
    title: str = "answering",
    new_tokens: int = NEW_TOKENS,
    held: Callable | None = None,
) -> list[str]:
    """Return the greedy reply to each prompt (chat messages), in their order.

    Prompts of like length are answered together. held: returns a logits processor for
    a batch of that many prompts, as constrained decoding needs it.
    """
    form = {"tokenize": False, "add_generation_prompt": True}
    texts = [tokenizer.apply_chat_template(chat, **form) for chat in prompts]
    padded = {"return_tensors": "pt", "padding": True, "add_special_tokens": False}
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    replies = [""] * len(texts)
    for start in tqdm(range(0, len(order), BATCH), desc=title, leave=False):
        batch = order[start : start + BATCH]
        inputs = tokenizer([texts[index] for index in batch], **padded)
        with torch.inference_mode():
            ids = model.generate(
                **inputs.to(model.device),
                max_new_tokens=new_tokens,
                do_sample=False,
                pad_token_id=tokenizer.pad_token_id,
                logits_processor=[held(len(batch))] if held else None,
            )
        new = ids[:, inputs["input_ids"].shape[1] :]
        said = tokenizer.batch_decode(new, skip_special_tokens=True)
        for index, reply in zip(batch, said, strict=True):
            replies[index] = reply.strip()
    return replies
