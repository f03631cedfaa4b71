"""Modulated convolutions as their authors write them: each a layer of (x, latent)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

WIDTH, IN, OUT = 8, 4, 6


class Layer(nn.Module):
    """What all have: a weight, a style from the latent, options."""

    def __init__(
        self, *, kernel: int = 3, up: bool = False, demodulate: bool = True, out: int = OUT
    ) -> None:
        super().__init__()
        self.kernel, self.up, self.demodulate, self.out = kernel, up, demodulate, out
        self.weight = nn.Parameter(torch.randn(out, IN, kernel, kernel))
        self.affine = nn.Linear(WIDTH, IN)


class NVlabs(Layer):
    """StyleGAN2-ADA's fused path; `prenormalised` as it does for float16."""

    def __init__(self, *, prenormalised: bool = False, **options: int) -> None:
        super().__init__(**options)
        self.prenormalised = prenormalised

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        batch_size = x.shape[0]
        weight, styles = self.weight, self.affine(z)
        out_channels, in_channels, kh, kw = weight.shape
        if self.prenormalised:
            largest = weight.norm(float("inf"), dim=[1, 2, 3], keepdim=True)
            weight = weight * (1 / math.sqrt(in_channels * kh * kw) / largest)
            styles = styles / styles.norm(float("inf"), dim=1, keepdim=True)
        w = weight.unsqueeze(0)
        w = w * styles.reshape(batch_size, 1, -1, 1, 1)
        if self.demodulate:
            dcoefs = (w.square().sum(dim=[2, 3, 4]) + 1e-8).rsqrt()
            w = w * dcoefs.reshape(batch_size, -1, 1, 1, 1)
        x = x.reshape(1, -1, *x.shape[2:])
        w = w.reshape(-1, in_channels, kh, kw)
        if self.up:
            w = w.reshape(batch_size, out_channels, in_channels, kh, kw).transpose(1, 2)
            w = w.reshape(batch_size * in_channels, out_channels, kh, kw)
            x = functional.conv_transpose2d(x, w.to(x.dtype), stride=2, groups=batch_size)
            x = blurred(x)
        else:
            x = functional.conv2d(x, w.to(x.dtype), padding=kh // 2, groups=batch_size)
        x = x.reshape(batch_size, -1, *x.shape[2:])
        return x.add_(0.5)


def blurred(x: Tensor) -> Tensor:
    """Return upfirdn2d's fallback, on as many channels as there are."""
    f = torch.tensor([1.0, 3.0, 3.0, 1.0])
    f = (f.ger(f) / f.sum().square()).flip([0, 1])
    channels = x.shape[1]
    f = f[None, None].repeat([channels, 1] + [1] * (f.ndim - 2) + [1, 1])
    return functional.conv2d(functional.pad(x, [1, 1, 1, 1]), f, groups=channels)


class Rosinality(Layer):
    """rosinality's fused path, from which GFPGAN and many others come."""

    def __init__(self, *, down: bool = False, **options: int) -> None:
        super().__init__(**options)
        self.weight = nn.Parameter(self.weight.detach().unsqueeze(0))
        self.scale = 1 / math.sqrt(IN * self.kernel**2)
        self.down = down

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        batch, in_channel, height, width = x.shape
        style = self.affine(z).view(batch, 1, in_channel, 1, 1)
        weight = self.scale * self.weight * style
        if self.demodulate:
            demod = torch.rsqrt(weight.pow(2).sum([2, 3, 4]) + 1e-8)
            weight = weight * demod.view(batch, self.out, 1, 1, 1)
        k = self.kernel
        weight = weight.view(batch * self.out, in_channel, k, k)
        if self.up:
            x = x.view(1, batch * in_channel, height, width)
            weight = weight.view(batch, self.out, in_channel, k, k)
            weight = weight.transpose(1, 2).reshape(batch * in_channel, self.out, k, k)
            out = functional.conv_transpose2d(x, weight, padding=0, stride=2, groups=batch)
        elif self.down:
            x = x.view(1, batch * in_channel, height, width)
            out = functional.conv2d(x, weight, padding=0, stride=2, groups=batch)
        else:
            x = x.view(1, batch * in_channel, height, width)
            out = functional.conv2d(x, weight, padding=k // 2, groups=batch)
        return out.view(batch, self.out, *out.shape[2:])


class StyleGAN3(Layer):
    """StyleGAN3's: weight and styles normalised first, the styles over the whole batch."""

    def __init__(self, **options: int) -> None:
        super().__init__(**options)
        self.register_buffer("magnitude_ema", torch.tensor(1.7))

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        w, s = self.weight, self.affine(z)
        batch_size = x.shape[0]
        out_channels, in_channels, kh, _ = w.shape
        if self.demodulate:
            w = w * w.square().mean([1, 2, 3], keepdim=True).rsqrt()
            s = s * s.square().mean().rsqrt()
        w = w.unsqueeze(0)
        w = w * s.unsqueeze(1).unsqueeze(3).unsqueeze(4)
        if self.demodulate:
            dcoefs = (w.square().sum(dim=[2, 3, 4]) + 1e-8).rsqrt()
            w = w * dcoefs.unsqueeze(2).unsqueeze(3).unsqueeze(4)
        input_gain = self.magnitude_ema.rsqrt().expand(batch_size, in_channels)
        w = w * input_gain.unsqueeze(1).unsqueeze(3).unsqueeze(4)
        x = x.reshape(1, batch_size * in_channels, *x.shape[2:])
        w = w.reshape(batch_size * out_channels, in_channels, kh, kh)
        x = functional.conv2d(x, w.to(x.dtype), padding=kh - 1, groups=batch_size)
        return x.reshape(batch_size, out_channels, *x.shape[2:])


class Lucidrains(Layer):
    """lucidrains' stylegan2-pytorch: the style plus 1, the norm with its axes kept."""

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        b, _, h, w = x.shape
        w1 = self.affine(z)[:, None, :, None, None]
        weights = self.weight[None, :, :, :, :] * (w1 + 1)
        if self.demodulate:
            d = torch.rsqrt((weights**2).sum(dim=(2, 3, 4), keepdim=True) + 1e-8)
            weights = weights * d
        x = x.reshape(1, -1, h, w)
        _, _, *ws = weights.shape
        weights = weights.reshape(b * self.out, *ws)
        x = functional.conv2d(x, weights, padding=self.kernel // 2, groups=b)
        return x.reshape(-1, self.out, h, w)


class Normalised(Layer):
    """Demodulation by `F.normalize`, a bias of (B * O), two groups for each image."""

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        b = x.shape[0]
        w = self.weight[None, :, : IN // 2] * self.affine(z)[:, None, : IN // 2, None, None]
        w = functional.normalize(w.flatten(2), dim=2).view(w.shape)
        bias = self.affine(z)[:, :1].repeat(1, self.out).flatten()
        w = w.flatten(0, 1)
        x = functional.conv2d(x.view(1, -1, *x.shape[2:]), w, bias, padding="same", groups=2 * b)
        return x.unflatten(1, (b, self.out)).squeeze(0)


class Unfused(Layer):
    """NVlabs' unfused path: no batch in `groups`, but the whole weight for its norm."""

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        styles = self.affine(z)
        w = self.weight.unsqueeze(0) * styles.reshape(x.shape[0], 1, -1, 1, 1)
        dcoefs = (w.square().sum(dim=[2, 3, 4]) + 1e-8).rsqrt()
        x = x * styles.reshape(x.shape[0], -1, 1, 1)
        x = functional.conv2d(x, self.weight, padding=self.kernel // 2)
        return x * dcoefs.reshape(x.shape[0], -1, 1, 1)


class Audio(Layer):
    """A modulated 1-d convolution, plain and transposed."""

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        b, _, _, width = x.shape
        w = self.weight[None, :, :, 0] * self.affine(z)[:, None, :, None]
        w = w * (w.square().sum((2, 3), keepdim=True) + 1e-8).rsqrt()
        x = x[:, :, 0].reshape(1, b * IN, width)
        if self.up:
            w = w.transpose(1, 2).reshape(b * IN, self.out, self.kernel)
            x = functional.conv_transpose1d(x, w, stride=2, groups=b)
        else:
            w = w.reshape(b * self.out, IN, self.kernel)
            x = functional.conv1d(x, w, padding=1, groups=b)
        return x.reshape(b, self.out, -1)


class Volume(Layer):
    """A modulated 3-d convolution."""

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        b = x.shape[0]
        w = self.weight[None, :, :, None] * self.affine(z)[:, None, :, None, None, None]
        w = w * (w.square().sum((2, 3, 4, 5), keepdim=True) + 1e-8).rsqrt()
        x = x[:, :, None].reshape(1, b * IN, 1, *x.shape[2:])
        w = w.reshape(b * self.out, IN, 1, self.kernel, self.kernel)
        x = functional.conv3d(x, w, groups=b)
        return x.reshape(b, self.out, *x.shape[3:])


class Einsum(Layer):
    """The weight by `einsum`, the convolution by its general operator."""

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        b, k = x.shape[0], self.kernel
        w = torch.einsum("oikl,bi->boikl", self.weight, self.affine(z))
        w = w / (torch.linalg.vector_norm(w, dim=(2, 3, 4), keepdim=True) + 1e-8)
        x, w = x.flatten(0, 1).unsqueeze(0), w.reshape(-1, IN, k, k)
        x = torch.convolution(x, w, None, [1, 1], [1, 1], [1, 1], False, [0, 0], b)
        return x.unflatten(1, (b, self.out))[0]


class Depthwise(Layer):
    """One group for each channel of each image."""

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        b, c, h, w = x.shape
        weight = self.weight[:IN, :1] * self.affine(z).view(b, c, 1, 1, 1)
        weight = weight * torch.rsqrt(weight.pow(2).sum([2, 3, 4], keepdim=True) + 1e-8)
        x, weight = x.view(1, b * c, h, w), weight.view(b * c, 1, self.kernel, self.kernel)
        return functional.conv2d(x, weight, padding=1, groups=b * c).view(b, c, h, w)


class Frames(Layer):
    """Two frames of each latent: twice the batch in `groups`."""

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        times = torch.tensor([1.0, 2.0])
        styles = (self.affine(z)[:, None] + times[:, None]).flatten(0, 1)
        x = x.repeat_interleave(2, dim=0)
        b, k = x.shape[0], self.kernel
        w = self.weight[None] * styles[:, None, :, None, None]
        w = w * (w.square().sum(dim=[2, 3, 4], keepdim=True) + 1e-8).rsqrt()
        x, w = x.reshape(1, b * IN, *x.shape[2:]), w.reshape(b * self.out, IN, k, k)
        x = functional.conv2d(x, w, padding=1, groups=b)
        return x.reshape(z.shape[0], 2 * self.out, *x.shape[2:])


class Generator(nn.Module):
    """A layer between a learned constant and a picture."""

    def __init__(self, layer: nn.Module, size: int = 5) -> None:
        super().__init__()
        self.const = nn.Parameter(torch.randn(IN, size, size))
        self.layer = layer

    def forward(self, z: Tensor) -> Tensor:
        x = self.const.unsqueeze(0).repeat([z.shape[0], 1, 1, 1])
        output: Tensor = self.layer(x, z)
        return output


class Several(nn.Module):
    """Generators of the same latent, their outputs side by side."""

    def __init__(self, modules: list[nn.Module]) -> None:
        super().__init__()
        self.each = nn.ModuleList(modules)

    def forward(self, z: Tensor) -> Tensor:
        outputs = [module(z).flatten(1) for module in self.each]
        return torch.cat(outputs, dim=1)
