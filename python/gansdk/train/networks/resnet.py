"""Residual networks with spectral norm (Miyato et al. 2018, "Spectral normalization for GANs")."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - PyTorch's own habit
from torch.nn.utils.parametrizations import spectral_norm

from .sides import doublings


class ResNetGenerator(nn.Module):
    """Latents and labels to images, from 4 x 4 upwards by residual blocks.

    A class sets each batch norm's scale and shift (Dumoulin et al. 2017). While training, batch
    norm ties an image to its batch; in eval mode it uses running statistics.

    Parameters
    ----------
    latent_size : int
        Values in a latent.
    size : int
        The image's side: 8, 16, 32, ...
    classes : int
        Classes of the label; 0 for an unconditional generator.
    channels : int
        Channels of every block.
    image_channels : int
        1 for grey, 3 for RGB.

    Raises
    ------
    InvalidArgumentError
        The size is no such power of two.
    """

    def __init__(
        self,
        latent_size: int = 128,
        size: int = 32,
        classes: int = 0,
        *,
        channels: int = 128,
        image_channels: int = 3,
    ) -> None:
        super().__init__()
        self.first = nn.Linear(latent_size, channels * 16)
        self.blocks = nn.ModuleList(_UpBlock(channels, classes) for _ in range(doublings(size)))
        self.norm = nn.BatchNorm2d(channels)
        self.last = nn.Conv2d(channels, image_channels, 3, padding=1)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Return images (batch, C, H, W) in [-1, 1] of latents (batch, size), labels (batch,)."""
        x: Tensor = self.first(z).unflatten(1, (-1, 4, 4))
        for block in self.blocks:
            x = block(x, label)
        return torch.tanh(self.last(F.relu(self.norm(x))))


class ResNetDiscriminator(nn.Module):
    """Images and labels to logits, with a projection on the class (Miyato and Koyama 2018).

    Parameters
    ----------
    size : int
        The image's side: 8, 16, 32, ...
    classes : int
        Classes of the label; 0 for an unconditional discriminator.
    channels : int
        Channels of every block.
    image_channels : int
        1 for grey, 3 for RGB.

    Raises
    ------
    InvalidArgumentError
        The size is no such power of two.
    """

    def __init__(
        self, size: int = 32, classes: int = 0, *, channels: int = 128, image_channels: int = 3
    ) -> None:
        super().__init__()
        widths = [image_channels] + [channels] * doublings(size)
        self.blocks = nn.ModuleList(
            _DownBlock(a, channels, first=i == 0) for i, a in enumerate(widths[:-1])
        )
        self.logit = spectral_norm(nn.Linear(channels, 1))
        self.embedding = spectral_norm(nn.Embedding(classes, channels)) if classes else None

    def forward(self, image: Tensor, label: Tensor | None = None) -> Tensor:
        """Return logits (batch,), high for real, of images (batch, C, H, W), labels (batch,)."""
        x = image
        for block in self.blocks:
            x = block(x)
        h = F.relu(x).sum(dim=(2, 3))
        logit: Tensor = self.logit(h).squeeze(1)
        if self.embedding is not None:
            logit = logit + (self.embedding(label) * h).sum(1)
        return logit


class _UpBlock(nn.Module):
    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(_ClassNorm(channels, classes) for _ in range(2))
        self.convolutions = nn.ModuleList(
            spectral_norm(nn.Conv2d(channels, channels, 3, padding=1)) for _ in range(2)
        )
        self.shortcut = spectral_norm(nn.Conv2d(channels, channels, 1))

    def forward(self, x: Tensor, label: Tensor | None) -> Tensor:
        h = F.relu(self.norms[0](x, label))
        h = self.convolutions[0](F.interpolate(h, scale_factor=2.0, mode="nearest"))
        h = self.convolutions[1](F.relu(self.norms[1](h, label)))
        # A 1 x 1 convolution before the resize: the same values at a quarter of the cost.
        shortcut = F.interpolate(self.shortcut(x), scale_factor=2.0, mode="nearest")
        out: Tensor = shortcut + h
        return out


class _ClassNorm(nn.Module):
    """Batch norm whose scale and shift are the class's, or learned where there are no classes."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=not classes)
        self.scale_shift = nn.Embedding(classes, 2 * channels) if classes else None
        if self.scale_shift is not None:
            nn.init.ones_(self.scale_shift.weight[:, :channels])
            nn.init.zeros_(self.scale_shift.weight[:, channels:])

    def forward(self, x: Tensor, label: Tensor | None) -> Tensor:
        normal: Tensor = self.norm(x)
        if self.scale_shift is None:
            return normal
        scale, shift = self.scale_shift(label)[:, :, None, None].chunk(2, dim=1)
        out: Tensor = normal * scale + shift
        return out


class _DownBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, *, first: bool) -> None:
        super().__init__()
        self.first = first
        self.convolutions = nn.ModuleList(
            spectral_norm(nn.Conv2d(a, outputs, 3, padding=1)) for a in (inputs, outputs)
        )
        self.shortcut = spectral_norm(nn.Conv2d(inputs, outputs, 1))

    def forward(self, x: Tensor) -> Tensor:
        # The first block sees the image itself, which a ReLU would cut.
        h = self.convolutions[0](x if self.first else F.relu(x))
        h = self.convolutions[1](F.relu(h))
        # Pooled before its 1 x 1 convolution: the same values at a quarter of the cost.
        out: Tensor = F.avg_pool2d(h, 2) + self.shortcut(F.avg_pool2d(x, 2))
        return out
