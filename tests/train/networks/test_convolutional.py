from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from gansdk.train import ConvGenerator, ProjectionDiscriminator


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize(("channels", "side"), [((8,), 8), ((8, 4), 16), ((64, 64, 32), 32)])
@pytest.mark.parametrize("image_channels", [1, 3])
def test_generator_shapes_and_range(
    channels: tuple[int, ...], side: int, image_channels: int
) -> None:
    generator = ConvGenerator(5, channels=channels, image_channels=image_channels)
    images = generator(10 * torch.randn(2, 5))
    assert images.shape == (2, image_channels, side, side)
    assert images.abs().max() <= 1


@pytest.mark.parametrize("size", [8, 32])
def test_discriminator_gives_one_logit_an_image(size: int) -> None:
    discriminator = ProjectionDiscriminator(size, channels=(4, 4, 4), image_channels=3)
    assert discriminator(torch.randn(3, 3, size, size)).shape == (3,)


def test_the_label_changes_the_image_and_the_logit() -> None:
    generator = ConvGenerator(5, 3, channels=(8, 4))
    z = torch.randn(1, 5).expand(3, 5)
    images = generator(z, torch.arange(3))
    assert not torch.equal(images[0], images[1])
    discriminator = ProjectionDiscriminator(16, 3, channels=(4, 4))
    same = images[:1].expand(3, -1, -1, -1)
    assert len(set(discriminator(same, torch.arange(3)).tolist())) == 3


def test_the_logit_is_a_projection_on_the_classs_embedding() -> None:
    discriminator = ProjectionDiscriminator(8, 4, channels=(4,), features=6)
    image, label = torch.randn(5, 1, 8, 8), torch.tensor([0, 3, 1, 1, 2])
    h = F.leaky_relu(discriminator.convolutions[0](image), 0.2).flatten(1)
    h = F.leaky_relu(discriminator.features(h), 0.2)
    wanted = [
        h[i] @ discriminator.logit.weight[0]
        + discriminator.logit.bias[0]
        + h[i] @ discriminator.embedding.weight[label[i]]
        for i in range(5)
    ]
    torch.testing.assert_close(discriminator(image, label), torch.stack(wanted))


def test_no_row_depends_on_the_batch_around_it() -> None:
    generator = ConvGenerator(5, 3, channels=(8, 4)).train()
    discriminator = ProjectionDiscriminator(16, 3, channels=(4, 4)).train()
    z, label = torch.randn(8, 5), torch.arange(8) % 3
    images = generator(z, label)
    logits = discriminator(images, label)
    for i in range(8):
        alone = generator(z[i : i + 1], label[i : i + 1])
        torch.testing.assert_close(alone[0], images[i], rtol=0, atol=1e-5)
        logit = discriminator(images[i : i + 1], label[i : i + 1])
        torch.testing.assert_close(logit[0], logits[i], rtol=0, atol=1e-5)
