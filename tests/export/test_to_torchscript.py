"""TorchScript written from a program: every kind of argument that operators take."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from gansdk.errors import ExportError
from gansdk.export.capture import capture, exported_program
from gansdk.export.example import Inputs, free_batch
from gansdk.export.to_torchscript import to_torchscript


class Everything(nn.Module):
    """Sizes from the batch, lists, empty lists, None, infinity, types, strings, devices."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 64)
        self.norm = nn.BatchNorm2d(4)
        self.reflect = nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect")
        self.resize = nn.Upsample(scale_factor=2, mode="bilinear")
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.gelu = nn.GELU("tanh")
        self.embedding = nn.Embedding(3, 8)
        self.last = nn.Conv2d(1, 3, 1)

    def forward(self, z: Tensor, label: Tensor) -> Tensor:
        x = self.linear(z + self.embedding(label)).view(z.size(0), 4, 4, 4)
        x = self.reflect(self.resize(self.norm(x)))
        a, b = x.chunk(2, 1)
        x = torch.cat([b, a * torch.sigmoid(b)], 1)
        flat = x.flatten(2).transpose(1, 2)
        flat, _ = self.attention(flat, flat, flat)
        x = x + flat.transpose(1, 2).reshape(x.shape)
        x[:, :1] = x[:, :1] * 2
        x = functional.interpolate(self.gelu(x), size=(6, 6), mode="nearest")
        steps = torch.arange(6, device=x.device).float()
        x = x + 0.1 * steps[None, None, :, None] + torch.ones(x.shape[0], 1, 1, 1)
        x = functional.pixel_shuffle(x, 2)[:, :, ::2, torch.tensor([0, 2, 1])]
        x = torch.einsum("bchw,bd->bchw", x, z) + x.mean([], keepdim=True) * 0
        return torch.tanh(self.last(x).clamp(-2, float("inf")))


def inputs() -> Inputs:
    generator = torch.Generator().manual_seed(0)
    return {"z": torch.randn(16, 8, generator=generator), "label": torch.arange(16) % 3}


def written(module: nn.Module, given: Inputs, path: Path) -> torch.jit.ScriptModule:
    free = free_batch(given)
    program = capture(module, lambda m, *x: m(*x), given, free)
    exported = exported_program(program, given, free)
    to_torchscript(exported.module(check_guards=False), path, {"gansdk.spec": "{}"})
    script: torch.jit.ScriptModule = torch.jit.load(str(path))
    return script


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_program_is_the_same_in_torchscript_at_any_batch(tmp_path: Path) -> None:
    torch.manual_seed(0)
    module = Everything().eval().requires_grad_(False)
    script = written(module, inputs(), tmp_path / "a.ts")
    for batch in (1, 3, 16, 20):
        z, label = torch.randn(batch, 8), torch.arange(batch) % 3
        torch.testing.assert_close(script(z, label), module(z, label), rtol=0, atol=1e-6)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_two_programs_with_weights_of_the_same_names_keep_their_own_code(tmp_path: Path) -> None:
    class First(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(8))

        def forward(self, z: Tensor) -> Tensor:
            return z * self.weight

    class Second(First):
        def forward(self, z: Tensor) -> Tensor:
            return z - self.weight

    given = {"z": torch.randn(16, 8)}
    scripts = [
        written(cls().requires_grad_(False), given, tmp_path / f"{cls.__name__}.ts")
        for cls in (First, Second)
    ]
    z = torch.randn(2, 8)
    assert torch.equal(scripts[0](z), z)
    assert torch.equal(scripts[1](z), z - 1)


def test_what_torchscript_cannot_hold_is_named(tmp_path: Path) -> None:
    class Branching(nn.Module):
        def forward(self, z: Tensor) -> Tensor:
            return torch.cond(z.sum() > 0, lambda x: x + 1, lambda x: x - 1, (z,))

    with pytest.raises(ExportError, match='no word for cond.*leave "torchscript" out'):
        written(Branching(), {"z": torch.randn(16, 8)}, tmp_path / "a.ts")
    assert not (tmp_path / "a.ts").exists()
