"""DCGAN (Radford et al. 2016): transposed convolutions and batch norm, for square images.

While training, batch norm ties an image to its batch; in eval mode it is a constant scale, and
export folds it into the convolutions.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from .sides import doublings

SLOPE = 0.2


class DCGANGenerator(nn.Module):
    """Latents to images: 4 x 4 by a first transposed convolution, doubled up to the size.

    Parameters
    ----------
    latent_size : int
        Values in a latent.
    size : int
        The image's side: 8, 16, 32, ...
    channels : int
        Channels in front of the image; each size below has twice as many.
    image_channels : int
        1 for grey, 3 for RGB.

    Raises
    ------
    InvalidArgumentError
        The size is no such power of two.
    """

    def __init__(
        self, latent_size: int = 100, size: int = 64, *, channels: int = 64, image_channels: int = 3
    ) -> None:
        super().__init__()
        times = doublings(size)
        widths = [channels * 2**i for i in reversed(range(times))]
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(latent_size, widths[0], 4, bias=False),
            nn.BatchNorm2d(widths[0]),
            nn.ReLU(),
        ]
        for a, b in pairwise(widths):
            layers += [
                nn.ConvTranspose2d(a, b, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(b),
                nn.ReLU(),
            ]
        last = nn.ConvTranspose2d(channels, image_channels, 4, stride=2, padding=1)
        self.layers = nn.Sequential(*layers, last)
        self.apply(_initialise)

    def forward(self, z: Tensor) -> Tensor:
        """Return images (batch, C, size, size) in [-1, 1] of latents (batch, latent_size)."""
        return torch.tanh(self.layers(z[:, :, None, None]))


class DCGANDiscriminator(nn.Module):
    """Images to logits: strided convolutions down to 4 x 4.

    Parameters
    ----------
    size : int
        The image's side: 8, 16, 32, ...
    channels : int
        Channels after the first convolution; each one doubles them.
    image_channels : int
        1 for grey, 3 for RGB.

    Raises
    ------
    InvalidArgumentError
        The size is no such power of two.
    """

    def __init__(self, size: int = 64, *, channels: int = 64, image_channels: int = 3) -> None:
        super().__init__()
        widths = [channels * 2**i for i in range(doublings(size))]
        layers: list[nn.Module] = [
            nn.Conv2d(image_channels, channels, 4, stride=2, padding=1),
            nn.LeakyReLU(SLOPE),
        ]
        for a, b in pairwise(widths):
            layers += [
                nn.Conv2d(a, b, 4, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(b),
                nn.LeakyReLU(SLOPE),
            ]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4))
        self.apply(_initialise)

    def forward(self, image: Tensor) -> Tensor:
        """Return logits (batch,), high for real, of images (batch, C, size, size)."""
        logit: Tensor = self.layers(image).flatten(1).squeeze(1)
        return logit


def _initialise(module: nn.Module) -> None:
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, std=0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, mean=1.0, std=0.02)
