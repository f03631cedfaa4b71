"""The digits: a class-conditional GAN on scikit-learn's 1,797 real images, at 32 x 32.

It trains on the 70 % split only, so that the other 30 % can judge it; `gansdk.evaluate.digits` says
how the 8 x 8 originals are upsampled.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.utils.data import Dataset, TensorDataset

from ... import images
from ...evaluate.digits import NAMES, SIZE, load_digits
from ...spec import GeneratorSpec, Label, Latent, Output
from ..networks import ConvGenerator, ProjectionDiscriminator
from ..trainer import TrainerOptions
from .recipe import Recipe


def _networks(options: TrainerOptions) -> tuple[nn.Module, nn.Module]:
    classes = len(NAMES)
    return ConvGenerator(options.latent_size, classes), ProjectionDiscriminator(SIZE, classes)


def _dataset() -> Dataset[Any]:
    pixels, labels = load_digits("train")
    return TensorDataset(torch.from_numpy(images.from_uint8(pixels)), torch.from_numpy(labels))


def _spec(options: TrainerOptions) -> GeneratorSpec:
    return GeneratorSpec(
        name="digits",
        latent=Latent(options.latent_size),
        label=Label(len(NAMES), names=NAMES),
        output=Output(value_range=(-1, 1)),
    )


DIGITS = Recipe(
    name="digits",
    summary="Handwritten digits, 32 x 32, ten classes; about six minutes on two cores.",
    options=TrainerOptions(steps=5000),
    networks=_networks,
    dataset=_dataset,
    spec=_spec,
)
