"""Batch norm as it stands in a program, read into one form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx

from ..graphs import calls, shape_of

_ATEN = torch.ops.aten
_RUNNING = _ATEN._native_batch_norm_legit_no_training.default
_BATCH = _ATEN._native_batch_norm_legit_functional.default
_NO_RUNNING = _ATEN._native_batch_norm_legit.no_stats


@dataclass(frozen=True)
class BatchNorm:
    """A batch norm: its node, its operands (nodes; None where there is none) and its eps.

    `over_batch` is whether it takes mean and variance from the batch that it is given.
    """

    node: fx.Node
    input: fx.Node
    weight: Any
    bias: Any
    mean: Any
    variance: Any
    eps: float
    over_batch: bool

    @property
    def output(self) -> fx.Node | None:
        """The node of its output, the first result; None where nothing uses it."""
        return next((user for user in self.node.users if user.args[1] == 0), None)

    @property
    def of_one_sample(self) -> bool:
        """Whether the first axis is 1: an instance norm, written with the batch among channels."""
        first = shape_of(self.input)[0]
        return isinstance(first, int) and first == 1


def batch_norms(program: fx.GraphModule) -> Iterator[BatchNorm]:
    """Iterate over the batch norms of a program, which may change meanwhile."""
    for node in calls(program, _RUNNING, _BATCH, _NO_RUNNING):
        args: tuple[Any, ...] = node.args
        if node.target is _NO_RUNNING:
            x, weight, bias, training, _, eps = args
            yield BatchNorm(node, x, weight, bias, None, None, eps, bool(training))
        elif node.target is _BATCH:
            x, weight, bias, mean, variance, training, _, eps = args
            yield BatchNorm(node, x, weight, bias, mean, variance, eps, bool(training))
        else:
            x, weight, bias, mean, variance, _, eps = args
            yield BatchNorm(node, x, weight, bias, mean, variance, eps, False)
