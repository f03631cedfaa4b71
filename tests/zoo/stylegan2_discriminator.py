"""The discriminator of StyleGAN2-ADA (Karras et al. 2020)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from .nvlabs_layers import FullyConnectedLayer
from .nvlabs_ops import bias_act, conv2d_resample, setup_filter


class MinibatchStdLayer(nn.Module):
    def __init__(self, group_size: int, num_channels: int = 1) -> None:
        super().__init__()
        self.group_size, self.num_channels = group_size, num_channels

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        g = min(self.group_size, n)
        f = self.num_channels
        y = x.reshape(g, -1, f, c // f, h, w)
        y = y - y.mean(dim=0)
        y = (y.square().mean(dim=0) + 1e-8).sqrt()
        y = y.mean(dim=[2, 3, 4]).reshape(-1, f, 1, 1)
        return torch.cat([x, y.repeat(g, 1, h, w)], dim=1)


class Discriminator(nn.Module):
    """Its minibatch standard deviation makes a logit depend on the other images of the batch."""

    def __init__(self, img_resolution: int, img_channels: int = 3, channels: int = 8) -> None:
        super().__init__()
        self.register_buffer("resample_filter", setup_filter([1, 3, 3, 1]))
        self.fromrgb = nn.Parameter(torch.randn([channels, img_channels, 1, 1]))
        self.weights = nn.ParameterList(
            torch.randn([channels, channels, 3, 3]) / (3 * math.sqrt(channels))
            for _ in range(int(math.log2(img_resolution)) - 2)
        )
        self.mbstd = MinibatchStdLayer(group_size=4)
        self.conv = nn.Conv2d(channels + 1, channels, 3, padding=1)
        self.fc = FullyConnectedLayer(channels * 16, channels, activation="lrelu")
        self.out = FullyConnectedLayer(channels, 1)

    def forward(self, img: Tensor, c: Tensor | None = None) -> Tensor:
        x = bias_act(F.conv2d(img, self.fromrgb), act="lrelu")
        for weight in self.weights:
            x = conv2d_resample(x, weight, self.resample_filter, down=2, padding=1)
            x = bias_act(x, act="lrelu")
        x = self.conv(self.mbstd(x))
        x = self.out(self.fc(x.flatten(1)))
        assert x.dtype == img.dtype
        return x
