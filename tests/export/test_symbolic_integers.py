from __future__ import annotations

import sys

import pytest
import torch
from torch import Tensor, nn

from gansdk.errors import ExportError
from gansdk.export.capture import capture
from gansdk.export.example import free_batch
from gansdk.export.symbolic_integers import symbolic_integers


class Grouped(nn.Module):
    """As StyleGAN2-ADA does it: the batch is an int by the time that it is the number of groups."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(4, 3, 1, 1))

    def forward(self, z: Tensor) -> Tensor:
        batch = int(z.shape[0])
        assert isinstance(self.weight.shape[0], int)
        assert int("12") + int(2.9) == 14
        weight = self.weight.repeat(batch, 1, 1, 1)
        x = z.reshape(1, batch * 3, 4, 4)
        return nn.functional.conv2d(x, weight, groups=batch).reshape(batch, 4, 4, 4)


def forward(module: nn.Module, z: Tensor) -> Tensor:
    images: Tensor = module(z)
    return images


def test_an_int_of_the_batch_leaves_the_batch_free() -> None:
    torch.manual_seed(0)
    module = Grouped().eval()
    inputs = {"z": torch.randn(3, 3, 4, 4)}
    program = capture(module, forward, inputs, free_batch(inputs))
    for count in (1, 3, 16):
        z = torch.randn(count, 3, 4, 4)
        assert torch.equal(program(z), module(z))


class Measured(nn.Module):
    """A batch by `len`, as one writes it for a list."""

    def __init__(self) -> None:
        super().__init__()
        self.start = nn.Parameter(torch.randn(1, 3, 4, 4))

    def forward(self, z: Tensor) -> Tensor:
        assert len("abc") == len([1, 2, 3]) == len(self.start[0]) == 3
        return self.start.repeat(len(z), 1, 1, 1) + z


def test_the_len_of_a_tensor_leaves_the_batch_free() -> None:
    module = Measured().eval()
    inputs = {"z": torch.randn(3, 3, 4, 4)}
    program = capture(module, forward, inputs, free_batch(inputs))
    z = torch.randn(5, 3, 4, 4)
    assert torch.equal(program(z), module(z))


def test_a_call_inside_another_counts_too() -> None:
    def own(module: nn.Module, z: Tensor) -> Tensor:
        return torch.zeros(int(z.shape[0]), 3, 4, 4) + z

    def wrapping(module: nn.Module, z: Tensor) -> Tensor:
        assert wrapping  # holds itself
        return own(module, z)

    wrapping.__module__ = "gansdk.export.network"
    inputs = {"z": torch.randn(3, 3, 4, 4)}
    program = capture(nn.Identity(), wrapping, inputs, free_batch(inputs))
    assert program(torch.randn(5, 3, 4, 4)).shape == (5, 3, 4, 4)


def test_afterwards_int_is_int_again() -> None:
    with symbolic_integers(Grouped(), forward):
        assert "int" in vars(sys.modules[__name__])
        assert isinstance(3, int)
        assert not isinstance(3.0, int)
        assert issubclass(bool, int)
        assert int("ff", 16) == 255
    assert "int" not in vars(sys.modules[__name__])


def test_afterwards_int_is_int_again_where_the_module_fails() -> None:
    def fails(module: nn.Module, z: Tensor) -> Tensor:
        raise RuntimeError("no")

    inputs = {"z": torch.randn(3, 3, 4, 4)}
    with pytest.raises(ExportError, match="no"):
        capture(Grouped(), fails, inputs, free_batch(inputs))
    assert "int" not in vars(sys.modules[__name__])


def test_pytorch_keeps_its_own_int() -> None:
    with symbolic_integers(Grouped(), forward):
        for name in ("torch.nn.modules.module", "torch.fx.experimental.symbolic_shapes"):
            assert "int" not in vars(sys.modules[name])


def test_a_module_that_has_an_int_of_its_own_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    own = lambda value: 7  # noqa: E731
    monkeypatch.setitem(globals(), "int", own)
    with symbolic_integers(Grouped(), forward):
        assert globals()["int"] is own
    assert globals()["int"] is own
