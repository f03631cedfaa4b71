"""Batch norm with running statistics goes into the weights before it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from gansdk.export.rewrites.fold_batch_norm import fold_batch_norms

from .captures import BATCHES, captured, run, run_onnx, targets

NORM = "aten._native_batch_norm_legit_no_training.default"


def trained(module: nn.Module) -> nn.Module:
    """Give batch norms statistics and weights as training leaves them."""
    for norm in module.modules():
        if isinstance(norm, nn.modules.batchnorm._BatchNorm):
            nn.init.normal_(norm.running_mean)
            nn.init.uniform_(norm.running_var, 0.1, 3.0)
            if norm.affine:
                nn.init.normal_(norm.weight)
                nn.init.normal_(norm.bias)
    return module.eval().requires_grad_(False)


LAYERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "conv1d": (lambda: nn.Sequential(nn.Conv1d(4, 6, 3), nn.BatchNorm1d(6)), (4, 5)),
    "conv2d": (lambda: nn.Sequential(nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6)), (4, 5, 5)),
    "conv2d same": (
        lambda: nn.Sequential(nn.Conv2d(4, 6, 3, padding="same"), nn.BatchNorm2d(6)),
        (4, 5, 5),
    ),
    "conv3d": (lambda: nn.Sequential(nn.Conv3d(4, 6, 2), nn.BatchNorm3d(6)), (4, 3, 3, 3)),
    "grouped": (
        lambda: nn.Sequential(nn.Conv2d(4, 6, 3, groups=2, bias=False), nn.BatchNorm2d(6)),
        (4, 5, 5),
    ),
    "transposed": (
        lambda: nn.Sequential(nn.ConvTranspose2d(4, 6, 4, 2, 1), nn.BatchNorm2d(6)),
        (4, 3, 3),
    ),
    "transposed, grouped": (
        lambda: nn.Sequential(
            nn.ConvTranspose2d(4, 6, 4, 2, 1, groups=2, bias=False), nn.BatchNorm2d(6)
        ),
        (4, 3, 3),
    ),
    "transposed 1d": (
        lambda: nn.Sequential(nn.ConvTranspose1d(4, 6, 4), nn.BatchNorm1d(6)),
        (4, 3),
    ),
    "linear": (lambda: nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6)), (4,)),
    "linear, no bias": (lambda: nn.Sequential(nn.Linear(4, 6, False), nn.BatchNorm1d(6)), (4,)),
    "not affine": (
        lambda: nn.Sequential(nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6, affine=False)),
        (4, 5, 5),
    ),
}


@pytest.mark.parametrize("kind", LAYERS)
def test_it_goes_into_the_layer_before(kind: str) -> None:
    torch.manual_seed(0)
    make, shape = LAYERS[kind]
    module = trained(make())
    program = captured(module, torch.randn(2, *shape))
    assert fold_batch_norms(program) == 1
    assert NORM not in targets(program)
    for batch in BATCHES:
        x = torch.randn(batch, *shape)
        torch.testing.assert_close(run(program, x), module(x), rtol=1e-5, atol=1e-5)


class Conditional(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(4, 6, 3)
        self.norm = nn.BatchNorm2d(6, affine=False)
        self.gain = nn.Linear(4, 6)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.convolution(x))
        return y * (1 + self.gain(x.mean([2, 3]))[:, :, None, None])


class Shared(nn.Module):
    """A convolution whose output goes on past its norm."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(4, 6, 3)
        self.norm = nn.BatchNorm2d(6)

    def forward(self, x: Tensor) -> Tensor:
        y = self.convolution(x)
        return y + self.norm(y)


STAY = {
    "before its layer": lambda: nn.Sequential(nn.BatchNorm2d(4), nn.Conv2d(4, 6, 3, padding=1)),
    "behind an activation": lambda: nn.Sequential(nn.Conv2d(4, 6, 3), nn.ReLU(), nn.BatchNorm2d(6)),
    "shared": Shared,
}


@pytest.mark.parametrize("kind", STAY)
def test_it_stays_where_folding_would_be_wrong(kind: str) -> None:
    module = trained(STAY[kind]())
    program = captured(module, torch.randn(2, 4, 5, 5))
    assert fold_batch_norms(program) == 0
    x = torch.randn(3, 4, 5, 5)
    torch.testing.assert_close(run(program, x), module(x), rtol=0, atol=0)


def test_features_along_another_axis_stay() -> None:
    module = trained(nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(3)))
    assert fold_batch_norms(captured(module, torch.randn(2, 3, 4))) == 0


def test_the_norm_under_a_condition_goes_and_the_condition_stays() -> None:
    module = trained(Conditional())
    program = captured(module, torch.randn(2, 4, 5, 5))
    assert fold_batch_norms(program) == 1
    x = torch.randn(3, 4, 5, 5)
    torch.testing.assert_close(run(program, x), module(x), rtol=1e-5, atol=1e-5)


def test_a_folded_program_exports_with_a_free_batch() -> None:
    torch.manual_seed(0)
    module = trained(
        nn.Sequential(
            nn.ConvTranspose2d(4, 6, 4),
            nn.BatchNorm2d(6),
            nn.ReLU(),
            nn.ConvTranspose2d(6, 3, 4, 2, 1, bias=False),
            nn.BatchNorm2d(3),
        )
    )
    program = captured(module, torch.randn(2, 4, 1, 1))
    assert fold_batch_norms(program) == 2
    inputs = [[torch.randn(batch, 4, 1, 1)] for batch in (2, *BATCHES)]
    for (x,), y in zip(inputs, run_onnx(program, *inputs), strict=True):
        torch.testing.assert_close(y, module(x), rtol=1e-5, atol=1e-5)
