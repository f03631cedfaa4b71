"""A generator of digits against real ones, beside what real data and simple models reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import InvalidArgumentError
from ..sampler import Sampler
from . import metrics
from .digits import NAMES, SIZE, load_digits
from .metrics import Features, Labels


@dataclass(frozen=True)
class Row:
    """One line of the report; accuracies in percent, the rest as `metrics` defines it.

    `variance_ratio` is against the training set, the distances against the test set.
    """

    data: str
    svc_accuracy: float
    nn_accuracy: float
    frechet_distance: float
    precision: float
    recall: float
    density: float
    coverage: float
    neighbour_ratio: float
    variance_ratio: float


def compare_with_digits(sampler: Sampler, *, seed: int = 0) -> list[Row]:
    """Judge a generator of digits by the 30 % of the real ones that training never sees.

    The generator gives as many images of each class as the training set holds. Features are the
    images averaged down to 8 x 8, the resolution of the real ones, as 64 values in [0, 1].
    The controls are the training set itself ("real"; its neighbour ratio of 0 is what copying
    looks like), and a Gaussian fitted to each class and clipped to [0, 1].

    Returns
    -------
    list of Row
        The generator, then the controls.

    Raises
    ------
    InvalidArgumentError
        The model does not give 32 x 32 grey images of ten classes.
    MissingDependencyError
        scikit-learn or Pillow is not installed.
    """
    train_pixels, train_labels = load_digits("train")
    test_pixels, test_labels = load_digits("test")
    classes = sampler.spec.label.classes if sampler.spec.label else 0
    if classes != len(NAMES):
        raise InvalidArgumentError(
            f"{sampler.spec.name!r} has {classes} classes, but the digits have {len(NAMES)}"
        )
    fake_pixels = sampler.sample(len(train_labels), seed=seed, labels=train_labels)
    if fake_pixels.shape[1:] != (SIZE, SIZE, 1) or fake_pixels.dtype != np.uint8:
        raise InvalidArgumentError(
            f"{sampler.spec.name!r} gives {fake_pixels.dtype} of shape {fake_pixels.shape[1:]}, "
            f"but the digits are uint8 of shape ({SIZE}, {SIZE}, 1)"
        )
    train, test = _features(train_pixels), _features(test_pixels)
    rows = (
        (sampler.spec.name, _features(fake_pixels)),
        ("real (training set)", train),
        ("class Gaussians", _class_gaussians(train, train_labels, seed)),
    )
    return [_row(name, x, train, train_labels, test, test_labels, seed) for name, x in rows]


def _row(
    name: str,
    x: Features,
    train: Features,
    train_labels: Labels,
    test: Features,
    test_labels: Labels,
    seed: int,
) -> Row:
    svc, nearest = metrics.classifier_accuracy(x, train_labels, test, test_labels)
    # Sets of equal size, as precision, recall, density and coverage want them.
    chosen = np.random.default_rng(seed).choice(len(x), len(test), replace=False)
    support = metrics.manifold(test, x[chosen])
    return Row(
        data=name,
        svc_accuracy=100 * svc,
        nn_accuracy=100 * nearest,
        frechet_distance=metrics.frechet_distance(test, x),
        precision=support.precision,
        recall=support.recall,
        density=support.density,
        coverage=support.coverage,
        neighbour_ratio=metrics.neighbour_ratio(train, test, x),
        variance_ratio=metrics.variance_ratio(train, train_labels, x, train_labels),
    )


def _features(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    cell = SIZE // 8
    cells = pixels.reshape(len(pixels), 8, cell, 8, cell).mean(axis=(2, 4)) / 255
    return np.asarray(cells.reshape(len(pixels), 64))


def _class_gaussians(x: Features, labels: Labels, seed: int) -> npt.NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    out = np.empty(x.shape)
    for c in np.unique(labels):
        mine = labels == c
        covariance = np.cov(x[mine], rowvar=False)
        out[mine] = rng.multivariate_normal(x[mine].mean(0), covariance, mine.sum(), method="eigh")
    return np.clip(out, 0, 1)
