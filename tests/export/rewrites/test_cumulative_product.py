from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from gansdk.export.rewrites.cumulative_product import products_of_slices

from .captures import captured, run, run_onnx, targets

BATCHES = (1, 3, 16)


class Product(nn.Module):
    def __init__(self, axis: int, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.axis, self.dtype = axis, dtype

    def forward(self, x: Tensor) -> Tensor:
        return torch.cumprod(x, self.axis, dtype=self.dtype).float()


@pytest.mark.parametrize("size", [1, 2, 7, 8])
@pytest.mark.parametrize("axis", [1, -1])
def test_it_is_the_same_product(size: int, axis: int) -> None:
    module = Product(axis)
    shape = (size, 5) if axis == 1 else (5, size)
    program = captured(module, torch.randn(4, *shape))
    assert products_of_slices(program) == 1
    assert not any("cumprod" in name for name in targets(program))
    inputs = [[torch.rand(batch, *shape) + 0.5] for batch in (4, *BATCHES)]
    for (x,), output in zip(inputs, run_onnx(program, *inputs), strict=True):
        torch.testing.assert_close(run(program, x), module(x), rtol=1e-6, atol=0)
        torch.testing.assert_close(output, module(x), rtol=1e-6, atol=0)


def test_it_keeps_its_dtype_and_zeros() -> None:
    module = Product(1, torch.float64)
    program = captured(module, torch.randn(4, 6))
    assert products_of_slices(program) == 1
    x = torch.tensor([[2.0, 3, 0, 5, 7, 1], [1e30, 1e30, 1e-30, 1e-30, 2, 2]])
    torch.testing.assert_close(run(program, x), module(x))


def test_a_product_over_the_batch_is_left_alone() -> None:
    program = captured(Product(0), torch.randn(4, 6))
    assert products_of_slices(program) == 0
