"""GigaGAN's generator (Kang et al. 2023) without text, as the popular re-implementation has it.

Traps: each image mixes its own kernel from several before it is modulated and demodulated; the
convolution has one group an image; attention by squared L2 distances with a learned null token;
noise in each block; modulations handed round by iterators.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import log2

import torch
from torch import Tensor, einsum, nn
from torch.nn import functional as F  # noqa: N812


class ChannelRMSNorm(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.scale = dim**0.5
        self.gamma = nn.Parameter(torch.ones(dim, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        normed = F.normalize(x, dim=1)
        return normed * self.scale * self.gamma


class Blur(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("f", torch.Tensor([1, 2, 1]))

    def forward(self, x: Tensor) -> Tensor:
        f = self.f[None, :] * self.f[:, None]
        f = (f / f.sum()).expand(x.shape[1], 1, -1, -1)
        return F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), f, groups=x.shape[1])


def upsample() -> nn.Module:
    return nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False), Blur())


class PixelShuffleUpsample(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        conv = nn.Conv2d(dim, dim * 4, 1)
        self.net = nn.Sequential(conv, nn.SiLU(), nn.PixelShuffle(2))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class SqueezeExcite(nn.Module):
    """Global context skip: from a small map to a later one's channels."""

    def __init__(self, dim: int, dim_out: int) -> None:
        super().__init__()
        self.to_k = nn.Conv2d(dim, 1, 1)
        self.net = nn.Sequential(
            nn.Conv2d(dim, 8, 1), nn.LeakyReLU(0.1), nn.Conv2d(8, dim_out, 1), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        context = self.to_k(x).flatten(2).softmax(dim=-1)
        out = einsum("b i n, b c n -> b c i", context, x.flatten(2))
        return self.net(out.unsqueeze(-1))


class AdaptiveConv2DMod(nn.Module):
    def __init__(
        self,
        dim: int,
        dim_out: int,
        kernel: int,
        *,
        demod: bool = True,
        num_conv_kernels: int = 1,
        eps: float = 1e-8,
    ) -> None:
        super().__init__()
        self.eps = eps
        self.dim_out = dim_out
        self.kernel = kernel
        self.adaptive = num_conv_kernels > 1
        self.weights = nn.Parameter(torch.randn(num_conv_kernels, dim_out, dim, kernel, kernel))
        self.demod = demod
        nn.init.kaiming_normal_(self.weights, a=0, mode="fan_in", nonlinearity="leaky_relu")

    def forward(self, fmap: Tensor, mod: Tensor, kernel_mod: Tensor | None = None) -> Tensor:
        b, c, h, w = fmap.shape
        weights = self.weights
        if self.adaptive:
            assert kernel_mod is not None
            weights = weights.unsqueeze(0).repeat(b, 1, 1, 1, 1, 1)
            kernel_attn = kernel_mod.softmax(dim=-1)
            kernel_attn = kernel_attn[:, :, None, None, None, None]
            weights = (weights * kernel_attn).sum(dim=1)
        mod = mod[:, None, :, None, None]
        weights = weights * (mod + 1)
        if self.demod:
            inv_norm = (weights**2).sum(dim=(2, 3, 4), keepdim=True).clamp(min=self.eps).rsqrt()
            weights = weights * inv_norm
        fmap = fmap.reshape(1, b * c, h, w)
        weights = weights.reshape(b * self.dim_out, c, self.kernel, self.kernel)
        fmap = F.conv2d(fmap, weights, padding=self.kernel // 2, groups=b)
        return fmap.reshape(b, self.dim_out, *fmap.shape[-2:])


class SelfAttention(nn.Module):
    def __init__(self, dim: int, dim_head: int = 4, heads: int = 2, dot: bool = False) -> None:
        super().__init__()
        self.heads = heads
        self.scale = dim_head**-0.5
        dim_inner = dim_head * heads
        self.dot_product = dot
        self.norm = ChannelRMSNorm(dim)
        self.to_q = nn.Conv2d(dim, dim_inner, 1, bias=False)
        self.to_k = nn.Conv2d(dim, dim_inner, 1, bias=False) if dot else None
        self.to_v = nn.Conv2d(dim, dim_inner, 1, bias=False)
        self.null_kv = nn.Parameter(torch.randn(2, heads, dim_head))
        self.to_out = nn.Conv2d(dim_inner, dim, 1, bias=False)

    def forward(self, fmap: Tensor) -> Tensor:
        batch = fmap.shape[0]
        fmap = self.norm(fmap)
        x, y = fmap.shape[-2:]
        h = self.heads
        q, v = self.to_q(fmap), self.to_v(fmap)
        k = self.to_k(fmap) if self.to_k is not None else q

        def split_heads(t: Tensor) -> Tensor:
            # b (h d) x y -> (b h) (x y) d
            return t.view(batch * h, -1, x * y).transpose(1, 2)

        q, k, v = map(split_heads, (q, k, v))
        nk, nv = (
            t.unsqueeze(0).repeat(batch, 1, 1).reshape(batch * h, 1, -1) for t in self.null_kv
        )
        k = torch.cat((nk, k), dim=-2)
        v = torch.cat((nv, v), dim=-2)
        if self.dot_product:
            sim = einsum("b i d, b j d -> b i j", q, k)
        else:
            q_squared = (q * q).sum(dim=-1)
            k_squared = (k * k).sum(dim=-1)
            l2dist_squared = (
                q_squared[:, :, None]
                + k_squared[:, None, :]
                - 2 * einsum("b i d, b j d -> b i j", q, k)
            )
            sim = -l2dist_squared
        sim = sim * self.scale
        attn = sim.softmax(dim=-1)
        out = einsum("b i j, b j d -> b i d", attn, v)
        out = out.transpose(1, 2).reshape(batch, -1, x, y)
        return self.to_out(out)


class Noise(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(dim, 1, 1))

    def forward(self, x: Tensor, noise: Tensor | None = None) -> Tensor:
        b, _, h, w, device = *x.shape, x.device
        if noise is None:
            noise = torch.randn(b, 1, h, w, device=device)
        return x + self.weight * noise


class EqualLinear(nn.Module):
    def __init__(self, dim: int, dim_out: int, lr_mul: float = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(dim_out, dim))
        self.bias = nn.Parameter(torch.zeros(dim_out))
        self.lr_mul = lr_mul

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - their name
        return F.linear(input, self.weight * self.lr_mul, bias=self.bias * self.lr_mul)


class StyleNetwork(nn.Module):
    def __init__(self, dim: int, depth: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(depth):
            layers.extend([EqualLinear(dim, dim, 0.3), nn.LeakyReLU(0.2)])
        self.net = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        x = F.normalize(x, dim=1)
        return self.net(x)


class Generator(nn.Module):
    def __init__(
        self, image_size: int = 32, dim_latent: int = 32, num_conv_kernels: int = 2, dim: int = 8
    ) -> None:
        super().__init__()
        self.style_network = StyleNetwork(dim_latent, 3)
        self.init_block = nn.Parameter(torch.randn(dim, 4, 4))
        self.init_conv = nn.Conv2d(dim, dim, 3, padding=1)
        self.num_layers = int(log2(image_size)) - 1
        self.style_embed_split_dims: list[int] = []
        self.layers = nn.ModuleList([])
        is_adaptive = num_conv_kernels > 1

        def conv(kernel: int, dim_out: int = dim, demod: bool = True) -> AdaptiveConv2DMod:
            self.style_embed_split_dims.append(dim)
            if is_adaptive:
                self.style_embed_split_dims.append(num_conv_kernels)
            return AdaptiveConv2DMod(
                dim, dim_out, kernel, demod=demod, num_conv_kernels=num_conv_kernels
            )

        for ind in range(self.num_layers):
            first = ind == 0
            resnet_block = nn.ModuleList(
                [conv(3), Noise(dim), nn.LeakyReLU(0.2), conv(3), Noise(dim), nn.LeakyReLU(0.2)]
            )
            to_rgb = conv(1, 3, demod=False)
            self.layers.append(
                nn.ModuleList(
                    [
                        SqueezeExcite(dim, dim) if ind + 2 < self.num_layers else None,
                        resnet_block,
                        to_rgb,
                        SelfAttention(dim, dot=ind == 2) if ind in (1, 2) else None,
                        PixelShuffleUpsample(dim) if not first else None,
                        upsample() if not first else None,
                    ]
                )
            )
        self.is_adaptive = is_adaptive
        self.style_to_conv_modulations = nn.Linear(dim_latent, sum(self.style_embed_split_dims))

    def forward(self, noise: Tensor, return_all_rgbs: bool = False) -> Tensor:
        styles = self.style_network(noise)
        conv_mods = self.style_to_conv_modulations(styles)
        conv_mods = iter(conv_mods.split(self.style_embed_split_dims, dim=-1))

        def mods(given: Iterator[Tensor]) -> tuple[Tensor, Tensor | None]:
            return next(given), (next(given) if self.is_adaptive else None)

        batch_size = styles.shape[0]
        x = self.init_block.unsqueeze(0).repeat(batch_size, 1, 1, 1)
        x = self.init_conv(x)
        rgb = torch.zeros((batch_size, 3, 4, 4), device=x.device, dtype=x.dtype)
        excitations: list[Tensor | None] = [None] * 2
        rgbs = []
        for squeeze, (
            conv1,
            noise1,
            act1,
            conv2,
            noise2,
            act2,
        ), to_rgb, attn, up, up_rgb in self.layers:
            if up is not None:
                x = up(x)
                rgb = up_rgb(rgb)
            excite = excitations.pop(0)
            if excite is not None:
                x = x * excite
            excitations.append(squeeze(x) if squeeze is not None else None)
            x = act1(noise1(conv1(x, *mods(conv_mods))))
            x = act2(noise2(conv2(x, *mods(conv_mods))))
            if attn is not None:
                x = attn(x) + x
            layer_rgb = to_rgb(x, *mods(conv_mods))
            rgb = rgb + layer_rgb
            rgbs.append(rgb)
        assert next(conv_mods, None) is None, "modulations are left over"
        return (rgb, rgbs) if return_all_rgbs else rgb
