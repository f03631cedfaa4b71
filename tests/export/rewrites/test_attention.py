from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from gansdk.export.graphs import shape_of
from gansdk.export.rewrites.attention import four_axes_attention

from .captures import captured, run, run_onnx

BATCHES = (1, 3, 16)


class Attention(nn.Module):
    """Of (batch, 24): queries of `shape`, keys half as long, values two wide."""

    def __init__(self, *shape: int, mask: tuple[int, ...] = (), masked: bool = False) -> None:
        super().__init__()
        self.shape, self.masked = shape, masked
        self.register_buffer("mask", torch.randn(mask) if mask else None)

    def forward(self, x: Tensor) -> Tensor:
        query = x.reshape(-1, *self.shape)
        key = query[..., ::2, :].sin()
        mask = self.mask
        if self.masked:  # each image's own
            mask = torch.einsum("...ij,...kj->...ik", query, key.cos())
        given = functional.scaled_dot_product_attention(query, key, key[..., :2], mask, scale=0.3)
        return given.reshape(x.shape[0], -1)


KINDS = {
    "windows in the batch": Attention(4, 3),
    "with a mask": Attention(4, 3, mask=(4, 2)),
    "with each image's mask": Attention(4, 3, masked=True),
    "five axes": Attention(2, 1, 4, 3),
    "five axes with a mask": Attention(2, 1, 4, 3, mask=(4, 2)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_same_attention_of_four_axes(kind: str) -> None:
    module = KINDS[kind].eval()
    program = captured(module, torch.randn(4, 24))
    assert four_axes_attention(program) == 1
    (node,) = (n for n in program.graph.nodes if "dot_product" in str(n.target))
    assert len(shape_of(node.args[0])) == 4
    inputs = [[torch.randn(batch, 24)] for batch in (4, *BATCHES)]
    outputs = run_onnx(program, *inputs)
    for (x,), output in zip(inputs, outputs, strict=True):
        torch.testing.assert_close(run(program, x), module(x), rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(output, module(x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("module", [Attention(2, 4, 3), Attention(2, 1, 4, 3, masked=True)])
def test_what_has_four_axes_or_a_mask_of_more_is_left_alone(module: nn.Module) -> None:
    program = captured(module.eval(), torch.randn(4, 24))
    before = str(program.graph)
    assert four_axes_attention(program) == 0
    assert str(program.graph) == before
