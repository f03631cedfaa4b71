"""Batch norm over the batch: refused by name, or made each image's own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from gansdk.errors import ExportError, InvalidArgumentError
from gansdk.export.rewrites.batch_statistics import instance_statistics, refuse_batch_statistics

from .captures import BATCHES, captured, run, run_onnx, targets

SHAPE = (4, 6, 6)


class Generator(nn.Module):
    """A norm with running statistics, one without, and one by the function."""

    def __init__(self, track: bool = False) -> None:
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(4, 6, 3, padding=1), nn.BatchNorm2d(6))
        self.up = nn.Sequential(
            nn.Conv2d(6, 3, 3), nn.BatchNorm2d(3, track_running_stats=track), nn.Tanh()
        )
        for norm in (self.down[1], self.up[1]):
            nn.init.normal_(norm.weight)
            nn.init.normal_(norm.bias)
        nn.init.normal_(self.down[1].running_mean)
        nn.init.uniform_(self.down[1].running_var, 0.5, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.up(torch.relu(self.down(x)))


def test_running_statistics_are_left_alone() -> None:
    module = Generator(track=True).eval()
    program = captured(module, torch.randn(2, *SHAPE))
    before = targets(program)
    assert refuse_batch_statistics(program, "running") == 0
    assert targets(program) == before


def test_the_statistics_of_the_batch_are_refused_by_name() -> None:
    program = captured(Generator().eval(), torch.randn(2, *SHAPE))
    with pytest.raises(ExportError, match=r"layer 'up\.1' .*neighbours.*statistics='instance'"):
        refuse_batch_statistics(program, "running")
    with pytest.raises(ExportError, match=r"layer 'down\.1'"):
        refuse_batch_statistics(captured(Generator(True), torch.randn(2, *SHAPE)), "running")


def test_the_batch_cannot_be_asked_for() -> None:
    program = captured(Generator().eval(), torch.randn(2, *SHAPE))
    with pytest.raises(InvalidArgumentError, match="others in its batch.*'instance'"):
        refuse_batch_statistics(program, "batch")
    with pytest.raises(InvalidArgumentError, match="statistics must be one of"):
        refuse_batch_statistics(program, "eval")


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("track", [True, False])
def test_each_image_by_its_own_statistics(training: bool, track: bool) -> None:
    torch.manual_seed(0)
    module = Generator(track).train(training).requires_grad_(False)
    program = captured(module, torch.randn(2, *SHAPE))
    assert refuse_batch_statistics(program, "instance") == 2
    assert not [t for t in targets(program) if "batch_norm" in t or "copy_" in t]
    state = {name: value.clone() for name, value in module.state_dict().items()}
    for batch in BATCHES:
        x = torch.randn(batch, *SHAPE)
        with instance_statistics():
            expected = module(x)
        given = run(program, x)
        torch.testing.assert_close(given, expected, rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(run(program, x[:1]), given[:1], rtol=1e-6, atol=1e-6)
    for name, value in module.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue  # the layer itself counts, for nothing here
        torch.testing.assert_close(value, state[name], rtol=0, atol=0)


def test_it_is_what_a_batch_of_one_in_train_mode_gives() -> None:
    module = Generator(track=True).requires_grad_(False)
    program = captured(module, torch.randn(2, *SHAPE))
    refuse_batch_statistics(program, "instance")
    x = torch.randn(3, *SHAPE)
    alone = torch.cat([module(x[k : k + 1]) for k in range(3)])
    torch.testing.assert_close(run(program, x), alone, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(4,), (4, 1, 1)])
def test_one_value_a_channel_has_no_statistics(shape: tuple[int, ...]) -> None:
    norm: nn.Module = nn.BatchNorm1d(4) if len(shape) == 1 else nn.BatchNorm2d(4)
    program = captured(nn.Sequential(norm).eval(), torch.randn(2, *shape))
    with pytest.raises(ExportError, match=r"layer '0' normalises one value a channel"):
        refuse_batch_statistics(program, "instance")


class GroupedInstanceNorm(nn.Module):
    """As MUNIT writes it: the batch among the channels of a batch norm in train mode."""

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        x = x.contiguous().view(1, b * c, h, w)
        mean, variance = torch.zeros(c), torch.ones(c)
        x = functional.batch_norm(x, mean.repeat(b), variance.repeat(b), training=True)
        return x.view(b, c, h, w)


@pytest.mark.parametrize("statistics", ["running", "instance"])
def test_an_instance_norm_written_as_a_batch_norm_is_none(statistics: str) -> None:
    program = captured(GroupedInstanceNorm(), torch.randn(2, *SHAPE))
    assert refuse_batch_statistics(program, statistics) == 0


def test_the_rewritten_program_exports_with_a_free_batch() -> None:
    torch.manual_seed(0)
    module = Generator(track=True).requires_grad_(False)
    program = captured(module, torch.randn(2, *SHAPE))
    refuse_batch_statistics(program, "instance")
    inputs = [[torch.randn(batch, *SHAPE)] for batch in (2, *BATCHES)]
    for (x,), y in zip(inputs, run_onnx(program, *inputs), strict=True):
        with instance_statistics():
            torch.testing.assert_close(y, module(x), rtol=1e-4, atol=1e-5)
