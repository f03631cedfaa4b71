"""Tests of fit and of independence that return p-values, and the one rule that judges them.

Each function takes draws and exact theory and returns p-values that are uniform on (0, 1) if theory
holds. `judge` is the only place where one is called too small. Nothing here was tuned on a result:
the thresholds follow from the number of p-values and from FAMILY_WISE.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Array = NDArray[np.float64]
PValues = dict[str, Array]

FAMILY_WISE = 1e-6  # the chance that a perfect generator fails anything at all
ITEMS = 100  # at most so many test items share it: `judge` counts them
_items: set[str] = set()

TAILS = 2.0 ** -np.arange(4, 21, 4)


def least(count: int) -> float:
    """Bonferroni's bound for one of `count` p-values of one test item."""
    return FAMILY_WISE / ITEMS / count


def judge(found: PValues) -> None:
    """Fail on a p-value that a perfect generator would not give."""
    _items.add(os.environ["PYTEST_CURRENT_TEST"].split(" ")[0])
    assert len(_items) <= ITEMS, "more test items than share the family-wise error: raise ITEMS"
    bound = least(sum(np.size(p) for p in found.values()))
    worst = {name: float(np.min(p)) for name, p in found.items()}
    bad = {name: p for name, p in worst.items() if not p >= bound}
    assert not bad, f"below {bound:.1e}: {bad}"


def caught(found: PValues) -> set[str]:
    """Name what `judge` would fail on: for generators that are flawed on purpose."""
    bound = least(sum(np.size(p) for p in found.values()))
    return {name for name, p in found.items() if np.min(p) < bound}


@dataclass(frozen=True)
class Law:
    """A continuous law on [low, high], its density up to a factor, and its cdf."""

    density: Callable[[Array], Array]
    cdf: Callable[[Array], Array]
    low: float
    high: float
    moments: Array = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Gauss-Legendre to order 24: the skewness of x^8 needs it. 400 nodes leave errors of 1e-12.
        nodes, weights = special.roots_legendre(400)
        half = (self.high - self.low) / 2
        x = self.low + half * (1 + nodes)
        weights = weights * self.density(x)
        powers = np.array([np.dot(weights, x**k) for k in range(25)])
        object.__setattr__(self, "moments", powers / powers[0])


def two_sided(lower: Array, upper: Array) -> Array:
    return np.minimum(1, 2 * np.minimum(lower, upper))


def mean_p(mean: Array, n: int, expected: Array, variance: Array, third: Array) -> Array:
    """p of a mean of n terms whose expectation, variance and third central moment are known.

    Pearson's type III law with the mean's own skewness: the normal law would be wrong by orders of
    magnitude where the thresholds lie, because eighth powers are so skewed.
    """
    t = (np.asarray(mean) - expected) / np.sqrt(variance / n)
    skew = third / variance**1.5 / np.sqrt(n)
    return two_sided(stats.pearson3.cdf(t, skew), stats.pearson3.sf(t, skew))


def moments_p(means: Array, n: int, law: Law) -> Array:
    """p of each mean of x, x^2, ... x^k over n draws; `means` is (..., k)."""
    k = np.arange(1, np.shape(means)[-1] + 1)
    m, m2, m3 = law.moments[k], law.moments[2 * k], law.moments[3 * k]
    return mean_p(means, n, m, m2 - m * m, m3 - 3 * m * m2 + 2 * m**3)


def power_means(x: Array, order: int = 8) -> Array:
    power, means = x.copy(), np.empty(order)
    for k in range(order):
        means[k] = power.mean()
        power *= x
    return means


def chi_square_p(counts: NDArray[np.int64], probabilities: Array | None = None) -> float:
    """p of Pearson's statistic; all cells equally likely unless probabilities are given."""
    n = counts.sum()
    cells = counts.size
    expected = n / cells if probabilities is None else n * probabilities
    return float(stats.chi2.sf(((counts - expected) ** 2 / expected).sum(), cells - 1))


def cells(u: Array, count: int) -> NDArray[np.int64]:
    """Which of `count` equal cells of [0, 1) each value lies in."""
    return np.minimum((u * count).astype(np.int64), count - 1)


def kolmogorov_p(u: Array) -> float:
    """Kolmogorov-Smirnov p of *sorted* values against the uniform law on [0, 1]."""
    n = u.size
    steps = np.arange(n + 1) / n
    distance = max(float((steps[1:] - u).max()), float((u - steps[:-1]).max()))
    if n < 1000:
        return float(stats.kstwo.sf(distance, n))
    # Stephens, JRSS B 32, 1970: the limiting law, corrected; the exact one takes up to 0.2 s.
    return float(special.kolmogorov((np.sqrt(n) + 0.12 + 0.11 / np.sqrt(n)) * distance))


def binomial_p(count: NDArray[np.int64], n: int, probability: Array | float) -> Array:
    """Exact p of a count; it is discrete, so on the safe side."""
    law = stats.binom(n, probability)
    return two_sided(law.cdf(count), law.sf(np.asarray(count) - 1))


def dependence_p(x: Array, y: Array) -> PValues:
    """Standard normals x and y, independent of each other? Correlation of x, |x| and x^2, and more.

    The last is a chi-square over 16 x 16 cells, which sees any dependence that is not in the tail.
    """
    n = x.size
    root = np.sqrt(2 / np.pi)
    spread = np.sqrt(1 - root**2)
    # Each has mean 0 and variance 1, so that a product has them too; the third moment is given.
    forms = {
        "x": (lambda v: v, 0.0),
        "|x|": (lambda v: (np.abs(v) - root) / spread, (2 * root**3 - root) / spread**3),
        "x^2": (lambda v: (v * v - 1) / np.sqrt(2), np.sqrt(8)),
    }
    left = {name: (f(x), third) for name, (f, third) in forms.items()}
    right = {name: (f(y), third) for name, (f, third) in forms.items()}
    found = {}
    for a, (fx, third_x) in left.items():
        for b, (fy, third_y) in right.items():
            mean = np.dot(fx, fy) / n
            found[f"{a}, {b}"] = mean_p(mean, n, 0.0, 1.0, third_x * third_y)
    table = 16 * cells(special.ndtr(x), 16) + cells(special.ndtr(y), 16)
    found["cells"] = np.array(chi_square_p(np.bincount(table, minlength=256)))
    return found
