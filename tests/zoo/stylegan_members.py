"""The members with a style: StyleGAN2 in both widespread forms, and StyleGAN3."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from gansdk.spec import GeneratorSpec, Label, Latent, Truncation

from . import stylegan2_nvlabs, stylegan2_rosinality, stylegan3
from .member import Member
from .prepare import seeded, within_range

Z = GeneratorSpec(latent=Latent(32))
Z_LABEL = GeneratorSpec(latent=Latent(32), label=Label(5, encoding="one_hot"))
Z_PSI = GeneratorSpec(latent=Latent(32), truncation=Truncation(0.7))
CONST = {"noise_mode": "const"}
NO_NOISE = {"noise_mode": "none"}


def nvlabs(resolution: int, c_dim: int = 0, **options: Any) -> nn.Module:
    def images(module: nn.Module) -> Tensor:
        ws = module.mapping(torch.randn(16, 32), torch.eye(16, c_dim) if c_dim else None)
        return module.synthesis(ws, noise_mode="const", force_fp32=True)

    make = partial(stylegan2_nvlabs.Generator, 32, c_dim, 32, resolution, **options)
    return seeded(make, lambda module: within_range(module, images, scale=["torgb.w", "torgb.b"]))


def rosinality(size: int, fused: bool = True) -> nn.Module:
    def images(module: nn.Module) -> Tensor:
        return first(module, torch.randn(16, 32), randomize_noise=False)

    channels = {4: 16, 8: 16, 16: 16, 32: 8, 64: 8, 128: 4, 256: 4}
    last = ["to_rgb1.conv.w", "to_rgb1.bias"]
    last += [f"to_rgbs.{i}.{name}" for i in range(7) for name in ("conv.w", "bias")]
    make = partial(stylegan2_rosinality.Generator, size, 32, 3, channels, fused)
    return seeded(make, lambda module: within_range(module, images, scale=last))


def alias_free(c_dim: int = 0) -> nn.Module:
    def images(module: nn.Module) -> Tensor:
        return module(torch.randn(16, 32), torch.eye(16, c_dim) if c_dim else None)

    make = partial(stylegan3.Generator, 32, c_dim, 32)
    return seeded(make, lambda module: within_range(module, images, scale=["L2.weight", "L2.bias"]))


def first(module: nn.Module, z: Tensor, **keywords: Any) -> Tensor:
    """Call a network that takes a list of latents and gives a pair."""
    image, _ = module([z], **keywords)
    return image


def first_truncated(module: nn.Module, z: Tensor, psi: float) -> Tensor:
    """Truncate towards a mean that is worked out from the weights, as `mean_latent` does."""
    mean = module.style(module.input.input.new_zeros(1, 32) + 0.5)
    return first(module, z, randomize_noise=False, truncation=psi, truncation_latent=mean)


def of_mapping_and_synthesis(module: nn.Module, z: Tensor, psi: float) -> Tensor:
    """Truncate between the two networks, as scripts that edit w do."""
    ws = module.mapping(z, None)
    w_avg = module.mapping.w_avg
    return module.synthesis(w_avg + psi * (ws - w_avg), noise_mode="const")


FIXED = partial(first, randomize_noise=False)

STYLEGANS: tuple[Member, ...] = (
    Member("stylegan2_128", partial(nvlabs, 128), Z, CONST,
           notes="int(batch); one group an image"),
    Member("stylegan2_256", partial(nvlabs, 256), Z, CONST, slow=True),
    Member("stylegan2_psi_folded", partial(nvlabs, 8), Z,
           {**NO_NOISE, "truncation_psi": 0.7}, slow=True),
    Member("stylegan2_cutoff", partial(nvlabs, 8), Z,
           {**NO_NOISE, "truncation_psi": 0.5, "truncation_cutoff": 2},
           notes="only the first layers are truncated, in place"),
    Member("stylegan2_random", partial(nvlabs, 8), Z, notes="torch.randn in forward"),
    Member("stylegan2_label", partial(nvlabs, 8, c_dim=5), Z_LABEL, CONST,
           notes="one-hot label", slow=True),
    Member("stylegan2_psi", partial(nvlabs, 8), Z_PSI, CONST, notes="psi as an input", slow=True),
    Member("stylegan2_psi_random", partial(nvlabs, 8), Z_PSI, notes="psi and noise as inputs"),
    Member("stylegan2_psi_cutoff", partial(nvlabs, 8), Z_PSI,
           {**CONST, "truncation_cutoff": 2}, slow=True),
    Member("stylegan2_w", partial(nvlabs, 8), Z_PSI, call=of_mapping_and_synthesis,
           notes="psi between mapping and synthesis", slow=True),
    Member("stylegan2_resnet", partial(nvlabs, 16, architecture="resnet"), Z, CONST, slow=True),
    Member("stylegan2_half", partial(nvlabs, 8, num_fp16_res=1, conv_clamp=256), Z,
           {**CONST, "force_fp32": True}, notes="trained in half precision", slow=True),
    Member("stylegan2_unfused", partial(nvlabs, 8), Z, {**CONST, "fused_modconv": False}),
    Member("rosinality_fixed", partial(rosinality, 16), Z, call=FIXED,
           notes="one group an image, also transposed; a list in, a pair out"),
    Member("rosinality_256", partial(rosinality, 256), Z, call=FIXED, slow=True),
    Member("rosinality_psi", partial(rosinality, 8), Z_PSI, call=first_truncated, slow=True),
    Member("rosinality_random", partial(rosinality, 8), Z, call=first,
           notes="new_empty().normal_()"),
    Member("rosinality_unfused", partial(rosinality, 8, fused=False), Z, call=FIXED, slow=True),
    Member("stylegan3", alias_free, Z, notes="int(batch); a mean over the batch that cancels"),
    Member("stylegan3_label", partial(alias_free, 5), Z_LABEL, {"truncation_psi": 0.6}, slow=True),
    Member("stylegan3_psi", alias_free, Z_PSI, slow=True),
)  # fmt: skip
