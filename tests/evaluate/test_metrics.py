from __future__ import annotations

import numpy as np
import pytest

from gansdk.evaluate.metrics import (
    classifier_accuracy,
    frechet_distance,
    manifold,
    neighbour_ratio,
    variance_ratio,
)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def distance(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sqrt(((a - b) ** 2).sum()))


def test_manifold_is_the_definition_point_by_point(rng: np.random.Generator) -> None:
    real, fake, k = rng.normal(size=(12, 3)), rng.normal(0.5, 1, size=(9, 3)), 2

    def radius(points: np.ndarray, i: int) -> float:
        others = [distance(points[i], p) for j, p in enumerate(points) if j != i]
        return sorted(others)[k - 1]

    def within(points: np.ndarray, i: int, x: np.ndarray) -> bool:
        return distance(points[i], x) < radius(points, i)

    precision = np.mean([any(within(real, i, f) for i in range(12)) for f in fake])
    recall = np.mean([any(within(fake, j, r) for j in range(9)) for r in real])
    density = np.mean([sum(within(real, i, f) for i in range(12)) / k for f in fake])
    coverage = np.mean([any(within(real, i, f) for f in fake) for i in range(12)])
    found = manifold(real, fake, neighbours=k)
    assert found.precision == pytest.approx(precision)
    assert found.recall == pytest.approx(recall)
    assert found.density == pytest.approx(density)
    assert found.coverage == pytest.approx(coverage)
    assert 0 < found.precision < 1  # a case that can tell


def test_a_set_against_itself_is_best_everywhere(rng: np.random.Generator) -> None:
    x = rng.normal(size=(60, 4))
    found = manifold(x, x)
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)
    assert found.density == pytest.approx(1)


def test_disjoint_sets_share_nothing(rng: np.random.Generator) -> None:
    found = manifold(rng.normal(size=(60, 4)), rng.normal(100, 1, size=(60, 4)))
    assert (found.precision, found.recall, found.density, found.coverage) == (0, 0, 0, 0)


def test_a_generator_of_one_mode_is_precise_but_recalls_and_covers_little(
    rng: np.random.Generator,
) -> None:
    centres = np.array([[0.0, 0.0], [100.0, 0.0]])
    real = np.repeat(centres, 50, axis=0) + rng.normal(size=(100, 2))
    found = manifold(real, centres[0] + rng.normal(size=(100, 2)))
    assert found.precision > 0.9
    assert found.recall <= 0.5
    assert found.coverage <= 0.5


def test_a_copy_of_the_training_set_has_neighbour_ratio_0(rng: np.random.Generator) -> None:
    train, test = rng.normal(size=(50, 4)), rng.normal(size=(30, 4))
    assert neighbour_ratio(train, test, train[:20]) == pytest.approx(0, abs=1e-6)


def test_neighbour_ratio_is_the_ratio_of_mean_distances(rng: np.random.Generator) -> None:
    train, test, fake = (rng.normal(size=(n, 3)) for n in (20, 10, 7))
    to_train = [[min(distance(x, t) for t in train) for x in s] for s in (fake, test)]
    wanted = np.mean(to_train[0]) / np.mean(to_train[1])
    assert neighbour_ratio(train, test, fake) == pytest.approx(wanted)
    assert neighbour_ratio(train, test, test) == pytest.approx(1)


def test_variance_ratio_averages_over_the_classes(rng: np.random.Generator) -> None:
    labels = np.repeat([0, 1], 500)
    real = rng.normal(size=(1000, 3)) + 50 * labels[:, None]
    assert variance_ratio(real, labels, real, labels) == pytest.approx(1)
    halved = (real - 50 * labels[:, None]) * np.where(labels, 1, 0.5)[:, None]
    assert variance_ratio(real, labels, halved, labels) == pytest.approx((1 + 0.25) / 2)


def test_a_generator_that_ignores_its_latent_has_variance_ratio_0(rng: np.random.Generator) -> None:
    labels = np.repeat([0, 1], 50)
    real = rng.normal(size=(100, 3))
    collapsed = np.where(labels[:, None], 7.0, -3.0) * np.ones((100, 3))
    assert variance_ratio(real, labels, collapsed, labels) == pytest.approx(0, abs=1e-12)


def test_frechet_distance_of_a_set_to_itself_is_0(rng: np.random.Generator) -> None:
    x = rng.normal(size=(100, 5))
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-9)


def whitened(count: int, size: int, rng: np.random.Generator) -> np.ndarray:
    """Points whose sample mean is 0 and whose sample covariance is 1 exactly."""
    x = rng.normal(size=(count, size))
    x -= x.mean(0)
    return np.asarray(x @ np.linalg.inv(np.linalg.cholesky(np.cov(x, rowvar=False))).T)


def test_frechet_distance_of_gaussians_is_the_closed_form(rng: np.random.Generator) -> None:
    # Commuting covariances: |m1 - m2|^2 + sum((s1 - s2)^2), in any rotated frame.
    x, y = whitened(200, 3, rng), whitened(150, 3, rng)
    s, t, m = np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 0.5]), np.array([1.0, -2.0, 0.0])
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    wanted = (m**2).sum() + ((s - t) ** 2).sum()
    found = frechet_distance((x * s) @ rotation.T, (y * t + m) @ rotation.T)
    assert found == pytest.approx(wanted)


def test_frechet_distance_of_covariances_that_do_not_commute(rng: np.random.Generator) -> None:
    linalg = pytest.importorskip("scipy.linalg")
    a, b = (rng.normal(size=(100, 4)) @ rng.normal(size=(4, 4)) for _ in range(2))
    ca, cb = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = linalg.sqrtm(ca @ cb).real
    wanted = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ca + cb - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(wanted)


def test_frechet_distance_takes_one_feature(rng: np.random.Generator) -> None:
    x = whitened(50, 2, rng)[:, :1]
    assert frechet_distance(x, 3 * x + 1) == pytest.approx(1 + 4)


def test_frechet_distance_of_singular_covariances(rng: np.random.Generator) -> None:
    x = np.zeros((50, 4))
    x[:, :2] = whitened(50, 2, rng)
    assert frechet_distance(x, 2 * x) == pytest.approx(2)


def test_classifiers_learn_what_can_be_learnt_and_nothing_from_wrong_labels(
    rng: np.random.Generator,
) -> None:
    labels = np.arange(90) % 3
    train, test = (10 * np.eye(3)[labels] + rng.normal(size=(90, 3)) for _ in range(2))
    assert classifier_accuracy(train, labels, test, labels) == (1, 1)
    assert classifier_accuracy(train, (labels + 1) % 3, test, labels) == (0, 0)
