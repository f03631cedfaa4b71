"""What every pair of networks must do: shapes, ranges, labels, no other image's influence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from gansdk.errors import InvalidArgumentError
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

GENERATORS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], int]] = {
    "mlp": (lambda: MLPGenerator(8, (1, 4, 6)), (1, 4, 6), 0),
    "mlp of classes": (lambda: MLPGenerator(8, (5,), 3), (5,), 3),
    "dcgan": (lambda: DCGANGenerator(8, 16, channels=4), (3, 16, 16), 0),
    "resnet": (lambda: ResNetGenerator(8, 16, channels=6), (3, 16, 16), 0),
    "resnet of classes": (lambda: ResNetGenerator(8, 8, 3, channels=6), (3, 8, 8), 3),
    "style": (lambda: StyleGenerator(8, 16, style_size=8, channels=4), (3, 16, 16), 0),
    "style of classes": (
        lambda: StyleGenerator(8, 8, 3, style_size=8, channels=4, noise="none", image_channels=1),
        (1, 8, 8),
        3,
    ),
}
DISCRIMINATORS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], int]] = {
    "mlp": (lambda: MLPDiscriminator((1, 4, 6)), (1, 4, 6), 0),
    "mlp of classes": (lambda: MLPDiscriminator((5,), 3), (5,), 3),
    "dcgan": (lambda: DCGANDiscriminator(16, channels=4), (3, 16, 16), 0),
    "resnet": (lambda: ResNetDiscriminator(16, channels=6), (3, 16, 16), 0),
    "resnet of classes": (lambda: ResNetDiscriminator(8, 3, channels=6), (3, 8, 8), 3),
    "patch": (lambda: PatchDiscriminator(channels=(4, 6)), (3, 16, 24), 0),
}


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def alone_as_in_the_batch(module: nn.Module, *inputs: Tensor) -> Tensor:
    with torch.no_grad():
        together: Tensor = module(*inputs)
        for i in range(len(together)):
            alone = module(*(part[i : i + 1] for part in inputs))
            torch.testing.assert_close(alone[0], together[i], rtol=0, atol=2e-5)
    return together


@pytest.mark.parametrize("name", GENERATORS)
def test_a_generator_makes_each_image_by_itself(name: str) -> None:
    build, shape, classes = GENERATORS[name]
    labels = (torch.arange(5) % classes,) if classes else ()
    images = alone_as_in_the_batch(build().eval(), torch.randn(5, 8), *labels)
    assert images.shape == (5, *shape)
    assert images.isfinite().all()
    if not name.startswith("style"):
        assert images.abs().max() <= 1
    assert (images[0] - images[1]).abs().max() > 1e-4


@pytest.mark.parametrize("name", [name for name in GENERATORS if "classes" in name])
def test_the_label_changes_the_image(name: str) -> None:
    build, _, classes = GENERATORS[name]
    module = build()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))  # classes may start alike
    images = module.eval()(torch.randn(1, 8).expand(classes, 8), torch.arange(classes))
    assert (images[0] - images[1]).abs().max() > 1e-3


@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_a_discriminator_gives_one_logit_an_image(name: str) -> None:
    build, shape, classes = DISCRIMINATORS[name]
    labels = (torch.arange(5) % classes,) if classes else ()
    logits = alone_as_in_the_batch(build().eval(), torch.randn(5, *shape), *labels)
    assert logits.shape == (5,)
    assert logits.std() > 0


@pytest.mark.parametrize("name", [name for name in DISCRIMINATORS if "classes" in name])
def test_the_label_changes_the_logit(name: str) -> None:
    build, shape, classes = DISCRIMINATORS[name]
    same = torch.randn(1, *shape).expand(classes, *shape)
    logits = build().eval()(same, torch.arange(classes))
    assert len(set(logits.tolist())) == classes


@pytest.mark.parametrize("name", [*GENERATORS, *DISCRIMINATORS])
def test_every_weight_learns(name: str) -> None:
    for build, shape, classes in [d[name] for d in (GENERATORS, DISCRIMINATORS) if name in d]:
        module = build().train()
        shape = (8,) if build is GENERATORS.get(name, (None,))[0] else shape
        labels = (torch.arange(6) % classes,) if classes else ()
        module(torch.randn(6, *shape), *labels).square().sum().backward()
        still = [n for n, p in module.named_parameters() if p.grad is None or not p.grad.any()]
        # A bias in front of a norm does nothing; that of the U-Net and patches alone.
        assert not [n for n in still if "bias" not in n]


@pytest.mark.parametrize("size", [4, 12, 0, 31])
@pytest.mark.parametrize(
    "build",
    [
        lambda size: DCGANGenerator(8, size),
        lambda size: DCGANDiscriminator(size),
        lambda size: ResNetGenerator(8, size),
        lambda size: ResNetDiscriminator(size),
        lambda size: StyleGenerator(8, size),
    ],
)
def test_a_size_that_is_no_doubling_of_four_is_refused(build: Any, size: int) -> None:
    with pytest.raises(InvalidArgumentError, match="size must be"):
        build(size)


def test_pictures_become_pictures_of_the_same_size() -> None:
    generator = UNetGenerator(1, 3, channels=(4, 6, 8))
    images = alone_as_in_the_batch(generator, torch.randn(3, 1, 16, 32))
    assert images.shape == (3, 3, 16, 32)
    assert images.abs().max() <= 1


def test_a_unet_of_one_halving_has_no_skip() -> None:
    assert UNetGenerator(channels=(4,))(torch.randn(2, 3, 8, 8)).shape == (2, 3, 8, 8)


def test_skips_hand_details_across() -> None:
    generator = UNetGenerator(channels=(4, 4, 4))
    image = torch.randn(1, 3, 32, 32, requires_grad=True)
    hidden = []
    generator.down[-1].register_forward_hook(lambda *call: hidden.append(call[-1] * 0))
    generator.down[-1].register_forward_hook(lambda *call: call[-1] * 0)
    generator(image).square().sum().backward()
    assert hidden
    assert image.grad is not None
    assert image.grad.abs().max() > 0  # although nothing passes through the innermost


def test_patches_see_seventy_pixels() -> None:
    discriminator = PatchDiscriminator(1, channels=(2, 2, 2, 2))
    image = torch.zeros(1, 1, 256, 256, requires_grad=True)
    with torch.no_grad():
        for layer in (*discriminator.convolutions, discriminator.logit):
            layer.weight.fill_(1.0)
    # Without the instance norm, which sees all.
    x: Tensor = image
    for layer in (*discriminator.convolutions, discriminator.logit):
        x = layer(x)
    x[0, 0, x.shape[2] // 2, x.shape[3] // 2].backward()
    assert image.grad is not None
    rows = image.grad[0, 0].abs().sum(1).nonzero()
    assert rows.max() - rows.min() + 1 == 70


def test_patches_may_be_judged_beside_what_they_were_made_from() -> None:
    discriminator = PatchDiscriminator(3, 1, channels=(4, 6))
    image, given = torch.randn(2, 3, 16, 16), torch.randn(2, 1, 16, 16)
    patches = discriminator.patches(image, given)
    assert patches.shape[:2] == (2, 1)
    torch.testing.assert_close(discriminator(image, given), patches.mean((1, 2, 3)))
