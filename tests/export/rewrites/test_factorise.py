from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from gansdk.export.graphs import tidy
from gansdk.export.rewrites.builder import Builder
from gansdk.export.rewrites.factorise import factorise
from gansdk.export.rewrites.outer_product import multiply_out

from .programs import captured, largest

WIDTH = 4


class Built(nn.Module):
    """A tensor of a weight (6, 4, 3) and a latent (B, 4)."""

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(6, WIDTH, 3))
        self.function = function

    def forward(self, z: Tensor) -> Tensor:
        return self.function(self.weight, z).exp()


# Each with the number of its factors.
FORMS = {
    "product": (lambda w, z: w[None] * z[:, None, :, None], 2),
    "merged": (lambda w, z: (w[None] * z[:, None, :, None]).reshape(-1, 4, 3), 2),
    "split": (lambda w, z: (w.view(2, 3, 4, 3)[None] * z[:, None, None, :, None]).flatten(1, 2), 2),
    "merged and split": (
        lambda w, z: (w[None] * z[:, None, :, None]).flatten(2).view(-1, 3, 2, 4, 3) * 2,
        2,
    ),
    "permuted": (lambda w, z: (w[None] * z[:, None, :, None]).permute(3, 0, 2, 1), 2),
    "transposed": (lambda w, z: z.t()[:, :, None].transpose(0, 1) * w.sum((0, 2))[:, None], 2),
    "divided": (lambda w, z: -w[None] / (z[:, None, :, None] ** 2 + 1) ** 2, 2),
    "repeated": (
        lambda w, z: (z[:, None] * w[0, 0, 0]).repeat(1, 3, 2) * w[..., 0].reshape(3, 8),
        3,
    ),
    "expanded": (lambda w, z: z[:, None].expand(-1, 3, -1) * w.view(3, 8, 3)[:, :4, 0], 2),
    "flipped": (lambda w, z: (w[None] * z[:, None, :, None]).flip([1, 2]), 2),
    "other dtypes": (lambda w, z: (w[None].double() * z[:, None, :, None]).float().contiguous(), 2),
    "number": (lambda w, z: z * w.sum() * z.square().mean(1, keepdim=True), 3),
    "einsum": (lambda w, z: torch.einsum("oik,bi->kbio", w, z), 2),
    "einsum that adds": (lambda w, z: torch.einsum("oik,bi->bo", w, z), 1),
    "joined": (lambda w, z: torch.cat([z, z], dim=1), 1),
    "root": (lambda w, z: (z * z).sqrt(), 1),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_product_is_the_tensor(form: str) -> None:
    torch.manual_seed(0)
    function, factors = FORMS[form]
    module = Built(function)
    program = captured(module, WIDTH)
    [exp] = [node for node in program.graph.nodes if node.target is torch.ops.aten.exp.default]
    builder = Builder(program, exp)
    product = factorise(builder, exp.args[0])
    assert len(product.factors) == factors
    value = multiply_out(builder, product, list(range(len(product.sizes))))
    assert value is not None
    exp.args = (builder.call(torch.ops.aten.reshape_as.default, value, exp.args[0]),)
    tidy(program)
    z = torch.randn(3, WIDTH)
    assert largest(program(z), module(z)) <= 1e-5
