"""A style-based generator (Karras et al. 2020, "Analyzing and improving the image quality").

The modulated convolution is written free of the batch: x * style -> convolution -> * demodulation,
which equals a convolution with each image's own weights. It exports as ordinary operators, and no
image depends on the batch that it came in, in training either.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - PyTorch's own habit

from ...arguments import choice
from .sides import doublings

SLOPE = 0.2
GAIN = math.sqrt(2)
"""Undoes what leaky ReLU takes from the variance."""
NoiseKind = Literal["const", "none"]


class StyleGenerator(nn.Module):
    """Latents and labels to images, by a mapping network and styled convolutions.

    Parameters
    ----------
    latent_size : int
        Values in a latent.
    size : int
        The image's side: 8, 16, 32, ...
    classes : int
        Classes of the label; 0 for an unconditional generator.
    style_size : int
        Values in w.
    layers : int
        Layers of the mapping network.
    channels : int
        Channels in front of the image; each size below has twice as many, up to `most_channels`.
    most_channels : int
        See `channels`.
    image_channels : int
        1 for grey, 3 for RGB.
    noise : "const" or "none"
        Whether each convolution adds a fixed pattern of noise at a learned strength. Noise drawn
        anew for each image would be one more input; see `gansdk.spec.Noise`.

    Raises
    ------
    InvalidArgumentError
        The size is no such power of two, or the noise none of its choices.
    """

    mean_style: Tensor

    def __init__(
        self,
        latent_size: int = 128,
        size: int = 32,
        classes: int = 0,
        *,
        style_size: int = 128,
        layers: int = 4,
        channels: int = 32,
        most_channels: int = 256,
        image_channels: int = 3,
        noise: NoiseKind = "const",
    ) -> None:
        super().__init__()
        choice(noise, "noise", get_args(NoiseKind))
        times = doublings(size)
        widths = [min(channels * 2**i, most_channels) for i in reversed(range(times + 1))]
        self.embedding = nn.Embedding(classes, latent_size) if classes else None
        first = latent_size * (2 if classes else 1)
        self.mapping = nn.ModuleList(
            _Linear(first if i == 0 else style_size, style_size) for i in range(layers)
        )
        self.start = nn.Parameter(torch.randn(1, widths[0], 4, 4))
        self.first = _StyledConvolution(widths[0], widths[0], style_size, 4, noise)
        self.blocks = nn.ModuleList(
            _Block(a, b, style_size, 8 * 2**i, image_channels, noise)
            for i, (a, b) in enumerate(pairwise(widths))
        )
        self.to_image = _ToImage(widths[0], style_size, image_channels)
        self.register_buffer("mean_style", torch.zeros(style_size))

    def forward(self, z: Tensor, label: Tensor | None = None, psi: float | Tensor = 1.0) -> Tensor:
        """Return images (batch, C, H, W), about [-1, 1], of latents (batch, size), labels (batch,).

        `psi` draws styles towards the mean: a number, or a tensor (batch,).
        """
        return self.synthesise(self.truncate(self.styles(z, label), psi))

    def styles(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Return w (batch, style_size) of latents and labels."""
        x = _unit(z)
        if self.embedding is not None:
            x = torch.cat([x, _unit(self.embedding(label))], dim=1)
        for layer in self.mapping:
            x = F.leaky_relu(layer(x), SLOPE) * GAIN
        return x

    def truncate(self, w: Tensor, psi: float | Tensor) -> Tensor:
        """Return w drawn towards the mean style: 1 leaves it, 0 gives the mean."""
        if isinstance(psi, Tensor):
            psi = psi.reshape(-1, 1)
        return self.mean_style + psi * (w - self.mean_style)

    def synthesise(self, w: Tensor) -> Tensor:
        """Return images of styles (batch, style_size)."""
        x = self.first(self.start.expand(w.shape[0], -1, -1, -1), w)
        image: Tensor = self.to_image(x, w)
        for block in self.blocks:
            x, image = block(x, image, w)
        return image

    @torch.no_grad()
    def set_mean_style(self, z: Tensor, label: Tensor | None = None) -> None:
        """Set the mean that truncation draws towards, from many latents; call it after training."""
        self.mean_style.copy_(self.styles(z, label).mean(0))


class _Linear(nn.Module):
    """Linear with weights of unit variance, scaled at run time, so that all learn at one rate."""

    def __init__(self, inputs: int, outputs: int, bias: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.full((outputs,), bias))
        self.scale = inputs**-0.5

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.scale, self.bias)


class _ModulatedConvolution(nn.Module):
    def __init__(
        self, inputs: int, outputs: int, kernel: int, style_size: int, *, demodulate: bool
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.style = _Linear(style_size, inputs, bias=1.0)
        self.scale = (inputs * kernel**2) ** -0.5
        self.demodulate = demodulate

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        weight = self.weight * self.scale
        style = self.style(w)
        x = F.conv2d(x * style[:, :, None, None], weight, padding="same")
        if self.demodulate:
            # The variance that each image's own weights would have: sum of (weight * style)^2.
            variance = F.linear(style.square(), weight.square().sum(dim=(2, 3)))
            x = x * (variance + 1e-8).rsqrt()[:, :, None, None]
        return x


class _StyledConvolution(nn.Module):
    def __init__(
        self, inputs: int, outputs: int, style_size: int, side: int, noise: NoiseKind
    ) -> None:
        super().__init__()
        self.convolution = _ModulatedConvolution(inputs, outputs, 3, style_size, demodulate=True)
        self.bias = nn.Parameter(torch.zeros(outputs, 1, 1))
        self.strength = nn.Parameter(torch.zeros(())) if noise == "const" else None
        self.pattern: Tensor | None
        self.register_buffer("pattern", torch.randn(side, side) if noise == "const" else None)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        x = self.convolution(x, w)
        if self.strength is not None and self.pattern is not None:
            x = x + self.strength * self.pattern
        return F.leaky_relu(x + self.bias, SLOPE) * GAIN


class _ToImage(nn.Module):
    def __init__(self, inputs: int, style_size: int, image_channels: int) -> None:
        super().__init__()
        self.convolution = _ModulatedConvolution(
            inputs, image_channels, 1, style_size, demodulate=False
        )
        self.bias = nn.Parameter(torch.zeros(image_channels, 1, 1))

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        image: Tensor = self.convolution(x, w) + self.bias
        return image


class _Block(nn.Module):
    """Doubles the size; each block adds its part to the image."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        style_size: int,
        side: int,
        image_channels: int,
        noise: NoiseKind,
    ) -> None:
        super().__init__()
        self.first = _StyledConvolution(inputs, outputs, style_size, side, noise)
        self.second = _StyledConvolution(outputs, outputs, style_size, side, noise)
        self.to_image = _ToImage(outputs, style_size, image_channels)

    def forward(self, x: Tensor, image: Tensor, w: Tensor) -> tuple[Tensor, Tensor]:
        x = self.second(self.first(_doubled(x), w), w)
        return x, _doubled(image) + self.to_image(x, w)


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


def _unit(x: Tensor) -> Tensor:
    return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()
