"""Which layers combine the images of a batch, and which only move its axis."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from gansdk.export.rewrites.batch_mixing import mixes_batch

from .captures import captured

SHAPE = (8, 6, 6)


class Layer(nn.Module):
    def __init__(self, work: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.work = work

    def forward(self, x: Tensor) -> Tensor:
        return self.work(x)


def found(work: Callable[[Tensor], Tensor]) -> list[str]:
    return mixes_batch(captured(nn.Sequential(nn.ReLU(), Layer(work)), torch.randn(6, *SHAPE)))


MIXES: dict[str, Callable[[Tensor], Tensor]] = {
    "mean over all": lambda x: x * x.square().mean().rsqrt(),
    "mean": lambda x: x - x.mean(0),
    "last axis, counted backwards": lambda x: x - x.mean(-4, keepdim=True),
    "minibatch deviation": lambda x: torch.cat([x, x.std(0).mean().expand(x.shape[0], 1, 6, 6)], 1),
    "variance of both": lambda x: x - x.var([0, 2]).mean()[None, None],
    "largest": lambda x: x / x.amax(),
    "largest, with its place": lambda x: x / x.max(0).values,
    "softmax": lambda x: x.softmax(0),
    "moved, then summed": lambda x: x / x.permute(1, 2, 3, 0).sum(-1)[None],
    "reversed": lambda x: x + x.flip(0),
    "neighbour": lambda x: x + x.roll(1, 0),
    "running sum": lambda x: x.cumsum(0),
    "pairs": lambda x: x * (x[:, 0, 0] @ x[:, 0, 0].t()).sum(1)[:, None, None, None],
    "attention across": lambda x: x * (x.flatten(1).t() @ x.flatten(1)).sum(),
    "batch norm": lambda x: nn.functional.batch_norm(x, None, None, training=True),
}

MOVES: dict[str, Callable[[Tensor], Tensor]] = {
    "into the channels": lambda x: x.reshape(1, -1, 6, 6).mean([2, 3]).reshape(-1, 8, 1, 1) * x,
    "groups": lambda x: x.view(-1, 2, 4, 6, 6).mean(2).repeat(1, 4, 1, 1) + x,
    "rows": lambda x: x.reshape(-1, 6).softmax(1).view(-1, 8, 6, 6),
    "channels of merged axes": lambda x: (
        x.reshape(-1, 6, 6).view(-1, 8, 36).mean(1).view(-1, 1, 6, 6)
    ),
    "transposed": lambda x: x.transpose(0, 1).mean(0)[:, None],
    "permuted": lambda x: x.permute(2, 3, 0, 1).softmax(-1).permute(2, 3, 0, 1),
    "pixel norm": lambda x: x * x.square().mean(1, keepdim=True).rsqrt(),
    "layer norm": lambda x: nn.functional.layer_norm(x, x.shape[1:]),
    "instance norm": lambda x: nn.functional.instance_norm(x),
    "attention": lambda x: (x.flatten(2) @ x.flatten(2).transpose(1, 2)).softmax(-1),
    "constants": lambda x: x * torch.ones(6, 6).mean(),
    "larger of two": lambda x: torch.max(x, -x),
    "shuffled pixels": lambda x: nn.functional.pixel_shuffle(x, 2),
}


@pytest.mark.parametrize("kind", MIXES)
def test_what_combines_images_is_named(kind: str) -> None:
    assert found(MIXES[kind]) == ["1"]


@pytest.mark.parametrize("kind", MOVES)
def test_what_only_moves_the_batch_is_not(kind: str) -> None:
    assert found(MOVES[kind]) == []
