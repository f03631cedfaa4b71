"""SWAGAN (Gal et al. 2021) on the rosinality code: a StyleGAN2 whose skips are Haar wavelets.

Traps: wavelets are four buffers built from a signed outer product and applied by upfirdn2d with
down=2 and up=2; each upsampling goes to pixels and back; noise is drawn.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from .stylegan2_rosinality import (
    ConstantInput,
    EqualLinear,
    ModulatedConv2d,
    PixelNorm,
    StyledConv,
    Upsample,
    upfirdn2d,
)


def get_haar_wavelet() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    haar_wav_l = 1 / (2**0.5) * torch.ones(1, 2)
    haar_wav_h = 1 / (2**0.5) * torch.ones(1, 2)
    haar_wav_h[0, 0] = -1 * haar_wav_h[0, 0]
    haar_wav_ll = haar_wav_l.T * haar_wav_l
    haar_wav_lh = haar_wav_h.T * haar_wav_l
    haar_wav_hl = haar_wav_l.T * haar_wav_h
    haar_wav_hh = haar_wav_h.T * haar_wav_h
    return haar_wav_ll, haar_wav_lh, haar_wav_hl, haar_wav_hh


class HaarTransform(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        for name, wavelet in zip(("ll", "lh", "hl", "hh"), get_haar_wavelet(), strict=True):
            self.register_buffer(name, wavelet)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - their name
        bands = (upfirdn2d(input, k)[:, :, ::2, ::2] for k in (self.ll, self.lh, self.hl, self.hh))
        return torch.cat(tuple(bands), 1)


class InverseHaarTransform(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        ll, lh, hl, hh = get_haar_wavelet()
        self.register_buffer("ll", ll)
        self.register_buffer("lh", -lh)
        self.register_buffer("hl", -hl)
        self.register_buffer("hh", hh)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - their name
        ll, lh, hl, hh = input.chunk(4, 1)
        ll = upfirdn2d(ll, self.ll, up=2, pad=(1, 0))
        lh = upfirdn2d(lh, self.lh, up=2, pad=(1, 0))
        hl = upfirdn2d(hl, self.hl, up=2, pad=(1, 0))
        hh = upfirdn2d(hh, self.hh, up=2, pad=(1, 0))
        return ll + lh + hl + hh


class ToRGB(nn.Module):
    def __init__(self, in_channel: int, style_dim: int, upsample: bool = True) -> None:
        super().__init__()
        if upsample:
            self.iwt = InverseHaarTransform()
            self.upsample = Upsample([1, 3, 3, 1])
            self.dwt = HaarTransform()
        self.conv = ModulatedConv2d(in_channel, 3 * 4, 1, style_dim, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(1, 3 * 4, 1, 1))

    def forward(self, input: Tensor, style: Tensor, skip: Tensor | None = None) -> Tensor:  # noqa: A002
        out = self.conv(input, style)
        out = out + self.bias
        if skip is not None:
            skip = self.iwt(skip)
            skip = self.upsample(skip)
            skip = self.dwt(skip)
            out = out + skip
        return out


class Generator(nn.Module):
    def __init__(self, size: int = 32, style_dim: int = 32, channel: int = 8) -> None:
        super().__init__()
        layers = [EqualLinear(style_dim, style_dim, lr_mul=0.01, act=True) for _ in range(2)]
        self.style = nn.Sequential(PixelNorm(), *layers)
        self.input = ConstantInput(channel)
        self.conv1 = StyledConv(channel, channel, style_dim, upsample=False, fused=True)
        self.to_rgb1 = ToRGB(channel, style_dim, upsample=False)
        self.log_size = int(math.log(size, 2)) - 1
        self.convs, self.to_rgbs = nn.ModuleList(), nn.ModuleList()
        for _ in range(3, self.log_size + 1):
            self.convs.append(StyledConv(channel, channel, style_dim, True, True))
            self.convs.append(StyledConv(channel, channel, style_dim, False, True))
            self.to_rgbs.append(ToRGB(channel, style_dim))
        self.iwt = InverseHaarTransform()
        self.n_latent = self.log_size * 2 - 2

    def forward(self, styles: list[Tensor]) -> tuple[Tensor, Tensor | None]:
        styles = [self.style(s) for s in styles]
        latent = styles[0].unsqueeze(1).repeat(1, self.n_latent, 1)
        out = self.input(latent)
        out = self.conv1(out, latent[:, 0])
        skip = self.to_rgb1(out, latent[:, 1])
        i = 1
        for conv1, conv2, to_rgb in zip(
            self.convs[::2], self.convs[1::2], self.to_rgbs, strict=True
        ):
            out = conv1(out, latent[:, i])
            out = conv2(out, latent[:, i + 1])
            skip = to_rgb(out, latent[:, i + 2], skip)
            i += 2
        return self.iwt(skip), None
