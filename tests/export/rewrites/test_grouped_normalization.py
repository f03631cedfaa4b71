from __future__ import annotations

import pytest
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from gansdk.export.rewrites.grouped_normalization import batch_free_normalizations

from .modulated import Several
from .programs import assert_equal_in_every_batch, assert_equal_in_onnx, captured

WIDTH, CHANNELS = 8, 4
aten = torch.ops.aten


class Folded(nn.Module):
    """A norm of (1, B * C, ...), with weight and bias of the latent where wanted."""

    def __init__(self, kind: str, *, affine: bool = True, size: tuple[int, ...] = (3, 2)) -> None:
        super().__init__()
        self.kind, self.affine = kind, affine
        self.const = nn.Parameter(torch.randn(1, CHANNELS, *size))
        self.mix = nn.Linear(WIDTH, CHANNELS)
        self.weight, self.bias = nn.Linear(WIDTH, CHANNELS), nn.Linear(WIDTH, CHANNELS)
        self.register_buffer("mean", torch.zeros(CHANNELS))
        self.register_buffer("variance", torch.ones(CHANNELS))

    def forward(self, z: Tensor) -> Tensor:
        mix = self.mix(z).reshape(-1, CHANNELS, *[1] * (self.const.ndim - 2))
        x = (self.const + mix).sin()
        b, c = x.size(0), x.size(1)
        x = x.contiguous().view(1, b * c, *x.size()[2:])
        weight = self.weight(z).contiguous().view(-1) if self.affine else None
        bias = self.bias(z).contiguous().view(-1) if self.affine else None
        if self.kind == "MUNIT":
            # Running statistics of a batch that is thrown away, as MUNIT has them.
            mean, variance = self.mean.repeat(b), self.variance.repeat(b)
            x = functional.batch_norm(x, mean, variance, weight, bias, True, 0.1, 1e-5)
        elif self.kind == "batch":
            x = functional.batch_norm(x, None, None, weight, bias, True)
        elif self.kind == "instance":
            x = functional.instance_norm(x, weight=weight, bias=bias)
        return x.view(b, c, *x.size()[2:])


FORMS = {
    "MUNIT": lambda: Folded("MUNIT"),
    "batch": lambda: Folded("batch"),
    "batch, no weight": lambda: Folded("batch", affine=False),
    "instance": lambda: Folded("instance"),
    "1-d": lambda: Folded("MUNIT", size=(5,)),
}


def generator(form: str) -> nn.Module:
    torch.manual_seed(0)
    return FORMS[form]()


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_module_for_any_batch(form: str) -> None:
    module = generator(form)
    program = captured(module, WIDTH)
    assert batch_free_normalizations(program) == 1
    targets = {node.target for node in program.graph.nodes}
    assert aten.instance_norm.default in targets
    assert not any("batch_norm" in str(target) for target in targets)
    assert_equal_in_every_batch(program, module, WIDTH)


def test_the_forms_are_the_module_in_onnx() -> None:
    module = Several([generator(form) for form in FORMS])
    program = captured(module, WIDTH)
    assert batch_free_normalizations(program) == len(FORMS)
    assert_equal_in_onnx(program, module, WIDTH)


class _Plain(nn.Module):
    """Norms that are what they say, of the batch and of running statistics."""

    def __init__(self) -> None:
        super().__init__()
        self.const = nn.Parameter(torch.randn(1, CHANNELS, 3, 3))
        self.norm = nn.BatchNorm2d(CHANNELS)
        self.groups = nn.GroupNorm(2, CHANNELS)

    def forward(self, z: Tensor) -> Tensor:
        x = self.const * z[:, :CHANNELS, None, None]
        x = functional.batch_norm(x, None, None, training=True)
        output: Tensor = self.groups(self.norm(x))
        return output


def test_other_norms_stay() -> None:
    program = captured(_Plain(), WIDTH)
    before = [node.target for node in program.graph.nodes]
    assert batch_free_normalizations(program) == 0
    assert [node.target for node in program.graph.nodes] == before
