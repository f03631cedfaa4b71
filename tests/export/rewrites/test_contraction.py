from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from gansdk.export.rewrites.contraction import contract_outer_products

from .programs import assert_equal_in_every_batch, captured, per_image

WIDTH, OUT = 4, 5


class Summed(nn.Module):
    """A function of a latent (B, I) and a weight (O, I, 3)."""

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(OUT, WIDTH, 3))
        self.function = function

    def forward(self, z: Tensor) -> Tensor:
        return self.function(self.weight[None], z[:, None, :, None])


OUTER = {
    "sum of squares": lambda w, s: (w * s).square().sum((2, 3)),
    "sum": lambda w, s: (w * s).sum((2, 3), keepdim=True),
    "mean": lambda w, s: (w * s).pow(2).mean(dim=[-1, -2]),
    "norm": lambda w, s: torch.linalg.vector_norm(w * s * 2, dim=(2, 3)),
    "over the inputs": lambda w, s: (w * s).sum(2),
    "over the taps": lambda w, s: (-w * s).sum(3).square().sum(1),
    "scaled along both": lambda w, s: (w * s * s[:, :, :1].exp() / 3).sum((2, 3)),
    "an axis of neither": lambda w, s: (w * s)[..., None].repeat(1, 1, 1, 1, 2).sum((2, 4)),
    "as another shape": lambda w, s: (w * s).reshape(s.shape[0], OUT, -1).sum(-1, keepdim=True),
    "of all outputs": lambda w, s: (w * s).sum((1, 2, 3))[:, None],
}  # fmt: skip
OTHER = {
    "as large as the whole": lambda w, s: (s * s.expand(-1, OUT, -1, 3).cumsum(1)).sum((2, 3)),
    "no shared factor": lambda w, s: (s[:, :, :, None] * s[:, :, None]).square().sum((2, 3)),
    "over the batch": lambda w, s: (w * s).sum((0, 3)).sum() + s,
    "the same for all images": lambda w, s: w.repeat(s.shape[0], 1, 1, 1).sum((2, 3)) * s.sum(2),
    "both along one that is kept": lambda w, s: (
        w.unflatten(2, (2, 2)) * s.unflatten(2, (2, 2))
    ).sum(3),
    "1-norm": lambda w, s: torch.linalg.vector_norm(w * s, ord=1, dim=(2, 3)),
}


@pytest.mark.parametrize("form", OUTER)
def test_a_sum_over_an_outer_product_is_a_matrix_product(form: str) -> None:
    torch.manual_seed(0)
    module = Summed(OUTER[form])
    program = captured(module, WIDTH)
    assert per_image(program, OUT * WIDTH * 3)
    assert contract_outer_products(program) >= 1
    assert not per_image(program, OUT * WIDTH * 3)
    assert_equal_in_every_batch(program, module, WIDTH)


@pytest.mark.parametrize("form", OTHER)
def test_other_sums_stay(form: str) -> None:
    program = captured(Summed(OTHER[form]), WIDTH)
    program.graph.eliminate_dead_code()
    before = [node.target for node in program.graph.nodes]
    assert contract_outer_products(program) == 0
    program.graph.eliminate_dead_code()
    assert [node.target for node in program.graph.nodes] == before
