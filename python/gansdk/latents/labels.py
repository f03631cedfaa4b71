"""Class labels from a prior; use it as `gansdk.latents.labels`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import _core
from ..arguments import integer
from ..errors import InvalidArgumentError
from .fill import Seed, fill
from .streams import LABEL_STREAM

_SMALL = 1024  # labels that are drawn by bisection


def labels(
    count: int, *, prior: npt.ArrayLike, seed: Seed, start: int = 0
) -> npt.NDArray[np.int64]:
    """Draw class labels from a prior by inverse transform; a class of probability 0 is never drawn.

    Parameters
    ----------
    count, seed, start
        As for `normal`: label `i` belongs to latent `i`.
    prior
        One non-negative, finite weight a class, not all 0; they need not add up to 1.

    Returns
    -------
    int64 array of shape (count,), values 0 ... len(prior) - 1.

    Raises
    ------
    InvalidArgumentError
        An argument is out of range.

    Notes
    -----
    With u = (word + 1/2) / 2^32 and c the running sum of the prior over its total, in float64, the
    label is the first k with c_k >= u: the generalised inverse, Devroye, "Non-Uniform Random
    Variate Generation", 1986, section III.2.

    Examples
    --------
    >>> from gansdk import latents
    >>> sorted({int(k) for k in latents.labels(100, prior=[1, 0, 2], seed=7)})
    [0, 2]
    """
    ends = _ends(_prior(prior))
    words = np.empty((integer(count, "count"), 1), np.uint32)
    fill(_core.words, words, seed, start, LABEL_STREAM, 0)
    return _first_above(ends, words[:, 0])


def _ends(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.uint64]:
    """Return how many words belong to classes 0 ... k: those with (word + 1/2) / 2^32 <= c_k."""
    sums = np.cumsum(weights)
    scaled = sums / sums[-1] * 2.0**32
    whole = np.floor(scaled)
    return np.asarray(whole + (scaled - whole >= 0.5), np.uint64)


def _first_above(
    ends: npt.NDArray[np.uint64], words: npt.NDArray[np.uint32]
) -> npt.NDArray[np.int64]:
    """Return the first k with ends[k] > word.

    A bisection for each word mispredicts half its branches, so many words start from a table over
    their highest bits: Chen and Asau, "On generating random variates from an empirical
    distribution", AIIE Transactions 6, 1974. Few have to go on to the next class.
    """
    if words.size < max(_SMALL, ends.size // 8):
        return np.asarray(np.searchsorted(ends, words, side="right"), np.int64)
    bits = min(words.size.bit_length() - 3, 16)
    starts = np.arange(2**bits, dtype=np.uint64) << np.uint64(32 - bits)
    table = np.asarray(np.searchsorted(ends, starts, side="right"), np.int64)
    labels: npt.NDArray[np.int64] = table[words >> np.uint32(32 - bits)]
    last = (ends - np.uint64(1)).astype(np.uint32)  # no word comes to a class that has none
    pending = np.flatnonzero(last[labels] < words)
    for _ in range(4):
        labels[pending] += 1
        pending = pending[last[labels[pending]] < words[pending]]
    labels[pending] = np.searchsorted(ends, words[pending], side="right")
    return labels


def _prior(prior: npt.ArrayLike) -> npt.NDArray[np.float64]:
    try:
        weights = np.asarray(prior, np.float64)
    except (TypeError, ValueError):
        raise InvalidArgumentError(f"prior must hold numbers; got {prior!r}") from None
    if weights.ndim != 1 or weights.size == 0:
        raise InvalidArgumentError(f"prior must have the shape (classes,); got {weights.shape}")
    with np.errstate(over="ignore"):
        total = weights.sum()
    if not (np.isfinite(weights).all() and (weights >= 0).all() and 0 < total < np.inf):
        raise InvalidArgumentError(
            "prior must hold finite weights of 0 or more with a finite total above 0; got a "
            f"smallest of {weights.min()} and a total of {total}"
        )
    return weights
