"""Opening a model: a hub id, a folder, or a `.gguf` file."""

from case import MODEL

import os
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from case.errors import BadInput

logging.set_verbosity_error()
logging.disable_progress_bar()


def choose_device(name: str = "auto") -> torch.device:
    """Return the device called auto, cpu or cuda; raises BadInput."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name not in ("cpu", "cuda"):
        raise BadInput(f"--device {name}: must be auto, cpu or cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise BadInput("--device cuda: no CUDA device; run with --device cpu")
    # Of several processes, each has a GPU of its own.
    return torch.device(
        f"cuda:{os.environ.get('LOCAL_RANK', 0)}" if name == "cuda" else name
    )


def choose_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 where the device computes in it: emulated, it is far slower."""
    native = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if device.type == "cuda" or native else torch.float32


def open_model(name: str, device: torch.device, adapter: Path | None = None, **options):
    """Open a model and its tokenizer, which pads on the left as generation needs it.

    adapter: a folder that lora.py wrote. options: for from_pretrained. Raises BadInput.
    """
    options = {"dtype": choose_dtype(device)} | options
    opener = open_gguf if str(name).endswith(".gguf") else open_folder
    try:
        model, tokenizer = opener(str(name), options)
    except BadInput:
        raise
    except Exception as error:  # the loaders raise a dozen kinds for what is no model
        there = Path(name).exists()
        why = "cannot be read as a model" if there else "not to be had from the hub"
        fix = "download it again" if there else "check id and network"
        raise BadInput(f"--model {name}: {why} ({one_line(error)}); {fix}") from None
    if not getattr(tokenizer, "chat_template", None):
        raise BadInput(f"--model {name}: has no chat template; name a chat model")
    tokenizer.padding_side = "left"
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    if adapter:
        model = add_adapter(model, Path(adapter))
    return model.to(device).eval(), tokenizer


def open_folder(name: str, options: dict):
    """Open a folder or a hub id; a path that is not there never goes to the hub."""
    folder = Path(name).expanduser()
    if name.startswith((".", "/", "~")) or name.count("/") > 1 or folder.exists():
        if not folder.is_dir():
            raise BadInput(f"--model {name}: no such folder; a hub id is like {MODEL}")
        name = str(folder)
    tokenizer = AutoTokenizer.from_pretrained(name)
    return AutoModelForCausalLM.from_pretrained(name, **options), tokenizer


def open_gguf(name: str, options: dict):
    """Open a GGUF file as ordinary weights, which can be trained and saved."""
    file = Path(name).expanduser()
    if not file.is_file():
        raise BadInput(f"--model {file}: no such file; check the path")
    where = {"pretrained_model_name_or_path": file.parent, "gguf_file": file.name}
    packed = AutoModelForCausalLM.from_pretrained(**where, **options)
    settings = packed.config.to_dict()
    settings.pop("quantization_config", None)
    config = AutoConfig.for_model(**settings)
    model = AutoModelForCausalLM.from_config(config, dtype=packed.dtype)
    model.load_state_dict(packed.state_dict())
    return model, AutoTokenizer.from_pretrained(**where)


def add_adapter(model, folder: Path):
    """Put a trained adapter on the model; BadInput for one of another base."""
    if not (folder / "adapter_config.json").is_file():
        raise BadInput(f"--adapter {folder}: no adapter_config.json; run lora.py first")
    try:
        return PeftModel.from_pretrained(model, folder)
    except (RuntimeError, ValueError, KeyError, OSError) as error:
        fix = f"does not fit ({one_line(error)}); name its own base as --model"
        raise BadInput(f"--adapter {folder}: {fix}") from None


def one_line(error: Exception) -> str:
    """Return the beginning of an error's message, on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:100]
