"""The zoo: every architecture that must export, written as its authors write it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from gansdk.spec import GeneratorSpec, ImageInput, Label, Latent, Output

from . import (
    biggan,
    ctgan,
    cyclegan,
    dcgan,
    esrgan,
    mlp,
    munit,
    pix2pix,
    progan,
    sagan,
    sngan,
    stylegan2_discriminator,
    wavegan,
)
from .member import Member as Member
from .prepare import seeded, trained
from .stylegan_members import CONST, STYLEGANS, nvlabs


def settled(make: Callable[[], nn.Module], *shape: int, classes: int = 0) -> nn.Module:
    """Build a module whose running statistics are those of random inputs."""

    def train(module: nn.Module) -> nn.Module:
        label = (torch.arange(16) % classes,) if classes else ()
        return trained(module, torch.randn(16, *shape), *label)

    return seeded(make, train)


def biggan_64() -> nn.Module:
    def train(module: nn.Module) -> nn.Module:
        return trained(module, torch.randn(16, 20), module.shared(torch.arange(16) % 10))

    return seeded(biggan.Generator, train)


def biggan_128() -> nn.Module:
    def train(module: nn.Module) -> nn.Module:
        return trained(module, torch.randn(16, 24), torch.eye(10)[torch.arange(16) % 10])

    return seeded(partial(biggan.OneHotGenerator, G_ch=2, resolution=128, dim_z=24), train)


def without_running_statistics() -> nn.Module:
    def drop(module: nn.Module) -> nn.Module:
        for part in module.modules():
            if isinstance(part, nn.BatchNorm2d):
                part.track_running_stats = False
                part.running_mean = part.running_var = None
        return module

    return seeded(partial(dcgan.Generator, ngf=2, size=16), drop)


def first_of_three(module: nn.Module, z: Tensor) -> Tensor:
    image, _, _ = module(z)
    return image


def with_embedding(module: nn.Module, z: Tensor, label: Tensor) -> Tensor:
    return module(z, module.shared(label))


Z = GeneratorSpec(latent=Latent(32))
DCGAN = GeneratorSpec(latent=Latent(100, shape=(100, 1, 1)))
ARRAY = Output(kind="array")
PICTURE = ImageInput(3, size=(256, 256))

MEMBERS: tuple[Member, ...] = (
    Member("mlp", partial(settled, mlp.Generator, 16), GeneratorSpec(latent=Latent(16))),
    Member("dcgan_64", partial(settled, dcgan.Generator, 100, 1, 1), DCGAN,
           discriminator=partial(settled, dcgan.Discriminator, 3, 64, 64),
           notes="left in train mode"),
    Member("dcgan_128", partial(settled, partial(dcgan.Generator, size=128, ngf=4), 100, 1, 1),
           DCGAN),
    Member("sngan_hook", partial(settled, partial(sngan.Generator, "hook"), 32), Z,
           notes="legacy spectral norm"),
    Member("sngan_parametrization",
           partial(settled, partial(sngan.Generator, "parametrization", num_classes=5), 32,
                   classes=5),
           GeneratorSpec(latent=Latent(32), label=Label(5)),
           discriminator=partial(settled, partial(sngan.ProjectionDiscriminator,
                                                   "parametrization", num_classes=5),
                                 3, 32, 32, classes=5),
           notes="conditional batch norm"),
    Member("sagan_64", partial(settled, sagan.Generator, 32), Z, call=first_of_three,
           notes="spectral norm of transposed convolutions; three outputs"),
    Member("sagan_128", partial(settled, partial(sagan.Generator, conv_dim=4, image_size=128), 32),
           Z, call=first_of_three, slow=True),
    Member("biggan_64", biggan_64,
           GeneratorSpec(latent=Latent(20), label=Label(10)), call=with_embedding,
           notes="spectral norm by hand"),
    Member("biggan_128", biggan_128,
           GeneratorSpec(latent=Latent(24), label=Label(10, encoding="one_hot")),
           notes="one-hot class, embedded inside", slow=True),
    Member("progan", partial(seeded, progan.Generator),
           GeneratorSpec(latent=Latent(32, shape=(32, 1, 1))), {"alpha": 0.4, "steps": 4},
           notes="fade-in"),
    *STYLEGANS,
    Member("munit", partial(seeded, munit.AdaINGen),
           GeneratorSpec(latent=Latent(8, shape=(8, 1, 1)),
                         image=ImageInput(3, size=(32, 32))),
           notes="batch norm in training mode over batch * channels"),
    Member("pix2pix_batch", partial(settled, partial(pix2pix.UnetGenerator, "batch"), 3, 256, 256),
           GeneratorSpec(image=PICTURE), notes="dropout; in-place activations", slow=True),
    Member("pix2pix_train", partial(settled, partial(pix2pix.UnetGenerator, "batch", 7,
                                                     use_dropout=False), 3, 256, 256),
           GeneratorSpec(image=PICTURE), statistics="instance",
           notes="batch norm as its authors test it: by the picture's own statistics"),
    Member("pix2pix_instance", partial(seeded, partial(pix2pix.UnetGenerator, "instance", 7)),
           GeneratorSpec(image=PICTURE)),
    Member("cyclegan", partial(seeded, cyclegan.ResnetGenerator),
           GeneratorSpec(image=ImageInput(3, multiple=4)), notes="any size"),
    Member("esrgan", partial(seeded, esrgan.RRDBNet),
           GeneratorSpec(image=ImageInput(3, scale=4, value_range=(0, 1)),
                         output=Output(value_range=(0, 1))), notes="any size, times 4", slow=True),
    Member("pixel_shuffle", partial(seeded, esrgan.PixelShuffleNet),
           GeneratorSpec(image=ImageInput(3, scale=4, value_range=(0, 1)),
                         output=Output(value_range=(0, 1)))),
    Member("wavegan", partial(settled, wavegan.Generator, 32),
           GeneratorSpec(latent=Latent(32, law="uniform"), output=ARRAY), notes="sound"),
    Member("ctgan", partial(settled, ctgan.Generator, 24),
           GeneratorSpec(latent=Latent(24), output=ARRAY), notes="rows of a table"),
    Member("ctgan_condition", partial(seeded, partial(ctgan.Generator, conditions=4)),
           GeneratorSpec(latent=Latent(24), label=Label(4, encoding="one_hot"), output=ARRAY)),
)  # fmt: skip

REFUSED: tuple[Member, ...] = (
    Member("stylegan2_discriminator", partial(nvlabs, 8), Z, CONST,
           discriminator=partial(seeded, partial(stylegan2_discriminator.Discriminator, 8)),
           notes="minibatch standard deviation: a logit depends on the other images"),
    Member("batch_statistics", without_running_statistics, DCGAN,
           notes="batch norm without running statistics"),
)  # fmt: skip
"""What no file can hold, as an image or a logit would depend on the batch that it is in."""
