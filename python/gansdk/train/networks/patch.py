"""PatchGAN (Isola et al. 2017): judges each patch of a picture, for image-to-image translation."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - PyTorch's own habit

SLOPE = 0.2


class PatchDiscriminator(nn.Module):
    """Pictures to logits: the mean over those of overlapping patches.

    Parameters
    ----------
    image_channels : int
        Channels of the picture that is judged.
    given_channels : int
        Channels of the picture that it was made from; 0 to judge it alone.
    channels : sequence of int
        Channels after each halving; the last convolution keeps the size. The default's patches are
        70 x 70 pixels.
    """

    def __init__(
        self,
        image_channels: int = 3,
        given_channels: int = 0,
        *,
        channels: Sequence[int] = (64, 128, 256, 512),
    ) -> None:
        super().__init__()
        widths = [image_channels + given_channels, *channels]
        last = len(channels) - 1
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=1 if i == last else 2, padding=1)
            for i, (a, b) in enumerate(pairwise(widths))
        )
        self.logit = nn.Conv2d(widths[-1], 1, 4, padding=1)

    def forward(self, image: Tensor, given: Tensor | None = None) -> Tensor:
        """Return logits (batch,), high for real, of pictures (batch, C, H, W)."""
        return self.patches(image, given).mean(dim=(1, 2, 3))

    def patches(self, image: Tensor, given: Tensor | None = None) -> Tensor:
        """Return the logits of the patches, (batch, 1, h, w)."""
        x = image if given is None else torch.cat([given, image], dim=1)
        for i, layer in enumerate(self.convolutions):
            x = layer(x)
            if i > 0:
                x = F.instance_norm(x)
            x = F.leaky_relu(x, SLOPE)
        logits: Tensor = self.logit(x)
        return logits
