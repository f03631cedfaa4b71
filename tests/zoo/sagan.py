"""SAGAN as the popular re-implementation has it (Zhang et al. 2019): DCGAN with self-attention.

Traps: PyTorch's legacy spectral norm on transposed convolutions (whose output axis is the second),
a forward that gives the image and both attention maps, `z.view`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .sngan import spectral_norm


class SelfAttn(nn.Module):
    def __init__(self, in_dim: int) -> None:
        super().__init__()
        self.query_conv = nn.Conv2d(in_dim, in_dim // 8, kernel_size=1)
        self.key_conv = nn.Conv2d(in_dim, in_dim // 8, kernel_size=1)
        self.value_conv = nn.Conv2d(in_dim, in_dim, kernel_size=1)
        self.gamma = nn.Parameter(torch.zeros(1))
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        m_batchsize, channels, width, height = x.size()
        proj_query = self.query_conv(x).view(m_batchsize, -1, width * height).permute(0, 2, 1)
        proj_key = self.key_conv(x).view(m_batchsize, -1, width * height)
        energy = torch.bmm(proj_query, proj_key)
        attention = self.softmax(energy)
        proj_value = self.value_conv(x).view(m_batchsize, -1, width * height)
        out = torch.bmm(proj_value, attention.permute(0, 2, 1))
        out = out.view(m_batchsize, channels, width, height)
        return self.gamma * out + x, attention


class Generator(nn.Module):
    def __init__(self, z_dim: int = 32, conv_dim: int = 8, image_size: int = 64) -> None:
        super().__init__()
        sn = spectral_norm("hook")

        def up(inputs: int, outputs: int, stride: int = 2, pad: int = 1) -> nn.Sequential:
            layer = nn.ConvTranspose2d(inputs, outputs, 4, stride, pad)
            return nn.Sequential(sn(layer), nn.BatchNorm2d(outputs), nn.ReLU())

        mult = image_size // 8
        self.l1 = up(z_dim, conv_dim * mult, 1, 0)
        self.l2 = up(conv_dim * mult, conv_dim * mult // 2)
        self.l3 = up(conv_dim * mult // 2, conv_dim * mult // 4)
        self.attn1 = SelfAttn(conv_dim * mult // 4)
        dim = conv_dim * mult // 4
        self.l4 = up(dim, dim // 2)
        self.attn2 = SelfAttn(dim // 2) if dim // 2 >= 8 else nn.Identity()
        rest: list[nn.Module] = []
        dim //= 2
        for _ in range((image_size // 64).bit_length() - 1):
            rest.append(up(dim, dim // 2))
            dim //= 2
        self.last = nn.Sequential(*rest, nn.ConvTranspose2d(dim, 3, 4, 2, 1), nn.Tanh())

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        z = z.view(z.size(0), z.size(1), 1, 1)
        out = self.l1(z)
        out = self.l2(out)
        out = self.l3(out)
        out, p1 = self.attn1(out)
        out = self.l4(out)
        out, p2 = self.attn2(out)
        out = self.last(out)
        return out, p1, p2
