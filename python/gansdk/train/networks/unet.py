"""A U-Net from pictures to pictures (Isola et al. 2017, "Image-to-image translation").

Instance norm in place of the paper's batch norm at batch size 1, which is the same thing while
training; so no picture depends on another, and eval mode gives what training saw.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - PyTorch's own habit

SLOPE = 0.2


class UNetGenerator(nn.Module):
    """Pictures to pictures of the same size, details handed across by skip connections.

    Parameters
    ----------
    image_channels : int
        Channels of the picture that comes in.
    output_channels : int, optional
        Channels of the picture that comes out. Default: the same.
    channels : sequence of int
        Channels after each halving; height and width must be multiples of 2^len(channels), and
        larger than that, for instance norm of a single pixel is nothing.
    """

    def __init__(
        self,
        image_channels: int = 3,
        output_channels: int | None = None,
        *,
        channels: Sequence[int] = (64, 128, 256, 512, 512, 512),
    ) -> None:
        super().__init__()
        widths = [image_channels, *channels]
        self.down = nn.ModuleList(
            nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in pairwise(widths)
        )
        ups = [(b, a) for a, b in pairwise(channels)][::-1]
        # All but the innermost take the skip's channels beside their own.
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(b if i == 0 else 2 * b, a, 4, stride=2, padding=1)
            for i, (b, a) in enumerate(ups)
        )
        inner = channels[0] * (2 if ups else 1)
        self.last = nn.ConvTranspose2d(
            inner, output_channels or image_channels, 4, stride=2, padding=1
        )

    def forward(self, image: Tensor) -> Tensor:
        """Return pictures (batch, C, H, W) in [-1, 1] of pictures (batch, C, H, W) in [-1, 1]."""
        skips: list[Tensor] = []
        x = image
        for i, layer in enumerate(self.down):
            x = layer(x)
            if i > 0:
                x = F.instance_norm(x)
            x = F.leaky_relu(x, SLOPE)
            skips.append(x)
        skips.pop()
        for layer in self.up:
            x = torch.cat([F.relu(F.instance_norm(layer(x))), skips.pop()], dim=1)
        return torch.tanh(self.last(x))
