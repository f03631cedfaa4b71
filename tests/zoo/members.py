"""The zoo: every architecture that must export, and how each is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from gansdk.spec import GeneratorSpec, ImageInput, Label, Latent, Truncation

from . import biggan, munit, stylegan2_nvlabs, stylegan2_rosinality, stylegan3
from .prepare import seeded, within_range

ALL = ("onnx", "torchscript", "pt2")


@dataclass(frozen=True)
class Member:
    """One generator of the zoo.

    Parameters
    ----------
    name : str
        What the tests call it.
    build : callable
        Returns the module, with fixed weights, in the mode in which its authors leave it.
    spec : GeneratorSpec
        What it takes and gives.
    arguments : mapping, optional
        Constant keywords for its forward.
    call : callable, optional
        call(module, *inputs), for a forward that takes or gives something else.
    formats : tuple of str
        The formats that it can have.
    slow : bool
        Whether it is left to `make test-slow`.
    discriminator : callable, optional
        Returns the discriminator that is exported beside it.
    notes : str
        The trap that it stands for.
    """

    name: str
    build: Callable[[], nn.Module]
    spec: GeneratorSpec
    arguments: Mapping[str, Any] | None = None
    call: Callable[..., Tensor] | None = None
    formats: tuple[str, ...] = ALL
    slow: bool = False
    discriminator: Callable[[], nn.Module] | None = None
    notes: str = ""


def _nvlabs(resolution: int, c_dim: int = 0, **options: Any) -> nn.Module:
    def images(module: nn.Module) -> Tensor:
        ws = module.mapping(torch.randn(16, 32), torch.eye(16, c_dim) if c_dim else None)
        return module.synthesis(ws, noise_mode="const", force_fp32=True)

    make = partial(stylegan2_nvlabs.Generator, 32, c_dim, 32, resolution, **options)
    return seeded(make, lambda module: within_range(module, images, scale=["torgb.w", "torgb.b"]))


def _rosinality(size: int, fused: bool = True) -> nn.Module:
    def images(module: nn.Module) -> Tensor:
        return module([torch.randn(16, 32)], randomize_noise=False)[0]

    channels = {4: 16, 8: 16, 16: 16, 32: 8, 64: 8, 128: 4, 256: 4}
    last = ["to_rgb1.conv.w", "to_rgb1.bias"]
    last += [f"to_rgbs.{i}.{name}" for i in range(7) for name in ("conv.w", "bias")]
    make = partial(stylegan2_rosinality.Generator, size, 32, 3, channels, fused)
    return seeded(make, lambda module: within_range(module, images, scale=last))


def _truncated(module: nn.Module, z: Tensor, psi: Tensor) -> Tensor:
    # As psi differs from image to image, the caller does what the mapping network would.
    ws = module.mapping(z, None)
    w_avg = module.mapping.w_avg
    return module.synthesis(w_avg + psi[:, None, None] * (ws - w_avg), noise_mode="const")


def _first(module: nn.Module, z: Tensor, **keywords: Any) -> Tensor:
    image, _ = module([z], **keywords)
    return image


def _first_truncated(module: nn.Module, z: Tensor) -> Tensor:
    # mean_latent() of the original: the average over random latents, a constant here.
    mean = module.style(module.input.input.new_zeros(1, 32) + 0.5)
    return _first(module, z, randomize_noise=False, truncation=0.7, truncation_latent=mean)


def _shared(module: nn.Module, z: Tensor, label: Tensor) -> Tensor:
    return module(z, module.shared(label))


Z32 = GeneratorSpec(latent=Latent(32))
ONE_HOT = GeneratorSpec(latent=Latent(32), label=Label(5, encoding="one_hot"))
CONST = {"noise_mode": "const"}

_STYLEGAN2 = (
    Member("stylegan2_const", partial(_nvlabs, 128), Z32, CONST, notes="int(batch), groups=batch"),
    Member(
        "stylegan2_none_psi",
        partial(_nvlabs, 64),
        Z32,
        {"noise_mode": "none", "truncation_psi": 0.7},
        notes="psi folded",
    ),
    Member(
        "stylegan2_cutoff",
        partial(_nvlabs, 32),
        Z32,
        {"noise_mode": "none", "truncation_psi": 0.5, "truncation_cutoff": 4},
        notes="psi folded for the first layers; written in place",
    ),
    Member("stylegan2_random", partial(_nvlabs, 32), Z32, notes="torch.randn in forward"),
    Member("stylegan2_label", partial(_nvlabs, 32, c_dim=5), ONE_HOT, CONST, notes="one-hot"),
    Member(
        "stylegan2_psi_input",
        partial(_nvlabs, 32),
        GeneratorSpec(latent=Latent(32), truncation=Truncation(0.7)),
        call=_truncated,
        notes="psi as an input",
    ),
    Member("stylegan2_resnet", partial(_nvlabs, 32, architecture="resnet"), Z32, CONST),
    Member(
        "stylegan2_half",
        partial(_nvlabs, 32, num_fp16_res=2, conv_clamp=256),
        Z32,
        {**CONST, "force_fp32": True},
        notes="trained in half precision",
    ),
    Member("stylegan2_unfused", partial(_nvlabs, 64), Z32, {**CONST, "fused_modconv": False}),
    Member("stylegan2_256", partial(_nvlabs, 256), Z32, CONST, slow=True),
    Member(
        "rosinality_fixed",
        partial(_rosinality, 64),
        Z32,
        call=partial(_first, randomize_noise=False),
        notes="transposed, groups=batch",
    ),
    Member("rosinality_truncated", partial(_rosinality, 32), Z32, call=_first_truncated),
    Member(
        "rosinality_random",
        partial(_rosinality, 32),
        Z32,
        call=_first,
        notes="new_empty().normal_()",
    ),
    Member(
        "rosinality_unfused",
        partial(_rosinality, 32, fused=False),
        Z32,
        call=partial(_first, randomize_noise=False),
    ),
    Member(
        "rosinality_256",
        partial(_rosinality, 256),
        Z32,
        call=partial(_first, randomize_noise=False),
        slow=True,
    ),
)

MEMBERS: tuple[Member, ...] = (
    *_STYLEGAN2,
    Member("stylegan3", partial(seeded, partial(stylegan3.Generator, 32, 0, 32)), Z32,
           notes="int(batch); a mean over the batch that cancels"),
    Member("stylegan3_label_psi", partial(seeded, partial(stylegan3.Generator, 32, 5, 32)),
           ONE_HOT, {"truncation_psi": 0.6}),
    Member("munit", partial(seeded, munit.AdaINGen),
           GeneratorSpec(latent=Latent(8, shape=(8, 1, 1)),
                         image=ImageInput(3, size=(32, 32))),
           notes="batch norm in training mode over batch * channels"),
    Member("biggan_64", partial(seeded, biggan.Generator),
           GeneratorSpec(latent=Latent(20), label=Label(10)), call=_shared,
           notes="spectral norm by hand"),
    Member("biggan_128", partial(seeded, partial(biggan.OneHotGenerator, resolution=128, dim_z=24,
                                                 attention=64)),
           GeneratorSpec(latent=Latent(24), label=Label(10, encoding="one_hot")),
           notes="one-hot class, embedded inside"),
)  # fmt: skip
