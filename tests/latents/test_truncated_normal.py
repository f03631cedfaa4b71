"""Truncated normal: the reference bit for bit, and its accuracy, at any threshold."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gansdk import latents
from gansdk.errors import InvalidArgumentError

sys.path.insert(0, str(Path(__file__).parents[1]))
import reference
from known_answers import same_bits, ulps, words_near_everything

sys.path.pop(0)

LAST = 2**64 - 1
uint64 = st.integers(0, LAST)


THRESHOLDS = [2.0**-90, 0.02, 0.5, 1.0, 2.0, 2.01, 2.999, 3.0, 4.0, 11.99, 12.0, 1e300, np.inf]


def as_float32(threshold: float) -> float:
    with np.errstate(over="ignore"):
        rounded = np.float32(threshold)
    return float(rounded if float(rounded) <= threshold else np.nextafter(rounded, np.float32(0)))


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_truncated_normal_equals_the_reference(threshold: float) -> None:
    arguments = {"seed": 9, "start": 2**40, "stream": 3}
    expected = reference.truncated_normal(300, 403, as_float32(threshold), **arguments)
    z = latents.truncated_normal(300, 403, threshold=threshold, **arguments)
    assert same_bits(z, expected)
    assert (np.abs(z.astype(np.float64)) <= threshold).all()


@settings(max_examples=40, deadline=None)
@given(st.floats(2.0**-90, 20), st.integers(1, 40), uint64)
def test_any_threshold_equals_the_reference(threshold: float, dim: int, seed: int) -> None:
    expected = reference.truncated_normal(20, dim, as_float32(threshold), seed)
    z = latents.truncated_normal(20, dim, threshold=threshold, seed=seed)
    assert same_bits(z, expected)
    assert (np.abs(z.astype(np.float64)) <= threshold).all()


@pytest.mark.parametrize("threshold", [2.0**-90, 0.02, 0.5, 2.0, 2.01, 3.0, 5.0, np.inf])
def test_truncated_normal_is_accurate(threshold: float) -> None:
    from scipy.special import erf, erfinv, ndtr, ndtri

    t = as_float32(threshold)
    w = words_near_everything()
    between = erf(t / np.sqrt(2))
    q = ((w + 0.5) / 2.0**32 - 0.5) * between
    end = (np.minimum(w, 2**32 - 1 - w) + 0.5) / 2.0**32
    exact = np.where(
        np.abs(q) < 0.1,
        np.sqrt(2) * erfinv(2 * q),
        np.sign(q) * np.abs(ndtri(ndtr(-t) + end * between)),
    )
    z = reference.truncated_quantile(w, t)
    assert ulps(z, exact) < 9
    order = np.argsort(w, kind="stable")
    steps = np.diff(z[order].astype(np.float64))
    assert steps.min() > -2e-6 * min(t, 1)  # increasing, but for rounding


def test_the_two_numbers_of_a_threshold_are_accurate() -> None:
    from scipy.special import erf, ndtr

    for t in np.geomspace(1e-6, 11.9, 200).astype(np.float32).tolist():
        below, between = reference.truncation(t)
        assert abs(float(below) / ndtr(-t) - 1) < 2.0**-24 * 1.01
        assert abs(float(between) * 2.0**32 / erf(t / np.sqrt(2)) - 1) < 2.0**-24 * 1.01


@pytest.mark.parametrize(
    "threshold", [0, -1, 2.0**-91, np.nan, "1", None, True, 10**400, [1.0, 2.0]]
)
def test_bad_thresholds(threshold: object) -> None:
    with pytest.raises(InvalidArgumentError, match="threshold must be"):
        latents.truncated_normal(1, 1, threshold=threshold, seed=0)  # type: ignore[arg-type]
