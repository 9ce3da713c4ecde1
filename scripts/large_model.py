"""A model of a large shape with random weights, for measuring memory and speed where there is no network.

    python -m scripts.large_model make 1b build/gpu/llama-1b --tokenizer snippets/lab/model
    python -m scripts.large_model full build/gpu/llama-1b --length 1024 --steps 12 --batch 4

`make` writes a folder in bfloat16 that every snippet takes as --model. `full` trains all of it, one row at a time:
weights, gradients and Adam's two moments in float32, which is 16 bytes a weight, with products in bfloat16. It reports
as the snippets do.
"""

import argparse
import json
import platform
import shutil
import sys
import time
from pathlib import Path

import torch
import transformers

SHAPES = {
    "tiny": {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "vocab_size": 1024},
    "1b": {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16, "vocab_size": 128256},
    "8b": {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "vocab_size": 128256},
}
HEADS = {"tiny": (4, 2), "1b": (32, 8), "8b": (32, 8)}  # of queries, of keys and values
TIED = {"tiny", "1b"}  # embeddings and output head are one matrix, as in Llama 3.2 1B
TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def shape_of(name: str) -> transformers.LlamaConfig:
    """Return the configuration of a shape."""
    queries, keys = HEADS[name]
    heads = {"num_attention_heads": queries, "num_key_value_heads": keys, "tie_word_embeddings": name in TIED}
    return transformers.LlamaConfig(**SHAPES[name], **heads, max_position_embeddings=8192)


def count_weights(name: str) -> int:
    """Count the weights of a shape, without memory for any of them."""
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(shape_of(name))
    return sum(weight.numel() for weight in model.parameters())


def make(name: str, folder: Path, tokenizer: Path, device: str) -> None:
    """Write a model with random weights and a tokenizer of another, whose tokens are among its own."""
    with torch.device(device):
        model = transformers.AutoModelForCausalLM.from_config(shape_of(name), dtype=torch.bfloat16)
    model.save_pretrained(folder)
    for file in (tokenizer / file for file in TOKENIZER):
        if file.is_file():
            shutil.copy(file, folder)


def train_in_full(folder: Path, length: int, steps: int, batch: int, device: str) -> dict:
    """Train all weights on random tokens; return what it took, in the form of a snippet's metrics."""
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    started = time.perf_counter()
    for _ in range(steps):
        for _ in range(batch):
            ids = torch.randint(model.config.vocab_size, (1, length), device=device)
            with torch.autocast(device, torch.bfloat16):
                loss = model(input_ids=ids, labels=ids).loss / batch
            loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    loss.item()  # waits for the GPU
    seconds, everything = time.perf_counter() - started, sum(weight.numel() for weight in model.parameters())
    peak = torch.cuda.max_memory_allocated() if device == "cuda" else None
    parameters = {"trainable": everything, "all": everything}
    return {"seconds": round(seconds, 2), "memory": {"bytes": peak}, "parameters": parameters}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("make", "full"))
    parser.add_argument("given", nargs="+", help="make: shape and folder; full: folder")
    parser.add_argument("--tokenizer", type=Path, help="folder with the tokenizer to take")
    parser.add_argument("--device", default="cuda", help="cuda or cpu (default: cuda)")
    parser.add_argument("--length", type=int, default=1024, help="tokens a row (default: 1024)")
    parser.add_argument("--steps", type=int, default=12, help="optimizer steps (default: 12)")
    parser.add_argument("--batch", type=int, default=4, help="rows a step (default: 4)")
    options = parser.parse_args(arguments)
    transformers.utils.logging.disable_progress_bar()
    if options.what == "make":
        make(options.given[0], Path(options.given[1]), options.tokenizer, options.device)
        return 0
    how = (options.length, options.steps, options.batch, options.device)
    metrics = train_in_full(Path(options.given[0]), *how)
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    environment = {"python": platform.python_version(), "device": options.device, **versions}
    print(json.dumps({"config": {"model": options.given[0]}, "metrics": metrics, "environment": environment}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
