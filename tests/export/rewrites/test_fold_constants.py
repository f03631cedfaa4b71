"""What depends on weights alone becomes a weight, with the bits that eager PyTorch works with."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations, spectral_norm, weight_norm

from gansdk.export.rewrites.fold_constants import drop_unused_weights, fold_constants

from .captures import BATCHES, captured, run, run_onnx, targets


def after_training(module: nn.Module) -> nn.Module:
    """Run once in train mode, so that the norms have their state, then freeze."""
    module(torch.randn(3, 4))
    return module.eval().requires_grad_(False)


def legacy(norm: Callable[[nn.Module], nn.Module]) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return norm(nn.Linear(4, 5))


class PowerIteration(nn.Module):
    """Spectral norm as SAGAN's authors write it: the iteration runs inside forward."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(5, 4))
        self.register_buffer("u", functional.normalize(torch.randn(1, 5)))

    def forward(self, x: Tensor) -> Tensor:
        u = self.u
        for _ in range(2):
            v = functional.normalize(u @ self.weight)
            u = functional.normalize(v @ self.weight.t())
        return functional.linear(x, self.weight / (v @ self.weight.t() @ u.t()))


class EqualizedLinear(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(5, 4))
        self.bias = nn.Parameter(torch.zeros(5))
        self.scale = 0.3

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight * self.scale, self.bias + 0.5)


class PreNormalised(nn.Module):
    """Weights by their largest value and by their mean square, as StyleGAN2 and 3."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(5, 4))
        self.gain = nn.Parameter(torch.tensor(0.7))

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight / self.weight.norm(float("inf"), dim=1, keepdim=True)
        weight = weight * weight.square().mean([1], keepdim=True).rsqrt()
        return functional.linear(x, weight) * self.gain.item()


class FourierFeatures(nn.Module):
    """A grid of sines, made in forward, added to every image."""

    def __init__(self) -> None:
        super().__init__()
        self.frequencies = nn.Parameter(torch.randn(5))

    def forward(self, x: Tensor) -> Tensor:
        grid = torch.arange(4, dtype=torch.float32) / 4 - 0.5
        return x + torch.sin(grid[:, None] * self.frequencies).sum(1)


MODULES = {
    "spectral_norm": lambda: parametrizations.spectral_norm(nn.Linear(4, 5)),
    "weight_norm": lambda: parametrizations.weight_norm(nn.Linear(4, 5)),
    "legacy spectral_norm": lambda: legacy(spectral_norm),
    "legacy weight_norm": lambda: legacy(weight_norm),
    "power iteration": PowerIteration,
    "equalized learning rate": EqualizedLinear,
    "pre-normalised": PreNormalised,
    "Fourier features": FourierFeatures,
}


@pytest.mark.parametrize("kind", MODULES)
def test_a_norm_becomes_a_plain_weight_of_the_same_bits(kind: str) -> None:
    torch.manual_seed(0)
    module = after_training(MODULES[kind]())
    program = captured(module, torch.randn(2, 4))
    before = targets(program)
    assert fold_constants(program) >= 1
    left = set(targets(program))
    assert len(left) < len(before)
    assert left <= {"aten.linear.default", "aten.mul.Tensor", "aten.add.Tensor"}
    for batch in BATCHES:
        x = torch.randn(batch, 4)
        torch.testing.assert_close(run(program, x), module(x), rtol=0, atol=0)


def test_dead_weights_leave_the_file() -> None:
    module = after_training(legacy(spectral_norm))
    program = captured(module, torch.randn(2, 4))
    fold_constants(program)
    shapes = sorted(tuple(value.shape) for value in program.state_dict().values())
    assert shapes == [(5,), (5, 4)]  # bias and weight: no weight_orig, weight_u, weight_v
    assert list(dict(module.named_buffers()))  # the user's module keeps them


def test_a_training_only_part_leaves_the_file() -> None:
    class WithEncoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.decoder = nn.Linear(4, 5)
            self.encoder = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4))

        def forward(self, x: Tensor) -> Tensor:
            return self.decoder(x)

    program = captured(WithEncoder().eval(), torch.randn(2, 4))
    fold_constants(program)
    assert {name.split(".")[1] for name in program.state_dict()} == {"decoder"}
    assert drop_unused_weights(program) == 0


def test_a_layer_that_is_called_twice_has_one_weight() -> None:
    layer = nn.Linear(4, 4)
    module = after_training(nn.Sequential(parametrizations.weight_norm(layer), nn.ReLU(), layer))
    program = captured(module, torch.randn(2, 4))
    fold_constants(program)
    assert sorted(tuple(v.shape) for v in program.state_dict().values()) == [(4,), (4, 4)]
    x = torch.randn(3, 4)
    torch.testing.assert_close(run(program, x), module(x), rtol=0, atol=0)


class Outer(nn.Module):
    """An outer product of 2 MB from a row of 3 kB, which is used whole, or its sums."""

    def __init__(self, whole: bool) -> None:
        super().__init__()
        self.row = nn.Parameter(torch.randn(700))
        self.whole = whole

    def forward(self, x: Tensor) -> Tensor:
        outer = self.row[:, None] * (self.row * 2)
        if self.whole:
            return (x[:, :1, None] * outer)[:, :2, 0]
        return x + outer.sum(1)[:4]


@pytest.mark.parametrize(("whole", "largest"), [(True, 700), (False, 4)])
def test_a_large_value_from_small_ones_is_computed_in_the_file(whole: bool, largest: int) -> None:
    module = Outer(whole).eval()
    program = captured(module, torch.randn(2, 4))
    fold_constants(program)
    assert max(v.numel() for v in program.state_dict().values()) == largest
    x = torch.randn(3, 4)
    torch.testing.assert_close(run(program, x), module(x), rtol=0, atol=0)


def test_random_numbers_and_sizes_of_the_batch_are_no_constants() -> None:
    class Noisy(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x + torch.randn(1, 4) * 2 + torch.zeros(x.shape[0], 4) + torch.zeros(4).normal_()

    program = captured(Noisy().eval(), torch.randn(2, 4))
    fold_constants(program)
    left = targets(program)
    assert "aten.randn.default" in left
    assert "aten.normal_functional.default" in left
    assert run(program, torch.randn(5, 4)).shape == (5, 4)


def test_a_folded_program_exports_with_a_free_batch() -> None:
    torch.manual_seed(0)
    module = after_training(
        nn.Sequential(EqualizedLinear(), parametrizations.spectral_norm(nn.Linear(5, 3)))
    )
    program = captured(module, torch.randn(2, 4))
    fold_constants(program)
    inputs = [[torch.randn(batch, 4)] for batch in (2, *BATCHES)]
    for (x,), y in zip(inputs, run_onnx(program, *inputs), strict=True):
        torch.testing.assert_close(y, module(x), rtol=1e-5, atol=1e-6)
