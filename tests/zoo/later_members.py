"""Families that were written down after the rewrites were: what they broke is in docs/export.md."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from gansdk.spec import GeneratorSpec, ImageInput, Label, Latent

from . import fastgan, gigagan, spade, stargan2, swagan, transgan, ugatit, vitgan
from .member import Member
from .prepare import seeded, trained, within_range

Z = GeneratorSpec(latent=Latent(32))
SQUARE = ImageInput(3, size=(64, 64))
LABELS = ImageInput(1, size=(64, 64), value_range=(0, 255), resample="nearest")


def first(module: nn.Module, *inputs: Tensor) -> Tensor:
    return module(*inputs)[0]


def of_list(module: nn.Module, z: Tensor) -> Tensor:
    return module([z])[0]


def scaled(
    make: Callable[[], nn.Module],
    images: Callable[[nn.Module], Tensor],
    *scale: str,
) -> nn.Module:
    """Build a module without a tanh, its last layer scaled to the value range."""
    return seeded(make, lambda module: within_range(module, images, scale=scale))


def of_latents(module: nn.Module) -> Tensor:
    return module(torch.randn(16, 32))


def fast() -> nn.Module:
    return seeded(fastgan.Generator, lambda module: trained(module, torch.randn(8, 32)))


def star() -> nn.Module:
    def images(module: nn.Module) -> Tensor:
        given = torch.rand(8, 3, 64, 64) * 2 - 1, torch.randn(8, 16), torch.arange(8) % 3
        return stargan2.translate(module, *given)

    return scaled(stargan2.Solver, images, "generator.to_rgb.2")


def giga(kernels: int) -> nn.Module:
    make = partial(gigagan.Generator, image_size=16, num_conv_kernels=kernels)
    last = [f"layers.{i}.2." for i in range(3)]
    return scaled(make, of_latents, *last)


def segmented(vae: bool, edges: bool = True) -> nn.Module:
    def train(module: nn.Module) -> nn.Module:
        labels = torch.randint(0, 6, (8, 1, 8, 8)).float().repeat_interleave(8, 2)
        z = (torch.randn(8, 16),) if vae else ()
        return trained(module, labels.repeat_interleave(8, 3), *z)

    return seeded(partial(spade.Pix2PixModel, vae=vae, edges=edges), train)


def wavelet() -> nn.Module:
    last = ["to_rgb1.conv.w", "to_rgb1.bias", "to_rgbs.0.conv.w", "to_rgbs.0.bias"]
    last += ["to_rgbs.1.conv.w", "to_rgbs.1.bias"]
    return scaled(swagan.Generator, lambda m: m([torch.randn(16, 32)])[0], *last)


def of_labels(module: nn.Module, label: Tensor, *z: Tensor) -> Tensor:
    """Take any picture for a label map: a level that is no class is not known."""
    return module(torch.where(label < 6, label, 255), *z)


LATER: tuple[Member, ...] = (
    Member("fastgan", fast, Z, call=first, notes="noise of one channel; a list of images"),
    Member("stargan2", star, GeneratorSpec(latent=Latent(16), label=Label(3), image=SQUARE),
           call=stargan2.translate, notes="an index made from Python's range over the batch"),
    Member("stargan2_encoder", star, GeneratorSpec(label=Label(3), image=SQUARE),
           call=stargan2.reconstruct, slow=True),
    Member("gigagan", partial(giga, 2), Z, notes="a mixture of kernels for each image"),
    Member("gigagan_one_kernel", partial(giga, 1), Z, slow=True),
    Member("spade", partial(segmented, False), GeneratorSpec(image=LABELS),
           call=of_labels, notes="one-hot labels by scatter_"),
    Member("spade_vae", partial(segmented, True),
           GeneratorSpec(latent=Latent(16), image=LABELS), call=of_labels, slow=True),
    Member("spade_vae_drawn", partial(segmented, True), GeneratorSpec(image=LABELS),
           call=of_labels, slow=True, notes="the latent drawn in forward"),
    Member("transgan", partial(scaled, transgan.Generator, of_latents, "deconv"), Z,
           notes="windows folded into the batch, and noise of their shape"),
    Member("transgan_pixel_norm", partial(scaled, partial(transgan.Generator, norm="pn"),
                                          of_latents, "deconv"), Z, slow=True),
    Member("vitgan", partial(seeded, vitgan.Generator), Z, notes="nn.MultiheadAttention"),
    Member("vitgan_stock", partial(seeded, partial(vitgan.Generator, stock=True)), Z, slow=True,
           notes="the fused path of nn.TransformerEncoder"),
    Member("ugatit", partial(seeded, ugatit.ResnetGenerator), GeneratorSpec(image=SQUARE),
           call=first, notes="weights read from a list of parameters"),
    Member("ugatit_light", partial(seeded, partial(ugatit.ResnetGenerator, light=True)),
           GeneratorSpec(image=ImageInput(3, multiple=4)), call=first, slow=True),
    Member("swagan", wavelet, Z, call=of_list, slow=True, notes="Haar wavelets by upfirdn2d"),
)  # fmt: skip
