"""Measure memory and speed of one way to tune one large shape: `python -m scripts.measuring.gpu_memory qlora 8b`.

The weights are random: memory and speed do not depend on them. Every row has the same number of tokens and stands alone
in memory, so that the ways differ in what they keep and in nothing else. Full fine-tuning keeps weights, gradients and
Adam's two moments in float32; LoRA and QLoRA keep the base in bfloat16 and in 4 bits. No gradient checkpointing. The
last line on stdout is one JSON document, as a snippet prints it.
"""

import argparse
import json
import sys
import time

import torch
import transformers

LENGTH, STEPS, BATCH, RANK = 1024, 12, 4, 16  # tokens a row, steps, rows a step, rank of the adapters
METHODS = ("full", "lora", "qlora")
SHAPES = {
    "tiny": ("a tiny Llama", 64, 128, 2, 1024, 4, 2),
    "1b": ("Llama 3.2 1B", 2048, 8192, 16, 128256, 32, 8),
    "8b": ("Llama 3.1 8B", 4096, 14336, 32, 128256, 32, 8),
}
NO_ROOM = 3  # exit status where the GPU is too small
TIED = ("tiny", "1b")  # embeddings and output head are one matrix, as in Llama 3.2 1B


def make_model(shape: str, dtype: torch.dtype, device: str) -> transformers.PreTrainedModel:
    """Return a Llama of a shape with random weights."""
    _, hidden, intermediate, layers, vocabulary, heads, key_heads = SHAPES[shape]
    config = transformers.LlamaConfig(
        hidden_size=hidden,
        intermediate_size=intermediate,
        num_hidden_layers=layers,
        vocab_size=vocabulary,
        num_attention_heads=heads,
        num_key_value_heads=key_heads,
        tie_word_embeddings=shape in TIED,
        use_cache=False,
    )
    with torch.device(device):
        return transformers.AutoModelForCausalLM.from_config(config, dtype=dtype)


def quantise(model: torch.nn.Module, device: str) -> None:
    """Replace the linear maps of every layer by 4-bit ones (NF4, with double quantisation), one after the other."""
    import bitsandbytes

    for module in model.model.layers.modules():
        for name, linear in list(module.named_children()):
            if type(linear) is torch.nn.Linear:
                options = {"quant_type": "nf4", "compress_statistics": True, "compute_dtype": torch.bfloat16}
                quantised = bitsandbytes.nn.Linear4bit(linear.in_features, linear.out_features, bias=False, **options)
                quantised.weight = bitsandbytes.nn.Params4bit(
                    linear.weight.data.cpu(), requires_grad=False, quant_type="nf4", module=quantised
                )
                setattr(module, name, quantised.to(device))
    model.is_loaded_in_4bit = True  # peft chooses its layers by this


def prepare(method: str, shape: str, device: str) -> torch.nn.Module:
    """Return the model as a method trains it."""
    model = make_model(shape, torch.float32 if method == "full" else torch.bfloat16, device)
    if method == "qlora":
        quantise(model, device)
    if method != "full":
        from peft import LoraConfig, get_peft_model

        model = get_peft_model(model, LoraConfig(r=RANK, target_modules="all-linear", task_type="CAUSAL_LM"))
    return model.train()


def train(model: torch.nn.Module, device: str) -> dict:
    """Train for a few steps on random tokens; return speed, trained weights and peak memory (None on a CPU)."""
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-5)
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    started = time.perf_counter()
    for _ in range(STEPS):
        for _ in range(BATCH):
            ids = torch.randint(model.config.vocab_size, (1, LENGTH), device=device)
            with torch.autocast(device, torch.bfloat16):
                loss = model(input_ids=ids, labels=ids).loss / BATCH
            loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    loss.item()  # waits for the GPU
    seconds = time.perf_counter() - started
    return {
        "tokens_a_second": round(STEPS * BATCH * LENGTH / seconds),
        "trainable": sum(weight.numel() for weight in trained),
        "peak_bytes": torch.cuda.max_memory_allocated() if device == "cuda" else None,
    }


def main(arguments: list[str] | None = None) -> int:
    """Measure and report; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m scripts.measuring.gpu_memory", description=__doc__.splitlines()[0])
    parser.add_argument("method", choices=METHODS)
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    options = parser.parse_args(arguments)
    if options.device == "cuda" and not torch.cuda.is_available():
        print("gpu_memory: no CUDA device here; run with --device cpu tiny", file=sys.stderr)
        return 2
    try:
        metrics = train(prepare(options.method, options.shape, options.device), options.device)
    except torch.cuda.OutOfMemoryError:
        print(f"gpu_memory: {options.method} of {options.shape} does not fit into this GPU", file=sys.stderr)
        return NO_ROOM
    device = torch.cuda.get_device_name() if options.device == "cuda" else "cpu"
    environment = {"device": device, "torch": torch.__version__, "transformers": transformers.__version__}
    print(json.dumps({"config": vars(options), "metrics": metrics, "environment": environment}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
