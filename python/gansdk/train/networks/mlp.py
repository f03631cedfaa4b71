"""Fully connected networks (Goodfellow et al. 2014): for points, rows of a table, tiny images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - PyTorch's own habit

from ...arguments import integers

SLOPE = 0.2


class MLPGenerator(nn.Module):
    """Latents and labels to arrays of any shape.

    Parameters
    ----------
    latent_size : int
        Values in a latent.
    shape : sequence of int
        Shape of one output, for instance (2,) for points or (1, 8, 8) for images.
    classes : int
        Classes of the label; 0 for an unconditional generator.
    hidden : sequence of int
        Widths of the hidden layers.
    bounded : bool
        Whether a tanh keeps the values in [-1, 1].
    """

    def __init__(
        self,
        latent_size: int,
        shape: Sequence[int],
        classes: int = 0,
        *,
        hidden: Sequence[int] = (128, 128),
        bounded: bool = True,
    ) -> None:
        super().__init__()
        self.shape = tuple(integers(shape, "shape", least=1))
        self.bounded = bounded
        self.embedding = nn.Embedding(classes, latent_size) if classes else None
        widths = [latent_size * (2 if classes else 1), *hidden]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.last = nn.Linear(widths[-1], math.prod(self.shape))

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Return outputs (batch, *shape) of latents (batch, size) and labels (batch,)."""
        x = z if self.embedding is None else torch.cat([z, self.embedding(label)], dim=1)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), SLOPE)
        x = self.last(x)
        if self.bounded:
            x = torch.tanh(x)
        return x.unflatten(1, self.shape)  # type: ignore[no-untyped-call, no-any-return]


class MLPDiscriminator(nn.Module):
    """Arrays and labels to logits.

    Parameters
    ----------
    shape : sequence of int
        Shape of one input.
    classes : int
        Classes of the label; 0 for an unconditional discriminator.
    hidden : sequence of int
        Widths of the hidden layers.
    """

    def __init__(
        self, shape: Sequence[int], classes: int = 0, *, hidden: Sequence[int] = (128, 128)
    ) -> None:
        super().__init__()
        size = math.prod(integers(shape, "shape", least=1))
        self.embedding = nn.Embedding(classes, size) if classes else None
        widths = [size * (2 if classes else 1), *hidden]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.logit = nn.Linear(widths[-1], 1)

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """Return logits (batch,), high for real, of inputs (batch, *shape), labels (batch,)."""
        x = x.flatten(1)
        if self.embedding is not None:
            x = torch.cat([x, self.embedding(label)], dim=1)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), SLOPE)
        logit: Tensor = self.logit(x).squeeze(1)
        return logit
