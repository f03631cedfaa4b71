"""ViTGAN (Lee et al. 2022): self-modulated layer norms, patches drawn by a SIREN.

Traps: nn.MultiheadAttention, whose eval mode takes a fused path; sine activations of wide
arguments, so rounding shows; Fourier features of a coordinate grid expanded to the batch; patches
to an image by an einsum-like permute.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class SLN(nn.Module):
    """Layer norm whose scale and shift are linear in w."""

    def __init__(self, dim: int, w_dim: int) -> None:
        super().__init__()
        self.ln = nn.LayerNorm(dim)
        self.gamma = nn.Linear(w_dim, dim)
        self.beta = nn.Linear(w_dim, dim)

    def forward(self, hl: Tensor, w: Tensor) -> Tensor:
        return self.gamma(w).unsqueeze(1) * self.ln(hl) + self.beta(w).unsqueeze(1)


class EncoderBlock(nn.Module):
    def __init__(self, dim: int, w_dim: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = SLN(dim, w_dim), SLN(dim, w_dim)
        self.attn = nn.MultiheadAttention(dim, heads, dropout=0.1, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(dim, dim * 2), nn.GELU(), nn.Linear(dim * 2, dim))

    def forward(self, hl: Tensor, w: Tensor) -> Tensor:
        temp = self.norm1(hl, w)
        hl_temp = self.attn(temp, temp, temp)[0] + hl
        return self.mlp(self.norm2(hl_temp, w)) + hl_temp


class Siren(nn.Module):
    def __init__(self, inputs: int, outputs: int, omega: float) -> None:
        super().__init__()
        self.omega = omega
        self.linear = nn.Linear(inputs, outputs)
        bound = math.sqrt(6 / inputs) / omega
        nn.init.uniform_(self.linear.weight, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(self.omega * self.linear(x))


class Generator(nn.Module):
    """`stock` adds PyTorch's own transformer encoder behind the modulated blocks."""

    def __init__(
        self,
        image_size: int = 32,
        patch: int = 8,
        latent_dim: int = 32,
        dim: int = 16,
        stock: bool = False,
    ) -> None:
        super().__init__()
        self.grid, self.patch = image_size // patch, patch
        self.mlp = nn.Sequential(nn.Linear(latent_dim, dim), nn.LeakyReLU(0.2), nn.Linear(dim, dim))
        self.pos_emb = nn.Parameter(torch.randn(self.grid**2, dim))
        self.blocks = nn.ModuleList(EncoderBlock(dim, dim, 2) for _ in range(2))
        layer = nn.TransformerEncoderLayer(dim, 2, dim * 2, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2) if stock else None
        self.sln_norm = SLN(dim, dim)
        self.fourier = nn.Linear(2, dim)
        self.inr = nn.Sequential(Siren(dim, dim, 30), Siren(dim, dim, 5))
        self.to_rgb = nn.Linear(dim, 3)

    def coordinates(self, batch: int) -> Tensor:
        ys, xs = torch.meshgrid(
            torch.linspace(-1, 1, self.patch), torch.linspace(-1, 1, self.patch), indexing="ij"
        )
        coords = torch.stack((xs, ys), dim=-1).view(1, -1, 2)
        return coords.repeat(batch * self.grid**2, 1, 1)

    def forward(self, z: Tensor) -> Tensor:
        w = self.mlp(z)
        h = self.pos_emb.expand(z.shape[0], *self.pos_emb.shape)
        for block in self.blocks:
            h = block(h, w)
        if self.encoder is not None:
            h = self.encoder(h)
        h = self.sln_norm(h, w).reshape(-1, 1, h.shape[-1])
        x = torch.sin(math.pi * self.fourier(self.coordinates(z.shape[0]))) + h
        x = torch.tanh(self.to_rgb(self.inr(x)))
        g, p = self.grid, self.patch
        x = x.view(z.shape[0], g, g, p, p, 3).permute(0, 5, 1, 3, 2, 4)
        return x.reshape(z.shape[0], 3, g * p, g * p)
