"""The networks of gansdk.train.networks export, with their discriminators beside them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from gansdk import Sampler
from gansdk.export import export
from gansdk.spec import GeneratorSpec, ImageInput, Label, Latent, Truncation
from gansdk.train.networks import (
    DCGANDiscriminator,
    DCGANGenerator,
    MLPDiscriminator,
    MLPGenerator,
    PatchDiscriminator,
    ResNetDiscriminator,
    ResNetGenerator,
    StyleGenerator,
    UNetGenerator,
)

LATENT = GeneratorSpec(latent=Latent(8))
LABEL = GeneratorSpec(latent=Latent(8), label=Label(3))
PSI = GeneratorSpec(latent=Latent(8), truncation=Truncation())
PICTURE = GeneratorSpec(image=ImageInput(3, multiple=8))
Build = Callable[[], nn.Module]

PAIRS: dict[str, tuple[Build, Build, GeneratorSpec]] = {
    "mlp": (lambda: MLPGenerator(8, (1, 8, 8)), lambda: MLPDiscriminator((1, 8, 8)), LATENT),
    "dcgan": (
        lambda: DCGANGenerator(8, 8, channels=4),
        lambda: DCGANDiscriminator(8, channels=4),
        LATENT,
    ),
    "resnet": (
        lambda: ResNetGenerator(8, 8, 3, channels=4),
        lambda: ResNetDiscriminator(8, 3, channels=4),
        LABEL,
    ),
    "style": (
        lambda: StyleGenerator(8, 8, style_size=8, channels=4),
        lambda: PatchDiscriminator(channels=(4,)),
        PSI,
    ),
    "unet": (
        lambda: UNetGenerator(channels=(4, 4, 4)),
        lambda: PatchDiscriminator(channels=(4, 4)),
        PICTURE,
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_exports(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    generator, discriminator, spec = PAIRS[name]
    module = generator()
    report = export(
        module, tmp_path / "model", spec=spec, discriminator=discriminator(), formats=["onnx"]
    )
    assert len(report.differences) == 2
    if spec.image is None:
        images = Sampler(tmp_path / "model", threads=1).sample(2, seed=1)
        assert images.dtype == np.uint8
        assert (images[0] != images[1]).any()
