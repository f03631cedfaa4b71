"""Has a Markov chain run long enough? Effective sample size and split R-hat.

`effective_sample_size` says how many independent draws the mean is worth, `r_hat` whether chains
that started apart have met: below 1.01 they have (Vehtari et al. 2021). Neither sees a mode that no
chain has visited.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..errors import InvalidArgumentError, NonFiniteError

Array = npt.NDArray[np.float64]

_LEAST_DRAWS = 4  # two halves of two: the fewest with a variance in each


def effective_sample_size(samples: npt.ArrayLike) -> Array:
    """Return how many independent draws would give the mean of these chains as precisely.

    n draws of m chains are worth m n / tau, with tau = 1 + 2 (the sum of the autocorrelations),
    which is cut off by Geyer's initial monotone sequence.

    Parameters
    ----------
    samples
        Finite, of shape (chains, draws, ...), at least 4 draws.

    Returns
    -------
    float64 array of shape (...): one figure for each element of the state, NaN where the state
    never moved. Chains that move against themselves can be worth more than their draws.

    Raises
    ------
    InvalidArgumentError
        The shape is wrong, or there are fewer than 4 draws.
    NonFiniteError
        A value is NaN or infinite.

    Notes
    -----
    Geyer, "Practical Markov chain Monte Carlo", 1992, section 3.3, for one chain; Gelman et al.,
    "Bayesian Data Analysis", 3rd ed., section 11.5, and Vehtari et al., Bayesian Analysis 16, 2021,
    section 3.2, for many, each split in halves; as in Stan, without rank normalisation.

    Examples
    --------
    >>> from gansdk import latents
    >>> independent = latents.normal(4, 1000, seed=7)
    >>> bool(3000 < latents.effective_sample_size(independent) < 5000)
    True
    """
    halves, shape = _halves(samples)
    return np.array([_size(halves[..., d]) for d in range(halves.shape[-1])]).reshape(shape)


def r_hat(samples: npt.ArrayLike) -> Array:
    """Return the potential scale reduction of the chains, each split in halves; near 1 is good.

    Parameters, shape of the result and errors are those of `effective_sample_size`; infinite where
    chains stand still at different places.

    Notes
    -----
    Gelman et al., "Bayesian Data Analysis", 3rd ed., section 11.4, without rank normalisation: it
    needs a distribution with a variance.

    Examples
    --------
    >>> from gansdk import latents
    >>> bool(latents.r_hat(latents.normal(4, 1000, seed=7)) < 1.01)
    True
    """
    halves, shape = _halves(samples)
    n = halves.shape[1]
    within = halves.var(axis=1, ddof=1).mean(axis=0)
    between = halves.mean(axis=1).var(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.sqrt((n - 1) / n + between / within)).reshape(shape)


def _size(x: Array) -> float:
    """Effective sample size of chains (m, n) of one number each."""
    m, n = x.shape
    covariance = _autocovariance(x)
    within = covariance[0] * n / (n - 1)
    total = covariance[0] + x.mean(axis=1).var(ddof=1)
    if total == 0:
        return float("nan")
    correlation = 1 - (within - covariance) / total
    correlation[0] = 1
    # Sums of neighbouring pairs are positive and fall in any reversible chain: Geyer takes them
    # while the estimates are positive, at most to the last that has two products, and makes them
    # fall. The even lag after the cut still counts where it is positive, which matters to chains
    # that alternate (Vehtari et al. 2021).
    pairs = correlation[: n - n % 2].reshape(-1, 2).sum(axis=1)[: max(1, (n - 1) // 2)]
    positive = pairs > 0
    cut = len(pairs) - 1 if positive.all() else int(np.argmin(positive))
    tau = -1 + 2 * np.minimum.accumulate(pairs[:cut]).sum() + max(correlation[2 * cut], 0)
    return float(m * n / max(tau, 1 / np.log10(m * n)))


def _autocovariance(x: Array) -> Array:
    """Mean over the chains (m, n) of the autocovariance at lags 0 ... n - 1, each sum over n."""
    n = x.shape[1]
    length = 1 << (2 * n - 1).bit_length()  # zeros keep the ends of a chain apart
    spectrum = np.fft.rfft(x - x.mean(axis=1, keepdims=True), length, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).mean(axis=0)
    return np.asarray(np.fft.irfft(power, length)[:n] / n)


def _halves(samples: npt.ArrayLike) -> tuple[Array, tuple[int, ...]]:
    """Return twice as many chains of half the length, (2 m, n, elements), and a state's shape."""
    x = np.asarray(samples)
    if x.dtype.kind not in "iuf" or x.ndim < 2 or 0 in x.shape:
        raise InvalidArgumentError(
            f"samples must be numbers of shape (chains, draws, ...); got {x.dtype} {x.shape}"
        )
    if x.shape[1] < _LEAST_DRAWS:
        raise InvalidArgumentError(
            f"samples must hold at least {_LEAST_DRAWS} draws a chain; got {x.shape[1]}"
        )
    if not np.isfinite(x).all():
        raise NonFiniteError("samples must be finite; they hold a NaN or an infinity")
    half = x.shape[1] // 2
    flat = x.astype(np.float64).reshape(*x.shape[:2], -1)
    return np.concatenate([flat[:, :half], flat[:, -half:]]), x.shape[2:]
