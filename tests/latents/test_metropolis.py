"""Metropolis-Hastings: the target stays put, theory's rates, chains by index."""

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
from gansdk.latents import (
    IndependenceProposal,
    RandomWalkProposal,
    metropolis,
    metropolis_hastings,
    noise_stream,
)

sys.path.insert(0, str(Path(__file__).parents[1]))
import reference

sys.path.pop(0)

LEAST_P = 1e-4  # a right sampler fails one such test in 10,000; the seeds are fixed
GAMMA = stats.gamma(3)


def normal_log_density(x: np.ndarray) -> np.ndarray:
    return -(x * x).sum(axis=1) / 2


def gamma_log_density(x: np.ndarray) -> np.ndarray:
    inside = x[:, 0] > 0
    safe = np.where(inside, x[:, 0], 1)
    return np.where(inside, 2 * np.log(safe) - safe, -np.inf)


def multiply(x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Walk at random in log x: q(x, y) is proportional to 1 / y."""
    y = x * np.exp(z)
    return y, np.log(y / x).sum(axis=1)


EXPONENTIAL = IndependenceProposal(
    lambda u: -4 * np.log1p(-u), lambda x: np.where(x > 0, -x / 4, -np.inf).sum(axis=1)
)


def exact_gamma(chains: int) -> np.ndarray:
    return latents.inverse_transform(GAMMA.ppf, chains, seed=21, stream=noise_stream(0))


@pytest.mark.parametrize("proposal", [RandomWalkProposal(2.0), multiply, EXPONENTIAL])
def test_the_target_is_stationary(proposal: Any) -> None:
    """Chains that start in the target are in it after any step: an exact test, no burn-in."""
    run = metropolis_hastings(gamma_log_density, proposal, exact_gamma(10_000), 12, seed=4)
    assert run.samples.shape == (10_000, 12, 1)
    for step in (0, 2, 11):
        assert stats.kstest(run.samples[:, step, 0], GAMMA.cdf).pvalue > LEAST_P
    assert (run.samples[:, 0] != exact_gamma(10_000)).mean() > 0.3


@pytest.mark.parametrize("proposal", [multiply, EXPONENTIAL])
def test_without_its_correction_it_is_not(proposal: Any) -> None:
    def symmetric(x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, float]:
        return proposal(x, z)[0], 0.0

    symmetric.noise = getattr(proposal, "noise", "normal")  # type: ignore[attr-defined]
    run = metropolis_hastings(gamma_log_density, symmetric, exact_gamma(10_000), 12, seed=4)
    assert stats.kstest(run.samples[:, -1, 0], GAMMA.cdf).pvalue < 1e-10


def test_a_correlated_target_in_two_dimensions() -> None:
    precision = np.linalg.inv([[1.0, 0.8], [0.8, 1.0]])
    run = metropolis_hastings(
        lambda x: -0.5 * np.einsum("ni,ij,nj->n", x, precision, x),
        RandomWalkProposal([1.0, 1.2]),
        latents.normal(200, 2, seed=6, stream=noise_stream(0)) * 3,
        2000,
        seed=6,
        warmup=200,
    )
    flat = run.samples.reshape(-1, 2)
    assert (run.r_hat < 1.01).all()
    # The effective sample size is what says how far the estimates may be off.
    n = run.effective_sample_size.min()
    assert n > 10_000
    assert np.abs(flat.mean(axis=0)).max() < 4 / np.sqrt(n)
    assert np.abs(np.cov(flat.T) - [[1, 0.8], [0.8, 1]]).max() < 6 * np.sqrt(2 / n)


@pytest.mark.parametrize("scale", [0.5, 2.4, 10.0])
def test_the_acceptance_rate_of_a_random_walk(scale: float) -> None:
    """On a standard normal it is (2 / pi) atan(2 / scale)."""
    start = latents.normal(20_000, 1, seed=8, stream=noise_stream(0))
    run = metropolis_hastings(normal_log_density, RandomWalkProposal(scale), start, 1, seed=8)
    rate = 2 / np.pi * np.arctan(2 / scale)
    assert abs(run.acceptance_rate.mean() - rate) < 4 * np.sqrt(rate * (1 - rate) / 20_000)


def test_proposing_the_target_itself_is_always_accepted() -> None:
    exact = IndependenceProposal(GAMMA.ppf, gamma_log_density)
    run = metropolis_hastings(gamma_log_density, exact, exact_gamma(50), 100, seed=4)
    assert (run.acceptance_rate == 1).all()
    drawn = latents.random(50, 100, seed=4)
    assert np.array_equal(run.samples[..., 0], GAMMA.ppf(drawn))


@pytest.mark.parametrize("dim", [1, 3])
def test_the_layout_of_the_words(dim: int) -> None:
    """The documented contract, one chain and one step at a time."""
    seed, start, steps = 2**40 + 3, 2**32 - 1, 50
    initial = np.arange(2 * dim).reshape(2, dim) / 4
    run = metropolis_hastings(
        normal_log_density, RandomWalkProposal(1.5), initial, steps, seed=seed, start=start
    )
    z = reference.normal(2, steps * dim, seed, start).astype(np.float64)
    u = (reference.words(2, steps, seed, start, stream=2) + 0.5) / 2.0**32
    for chain in range(2):
        x, moves = initial[chain], 0
        for t in range(steps):
            y = x + 1.5 * z[chain, t * dim : (t + 1) * dim]
            ratio = normal_log_density(y[None]) - normal_log_density(x[None])
            if np.log(u[chain, t]) <= ratio[0]:
                x, moves = y, moves + 1
            assert (run.samples[chain, t] == x).all()
        assert run.acceptance_rate[chain] == moves / steps


def walk(chains: slice = slice(0, 40), **changes: Any) -> np.ndarray:
    options: dict[str, Any] = {"steps": 60, "seed": 3, "start": chains.start, **changes}
    initial = latents.normal(40, 2, seed=3, stream=noise_stream(0))[chains]
    return metropolis_hastings(
        normal_log_density, RandomWalkProposal(1.0), initial, **options
    ).samples


def test_a_chain_is_its_index(monkeypatch: pytest.MonkeyPatch) -> None:
    together = walk()
    assert np.array_equal(walk(slice(17, 18))[0], together[17])
    assert np.array_equal(walk(slice(30, 40)), together[30:])
    assert not (walk(seed=4)[:, -1] == together[:, -1]).any()
    monkeypatch.setattr(metropolis, "_NOISE_BYTES", 5000)  # a few chains at a time
    assert np.array_equal(walk(), together)


def test_more_steps_change_no_earlier_one() -> None:
    long = walk(steps=200)
    assert np.array_equal(walk(steps=60), long[:, :60])
    assert np.array_equal(walk(steps=150, warmup=50), long[:, 50:])
    assert np.array_equal(walk(steps=150, warmup=50, thin=7), long[:, 50:][:, 6::7])
    assert walk(steps=150, thin=7).shape == (40, 21, 2)


def test_the_warmup_counts_for_no_rate() -> None:
    far = np.full((100, 1), 50.0)
    settings: dict[str, Any] = {"initial": far, "seed": 1, "steps": 1000}
    step = RandomWalkProposal(2.4)
    rate = metropolis_hastings(normal_log_density, step, warmup=500, **settings).acceptance_rate
    assert rate.mean() == pytest.approx(2 / np.pi * np.arctan(2 / 2.4), abs=0.01)


def test_a_mode_that_is_never_left_shows_in_r_hat() -> None:
    def two_modes(x: np.ndarray) -> np.ndarray:
        return np.logaddexp(-((x[:, 0] - 20) ** 2) / 2, -((x[:, 0] + 20) ** 2) / 2)

    initial = [[-20.0], [-20.0], [20.0], [20.0]]
    run = metropolis_hastings(two_modes, RandomWalkProposal(1.0), initial, 500, seed=1)
    assert run.r_hat[0] > 5
    assert run.effective_sample_size[0] < 10


def test_functions_may_work_in_place() -> None:
    def density(x: np.ndarray) -> np.ndarray:
        x *= x
        return -x.sum(axis=1) / 2

    def proposal(x: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, float]:
        x += z
        return x, 0.0

    initial = latents.normal(40, 2, seed=3, stream=noise_stream(0))
    run = metropolis_hastings(density, proposal, initial, 60, seed=3)
    assert np.array_equal(run.samples, walk())


def test_the_last_chains() -> None:
    run = walk(slice(38, 40), start=2**64 - 2)
    assert run.shape == (2, 60, 2)
    with pytest.raises(InvalidArgumentError, match="at most 2\\^64"):
        walk(slice(38, 40), start=2**64 - 1)


def fails(
    error: type[Exception],
    match: str,
    log_density: Callable[..., Any] = normal_log_density,
    proposal: Any = RandomWalkProposal(1.0),  # noqa: B008
    initial: Any = ((0.0, 0.0), (1.0, 1.0), (2.0, 2.0)),
    **options: Any,
) -> None:
    with pytest.raises(error, match=match):
        metropolis_hastings(
            log_density, proposal, initial, **{"steps": 5, "seed": 1, "start": 10, **options}
        )


def test_bad_densities() -> None:
    rows = np.arange(3.0)
    fails(NonFiniteError, "log_density gave nan at .*chain 12", lambda x: rows * [1, 1, np.nan])
    fails(NonFiniteError, r"log_density gave inf at \[0. 0.\], step 0", lambda x: rows + np.inf)
    fails(
        InvalidArgumentError,
        r"the density is 0 at the initial state \[1. 1.\] of chain 11: start inside",
        lambda x: rows * 0 - [0, np.inf, 0],
    )
    fails(InvalidArgumentError, r"log_density must .* shape \(3,\) .* gave \(3, 2\)", lambda x: x)
    fails(InvalidArgumentError, "must return real numbers", lambda x: ["a"] * 3)


def test_bad_proposals() -> None:
    bad: list[tuple[type[Exception], str, Any]] = [
        (InvalidArgumentError, "must return two things", lambda x, z: x),
        (InvalidArgumentError, "two things.*gave NoneType", lambda x, z: None),
        (InvalidArgumentError, "proposal's state must", lambda x, z: (x[:, :1], 0)),
        (NonFiniteError, "proposal gave .* step 0 of chain 10", lambda x, z: (x + np.inf, 0)),
        (InvalidArgumentError, "proposal's correction must", lambda x, z: (x, [0, 0])),
        (NonFiniteError, "correction is nan in step 0 of chain 10", lambda x, z: (x, np.nan)),
        (InvalidArgumentError, "scale holds 3 numbers for", RandomWalkProposal([1, 2, 3])),
        (
            InvalidArgumentError,
            "proposal.quantile must",
            IndependenceProposal(lambda u: u[:, 0], normal_log_density),
        ),
        (
            NonFiniteError,
            r"proposal.log_density gave -inf at \[2. 2.\]: the proposal must reach",
            IndependenceProposal(lambda u: u, lambda x: np.where(x[:, 0] < 1.5, 0.0, -np.inf)),
        ),
    ]
    for error, match, proposal in bad:
        fails(error, match, proposal=proposal)
    # -inf is a right answer: there is no way back, so the move is never made.
    stay = metropolis_hastings(
        normal_log_density, lambda x, z: (x + z, -np.inf), [[1.0]], 20, seed=1
    )
    assert (stay.samples == 1).all()
    assert (stay.acceptance_rate == 0).all()


@pytest.mark.parametrize("scale", [0, -1.0, np.nan, np.inf, [1.0, 0.0], "1", [[1.0]]])
def test_bad_scales(scale: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="scale must be finite and above 0"):
        RandomWalkProposal(scale)


def test_bad_arguments() -> None:
    for initial in (1.0, [1.0, 2.0], np.ones((0, 2)), np.ones((2, 0)), [["a"]]):
        fails(InvalidArgumentError, r"initial must be numbers of shape", initial=initial)
    fails(NonFiniteError, "initial gave .* in row 1", initial=[[1.0], [np.nan]])
    fails(InvalidArgumentError, "thin must be", thin=0)
    fails(InvalidArgumentError, "steps must be 6", thin=6)
    fails(InvalidArgumentError, "warmup must be", warmup=-1)
    fails(InvalidArgumentError, "seed must be", seed=-1)
    fails(InvalidArgumentError, "steps must be", steps=2**40)
    fails(OutOfMemoryError, "keep fewer with thin=", initial=np.ones((2**17, 1)), steps=2**34)


def test_more_steps_than_memory_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*sizes: int, **options: Any) -> None:
        raise OutOfMemoryError("none left")

    monkeypatch.setattr(metropolis, "normal", none_left)
    fails(OutOfMemoryError, "5 steps of 2 elements do not fit into memory: run fewer")
