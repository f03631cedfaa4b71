"""A convolutional generator and a projection discriminator, small enough to read in one sitting.

No batch norm: it ties an image to the batch it came in while training, and the relativistic loss
with R1 and R2 does without (Huang et al. 2024, "The GAN is dead; long live the GAN!").
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - PyTorch's own habit

SLOPE = 0.2


class ConvGenerator(nn.Module):
    """Latents and labels to images, from 4 x 4 upwards.

    Each size doubles the last by nearest-neighbour resize and a 3 x 3 convolution.

    The last factor of two is a pixel shuffle (Shi et al. 2016): the convolution before it works at
    half the image's size, which halves the cost of the network.

    Parameters
    ----------
    latent_size : int
        Values in a latent.
    classes : int
        Classes of the label; 0 for an unconditional generator.
    channels : sequence of int
        Channels at 4 x 4, 8 x 8, ...; the image's side is 8 * 2^(len(channels) - 1).
    image_channels : int
        1 for grey, 3 for RGB.
    embedding_size : int
        Values in a class's embedding, which joins the latent.
    """

    def __init__(
        self,
        latent_size: int,
        classes: int = 0,
        *,
        channels: Sequence[int] = (64, 64, 32),
        image_channels: int = 1,
        embedding_size: int = 32,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(classes, embedding_size) if classes else None
        width = latent_size + (embedding_size if classes else 0)
        self.first = nn.Linear(width, channels[0] * 16)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1) for a, b in pairwise(channels)
        )
        self.last = nn.Conv2d(channels[-1], image_channels * 4, 3, padding=1)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Return images (batch, C, H, W) in [-1, 1] of latents (batch, size), labels (batch,)."""
        if self.embedding is not None:
            z = torch.cat([z, self.embedding(label)], dim=1)
        x = F.leaky_relu(self.first(z), SLOPE)
        x = x.unflatten(1, (-1, 4, 4))  # type: ignore[no-untyped-call]
        for convolution in self.convolutions:
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = F.leaky_relu(convolution(x), SLOPE)
        return torch.tanh(F.pixel_shuffle(self.last(x), 2))


class ProjectionDiscriminator(nn.Module):
    """Images and labels to logits: strided convolutions, then a projection on the class.

    logit = w . h(x) + e(label) . h(x) (Miyato and Koyama 2018, "cGANs with projection
    discriminator"), so that one head judges the image and the other its class.

    Parameters
    ----------
    size : int
        The image's side, a multiple of 2^len(channels).
    classes : int
        Classes of the label; 0 for an unconditional discriminator.
    channels : sequence of int
        Channels after each convolution of stride 2.
    image_channels : int
        1 for grey, 3 for RGB.
    features : int
        Values in h(x).
    """

    def __init__(
        self,
        size: int,
        classes: int = 0,
        *,
        channels: Sequence[int] = (32, 64, 96),
        image_channels: int = 1,
        features: int = 64,
    ) -> None:
        super().__init__()
        widths = [image_channels, *channels]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in pairwise(widths)
        )
        side = size // 2 ** len(channels)
        self.features = nn.Linear(channels[-1] * side * side, features)
        self.logit = nn.Linear(features, 1)
        self.embedding = nn.Embedding(classes, features) if classes else None
        if self.embedding is not None:
            nn.init.normal_(self.embedding.weight, std=features**-0.5)

    def forward(self, image: Tensor, label: Tensor | None = None) -> Tensor:
        """Return logits (batch,), high for real, of images (batch, C, H, W), labels (batch,)."""
        x = image
        for convolution in self.convolutions:
            x = F.leaky_relu(convolution(x), SLOPE)
        h = F.leaky_relu(self.features(x.flatten(1)), SLOPE)
        logit: Tensor = self.logit(h).squeeze(1)
        if self.embedding is not None:
            logit = logit + (self.embedding(label) * h).sum(1)
        return logit
