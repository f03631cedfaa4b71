"""FastGAN (Liu et al. 2021): gated convolutions, skip-layer excitation, spectral norm everywhere.

Traps: noise of one channel drawn in each block, legacy spectral norm on plain and transposed
convolutions, a list of two images as the output, adaptive pooling to 4 x 4.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import spectral_norm


def conv2d(*args: Any, **kwargs: Any) -> nn.Module:
    return spectral_norm(nn.Conv2d(*args, **kwargs))


def conv_transpose2d(*args: Any, **kwargs: Any) -> nn.Module:
    return spectral_norm(nn.ConvTranspose2d(*args, **kwargs))


class GLU(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        nc = x.size(1)
        assert nc % 2 == 0, "channels must come in pairs"
        nc = int(nc / 2)
        return x[:, :nc] * torch.sigmoid(x[:, nc:])


class Swish(nn.Module):
    def forward(self, feat: Tensor) -> Tensor:
        return feat * torch.sigmoid(feat)


class NoiseInjection(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1), requires_grad=True)

    def forward(self, feat: Tensor, noise: Tensor | None = None) -> Tensor:
        if noise is None:
            batch, _, height, width = feat.shape
            noise = torch.randn(batch, 1, height, width).to(feat.device)
        return feat + self.weight * noise


class SEBlock(nn.Module):
    def __init__(self, ch_in: int, ch_out: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.AdaptiveAvgPool2d(4),
            conv2d(ch_in, ch_out, 4, 1, 0, bias=False),
            Swish(),
            conv2d(ch_out, ch_out, 1, 1, 0, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, feat_small: Tensor, feat_big: Tensor) -> Tensor:
        return feat_big * self.main(feat_small)


class InitLayer(nn.Module):
    def __init__(self, nz: int, channel: int) -> None:
        super().__init__()
        self.init = nn.Sequential(
            conv_transpose2d(nz, channel * 2, 4, 1, 0, bias=False),
            nn.BatchNorm2d(channel * 2),
            GLU(),
        )

    def forward(self, noise: Tensor) -> Tensor:
        noise = noise.view(noise.shape[0], -1, 1, 1)
        return self.init(noise)


def up_block(in_planes: int, out_planes: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Upsample(scale_factor=2, mode="nearest"),
        conv2d(in_planes, out_planes * 2, 3, 1, 1, bias=False),
        nn.BatchNorm2d(out_planes * 2),
        GLU(),
    )


def up_block_comp(in_planes: int, out_planes: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Upsample(scale_factor=2, mode="nearest"),
        conv2d(in_planes, out_planes * 2, 3, 1, 1, bias=False),
        NoiseInjection(),
        nn.BatchNorm2d(out_planes * 2),
        GLU(),
        conv2d(out_planes, out_planes * 2, 3, 1, 1, bias=False),
        NoiseInjection(),
        nn.BatchNorm2d(out_planes * 2),
        GLU(),
    )


class Generator(nn.Module):
    """From z (N, nz) to images of im_size and of 128 pixels."""

    def __init__(self, ngf: int = 2, nz: int = 32, nc: int = 3, im_size: int = 256) -> None:
        super().__init__()
        multi = {4: 16, 8: 8, 16: 4, 32: 2, 64: 2, 128: 1, 256: 0.5, 512: 0.25}
        nfc = {k: max(2, int(v * ngf)) for k, v in multi.items()}
        self.im_size = im_size
        self.init = InitLayer(nz, channel=nfc[4])
        self.feat_8 = up_block_comp(nfc[4], nfc[8])
        self.feat_16 = up_block(nfc[8], nfc[16])
        self.feat_32 = up_block_comp(nfc[16], nfc[32])
        self.feat_64 = up_block(nfc[32], nfc[64])
        self.feat_128 = up_block_comp(nfc[64], nfc[128])
        self.feat_256 = up_block(nfc[128], nfc[256])
        self.se_64 = SEBlock(nfc[4], nfc[64])
        self.se_128 = SEBlock(nfc[8], nfc[128])
        self.se_256 = SEBlock(nfc[16], nfc[256])
        self.to_128 = conv2d(nfc[128], nc, 1, 1, 0, bias=False)
        self.to_big = conv2d(nfc[256], nc, 3, 1, 1, bias=False)

    def forward(self, input: Tensor) -> list[Tensor]:  # noqa: A002 - their name
        feat_4 = self.init(input)
        feat_8 = self.feat_8(feat_4)
        feat_16 = self.feat_16(feat_8)
        feat_32 = self.feat_32(feat_16)
        feat_64 = self.se_64(feat_4, self.feat_64(feat_32))
        feat_128 = self.se_128(feat_8, self.feat_128(feat_64))
        feat_256 = self.se_256(feat_16, self.feat_256(feat_128))
        im_128 = torch.tanh(self.to_128(feat_128))
        im_256 = torch.tanh(self.to_big(feat_256))
        return [im_256, im_128]
