"""psi as an input of modules that take it as a Python number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, fx, nn

from gansdk.errors import ExportError, InvalidArgumentError
from gansdk.export.graphs import placeholders
from gansdk.export.rewrites.fold_constants import fold_constants
from gansdk.export.rewrites.random_numbers import declare_noise
from gansdk.export.rewrites.truncation import truncation_input

from .captures import BATCHES, captured, run, run_onnx

VALUES = (0.5, 0.7, 0.85)
LAYERS = 4


class Generator(nn.Module):
    """Latents to w of each layer, truncated by `rule`, to an output."""

    def __init__(self, rule: Callable[[Tensor, Tensor, Any], Tensor], broadcast: bool) -> None:
        super().__init__()
        self.rule = rule
        self.broadcast = broadcast
        self.mapping = nn.Linear(6, 5)
        self.register_buffer("w_avg", torch.randn(5))
        self.head = nn.Linear(5, 3)

    def forward(self, z: Tensor, psi: Any = 1) -> Tensor:
        w = self.mapping(z)
        if self.broadcast:
            w = w.unsqueeze(1).repeat([1, LAYERS, 1])
        if psi != 1:
            w = self.rule(w, self.w_avg, psi)
        return self.head(w)


def cutoff(w: Tensor, w_avg: Tensor, psi: float) -> Tensor:
    w[:, :2] = w_avg.lerp(w[:, :2], psi)
    return w


def coefficients(w: Tensor, w_avg: Tensor, psi: float) -> Tensor:
    layers = torch.arange(LAYERS)[None, :, None]
    ones = torch.ones(layers.shape)
    return torch.lerp(w_avg[None, None], w, torch.where(layers < 2, psi * ones, ones))


def listed(w: Tensor, w_avg: Tensor, psi: float) -> Tensor:
    return w_avg + (w - w_avg) * torch.tensor([psi] * 2 + [1.0] * 2)[:, None]


RULES: dict[str, tuple[Callable[[Tensor, Tensor, Any], Tensor], bool]] = {
    "lerp": (lambda w, w_avg, psi: w_avg.lerp(w, psi), False),
    "lerp of layers": (lambda w, w_avg, psi: w_avg.lerp(w, psi), True),
    "lerp of the first layers": (cutoff, True),
    "difference": (lambda w, w_avg, psi: w_avg + psi * (w - w_avg), False),
    "difference of layers": (lambda w, w_avg, psi: (w - w_avg) * psi + w_avg, True),
    "two weights": (lambda w, w_avg, psi: psi * w + (1 - psi) * w_avg, True),
    "alpha": (lambda w, w_avg, psi: torch.add(w_avg, w - w_avg, alpha=psi), True),
    "divided": (lambda w, w_avg, psi: w_avg + (w - w_avg) / (2 * psi) * 2 * psi * psi, False),
    "tensor": (lambda w, w_avg, psi: w_avg + torch.tensor(psi) * (w - w_avg), True),
    "filled": (lambda w, w_avg, psi: w_avg + w.new_full((w.shape[0], 1), psi) * (w - w_avg), False),
    "filled alike": (lambda w, w_avg, psi: w_avg + torch.full_like(w, psi) * (w - w_avg), True),
    "list of layers": (listed, True),
    "coefficients of layers": (coefficients, True),
}


def programs_of(module: nn.Module) -> list[Any]:
    return [captured(module, torch.randn(2, 6), psi=psi) for psi in VALUES]


@pytest.mark.parametrize("kind", RULES)
def test_psi_is_an_input(kind: str) -> None:
    torch.manual_seed(0)
    rule, broadcast = RULES[kind]
    module = Generator(rule, broadcast).eval().requires_grad_(False)
    program = truncation_input(programs_of(module), VALUES, "psi")
    assert [node.target for node in placeholders(program)][1:] == ["psi"]
    compare(program, module, kind)
    fold_constants(program)
    compare(program, module, kind)


def compare(program: fx.GraphModule, module: nn.Module, kind: str) -> None:
    for batch in BATCHES:
        z = torch.randn(batch, 6)
        for psi in (0.0, 0.5, 0.61, 1.0, 1.3):
            if kind == "divided" and psi == 0:
                continue  # 0 / 0 in the module too
            given = run(program, z, torch.full((batch,), psi))
            torch.testing.assert_close(given, module(z, psi), rtol=1e-5, atol=1e-6)


def test_each_image_has_its_own_psi() -> None:
    module = Generator(cutoff, True).eval().requires_grad_(False)
    program = truncation_input(programs_of(module), VALUES, "psi")
    z, psi = torch.randn(3, 6), torch.tensor([0.2, 1.0, 0.6])
    alone = torch.cat([module(z[k : k + 1], psi=float(psi[k])) for k in range(3)])
    torch.testing.assert_close(run(program, z, psi), alone, rtol=1e-5, atol=1e-6)


def test_it_exports_with_a_free_batch_and_stays_behind_noise() -> None:
    torch.manual_seed(0)

    class Noisy(Generator):
        def forward(self, z: Tensor, psi: Any = 1) -> Tensor:
            return super().forward(z, psi) + torch.randn(z.shape[0], LAYERS, 1)

    module = Noisy(cutoff, True).eval().requires_grad_(False)
    program = truncation_input(programs_of(module), VALUES, "psi")
    (noise,) = declare_noise(program, ("x0", "psi"))
    fold_constants(program)
    assert [node.target for node in placeholders(program)][1:] == [noise.input, "psi"]
    inputs = [[torch.randn(b, 6), torch.randn(b, LAYERS, 1), torch.rand(b)] for b in (2, *BATCHES)]
    for values, y in zip(inputs, run_onnx(program, *inputs), strict=True):
        z, noise_values, psi = values
        w = module.w_avg.lerp(module.mapping(z)[:, None], psi[:, None, None])
        w = torch.cat([w.expand(-1, 2, -1), module.mapping(z)[:, None].expand(-1, 2, -1)], 1)
        torch.testing.assert_close(y, module.head(w) + noise_values, rtol=1e-5, atol=1e-5)


def branching(w: Tensor, w_avg: Tensor, psi: float) -> Tensor:
    return w_avg.lerp(w, psi) if psi < 0.6 else w.tanh() * psi


REFUSED: dict[str, tuple[Callable[[Tensor, Tensor, Any], Tensor], str]] = {
    "ignored": (lambda w, w_avg, psi: w, "ignores psi"),
    "not affine": (
        lambda w, w_avg, psi: w_avg.lerp(w, psi**2),
        r"another way than a \+ b psi .*\(it is 0\.25",
    ),
    "a power": (lambda w, w_avg, psi: w.abs() ** psi, r"uses psi in aten\.pow"),
    "a branch": (branching, "another course .* from the operation"),
    "a size": (lambda w, w_avg, psi: w[:, : int(psi * 4)].sum(1, True) + w, "another course"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_psi_cannot_be_put_into_is_refused_by_name(kind: str) -> None:
    rule, words = REFUSED[kind]
    module = nn.Sequential(Generator(rule, False)).eval()
    programs = [
        captured(Named(module), torch.randn(2, 6), psi=psi)  # a layer, so that it has a name
        for psi in VALUES
    ]
    with pytest.raises(ExportError, match=words) as caught:
        truncation_input(programs, VALUES, "psi")
    assert "\n" not in str(caught.value)
    if kind != "ignored":
        assert "layer 'inner.0'" in str(caught.value)


class Named(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, z: Tensor, psi: float) -> Tensor:
        return self.inner[0](z, psi)


def test_three_values_are_needed() -> None:
    module = Generator(cutoff, True).eval()
    program = captured(module, torch.randn(2, 6), psi=0.5)
    with pytest.raises(InvalidArgumentError, match="at least 3 different values"):
        truncation_input([program, program], (0.5, 0.7), "psi")
    with pytest.raises(InvalidArgumentError, match="at least 3 different values"):
        truncation_input([program] * 3, (0.5, 0.5, 0.7), "psi")
