"""Inverse transform: the right law, from the uniforms of `random`."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from scipy import stats

from gansdk import latents
from gansdk.errors import InvalidArgumentError, NonFiniteError

# A right sampler fails one such test in 10,000; the seeds are fixed.
LEAST_P = 1e-4


@pytest.mark.parametrize(
    "law", [stats.expon(), stats.gamma(2.5), stats.cauchy(), stats.beta(0.5, 2.0), stats.t(3)]
)
def test_law(law: Any) -> None:
    drawn = latents.inverse_transform(law.ppf, 10_000, 2, seed=11)
    assert drawn.shape == (10_000, 2)
    assert drawn.dtype == np.float64
    assert stats.kstest(drawn.ravel(), law.cdf).pvalue > LEAST_P


def test_a_discrete_law() -> None:
    law = stats.poisson(2.0)
    counts = np.bincount(latents.inverse_transform(law.ppf, 50_000, seed=3).astype(int).ravel())
    expected = law.pmf(np.arange(8)) * 50_000
    tail = 50_000 - expected.sum()
    found = [*counts[:8], counts[8:].sum()]
    assert stats.chisquare(found, [*expected, tail]).pvalue > LEAST_P


def test_the_uniforms_are_those_of_random() -> None:
    u = latents.random(5, 3, seed=7, start=2**40, stream=9)
    same = latents.inverse_transform(lambda u: u, 5, 3, seed=7, start=2**40, stream=9)
    assert (same == u).all()
    row = latents.inverse_transform(lambda u: u, 1, 3, seed=7, start=2**40 + 4, stream=9)
    assert (row[0] == u[4]).all()
    assert latents.inverse_transform(lambda u: u, 2, seed=[7, 8]).shape == (2, 1)
    assert latents.inverse_transform(lambda u: u, 0, seed=7).shape == (0, 1)


def test_a_function_of_one_number() -> None:
    quantile = np.vectorize(NormalDist(3, 2).inv_cdf)
    drawn = latents.inverse_transform(quantile, 10_000, seed=5)
    assert stats.kstest(drawn.ravel(), stats.norm(3, 2).cdf).pvalue > LEAST_P


def test_the_result_is_not_the_function_s_own_array() -> None:
    kept = np.zeros((3, 1))
    drawn = latents.inverse_transform(lambda u: kept, 3, seed=1)
    assert not np.shares_memory(drawn, kept)


def test_errors() -> None:
    with pytest.raises(InvalidArgumentError, match=r"shape \(4, 2\) for .* it gave \(4,\)"):
        latents.inverse_transform(lambda u: u.sum(1), 4, 2, seed=1)
    with pytest.raises(InvalidArgumentError, match="quantile must return real numbers"):
        latents.inverse_transform(lambda u: u.astype(complex), 4, seed=1)
    with pytest.raises(NonFiniteError, match=r"quantile gave \[inf\] in row 2") as caught:
        latents.inverse_transform(lambda u: np.array([[0], [1], [np.inf]]), 3, seed=1)
    assert caught.value.first == 2
    with pytest.raises(InvalidArgumentError, match="dim must be"):
        latents.inverse_transform(lambda u: u, 4, 0, seed=1)
