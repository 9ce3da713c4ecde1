"""Runs a program in bfloat16 at the speed of 32 bits, on a processor that has no instructions for bfloat16.

PyTorch multiplies matrices of bfloat16 there in a plain loop, about a hundred times slower. Here the product is formed
in 32 bits and rounded to bfloat16, which is what the instructions do: they multiply pairs of bfloat16 and add up in 32
bits. Only the order of the additions differs, as it does from one processor to the next. Everything else, rounding
after each step included, stays with PyTorch:

    python scripts/measuring/bfloat16_products.py snippets/fine_tune_vs_rag.py --arms base
"""

import runpy
import sys
from pathlib import Path

import torch
from torch.utils._python_dispatch import TorchDispatchMode

ATEN = torch.ops.aten
FLASH = ATEN._scaled_dot_product_flash_attention_for_cpu.default
FLASH_BACKWARD = ATEN._scaled_dot_product_flash_attention_for_cpu_backward.default
PRODUCTS = {
    *(ATEN.mm.default, ATEN.mm.out, ATEN.addmm.default, ATEN.addmm_.default, ATEN.bmm.default, ATEN.baddbmm.default),
    *(ATEN.linear.default, ATEN.matmul.default, ATEN.scaled_dot_product_attention.default),
    *(FLASH, FLASH_BACKWARD),
}
NATIVE = "_is_avx512_bf16_supported"  # what programs ask of torch.cpu


class WideProducts(TorchDispatchMode):
    """While active, forms products of bfloat16 in 32 bits and rounds them; all other operations are as they were."""

    def __init__(self):
        """Begin with no weight kept."""
        super().__init__()
        self.kept = {}

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        """Compute one operation of PyTorch."""
        kwargs = kwargs or {}
        if func not in PRODUCTS or args[1].dtype != torch.bfloat16:
            return func(*args, **kwargs)
        wide = [self.widen(value) for value in args]
        options = {name: self.widen(value) for name, value in kwargs.items() if name != "out"}
        if func is ATEN.mm.out:
            return kwargs["out"].copy_(ATEN.mm.default(*wide))
        if func is ATEN.addmm_.default:
            return args[0].copy_(ATEN.addmm.default(*wide, **options))
        result = func(*wide, **options)
        if func is FLASH:  # its second result is in 32 bits anyway
            return (result[0].bfloat16(), *result[1:])
        return tuple(part.bfloat16() for part in result) if func is FLASH_BACKWARD else result.bfloat16()

    def widen(self, value):
        """Return a tensor of bfloat16 in 32 bits, and anything else as it is.

        A weight is kept in 32 bits while nothing is trained: each new word of a reply asks for all of them.
        """
        if not isinstance(value, torch.Tensor) or value.dtype != torch.bfloat16:
            return value
        if not (torch.is_inference_mode_enabled() and isinstance(value, torch.nn.Parameter)):
            return value.float()
        weight, version, wide = self.kept.get(value.data_ptr(), (None, None, None))
        if (weight is None) or version != value._version or weight.shape != value.shape:
            wide = value.float()
            self.kept[value.data_ptr()] = (value, value._version, wide)  # with the weight, so that its address stays
        return wide


def main() -> None:
    """Run the program named first with the arguments that follow it."""
    file = Path(sys.argv[1])
    sys.argv = sys.argv[1:]
    sys.path[0] = str(file.resolve().parent)
    setattr(torch.cpu, NATIVE, lambda: True)
    with WideProducts():
        runpy.run_path(str(file), run_name="__main__")


if __name__ == "__main__":
    main()
