"""Products of bfloat16 formed in 32 bits give what PyTorch's own slow loop gives, forwards and backwards."""

import pytest
import torch
import torch.nn.functional as nn

from scripts.measuring.bfloat16_products import WideProducts
from scripts.measuring.make_run import WIDE
from scripts.measuring.snippet_process import run_snippet
from tests.made_runs import ROOT, put

ULP = 2**-7  # the last of the 8 digits of a bfloat16
PROGRAM = """
import json, sys
from case.model import choose_device, choose_dtype
metrics = {"given": sys.argv[1:], "dtype": str(choose_dtype(choose_device("cpu")))}
print(json.dumps({"config": {}, "metrics": metrics, "environment": {}}))
"""


def tensor(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).bfloat16().requires_grad_()


def attend(query, key):
    return nn.scaled_dot_product_attention(query[None], key[None], key[None], is_causal=True)


PRODUCTS = {
    "mm": (torch.mm, (5, 64), (64, 7)),
    "matmul": (torch.matmul, (3, 5, 64), (64, 7)),
    "bmm": (torch.bmm, (3, 5, 64), (3, 64, 7)),
    "linear": (nn.linear, (3, 5, 64), (7, 64)),
    "addmm": (lambda left, right: torch.addmm(left[:, :1], left, right), (5, 64), (64, 7)),
    "attention": (attend, (2, 16, 8), (2, 16, 8)),
}


def close(wide: torch.Tensor, narrow: torch.Tensor) -> bool:
    """Say whether no value is more than two last digits off, of the largest there is."""
    limit = 2 * ULP * narrow.abs().max().item()
    return wide.dtype == narrow.dtype == torch.bfloat16 and (wide - narrow).abs().max().item() <= limit


@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_and_its_gradients_are_those_of_pytorch(name):
    function, *shapes = PRODUCTS[name]
    results = []
    for mode in (WideProducts(), torch.enable_grad()):
        inputs = [tensor(*shape, seed=seed) for seed, shape in enumerate(shapes)]
        with mode:
            result = function(*inputs)
            result.float().square().sum().backward()
        results.append([result, *(value.grad for value in inputs)])
    assert all(close(*pair) for pair in zip(*results, strict=True))


def test_products_into_a_place_are_those_of_pytorch():
    left, right = tensor(5, 64).detach(), tensor(64, 7, seed=1).detach()
    with WideProducts():
        place = torch.empty(5, 7, dtype=torch.bfloat16)
        torch.mm(left, right, out=place)
        added = torch.ones(5, 7, dtype=torch.bfloat16).addmm_(left, right, alpha=2)
    assert close(place, left @ right) and close(added, torch.addmm(torch.ones_like(place), left, right, alpha=2))


def test_other_types_are_left_alone():
    left, right = torch.randn(5, 64), torch.randn(64, 7)
    with WideProducts():
        assert torch.equal(left @ right, left.mm(right)) and (left @ right).dtype == torch.float32


def test_a_weight_that_was_changed_is_read_again():
    weight, inputs = torch.nn.Parameter(tensor(7, 64).detach()), tensor(5, 64, seed=1).detach()
    with WideProducts():
        with torch.inference_mode():
            first, again = nn.linear(inputs, weight), nn.linear(inputs, weight)
        with torch.no_grad():
            weight.mul_(-1)
        with torch.inference_mode():
            after = nn.linear(inputs, weight)
    assert torch.equal(first, again) and torch.equal(first, -after)


def test_a_program_is_run_with_its_arguments_and_chooses_bfloat16(tmp_path):
    put(tmp_path, "snippets/program.py", PROGRAM)
    (tmp_path / "snippets/case").symlink_to(ROOT / "snippets/case")
    file = tmp_path / "snippets/program.py"
    report = run_snippet(file, ["--arms", "base"], ROOT, through=[WIDE.as_posix()], quiet=True)["report"]
    assert report["metrics"] == {"given": ["--arms", "base"], "dtype": "torch.bfloat16"}
