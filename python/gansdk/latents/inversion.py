"""Sampling by inverse transform; use it as `gansdk.latents.inverse_transform`."""

from __future__ import annotations

from .callables import Array, Vectorised, evaluate, require_finite
from .draws import random
from .fill import Seed


def inverse_transform(
    quantile: Vectorised,
    count: int,
    dim: int = 1,
    *,
    seed: Seed,
    start: int = 0,
    stream: int = 0,
) -> Array:
    """Draw from any law whose quantile function is known: the quantile of each uniform.

    Parameters
    ----------
    quantile
        The inverse of the distribution function, from an array of probabilities inside (0, 1) to
        one of values of the same shape, element by element: `scipy.stats.expon.ppf`, or
        `lambda u: -np.log(u)`. `np.vectorize` makes one of a function of one number.
    count, dim, seed, start, stream
        As for `random`, whose uniforms these are. The same index has the same uniforms in every
        law: give two variables that must be independent another `seed` or `stream`.

    Returns
    -------
    float64 array of shape (count, dim).

    Raises
    ------
    InvalidArgumentError
        An argument is out of range, or `quantile` changes the shape.
    NonFiniteError
        `quantile` gives a NaN or an infinity.

    Notes
    -----
    Devroye, "Non-Uniform Random Variate Generation", 1986, section II.2. The uniforms are
    (word + 1/2) / 2^32, so probabilities below 2^-33 are never drawn: the exponential ends at 22.9,
    the normal at 6.34. The uniforms are the same bits everywhere; the values are as portable as
    `quantile` is.

    Examples
    --------
    >>> import numpy as np
    >>> from gansdk import latents
    >>> waits = latents.inverse_transform(lambda u: -np.log(u), 100_000, seed=7)
    >>> waits.shape, round(float(waits.mean()), 2)
    ((100000, 1), 1.0)
    """
    u = random(count, dim, seed=seed, start=start, stream=stream)
    values = evaluate(quantile, "quantile", u, u.shape)
    require_finite(values, "quantile", "in row {}")
    return values
