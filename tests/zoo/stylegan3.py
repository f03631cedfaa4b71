"""StyleGAN3 in its authors' style (Karras et al. 2021), with two or three alias-free layers.

Fourier features rotated by w, a modulated convolution with pre-normalised weights and styles and
one group an image, and leaky ReLU between an upsampling and a downsampling filter.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from .nvlabs_ops import assert_shape, bias_act, profiled, setup_filter, upfirdn2d


@profiled
def modulated_conv2d(
    x: Tensor,
    w: Tensor,
    s: Tensor,
    demodulate: bool = True,
    padding: int = 0,
    input_gain: Tensor | None = None,
) -> Tensor:
    batch_size = int(x.shape[0])
    out_channels, in_channels, kh, kw = w.shape
    assert_shape(w, [out_channels, in_channels, kh, kw])
    assert_shape(x, [batch_size, in_channels, None, None])
    assert_shape(s, [batch_size, in_channels])

    if demodulate:
        w = w * w.square().mean([1, 2, 3], keepdim=True).rsqrt()
        # Over the whole batch, as the authors have it: the demodulation below takes it out again.
        s = s * s.square().mean().rsqrt()
    w = w.unsqueeze(0)
    w = w * s.unsqueeze(1).unsqueeze(3).unsqueeze(4)
    if demodulate:
        dcoefs = (w.square().sum(dim=[2, 3, 4]) + 1e-8).rsqrt()
        w = w * dcoefs.unsqueeze(2).unsqueeze(3).unsqueeze(4)
    if input_gain is not None:
        input_gain = input_gain.expand(batch_size, in_channels)
        w = w * input_gain.unsqueeze(1).unsqueeze(3).unsqueeze(4)
    x = x.reshape(1, -1, *x.shape[2:])
    w = w.reshape(-1, in_channels, kh, kw)
    x = F.conv2d(input=x, weight=w.to(x.dtype), padding=padding, groups=batch_size)
    return x.reshape(batch_size, -1, *x.shape[2:])


@profiled
def filtered_lrelu(
    x: Tensor,
    fu: Tensor,
    fd: Tensor,
    b: Tensor,
    up: int,
    down: int,
    padding: list[int],
    gain: float,
    slope: float,
    clamp: float | None,
) -> Tensor:
    assert isinstance(x, torch.Tensor)
    assert x.ndim == 4
    px0, px1, py0, py1 = (int(p) for p in padding)
    batch_size, channels, in_h, in_w = x.shape
    in_dtype = x.dtype
    taps = (fu.shape[-1] - 1) + (fd.shape[-1] - 1) - (down - 1)
    out_w = (in_w * up + (px0 + px1) - taps) // down
    out_h = (in_h * up + (py0 + py1) - taps) // down
    x = bias_act(x=x, b=b)
    x = upfirdn2d(x=x, f=fu, up=up, padding=[px0, px1, py0, py1], gain=up**2)
    x = F.leaky_relu(x, slope) * gain
    if clamp is not None:
        x = x.clamp(-clamp, clamp)
    x = upfirdn2d(x=x, f=fd, down=down)
    assert_shape(x, [batch_size, channels, out_h, out_w])
    assert x.dtype == in_dtype
    return x


class FullyConnectedLayer(nn.Module):
    def __init__(
        self,
        in_features: int,
        out_features: int,
        activation: str = "linear",
        lr_multiplier: float = 1,
        weight_init: float = 1,
        bias_init: Any = 0,
    ) -> None:
        super().__init__()
        self.activation = activation
        weight = torch.randn([out_features, in_features]) * (weight_init / lr_multiplier)
        self.weight = nn.Parameter(weight)
        bias = np.broadcast_to(np.asarray(bias_init, np.float32), [out_features])
        self.bias = nn.Parameter(torch.from_numpy(bias / lr_multiplier))
        self.weight_gain = lr_multiplier / np.sqrt(in_features)
        self.bias_gain = lr_multiplier

    def forward(self, x: Tensor) -> Tensor:
        w = self.weight.to(x.dtype) * self.weight_gain
        b = self.bias.to(x.dtype)
        if self.bias_gain != 1:
            b = b * self.bias_gain
        if self.activation == "linear":
            return torch.addmm(b.unsqueeze(0), x, w.t())
        return bias_act(x.matmul(w.t()), b, act=self.activation)


class MappingNetwork(nn.Module):
    def __init__(self, z_dim: int, c_dim: int, w_dim: int, num_ws: int) -> None:
        super().__init__()
        self.z_dim, self.c_dim, self.num_ws = z_dim, c_dim, num_ws
        self.embed = FullyConnectedLayer(c_dim, w_dim) if c_dim > 0 else None
        features = z_dim + (w_dim if c_dim > 0 else 0)
        self.fc0 = FullyConnectedLayer(features, w_dim, activation="lrelu", lr_multiplier=0.01)
        self.fc1 = FullyConnectedLayer(w_dim, w_dim, activation="lrelu", lr_multiplier=0.01)
        self.register_buffer("w_avg", 0.3 * torch.randn([w_dim]))

    def forward(
        self,
        z: Tensor,
        c: Tensor | None,
        truncation_psi: float = 1,
        truncation_cutoff: int | None = None,
    ) -> Tensor:
        assert_shape(z, [None, self.z_dim])
        if truncation_cutoff is None:
            truncation_cutoff = self.num_ws
        x = z.to(torch.float32)
        x = x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        if self.c_dim > 0:
            assert_shape(c, [None, self.c_dim])
            y = self.embed(c.to(torch.float32))
            y = y * (y.square().mean(1, keepdim=True) + 1e-8).rsqrt()
            x = torch.cat([x, y], dim=1)
        x = self.fc1(self.fc0(x))
        x = x.unsqueeze(1).repeat([1, self.num_ws, 1])
        if truncation_psi != 1:
            x[:, :truncation_cutoff] = self.w_avg.lerp(x[:, :truncation_cutoff], truncation_psi)
        return x


class SynthesisInput(nn.Module):
    def __init__(
        self, w_dim: int, channels: int, size: int, sampling_rate: float, bandwidth: float
    ) -> None:
        super().__init__()
        self.size = np.broadcast_to(np.asarray(size), [2])
        self.channels, self.sampling_rate, self.bandwidth = channels, sampling_rate, bandwidth
        freqs = torch.randn([channels, 2])
        radii = freqs.square().sum(dim=1, keepdim=True).sqrt()
        freqs /= radii * radii.square().exp().pow(0.25)
        freqs *= bandwidth
        self.weight = nn.Parameter(torch.randn([channels, channels]))
        self.affine = FullyConnectedLayer(w_dim, 4, weight_init=0.1, bias_init=[1, 0, 0, 0])
        self.register_buffer("transform", torch.eye(3, 3))
        self.register_buffer("freqs", freqs)
        self.register_buffer("phases", torch.rand([channels]) - 0.5)

    def forward(self, w: Tensor) -> Tensor:
        # Row vectors of a batch of transforms, the user's own and one learned from w.
        transforms = self.transform.unsqueeze(0)
        freqs = self.freqs.unsqueeze(0)
        phases = self.phases.unsqueeze(0)
        t = self.affine(w)
        t = t / t[:, :2].norm(dim=1, keepdim=True)
        m_r = torch.eye(3, device=w.device).unsqueeze(0).repeat([w.shape[0], 1, 1])
        m_r[:, 0, 0] = t[:, 0]
        m_r[:, 0, 1] = -t[:, 1]
        m_r[:, 1, 0] = t[:, 1]
        m_r[:, 1, 1] = t[:, 0]
        m_t = torch.eye(3, device=w.device).unsqueeze(0).repeat([w.shape[0], 1, 1])
        m_t[:, 0, 2] = -t[:, 2]
        m_t[:, 1, 2] = -t[:, 3]
        transforms = m_r @ m_t @ transforms
        phases = phases + (freqs @ transforms[:, :2, 2:]).squeeze(2)
        freqs = freqs @ transforms[:, :2, :2]
        amplitudes = 1 - (freqs.norm(dim=2) - self.bandwidth) / (
            self.sampling_rate / 2 - self.bandwidth
        )
        amplitudes = amplitudes.clamp(0, 1)

        theta = torch.eye(2, 3, device=w.device)
        theta[0, 0] = 0.5 * self.size[0] / self.sampling_rate
        theta[1, 1] = 0.5 * self.size[1] / self.sampling_rate
        grids = F.affine_grid(
            theta.unsqueeze(0), [1, 1, self.size[1], self.size[0]], align_corners=False
        )
        x = (grids.unsqueeze(3) @ freqs.permute(0, 2, 1).unsqueeze(1).unsqueeze(2)).squeeze(3)
        x = x + phases.unsqueeze(1).unsqueeze(2)
        x = torch.sin(x * (np.pi * 2))
        x = x * amplitudes.unsqueeze(1).unsqueeze(2)
        weight = self.weight / np.sqrt(self.channels)
        x = x @ weight.t()
        x = x.permute(0, 3, 1, 2)
        assert_shape(x, [w.shape[0], self.channels, int(self.size[1]), int(self.size[0])])
        return x


class SynthesisLayer(nn.Module):
    def __init__(
        self,
        w_dim: int,
        in_channels: int,
        out_channels: int,
        in_size: int,
        out_size: int,
        is_torgb: bool = False,
        conv_clamp: float | None = 256,
    ) -> None:
        super().__init__()
        self.w_dim, self.in_channels, self.is_torgb = w_dim, in_channels, is_torgb
        self.in_size, self.out_size = np.array([in_size] * 2), np.array([out_size] * 2)
        self.conv_kernel, self.conv_clamp = (1 if is_torgb else 3), conv_clamp
        self.up_factor = 1 if is_torgb else 2 * out_size // in_size
        self.down_factor = 1 if is_torgb else 2
        self.affine = FullyConnectedLayer(w_dim, in_channels, bias_init=1)
        self.weight = nn.Parameter(
            torch.randn([out_channels, in_channels, self.conv_kernel, self.conv_kernel])
        )
        self.bias = nn.Parameter(torch.zeros([out_channels]))
        self.register_buffer("magnitude_ema", torch.ones([]))
        self.register_buffer("up_filter", self._filter(self.up_factor))
        self.register_buffer("down_filter", self._filter(self.down_factor))
        taps = self.up_filter.shape[-1] + self.down_filter.shape[-1] - 2
        pad_total = (self.out_size - 1) * self.down_factor + 1
        pad_total = pad_total - (self.in_size + self.conv_kernel - 1) * self.up_factor
        pad_total = pad_total + taps
        pad_lo = (pad_total + self.up_factor) // 2
        pad_hi = pad_total - pad_lo
        self.padding = [int(pad_lo[0]), int(pad_hi[0]), int(pad_lo[1]), int(pad_hi[1])]

    @staticmethod
    def _filter(factor: int) -> Tensor:
        if factor == 1:
            return setup_filter([1.0], separable=True)
        taps = np.sinc((np.arange(6 * factor) - (6 * factor - 1) / 2) / factor)
        return setup_filter(list(taps * np.kaiser(6 * factor, 4.0)), separable=True)

    def forward(self, x: Tensor, w: Tensor, noise_mode: str = "random", **_: Any) -> Tensor:
        assert noise_mode in ["random", "const", "none"]
        assert_shape(x, [None, self.in_channels, int(self.in_size[1]), int(self.in_size[0])])
        assert_shape(w, [x.shape[0], self.w_dim])
        input_gain = self.magnitude_ema.rsqrt()
        styles = self.affine(w)
        if self.is_torgb:
            weight_gain = 1 / np.sqrt(self.in_channels * (self.conv_kernel**2))
            styles = styles * weight_gain
        x = modulated_conv2d(
            x=x.to(torch.float32),
            w=self.weight,
            s=styles,
            padding=self.conv_kernel - 1,
            demodulate=(not self.is_torgb),
            input_gain=input_gain,
        )
        x = filtered_lrelu(
            x=x,
            fu=self.up_filter,
            fd=self.down_filter,
            b=self.bias.to(x.dtype),
            up=self.up_factor,
            down=self.down_factor,
            padding=self.padding,
            gain=1 if self.is_torgb else math.sqrt(2),
            slope=1 if self.is_torgb else 0.2,
            clamp=self.conv_clamp,
        )
        assert_shape(x, [None, None, int(self.out_size[1]), int(self.out_size[0])])
        assert x.dtype == torch.float32
        return x


class Generator(nn.Module):
    def __init__(
        self, z_dim: int, c_dim: int, w_dim: int, channels: int = 8, output_scale: float = 0.25
    ) -> None:
        super().__init__()
        self.input = SynthesisInput(w_dim, channels, 16, sampling_rate=16, bandwidth=2)
        self.L0 = SynthesisLayer(w_dim, channels, channels, 16, 32)
        self.L1 = SynthesisLayer(w_dim, channels, channels, 32, 32)
        self.L2 = SynthesisLayer(w_dim, channels, 3, 32, 32, is_torgb=True)
        self.mapping = MappingNetwork(z_dim, c_dim, w_dim, num_ws=4)
        self.output_scale = output_scale

    def forward(
        self,
        z: Tensor,
        c: Tensor | None = None,
        truncation_psi: float = 1,
        truncation_cutoff: int | None = None,
        **layer_kwargs: Any,
    ) -> Tensor:
        ws = self.mapping(z, c, truncation_psi, truncation_cutoff)
        assert_shape(ws, [None, 4, None])
        ws = ws.to(torch.float32).unbind(dim=1)
        x = self.input(ws[0])
        for name, w in zip(["L0", "L1", "L2"], ws[1:], strict=True):
            x = getattr(self, name)(x, w, **layer_kwargs)
        if self.output_scale != 1:
            x = x * self.output_scale
        return x.to(torch.float32)
