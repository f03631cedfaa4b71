"""BigGAN in its authors' PyTorch style (Brock et al. 2019).

Traps: a spectral norm of their own, whose power iteration runs inside `W_()` at every forward and
writes its buffers; `z` chunked a block; a class embedding shared by all blocks and concatenated to
each chunk; conditional batch norm with explicit statistics; self-attention.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import Parameter as P  # noqa: N817
from torch.nn import functional as F  # noqa: N812


def proj(x: Tensor, y: Tensor) -> Tensor:
    return torch.mm(y, x.t()) * y / torch.mm(y, y.t())


def gram_schmidt(x: Tensor, ys: list[Tensor]) -> Tensor:
    for y in ys:
        x = x - proj(x, y)
    return x


def power_iteration(
    w: Tensor, u_: list[Tensor], update: bool = True, eps: float = 1e-12
) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    us: list[Tensor] = []
    vs: list[Tensor] = []
    svs: list[Tensor] = []
    for i, u in enumerate(u_):
        with torch.no_grad():
            v = torch.matmul(u, w)
            v = F.normalize(gram_schmidt(v, vs), eps=eps)
            vs += [v]
            u = torch.matmul(v, w.t())
            u = F.normalize(gram_schmidt(u, us), eps=eps)
            us += [u]
            if update:
                u_[i][:] = us[i]
        svs += [torch.squeeze(torch.matmul(torch.matmul(v, w.t()), u.t()))]
    return svs, us, vs


class SN:
    """Spectral norm for modules that have a `weight`."""

    def __init__(
        self, num_svs: int, num_itrs: int, num_outputs: int, transpose: bool = False
    ) -> None:
        self.num_itrs, self.num_svs, self.transpose = num_itrs, num_svs, transpose
        for i in range(self.num_svs):
            self.register_buffer(f"u{i}", torch.randn(1, num_outputs))
            self.register_buffer(f"sv{i}", torch.ones(1))

    @property
    def u(self) -> list[Tensor]:
        return [getattr(self, f"u{i}") for i in range(self.num_svs)]

    @property
    def sv(self) -> list[Tensor]:
        return [getattr(self, f"sv{i}") for i in range(self.num_svs)]

    def W_(self) -> Tensor:  # noqa: N802 - their name
        w_mat = self.weight.view(self.weight.size(0), -1)
        if self.transpose:
            w_mat = w_mat.t()
        for _ in range(self.num_itrs):
            svs, _us, _vs = power_iteration(w_mat, self.u, update=self.training)
        if self.training:
            with torch.no_grad():
                for i, sv in enumerate(svs):
                    self.sv[i][:] = sv
        return self.weight / svs[0]


class SNConv2d(nn.Conv2d, SN):
    def __init__(self, *args: Any, num_svs: int = 1, num_itrs: int = 1, **kwargs: Any) -> None:
        nn.Conv2d.__init__(self, *args, **kwargs)
        SN.__init__(self, num_svs, num_itrs, self.out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(
            x, self.W_(), self.bias, self.stride, self.padding, self.dilation, self.groups
        )


class SNLinear(nn.Linear, SN):
    def __init__(self, *args: Any, num_svs: int = 1, num_itrs: int = 1, **kwargs: Any) -> None:
        nn.Linear.__init__(self, *args, **kwargs)
        SN.__init__(self, num_svs, num_itrs, self.out_features)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.W_(), self.bias)


class Attention(nn.Module):
    """Non-local block of SAGAN (Zhang et al. 2019), keys and values pooled."""

    def __init__(self, ch: int, which_conv: Callable[..., nn.Module]) -> None:
        super().__init__()
        self.ch = ch
        self.theta = which_conv(ch, ch // 8, kernel_size=1, padding=0, bias=False)
        self.phi = which_conv(ch, ch // 8, kernel_size=1, padding=0, bias=False)
        self.g = which_conv(ch, ch // 2, kernel_size=1, padding=0, bias=False)
        self.o = which_conv(ch // 2, ch, kernel_size=1, padding=0, bias=False)
        self.gamma = P(torch.tensor(0.0), requires_grad=True)

    def forward(self, x: Tensor) -> Tensor:
        theta = self.theta(x)
        phi = F.max_pool2d(self.phi(x), [2, 2])
        g = F.max_pool2d(self.g(x), [2, 2])
        theta = theta.view(-1, self.ch // 8, x.shape[2] * x.shape[3])
        phi = phi.view(-1, self.ch // 8, x.shape[2] * x.shape[3] // 4)
        g = g.view(-1, self.ch // 2, x.shape[2] * x.shape[3] // 4)
        beta = F.softmax(torch.bmm(theta.transpose(1, 2), phi), -1)
        o = self.o(
            torch.bmm(g, beta.transpose(1, 2)).view(-1, self.ch // 2, x.shape[2], x.shape[3])
        )
        return self.gamma * o + x


class ConditionalBatchNorm(nn.Module):
    def __init__(
        self, output_size: int, input_size: int, which_linear: Callable[..., nn.Module]
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.gain = which_linear(input_size, output_size)
        self.bias = which_linear(input_size, output_size)
        self.eps, self.momentum = 1e-5, 0.1
        self.register_buffer("stored_mean", 0.2 * torch.randn(output_size))
        self.register_buffer("stored_var", 0.5 + torch.rand(output_size))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        gain = (1 + self.gain(y)).view(y.size(0), -1, 1, 1)
        bias = self.bias(y).view(y.size(0), -1, 1, 1)
        out = F.batch_norm(
            x, self.stored_mean, self.stored_var, None, None, self.training, 0.1, self.eps
        )
        return out * gain + bias


class GBlock(nn.Module):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        which_conv: Callable[..., nn.Module],
        which_bn: Callable[..., nn.Module],
    ) -> None:
        super().__init__()
        self.activation = nn.ReLU(inplace=False)
        self.upsample = functools.partial(F.interpolate, scale_factor=2)
        self.conv1 = which_conv(in_channels, out_channels)
        self.conv2 = which_conv(out_channels, out_channels)
        self.conv_sc = which_conv(in_channels, out_channels, kernel_size=1, padding=0)
        self.bn1, self.bn2 = which_bn(in_channels), which_bn(out_channels)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        h = self.activation(self.bn1(x, y))
        h = self.upsample(h)
        x = self.upsample(x)
        h = self.conv1(h)
        h = self.activation(self.bn2(h, y))
        h = self.conv2(h)
        return h + self.conv_sc(x)


class Generator(nn.Module):
    """z and an embedded class `y = shared(label)` to images; the caller does the embedding."""

    def __init__(
        self,
        G_ch: int = 4,  # noqa: N803 - their name
        dim_z: int = 20,
        resolution: int = 64,
        attention: int = 32,
        n_classes: int = 10,
        shared_dim: int = 8,
        num_G_SVs: int = 1,  # noqa: N803
    ) -> None:
        super().__init__()
        multiples = {64: [16, 16, 8, 4, 2], 128: [16, 16, 8, 4, 2, 1]}[resolution]
        channels = [G_ch * m for m in multiples]
        self.bottom_width, self.num_slots = 4, len(channels)
        self.z_chunk_size = dim_z // self.num_slots
        dim_z = self.z_chunk_size * self.num_slots
        self.dim_z = dim_z
        which_conv = functools.partial(SNConv2d, kernel_size=3, padding=1, num_svs=num_G_SVs)
        which_linear = functools.partial(SNLinear, num_svs=num_G_SVs)
        which_bn = functools.partial(
            ConditionalBatchNorm,
            which_linear=functools.partial(which_linear, bias=False),
            input_size=shared_dim + self.z_chunk_size,
        )
        self.shared = nn.Embedding(n_classes, shared_dim)
        self.linear = which_linear(self.z_chunk_size, channels[0] * self.bottom_width**2)
        self.blocks = nn.ModuleList()
        for index in range(self.num_slots - 1):
            parts: list[nn.Module] = [
                GBlock(channels[index], channels[index + 1], which_conv, which_bn)
            ]
            if 4 * 2 ** (index + 1) == attention:
                parts += [Attention(channels[index + 1], which_conv)]
            self.blocks.append(nn.ModuleList(parts))
        self.output_layer = nn.Sequential(
            nn.BatchNorm2d(channels[-1]), nn.ReLU(inplace=False), which_conv(channels[-1], 3)
        )
        for module in self.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear, nn.Embedding)):
                nn.init.orthogonal_(module.weight)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        zs = torch.split(z, self.z_chunk_size, 1)
        z = zs[0]
        ys = [torch.cat([y, item], 1) for item in zs[1:]]
        h = self.linear(z)
        h = h.view(h.size(0), -1, self.bottom_width, self.bottom_width)
        for index, blocklist in enumerate(self.blocks):
            for block in blocklist:
                h = block(h, ys[index]) if isinstance(block, GBlock) else block(h)
        return torch.tanh(self.output_layer(h))


class OneHotGenerator(Generator):
    """As the later ports have it: one-hot classes, embedded by a linear layer inside."""

    def __init__(self, n_classes: int = 10, shared_dim: int = 8, **kwargs: Any) -> None:
        super().__init__(n_classes=n_classes, shared_dim=shared_dim, **kwargs)
        self.embeddings = nn.Linear(n_classes, shared_dim, bias=False)

    def forward(self, z: Tensor, class_label: Tensor) -> Tensor:
        return super().forward(z, self.embeddings(class_label))
