"""TransGAN (Jiang et al. 2021): a generator of transformer blocks, without convolutions.

Traps: qkv by one linear layer, reshaped and permuted; a learned bias table looked up by relative
positions; bicubic and pixel-shuffle upsampling between tokens and maps; windows; noise of one value
a token; GELU written out with erf.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


def gelu(x: Tensor) -> Tensor:
    return x * 0.5 * (1.0 + torch.erf(x / math.sqrt(2.0)))


class PixelNorm(nn.Module):
    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - their name
        return input * torch.rsqrt(torch.mean(input**2, dim=2, keepdim=True) + 1e-8)


class Mlp(nn.Module):
    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.drop(gelu(self.fc1(x)))
        return self.drop(self.fc2(x))


class Attention(nn.Module):
    def __init__(self, dim: int, num_heads: int, window_size: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.scale = (dim // num_heads) ** -0.5
        self.qkv = nn.Linear(dim, dim * 3, bias=False)
        self.proj = nn.Linear(dim, dim)
        self.noise_strength_1 = nn.Parameter(torch.zeros(1))
        self.window_size = (window_size, window_size)
        self.relative_position_bias_table = nn.Parameter(
            torch.zeros((2 * window_size - 1) * (2 * window_size - 1), num_heads)
        )
        coords = torch.stack(
            torch.meshgrid(torch.arange(window_size), torch.arange(window_size), indexing="ij")
        )
        coords_flatten = torch.flatten(coords, 1)
        relative_coords = coords_flatten[:, :, None] - coords_flatten[:, None, :]
        relative_coords = relative_coords.permute(1, 2, 0).contiguous()
        relative_coords[:, :, 0] += window_size - 1
        relative_coords[:, :, 1] += window_size - 1
        relative_coords[:, :, 0] *= 2 * window_size - 1
        self.register_buffer("relative_position_index", relative_coords.sum(-1))

    def forward(self, x: Tensor) -> Tensor:
        x = x + torch.randn([x.size(0), x.size(1), 1], device=x.device) * self.noise_strength_1
        B, N, C = x.shape  # noqa: N806 - their names
        qkv = self.qkv(x).reshape(B, N, 3, self.num_heads, C // self.num_heads)
        qkv = qkv.permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        attn = (q @ k.transpose(-2, -1)) * self.scale
        bias = self.relative_position_bias_table[self.relative_position_index.view(-1)].view(
            self.window_size[0] * self.window_size[1], self.window_size[0] * self.window_size[1], -1
        )
        attn = attn + bias.permute(2, 0, 1).contiguous().unsqueeze(0)
        attn = attn.softmax(dim=-1)
        x = (attn @ v).transpose(1, 2).reshape(B, N, C)
        return self.proj(x)


class Block(nn.Module):
    def __init__(self, dim: int, window_size: int, norm: str) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim) if norm == "ln" else PixelNorm()
        self.attn = Attention(dim, 4, window_size)
        self.norm2 = nn.LayerNorm(dim) if norm == "ln" else PixelNorm()
        self.mlp = Mlp(dim, dim * 2)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


def pixel_upsample(x: Tensor, H: int, W: int) -> tuple[Tensor, int, int]:  # noqa: N803
    _, N, C = x.size()  # noqa: N806
    assert N == H * W
    x = x.permute(0, 2, 1)
    x = x.view(-1, C, H, W)
    x = nn.PixelShuffle(2)(x)
    _, C, H, W = x.size()  # noqa: N806
    x = x.view(-1, C, H * W)
    x = x.permute(0, 2, 1)
    return x, H, W


def bicubic_upsample(x: Tensor, H: int, W: int) -> tuple[Tensor, int, int]:  # noqa: N803
    _, N, C = x.size()  # noqa: N806
    assert N == H * W
    x = x.permute(0, 2, 1)
    x = x.view(-1, C, H, W)
    x = F.interpolate(x, scale_factor=2, mode="bicubic")
    _, C, H, W = x.size()  # noqa: N806
    x = x.view(-1, C, H * W)
    x = x.permute(0, 2, 1)
    return x, H, W


def window_partition(x: Tensor, window_size: int) -> Tensor:
    B, H, W, C = x.shape  # noqa: N806
    x = x.view(B, H // window_size, window_size, W // window_size, window_size, C)
    return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, window_size, window_size, C)


def window_reverse(windows: Tensor, window_size: int, H: int, W: int) -> Tensor:  # noqa: N803
    B = int(windows.shape[0] / (H * W / window_size / window_size))  # noqa: N806
    x = windows.view(B, H // window_size, W // window_size, window_size, window_size, -1)
    return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(B, H, W, -1)


class Generator(nn.Module):
    def __init__(
        self, latent_dim: int = 32, embed_dim: int = 32, bottom_width: int = 4, norm: str = "ln"
    ) -> None:
        super().__init__()
        self.bottom_width = bottom_width
        self.embed_dim = embed_dim
        self.window_size = 8
        self.l1 = nn.Linear(latent_dim, bottom_width**2 * embed_dim)
        self.pos_embed_1 = nn.Parameter(torch.zeros(1, bottom_width**2, embed_dim))
        self.pos_embed_2 = nn.Parameter(torch.zeros(1, (bottom_width * 2) ** 2, embed_dim))
        self.pos_embed_3 = nn.Parameter(torch.zeros(1, (bottom_width * 4) ** 2, embed_dim // 4))
        self.blocks_1 = nn.ModuleList(Block(embed_dim, bottom_width, norm) for _ in range(2))
        self.blocks_2 = nn.ModuleList(Block(embed_dim, bottom_width * 2, norm) for _ in range(1))
        self.blocks_3 = nn.ModuleList(Block(embed_dim // 4, 8, norm) for _ in range(1))
        self.deconv = nn.Sequential(nn.Conv2d(embed_dim // 4, 3, 1, 1, 0))

    def forward(self, z: Tensor) -> Tensor:
        x = self.l1(z).view(-1, self.bottom_width**2, self.embed_dim)
        x = x + self.pos_embed_1.to(x.get_device() if x.is_cuda else x.device)
        H, W = self.bottom_width, self.bottom_width  # noqa: N806
        for blk in self.blocks_1:
            x = blk(x)
        x, H, W = bicubic_upsample(x, H, W)  # noqa: N806
        x = x + self.pos_embed_2
        for blk in self.blocks_2:
            x = blk(x)
        x, H, W = pixel_upsample(x, H, W)  # noqa: N806
        x = x + self.pos_embed_3
        B, _, C = x.size()  # noqa: N806
        x = x.view(B, H, W, C)
        x = window_partition(x, self.window_size)
        x = x.view(-1, self.window_size * self.window_size, C)
        for blk in self.blocks_3:
            x = blk(x)
        x = x.view(-1, self.window_size, self.window_size, C)
        x = window_reverse(x, self.window_size, H, W).view(B, H * W, C)
        return self.deconv(x.permute(0, 2, 1).view(-1, C, H, W))
