"""Rejection sampling: the right law at the right price, by index; never a wrong law in silence."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from gansdk import latents
from gansdk.errors import InvalidArgumentError, NonFiniteError, OutOfMemoryError
from gansdk.latents import Envelope, rejection, rejection_sample

sys.path.insert(0, str(Path(__file__).parents[1]))
import reference

sys.path.pop(0)

LEAST_P = 1e-4  # a right sampler fails one such test in 10,000; the seeds are fixed
BETA = stats.beta(2, 5)
PEAK = float(BETA.pdf(0.2))


def unit(constant: float, dim: int | None = None) -> Envelope:
    """Return an envelope of uniform proposals on the unit interval or cube."""
    return Envelope(lambda u: u, lambda x: np.ones(len(x)), constant, dim)


def in_ball(x: np.ndarray) -> np.ndarray:
    return ((2 * x - 1) ** 2).sum(axis=1) <= 1


CASES: dict[str, tuple[Callable[..., Any], Envelope, Callable[..., Any], float]] = {
    "beta from uniform": (BETA.pdf, unit(PEAK), BETA.cdf, 1 / PEAK),
    "normal from Laplace": (
        stats.norm.pdf,
        Envelope(stats.laplace.ppf, stats.laplace.pdf, np.sqrt(2 * np.e / np.pi)),
        stats.norm.cdf,
        np.sqrt(np.pi / (2 * np.e)),
    ),
    # Not normalised: exp(-x^2 / 2) on x > 0, from the exponential.
    "half normal": (
        lambda x: np.exp(-x * x / 2),
        Envelope(stats.expon.ppf, stats.expon.pdf, np.exp(0.5)),
        stats.halfnorm.cdf,
        np.sqrt(np.pi / 2) / np.exp(0.5),
    ),
    # A loose envelope: the law is the same, the price is not.
    "loose": (BETA.pdf, unit(20.0), BETA.cdf, 1 / 20),
}


@pytest.mark.parametrize("name", CASES)
def test_law_and_price(name: str) -> None:
    density, envelope, cdf, rate = CASES[name]
    n = 40_000
    drawn = rejection_sample(density, envelope, n, seed=5)
    assert drawn.samples.shape == drawn.attempts.shape == (n,)
    assert drawn.samples.dtype == np.float64
    assert stats.kstest(drawn.samples, cdf).pvalue > LEAST_P
    # The attempts are geometric: their mean is 1 / rate, their variance (1 - rate) / rate^2.
    spread = np.sqrt((1 - rate) * n) / rate
    assert abs(drawn.attempts.sum() - n / rate) < 4 * spread
    assert drawn.acceptance_rate == n / drawn.attempts.sum()
    expected = stats.geom(rate).pmf(np.arange(1, 6)) * n
    found = [int((drawn.attempts == k).sum()) for k in range(1, 6)]
    rest = [n - sum(found)], [n - expected.sum()]
    assert stats.chisquare([*found, *rest[0]], [*expected, *rest[1]]).pvalue > LEAST_P
    # A sample does not depend on how many attempts it took.
    early = drawn.attempts <= np.median(drawn.attempts)
    assert stats.ks_2samp(drawn.samples[early], drawn.samples[~early]).pvalue > LEAST_P


def test_vectors() -> None:
    drawn = rejection_sample(in_ball, unit(1.0, dim=3), 20_000, seed=9)
    assert drawn.samples.shape == (20_000, 3)
    rate, n = np.pi / 6, 20_000
    assert abs(drawn.attempts.sum() - n / rate) < 4 * np.sqrt((1 - rate) * n) / rate
    volume = ((2 * drawn.samples - 1) ** 2).sum(axis=1) ** 1.5
    assert stats.kstest(volume, "uniform").pvalue > LEAST_P


@pytest.mark.parametrize("dim", [None, 1, 3, 4, 6])
def test_the_layout_of_the_words(dim: int | None) -> None:
    """The documented contract, one index and one attempt at a time."""
    seed, start, d = 2**50 + 1, 2**32 - 2, dim or 1

    def density(x: np.ndarray) -> np.ndarray:
        return np.ones(len(x)) / (8 if dim is None else 8 * (1 + x.sum(axis=1)))

    drawn = rejection_sample(density, unit(1.0, dim), 4, seed=seed, start=start)
    assert drawn.attempts.max() > 8  # several blocks
    proposals = reference.words(4, 400 * d, seed, start, stream=0)
    acceptances = reference.words(4, 400, seed, start, stream=2)
    for row in range(4):
        attempt = 0
        while True:
            x = (proposals[row, attempt * d : (attempt + 1) * d] + 0.5) / 2**32
            u = (acceptances[row, attempt] + 0.5) / 2**32
            attempt += 1
            if u <= density(x if dim is None else x[None])[0]:
                break
        assert drawn.attempts[row] == attempt
        assert drawn.samples[row].tolist() == (x[0] if dim is None else x.tolist())


def test_a_row_is_its_index(monkeypatch: pytest.MonkeyPatch) -> None:
    density, envelope = CASES["normal from Laplace"][:2]
    whole = rejection_sample(density, envelope, 1000, seed=7)
    for i in (0, 1, 500, 999):
        alone = rejection_sample(density, envelope, 1, seed=7, start=i)
        assert alone.samples[0] == whole.samples[i]
        assert alone.attempts[0] == whole.attempts[i]
    tail = rejection_sample(density, envelope, 300, seed=7, start=700)
    assert (tail.samples == whole.samples[700:]).all()
    monkeypatch.setattr(rejection, "_CHUNK", 64)
    parts = rejection_sample(density, envelope, 1000, seed=7)
    assert (parts.samples == whole.samples).all()
    assert (parts.attempts == whole.attempts).all()
    assert not (rejection_sample(density, envelope, 1000, seed=8).samples == whole.samples).any()


def test_functions_may_work_in_place() -> None:
    def density(x: np.ndarray) -> np.ndarray:
        x *= x
        return x

    drawn = rejection_sample(density, unit(1.0), 100, seed=7)
    kept = rejection_sample(lambda x: x * x, unit(1.0), 100, seed=7)
    assert (drawn.samples == kept.samples).all()


def test_the_last_indices() -> None:
    last = rejection_sample(BETA.pdf, unit(PEAK), 3, seed=2**64 - 1, start=2**64 - 3)
    one = rejection_sample(BETA.pdf, unit(PEAK), 1, seed=2**64 - 1, start=2**64 - 1)
    assert one.samples[0] == last.samples[2]
    with pytest.raises(InvalidArgumentError, match="at most 2\\^64"):
        rejection_sample(BETA.pdf, unit(PEAK), 2, seed=1, start=2**64 - 1)


def test_nothing_asked_for() -> None:
    drawn = rejection_sample(BETA.pdf, unit(PEAK), 0, seed=1)
    assert drawn.samples.shape == (0,)
    assert np.isnan(drawn.acceptance_rate)
    assert rejection_sample(in_ball, unit(1, dim=2), 0, seed=1).samples.shape == (0, 2)


def test_a_density_above_its_envelope() -> None:
    with pytest.raises(InvalidArgumentError, match=r"above its envelope at x = 0\.\d+: ") as caught:
        rejection_sample(BETA.pdf, unit(2.0), 10_000, seed=1)
    # The message names the ratio and the constant that it takes; that one is nearly the peak.
    needed = float(str(caught.value).rsplit(" ", 1)[1])
    assert needed == pytest.approx(PEAK, rel=1e-6)
    # A touch beyond is rounding, more is not.
    flat = unit(1.0)
    rejection_sample(lambda x: np.full(len(x), 1 + 2.0**-33), flat, 10, seed=1)
    with pytest.raises(InvalidArgumentError, match="is 1.000001 times"):
        rejection_sample(lambda x: np.full(len(x), 1 + 1e-6), flat, 10, seed=1)


def test_an_acceptance_that_does_not_come() -> None:
    with pytest.raises(InvalidArgumentError, match="index 5 .* 40 attempts; .* is 0: take an env"):
        rejection_sample(np.zeros_like, unit(1.0), 3, seed=1, start=5, max_attempts=40)
    rare = unit(1000.0)
    with pytest.raises(InvalidArgumentError, match="or raise max_attempts") as caught:
        rejection_sample(np.ones_like, rare, 2000, seed=1, max_attempts=1000)
    rate = float(str(caught.value).split(" is ")[1].split(":")[0])
    assert 0.0008 < rate < 0.0012  # 1264 of 2000 come within 1000 attempts: 4 sigma is 11 %
    assert rejection_sample(np.ones_like, rare, 20, seed=1).samples.shape == (20,)


def test_what_the_functions_may_not_give() -> None:
    half = np.array([0.5, 0.5, 0.5])
    flat = unit(1.0)

    def fails(error: type[Exception], match: str, density: Any, envelope: Envelope) -> None:
        with pytest.raises(error, match=match):
            rejection_sample(density, envelope, 3, seed=1)

    fails(
        NonFiniteError,
        r"^density gave nan at x = 0\.\d+: it",
        lambda x: half * [1, np.nan, 1],
        flat,
    )
    fails(NonFiniteError, "^density gave inf at x", lambda x: half * [1, 1, np.inf], flat)
    hollow = Envelope(lambda u: u, lambda x: half * np.nan, 1)
    fails(NonFiniteError, "^envelope.density gave nan at x", np.ones_like, hollow)
    fails(InvalidArgumentError, "density must be 0 or more; it is -0.5", lambda x: -half, flat)
    fails(InvalidArgumentError, r"shape \(3,\) for one of", lambda x: 0.5, flat)
    fails(InvalidArgumentError, r"it gave \(3, 1\)", lambda x: half[:, None], flat)
    fails(InvalidArgumentError, "real numbers; it gave complex", lambda x: half + 0j, flat)
    lost = Envelope(lambda u: u * np.inf, np.ones_like, 1)
    fails(NonFiniteError, "^envelope.quantile gave inf", np.ones_like, lost)
    elsewhere = Envelope(lambda u: u + 1, lambda x: (x < 1).astype(float), 1)
    fails(
        InvalidArgumentError, r"density .* is 0.0 at x = 1\.\d+: the two", np.ones_like, elsewhere
    )
    summed = Envelope(lambda u: u.sum(axis=1), lambda x: np.ones(len(x)), 1, dim=2)
    fails(InvalidArgumentError, r"shape \(3, 2\) .* gave \(3,\)", in_ball, summed)


@pytest.mark.parametrize("constant", [0, -1.0, np.nan, np.inf, "2", [1.0], None])
def test_bad_constants(constant: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="constant must be finite and above 0; got"):
        unit(constant)


def test_bad_arguments() -> None:
    with pytest.raises(InvalidArgumentError, match="dim must be"):
        unit(1.0, dim=0)
    for name in ("count", "seed", "start", "max_attempts"):
        arguments = {"count": 1, "seed": 1, name: -1}
        with pytest.raises(InvalidArgumentError, match=f"{name} must be"):
            rejection_sample(BETA.pdf, unit(PEAK), **arguments)
    assert latents.rejection_sample is rejection_sample


@pytest.mark.parametrize("count", [2**58, 2**64 - 1])
def test_more_than_memory_holds(count: int) -> None:
    with pytest.raises(OutOfMemoryError, match="in parts with start="):
        rejection_sample(BETA.pdf, unit(PEAK), count, seed=1)
