"""SNGAN's ResNet for 32 x 32 (Miyato et al. 2018), spectral norm in the generator too.

Both of PyTorch's ways: the legacy hook, which leaves `weight` a plain attribute that is worked out
before each forward, and the parametrization.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

Norm = Literal["hook", "parametrization"]


def spectral_norm(norm: Norm) -> Callable[[nn.Module], nn.Module]:
    if norm == "parametrization":
        return nn.utils.parametrizations.spectral_norm

    def hook(module: nn.Module) -> nn.Module:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # deprecated, and everywhere
            return nn.utils.spectral_norm(module)

    return hook


class GBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, num_classes: int, norm: Norm) -> None:
        super().__init__()
        sn = spectral_norm(norm)
        self.conv1 = sn(nn.Conv2d(inputs, outputs, 3, 1, 1))
        self.conv2 = sn(nn.Conv2d(outputs, outputs, 3, 1, 1))
        self.conv_sc = sn(nn.Conv2d(inputs, outputs, 1))
        self.num_classes = num_classes
        if num_classes:
            self.b1 = ConditionalBatchNorm2d(inputs, num_classes)
            self.b2 = ConditionalBatchNorm2d(outputs, num_classes)
        else:
            self.b1, self.b2 = nn.BatchNorm2d(inputs), nn.BatchNorm2d(outputs)

    def _upsample_conv(self, x: Tensor, conv: nn.Module) -> Tensor:
        return conv(F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        h = self.b1(x, y) if self.num_classes else self.b1(x)
        h = self._upsample_conv(F.relu(h), self.conv1)
        h = self.b2(h, y) if self.num_classes else self.b2(h)
        h = self.conv2(F.relu(h))
        return h + self._upsample_conv(x, self.conv_sc)


class ConditionalBatchNorm2d(nn.Module):
    def __init__(self, num_features: int, num_classes: int) -> None:
        super().__init__()
        self.num_features = num_features
        self.bn = nn.BatchNorm2d(num_features, affine=False)
        self.embed = nn.Embedding(num_classes, num_features * 2)
        self.embed.weight.data[:, :num_features].normal_(1, 0.2)
        self.embed.weight.data[:, num_features:].normal_(0, 0.2)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        out = self.bn(x)
        gamma, beta = self.embed(y).chunk(2, 1)
        return gamma.view(-1, self.num_features, 1, 1) * out + beta.view(
            -1, self.num_features, 1, 1
        )


class Generator(nn.Module):
    def __init__(
        self, norm: Norm, nz: int = 32, ngf: int = 16, num_classes: int = 0, bottom: int = 4
    ) -> None:
        super().__init__()
        self.bottom_width = bottom
        sn = spectral_norm(norm)
        self.l1 = sn(nn.Linear(nz, (bottom**2) * ngf))
        self.block2 = GBlock(ngf, ngf, num_classes, norm)
        self.block3 = GBlock(ngf, ngf, num_classes, norm)
        self.block4 = GBlock(ngf, ngf, num_classes, norm)
        self.b5 = nn.BatchNorm2d(ngf)
        self.c5 = sn(nn.Conv2d(ngf, 3, 3, 1, padding=1))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        h = self.l1(x)
        h = h.view(x.shape[0], -1, self.bottom_width, self.bottom_width)
        h = self.block2(h, y)
        h = self.block3(h, y)
        h = self.block4(h, y)
        h = F.relu(self.b5(h))
        return torch.tanh(2 * self.c5(h))


class DBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, norm: Norm) -> None:
        super().__init__()
        sn = spectral_norm(norm)
        self.c1 = sn(nn.Conv2d(inputs, outputs, 3, 1, 1))
        self.c2 = sn(nn.Conv2d(outputs, outputs, 3, 1, 1))
        self.c_sc = sn(nn.Conv2d(inputs, outputs, 1))

    def forward(self, x: Tensor) -> Tensor:
        h = self.c2(F.relu(self.c1(F.relu(x))))
        return F.avg_pool2d(h, 2) + F.avg_pool2d(self.c_sc(x), 2)


class ProjectionDiscriminator(nn.Module):
    def __init__(self, norm: Norm, ndf: int = 16, num_classes: int = 0) -> None:
        super().__init__()
        sn = spectral_norm(norm)
        self.block1, self.block2 = DBlock(3, ndf, norm), DBlock(ndf, ndf, norm)
        self.l3 = sn(nn.Linear(ndf, 1))
        self.l_y = sn(nn.Embedding(num_classes, ndf)) if num_classes else None

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        h = self.block2(self.block1(x))
        h = torch.sum(F.relu(h), dim=(2, 3))
        output = self.l3(h)
        if y is not None and self.l_y is not None:
            output += torch.sum(self.l_y(y) * h, dim=1, keepdim=True)
        return output
