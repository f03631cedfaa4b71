"""WaveGAN (Donahue et al. 2019): sound from a latent by upsampling and 1-D convolutions.

Traps: nearest-neighbour `Upsample` on three axes with constant padding, post-processing by a long
filter with `padding` worked out in Python.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class Transpose1dLayer(nn.Module):
    def __init__(self, inputs: int, outputs: int, upsample: int = 4, norm: bool = True) -> None:
        super().__init__()
        self.upsample = nn.Upsample(scale_factor=upsample)
        self.reflection_pad = nn.ConstantPad1d(25 // 2, value=0)
        self.conv1d = nn.Conv1d(inputs, outputs, 25)
        self.batch_norm = nn.BatchNorm1d(outputs) if norm else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1d(self.reflection_pad(self.upsample(x)))
        return self.batch_norm(x) if self.batch_norm is not None else x


class Generator(nn.Module):
    def __init__(
        self, model_size: int = 4, latent: int = 32, channels: int = 1, post_proc: int = 33
    ) -> None:
        super().__init__()
        self.dim_mul = 8
        self.model_size = model_size
        self.fc1 = nn.Linear(latent, 16 * model_size * self.dim_mul)
        self.bn1 = nn.BatchNorm1d(model_size * self.dim_mul)
        sizes = [model_size * 8, model_size * 4, model_size * 2, model_size]
        self.layers = nn.ModuleList(Transpose1dLayer(a, b) for a, b in itertools.pairwise(sizes))
        self.last = Transpose1dLayer(model_size, channels, norm=False)
        self.post = nn.Conv1d(channels, channels, post_proc, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc1(x).view(-1, self.dim_mul * self.model_size, 16)
        x = F.relu(self.bn1(x))
        for layer in self.layers:
            x = F.relu(layer(x))
        output = torch.tanh(4 * self.last(x))
        size = self.post.kernel_size[0]
        left = size // 2 if size % 2 == 1 else size // 2 - 1
        return self.post(F.pad(output, (left, size // 2)))
