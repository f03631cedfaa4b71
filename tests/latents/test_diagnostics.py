"""Effective sample size and R-hat: ArviZ's figures, theory, and chains that have gone wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gansdk import latents
from gansdk.errors import InvalidArgumentError, NonFiniteError


def autoregressive(rho: float, chains: int, draws: int, dim: int = 1) -> np.ndarray:
    """Return stationary chains x' = rho x + sqrt(1 - rho^2) z."""
    z = latents.normal(chains, draws * dim, seed=2).reshape(chains, draws, dim).astype(np.float64)
    x = np.empty_like(z)
    x[:, 0] = z[:, 0]
    for t in range(1, draws):
        x[:, t] = rho * x[:, t - 1] + np.sqrt(1 - rho * rho) * z[:, t]
    return x


# arviz 0.23.4: ess(x, method="mean"), rhat(x, method="split").
@pytest.mark.parametrize(
    ("rho", "chains", "draws", "size", "scale"),
    [
        (0.0, 4, 100, 428.21413698404865, 0.9982014057008929),
        (0.9, 4, 1000, 202.20801187616627, 1.0183378371014575),
        (-0.6, 2, 333, 1873.9196047003638, 0.9972131671282879),
        (0.99, 3, 250, 4.450677469433314, 1.9482018097578664),
    ],
)
def test_figures_of_arviz(rho: float, chains: int, draws: int, size: float, scale: float) -> None:
    x = autoregressive(rho, chains, draws)
    assert latents.effective_sample_size(x) == pytest.approx([size], rel=1e-9)
    assert latents.r_hat(x) == pytest.approx([scale], rel=1e-9)


@pytest.mark.parametrize("chains", [1, 4])
@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9, -0.5])
def test_theory_of_an_autoregression(rho: float, chains: int) -> None:
    draws, repeats = 16_384 // chains, 40
    found = latents.effective_sample_size(autoregressive(rho, chains, draws, repeats))
    assert found.shape == (repeats,)
    theory = chains * draws * (1 - rho) / (1 + rho)
    # The bias of a sequence cut off is a few percent; the error of the mean is measured.
    error = found.std(ddof=1) / np.sqrt(repeats)
    assert abs(found.mean() - theory) < 4 * error + 0.04 * theory


def test_chains_that_have_not_met() -> None:
    x = latents.normal(4, 1000, seed=1) + np.array([[0], [0], [0], [3]])
    assert latents.r_hat(x) > 1.5
    assert latents.effective_sample_size(x) < 20
    drift = latents.normal(1, 1000, seed=1) + np.linspace(0, 3, 1000)
    assert latents.r_hat(drift) > 1.2  # halves of one chain differ


def test_chains_that_stand_still() -> None:
    still = np.ones((3, 10))
    assert np.isnan(latents.effective_sample_size(still))
    assert np.isnan(latents.r_hat(still))
    apart = still * [[1], [2], [3]]
    assert np.isinf(latents.r_hat(apart))
    assert latents.effective_sample_size(apart) < 30
    one_dead = np.stack([still, latents.normal(3, 10, seed=1)], axis=2)
    assert np.isnan(latents.effective_sample_size(one_dead)).tolist() == [True, False]


def test_neither_place_nor_scale_matters() -> None:
    x = autoregressive(0.7, 3, 501)
    for measure in (latents.effective_sample_size, latents.r_hat):
        assert measure(1e6 + 1e3 * x) == pytest.approx(measure(x), rel=1e-6)


def test_shapes() -> None:
    x = autoregressive(0.5, 2, 100, 6)
    for measure in (latents.effective_sample_size, latents.r_hat):
        each = measure(x)
        assert each.shape == (6,)
        assert measure(x.reshape(2, 100, 2, 3)).tolist() == each.reshape(2, 3).tolist()
        assert measure(x[..., 4]).shape == ()
        assert measure(x[..., 4]) == pytest.approx(each[4], rel=1e-12)
        assert np.isfinite(measure(x[:, :4])).all()


@pytest.mark.parametrize("measure", [latents.effective_sample_size, latents.r_hat])
def test_errors(measure: Any) -> None:
    for bad in (np.ones(9), np.ones((0, 9)), np.ones((2, 9, 0)), [["a"] * 9]):
        with pytest.raises(InvalidArgumentError, match=r"shape \(chains, draws, ...\); got"):
            measure(bad)
    with pytest.raises(InvalidArgumentError, match="at least 4 draws a chain; got 3"):
        measure(np.ones((5, 3)))
    with pytest.raises(NonFiniteError, match="samples must be finite"):
        measure([[1.0, 2.0, np.nan, 3.0]])
