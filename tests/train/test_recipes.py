from __future__ import annotations

import torch

from gansdk.train import RECIPES

DIGITS = RECIPES["digits"]


def test_digits_trains_on_the_training_split_in_the_generators_range() -> None:
    dataset = DIGITS.dataset()
    assert len(dataset) == 1257
    images, labels = dataset.tensors
    assert images.shape == (1257, 1, 32, 32)
    assert images.dtype == torch.float32
    assert (images.min(), images.max()) == (-1, 1)
    assert sorted(labels.unique().tolist()) == list(range(10))


def test_digits_networks_take_what_the_spec_says() -> None:
    generator, discriminator = DIGITS.networks(DIGITS.options)
    spec = DIGITS.spec(DIGITS.options)
    labels = torch.arange(spec.label.classes)
    images = generator(torch.randn(len(labels), spec.latent.size), labels)
    assert images.shape == (10, 1, 32, 32)
    assert discriminator(images, labels).shape == (10,)
    assert spec.output.value_range == (-1, 1)
    assert spec.label.names[3] == "three"


def test_recipes_are_known_by_their_own_names() -> None:
    assert all(recipe.name == name for name, recipe in RECIPES.items())
