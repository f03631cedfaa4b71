from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gansdk.errors import InvalidArgumentError
from gansdk.evaluate import Row, compare_with_digits, load_digits
from gansdk.spec import GeneratorSpec, Label, Latent


class Toy:
    """What the report needs of a Sampler."""

    def __init__(self, give: Any, *, classes: int | None = 10, name: str = "toy") -> None:
        label = Label(classes) if classes else None
        self.spec = GeneratorSpec(name=name, latent=Latent(4), label=label)
        self.give = give

    def sample(self, n: int, *, seed: int, labels: np.ndarray) -> Any:
        assert len(labels) == n
        return self.give(labels, seed)


def training_images(labels: np.ndarray, seed: int) -> np.ndarray:
    pixels, wanted = load_digits("train")
    assert np.array_equal(labels, wanted)
    return pixels


def class_means(labels: np.ndarray, seed: int) -> np.ndarray:
    pixels, wanted = load_digits("train")
    return np.stack([pixels[wanted == c].mean(0).astype(np.uint8) for c in range(10)])[labels]


@pytest.fixture(scope="module")
def means() -> list[Row]:
    return compare_with_digits(Toy(class_means))


def test_the_generator_comes_first_then_the_controls(means: list[Row]) -> None:
    assert [row.data for row in means] == ["toy", "real (training set)", "class Gaussians"]


def test_the_controls_are_what_they_should_be(means: list[Row]) -> None:
    _, real, gaussians = means
    assert real.svc_accuracy > 98
    assert real.nn_accuracy > 97
    assert real.neighbour_ratio == pytest.approx(0, abs=1e-6)
    assert real.variance_ratio == pytest.approx(1)
    assert real.coverage > 0.9
    assert 80 < gaussians.svc_accuracy < real.svc_accuracy
    assert gaussians.neighbour_ratio > 0.8
    assert 0.7 < gaussians.variance_ratio < 1  # clipped to the ink's range


def test_class_means_are_exposed_by_every_number(means: list[Row]) -> None:
    toy, real, _ = means
    assert toy.variance_ratio == pytest.approx(0, abs=1e-9)
    assert toy.recall < 0.05
    assert toy.coverage < real.coverage / 2
    assert toy.frechet_distance > 10 * real.frechet_distance


def test_copies_of_the_training_set_are_exposed_by_the_neighbour_ratio(means: list[Row]) -> None:
    rows = compare_with_digits(Toy(training_images))
    copied, real = rows[0], means[1]
    assert {**vars(copied), "data": None} == {**vars(real), "data": None}


def test_the_seed_reaches_the_sampler_and_the_report_repeats() -> None:
    seeds = []

    def give(labels: np.ndarray, seed: int) -> np.ndarray:
        seeds.append(seed)
        return class_means(labels, seed)

    # A model may be called what a control is called.
    toy = Toy(give, name="class Gaussians")
    first, again = compare_with_digits(toy, seed=5), compare_with_digits(toy, seed=5)
    assert seeds == [5, 5]
    assert first == again
    assert len(first) == 3


@pytest.mark.parametrize("classes", [None, 9])
def test_other_classes_are_refused(classes: int | None) -> None:
    with pytest.raises(InvalidArgumentError, match=f"'toy' has {classes or 0} classes"):
        compare_with_digits(Toy(class_means, classes=classes))


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [((28, 28, 1), np.uint8), ((32, 32, 3), np.uint8), ((32, 32, 1), np.float32)],
)
def test_other_images_are_refused(shape: tuple[int, ...], dtype: type) -> None:
    toy = Toy(lambda labels, seed: np.zeros((len(labels), *shape), dtype))
    with pytest.raises(
        InvalidArgumentError, match=r"but the digits are uint8 of shape \(32, 32, 1\)"
    ):
        compare_with_digits(toy)
