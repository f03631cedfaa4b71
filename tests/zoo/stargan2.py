"""StarGAN v2 (Choi et al. 2020): a picture redrawn in a style that a mapping network gives.

Traps: the style of each image's domain is picked by `out[idx, y]`, where idx is a LongTensor made
from Python's range over the batch; the skip of masked features lives in a dict that encode fills;
the high-pass filter is repeated to one group a channel.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


class ResBlk(nn.Module):
    def __init__(
        self, dim_in: int, dim_out: int, normalize: bool = False, downsample: bool = False
    ) -> None:
        super().__init__()
        self.actv = nn.LeakyReLU(0.2)
        self.normalize = normalize
        self.downsample = downsample
        self.learned_sc = dim_in != dim_out
        self.conv1 = nn.Conv2d(dim_in, dim_in, 3, 1, 1)
        self.conv2 = nn.Conv2d(dim_in, dim_out, 3, 1, 1)
        if self.normalize:
            self.norm1 = nn.InstanceNorm2d(dim_in, affine=True)
            self.norm2 = nn.InstanceNorm2d(dim_in, affine=True)
        if self.learned_sc:
            self.conv1x1 = nn.Conv2d(dim_in, dim_out, 1, 1, 0, bias=False)

    def _shortcut(self, x: Tensor) -> Tensor:
        if self.learned_sc:
            x = self.conv1x1(x)
        if self.downsample:
            x = F.avg_pool2d(x, 2)
        return x

    def _residual(self, x: Tensor) -> Tensor:
        if self.normalize:
            x = self.norm1(x)
        x = self.conv1(self.actv(x))
        if self.downsample:
            x = F.avg_pool2d(x, 2)
        if self.normalize:
            x = self.norm2(x)
        return self.conv2(self.actv(x))

    def forward(self, x: Tensor) -> Tensor:
        return (self._shortcut(x) + self._residual(x)) / math.sqrt(2)


class AdaIN(nn.Module):
    def __init__(self, style_dim: int, num_features: int) -> None:
        super().__init__()
        self.norm = nn.InstanceNorm2d(num_features, affine=False)
        self.fc = nn.Linear(style_dim, num_features * 2)

    def forward(self, x: Tensor, s: Tensor) -> Tensor:
        h = self.fc(s)
        h = h.view(h.size(0), h.size(1), 1, 1)
        gamma, beta = torch.chunk(h, chunks=2, dim=1)
        return (1 + gamma) * self.norm(x) + beta


class AdainResBlk(nn.Module):
    def __init__(
        self, dim_in: int, dim_out: int, style_dim: int, w_hpf: float = 0, upsample: bool = False
    ) -> None:
        super().__init__()
        self.w_hpf = w_hpf
        self.actv = nn.LeakyReLU(0.2)
        self.upsample = upsample
        self.learned_sc = dim_in != dim_out
        self.conv1 = nn.Conv2d(dim_in, dim_out, 3, 1, 1)
        self.conv2 = nn.Conv2d(dim_out, dim_out, 3, 1, 1)
        self.norm1 = AdaIN(style_dim, dim_in)
        self.norm2 = AdaIN(style_dim, dim_out)
        if self.learned_sc:
            self.conv1x1 = nn.Conv2d(dim_in, dim_out, 1, 1, 0, bias=False)

    def _shortcut(self, x: Tensor) -> Tensor:
        if self.upsample:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
        return self.conv1x1(x) if self.learned_sc else x

    def _residual(self, x: Tensor, s: Tensor) -> Tensor:
        x = self.actv(self.norm1(x, s))
        if self.upsample:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = self.conv1(x)
        return self.conv2(self.actv(self.norm2(x, s)))

    def forward(self, x: Tensor, s: Tensor) -> Tensor:
        out = self._residual(x, s)
        if self.w_hpf == 0:
            out = (out + self._shortcut(x)) / math.sqrt(2)
        return out


class HighPass(nn.Module):
    def __init__(self, w_hpf: float) -> None:
        super().__init__()
        self.register_buffer(
            "filter", torch.tensor([[-1, -1, -1], [-1, 8.0, -1], [-1, -1, -1]]) / w_hpf
        )

    def forward(self, x: Tensor) -> Tensor:
        kernel = self.filter.unsqueeze(0).unsqueeze(1).repeat(x.size(1), 1, 1, 1)
        return F.conv2d(x, kernel, padding=1, groups=x.size(1))


class Generator(nn.Module):
    def __init__(
        self, img_size: int = 64, style_dim: int = 8, max_conv_dim: int = 16, w_hpf: float = 1
    ) -> None:
        super().__init__()
        dim_in = 2**9 // img_size
        self.from_rgb = nn.Conv2d(3, dim_in, 3, 1, 1)
        self.encode = nn.ModuleList()
        self.decode = nn.ModuleList()
        self.to_rgb = nn.Sequential(
            nn.InstanceNorm2d(dim_in, affine=True),
            nn.LeakyReLU(0.2),
            nn.Conv2d(dim_in, 3, 1, 1, 0),
        )
        repeat_num = int(np.log2(img_size)) - 4
        if w_hpf > 0:
            repeat_num += 1
        for _ in range(repeat_num):
            dim_out = min(dim_in * 2, max_conv_dim)
            self.encode.append(ResBlk(dim_in, dim_out, normalize=True, downsample=True))
            self.decode.insert(0, AdainResBlk(dim_out, dim_in, style_dim, w_hpf, upsample=True))
            dim_in = dim_out
        self.encode.append(ResBlk(dim_out, dim_out, normalize=True))
        self.decode.insert(0, AdainResBlk(dim_out, dim_out, style_dim, w_hpf=w_hpf))
        if w_hpf > 0:
            self.hpf = HighPass(w_hpf)

    def forward(self, x: Tensor, s: Tensor, masks: list[Tensor] | None = None) -> Tensor:
        x = self.from_rgb(x)
        cache = {}
        for block in self.encode:
            if (masks is not None) and (x.size(2) in [32, 64, 128]):
                cache[x.size(2)] = x
            x = block(x)
        for block in self.decode:
            x = block(x, s)
            if (masks is not None) and (x.size(2) in [32, 64, 128]):
                mask = masks[0] if x.size(2) in [32] else masks[1]
                mask = F.interpolate(mask, size=x.size(2), mode="bilinear")
                x = x + self.hpf(mask * cache[x.size(2)])
        return self.to_rgb(x)


class MappingNetwork(nn.Module):
    def __init__(self, latent_dim: int = 16, style_dim: int = 8, num_domains: int = 3) -> None:
        super().__init__()
        self.shared = nn.Sequential(
            nn.Linear(latent_dim, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU()
        )
        self.unshared = nn.ModuleList()
        for _ in range(num_domains):
            self.unshared += [nn.Sequential(nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, style_dim))]

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        h = self.shared(z)
        out = []
        for layer in self.unshared:
            out += [layer(h)]
        out = torch.stack(out, dim=1)  # type: ignore[assignment]
        idx = torch.LongTensor(range(y.size(0))).to(y.device)
        return out[idx, y]  # type: ignore[call-overload]


class StyleEncoder(nn.Module):
    """The style of a reference picture instead of a latent's."""

    def __init__(self, img_size: int = 64, style_dim: int = 8, num_domains: int = 3) -> None:
        super().__init__()
        dim = 2**9 // img_size
        blocks: list[nn.Module] = [nn.Conv2d(3, dim, 3, 1, 1)]
        for _ in range(int(np.log2(img_size)) - 2):
            blocks += [ResBlk(dim, min(dim * 2, 16), downsample=True)]
            dim = min(dim * 2, 16)
        blocks += [nn.LeakyReLU(0.2), nn.Conv2d(dim, dim, 4, 1, 0), nn.LeakyReLU(0.2)]
        self.shared = nn.Sequential(*blocks)
        self.unshared = nn.ModuleList(nn.Linear(dim, style_dim) for _ in range(num_domains))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        h = self.shared(x)
        h = h.view(h.size(0), -1)
        out = torch.stack([layer(h) for layer in self.unshared], dim=1)
        idx = torch.LongTensor(range(y.size(0))).to(y.device)
        return out[idx, y]


class Solver(nn.Module):
    """What their sampling script holds: the networks and the one that finds facial landmarks."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = Generator()
        self.mapping_network = MappingNetwork()
        self.style_encoder = StyleEncoder()
        self.fan = nn.Sequential(nn.Conv2d(3, 2, 3, 2, 1), nn.AvgPool2d(2), nn.Sigmoid())

    def get_heatmap(self, x: Tensor) -> list[Tensor]:
        return [mask.contiguous() for mask in torch.split(self.fan(x), 1, dim=1)]


def translate(nets: Solver, x_src: Tensor, z: Tensor, y_trg: Tensor) -> Tensor:
    masks = nets.get_heatmap(x_src)
    s_trg = nets.mapping_network(z, y_trg)
    return nets.generator(x_src, s_trg, masks=masks)


def reconstruct(nets: Solver, x_src: Tensor, y_src: Tensor) -> Tensor:
    """With the style of the picture itself."""
    return nets.generator(x_src, nets.style_encoder(x_src, y_src), masks=nets.get_heatmap(x_src))
