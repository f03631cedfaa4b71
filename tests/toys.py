"""Networks and data small enough that a test of training or export takes a second."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.data import TensorDataset

SIZE = 8
CLASSES = 3
LATENT = 4


class Generator(nn.Module):
    """Latents to RGB images of 4 x 4 in [-1, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(LATENT, 3 * 16)
        self.convolution = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        return torch.tanh(self.convolution(self.linear(z).unflatten(1, (3, 4, 4))))


class OneHotGenerator(nn.Module):
    """A DCGAN in small: latents (LATENT, 1, 1), one-hot labels, batch norm and dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.ConvTranspose2d(LATENT + CLASSES, 8, 4)
        self.norm = nn.BatchNorm2d(8)
        self.dropout = nn.Dropout(0.5)
        self.last = nn.ConvTranspose2d(8, 1, 4, stride=2, padding=1)

    def forward(self, z: Tensor, label: Tensor) -> Tensor:
        x = torch.cat([z, label[:, :, None, None]], dim=1)
        x = self.dropout(torch.relu(self.norm(self.first(x))))
        return torch.tanh(self.last(x))


class DropoutDiscriminator(nn.Module):
    """Images, and labels where there are any, to logits; draws from torch's generator."""

    def __init__(self, channels: int = 1, size: int = SIZE) -> None:
        super().__init__()
        self.hidden = nn.Linear(channels * size * size, 8)
        self.dropout = nn.Dropout(0.3)
        self.logit = nn.Linear(8, 1)

    def forward(self, image: Tensor, label: Tensor | None = None) -> Tensor:
        h = self.dropout(torch.tanh(self.hidden(image.flatten(1))))
        logit = self.logit(h).squeeze(1)
        return logit if label is None else logit + h[:, 0] * label


def pictures(count: int, *, labelled: bool) -> TensorDataset:
    """Random grey images of SIZE x SIZE, with or without classes."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(count, 1, SIZE, SIZE, generator=generator) * 2 - 1
    return (
        TensorDataset(images, torch.arange(count) % CLASSES) if labelled else TensorDataset(images)
    )
