"""Distances between two sets of images, on plain feature vectors.

What to use when: `classifier_accuracy` for whether the classes are right, `coverage` and `recall`
for whether all of the data is there, `precision` and `density` for whether all images are good,
`neighbour_ratio` for copying, `variance_ratio` for a latent that is ignored, `frechet_distance` for
one number. None of them means much alone; `report` puts them beside controls.

Arrays of features are float (n, d).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import MissingDependencyError

Features: TypeAlias = npt.NDArray[np.floating[Any]]
Labels: TypeAlias = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Manifold:
    """Precision, recall, density and coverage, each best at 1 (density can pass it)."""

    precision: float
    recall: float
    density: float
    coverage: float


def manifold(real: Features, fake: Features, *, neighbours: int = 5) -> Manifold:
    """Compare supports by k-nearest-neighbour balls.

    precision, recall: Kynkaanniemi et al. 2019; density, coverage: Naeem et al. 2020, whose k = 5
    is the default. Both depend on the set sizes: compare figures of equal sizes only.
    """
    radius_real, radius_fake = _radii(real, neighbours), _radii(fake, neighbours)
    distance = _distances(real, fake)
    inside = distance < radius_real[:, None]
    return Manifold(
        precision=float(inside.any(0).mean()),
        recall=float((distance < radius_fake[None, :]).any(1).mean()),
        density=float(inside.sum(0).mean() / neighbours),
        coverage=float((distance.min(1) < radius_real).mean()),
    )


def neighbour_ratio(train: Features, test: Features, fake: Features) -> float:
    """Mean distance to the nearest training image, generated over test.

    1 for new images of the same distribution; far below 1 means copies of the training set.
    """
    return float(_distances(fake, train).min(1).mean() / _distances(test, train).min(1).mean())


def variance_ratio(
    real: Features, real_labels: Labels, fake: Features, fake_labels: Labels
) -> float:
    """Total variance within a class, generated over real, averaged over the classes.

    Near 0 where a generator follows the class and ignores the latent.
    """
    ratios = [
        fake[fake_labels == c].var(axis=0).sum() / real[real_labels == c].var(axis=0).sum()
        for c in np.unique(real_labels)
    ]
    return float(np.mean(ratios))


def classifier_accuracy(
    train: Features, train_labels: Labels, test: Features, test_labels: Labels
) -> tuple[float, float]:
    """Accuracy on real test images of an RBF support-vector classifier and of 1-NN.

    Trained on generated images it is the classification accuracy score of Ravuri and Vinyals 2019.
    """
    try:
        from sklearn.neighbors import KNeighborsClassifier
        from sklearn.svm import SVC
    except ImportError:
        raise MissingDependencyError(
            "evaluation needs scikit-learn, which is not installed: pip install 'gansdk[evaluate]'"
        ) from None
    support = SVC(C=10).fit(train, train_labels).score(test, test_labels)
    nearest = KNeighborsClassifier(1).fit(train, train_labels).score(test, test_labels)
    return float(support), float(nearest)


def frechet_distance(real: Features, fake: Features) -> float:
    """Frechet distance between Gaussians fitted to both sets (Dowson and Landau 1982)."""
    a, b = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (real, fake))
    # The trace of sqrt(ab) is the sum of the roots of its eigenvalues, real and not negative but
    # for rounding, since ab is similar to a product of symmetric positive matrices.
    roots = np.sqrt(np.clip(np.linalg.eigvals(a @ b).real, 0, None)).sum()
    shift = real.mean(0) - fake.mean(0)
    return float(shift @ shift + np.trace(a) + np.trace(b) - 2 * roots)


def _distances(a: Features, b: Features) -> npt.NDArray[np.float64]:
    a, b = a.astype(np.float64), b.astype(np.float64)
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None, :] - 2 * a @ b.T
    return np.asarray(np.sqrt(np.maximum(squares, 0)))


def _radii(x: Features, neighbours: int) -> npt.NDArray[np.float64]:
    # Column 0 is each point's distance to itself.
    return np.asarray(np.partition(_distances(x, x), neighbours, axis=1)[:, neighbours])
