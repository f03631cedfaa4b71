"""Latents and labels, each row a pure function of (seed, index)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _core
from ..arguments import INDEX_LIMIT, integer, integers
from ..errors import InvalidArgumentError, OutOfMemoryError

Floats = npt.NDArray[np.float32]
Seed = int | Sequence[int] | npt.NDArray[np.integer[Any]]

LATENT_STREAM = 0
LABEL_STREAM = 1
ACCEPT_STREAM = 2
_FIRST_NOISE_STREAM = 16
_MAX_DIM = 2**34  # four elements for each of the 2^32 blocks of a row
_MAX_BYTES = 2**63 - 1
_LEAST_THRESHOLD = 2.0**-90  # below it, latents would be subnormal numbers


def normal(
    count: int,
    dim: int,
    *,
    seed: Seed,
    start: int = 0,
    stream: int = 0,
    out: Floats | None = None,
    threads: int | None = None,
) -> Floats:
    """Draw standard normal latents by the Box-Muller transform; the largest magnitude is 6.76.

    Parameters
    ----------
    count, dim
        Rows (0 or more) and elements a row (1 ... 2^34). The first elements of a row do not depend
        on `dim`.
    seed
        0 ... 2^64 - 1; or one seed for each row, and then every row is index `start` of its seed.
    start
        Index of the first row; `start + count` is at most 2^64.
    stream
        0 ... 2^32 - 1: independent draws of the same index. 0 is the latent, 1 the label.
    out
        Where to write: float32, C-contiguous, writable, of shape (count, dim).
    threads
        At most this many; by default one for each usable CPU. Small calls use one. The result does
        not depend on it.

    Returns
    -------
    float32 array of shape (count, dim), C-contiguous; `out` if it was given.

    Raises
    ------
    InvalidArgumentError
        An argument is out of range, or `out` does not fit.
    OutOfMemoryError
        The result cannot be allocated.

    Notes
    -----
    Random words: Philox4x32-10, Salmon et al., SC11, 2011. Transform: Box and Muller, Annals of
    Mathematical Statistics 29, 1958.

    Examples
    --------
    >>> from gansdk import latents
    >>> z = latents.normal(1000, 128, seed=7)
    >>> z.shape, z.dtype.name
    ((1000, 128), 'float32')
    >>> bool((latents.normal(1, 128, seed=7, start=999)[0] == z[999]).all())
    True
    """
    return _draw(_core.normal, count, dim, seed, start, stream, out, threads)


def uniform(
    count: int,
    dim: int,
    *,
    seed: Seed,
    start: int = 0,
    stream: int = 0,
    out: Floats | None = None,
    threads: int | None = None,
) -> Floats:
    """Draw latents uniform on [-1, 1): multiples of 2^-23, exact.

    Parameters, result and errors are those of `normal`.

    Examples
    --------
    >>> from gansdk import latents
    >>> u = latents.uniform(4, 100, seed=[3, 14, 15, 92])
    >>> bool((u >= -1).all() and (u < 1).all())
    True
    """
    return _draw(_core.uniform, count, dim, seed, start, stream, out, threads)


def truncated_normal(
    count: int,
    dim: int,
    *,
    threshold: float,
    seed: Seed,
    start: int = 0,
    stream: int = 0,
    out: Floats | None = None,
    threads: int | None = None,
) -> Floats:
    """Draw normal latents restricted to [-threshold, threshold], by inverse transform.

    Nothing is redrawn, so that every element is a function of its one word. This is the law that
    BigGAN's truncation trick asks for; a smaller threshold trades variety for typical images.

    Parameters
    ----------
    threshold
        At least 2^-90; infinity gives the whole normal law, with a largest magnitude of 6.34. It
        is rounded to float32, towards 0.
    count, dim, seed, start, stream, out, threads
        As for `normal`.

    Returns
    -------
    float32 array of shape (count, dim), C-contiguous, no magnitude above `threshold`; `out` if it
    was given.

    Raises
    ------
    InvalidArgumentError
        An argument is out of range, or `out` does not fit.
    OutOfMemoryError
        The result cannot be allocated.

    Notes
    -----
    Brock, Donahue, Simonyan, "Large Scale GAN Training for High Fidelity Natural Image Synthesis",
    ICLR 2019, section 3.1. Inverse transform: Devroye, "Non-Uniform Random Variate Generation",
    1986, section II.2.

    Examples
    --------
    >>> from gansdk import latents
    >>> z = latents.truncated_normal(64, 128, threshold=0.5, seed=7)
    >>> bool(abs(z).max() <= 0.5)
    True
    """
    law = partial(_core.truncated_normal, threshold=_threshold(threshold))
    return _draw(law, count, dim, seed, start, stream, out, threads)


def random(
    count: int,
    dim: int,
    *,
    seed: Seed,
    start: int = 0,
    stream: int = 0,
    out: npt.NDArray[np.float64] | None = None,
    threads: int | None = None,
) -> npt.NDArray[np.float64]:
    """Draw uniforms on (0, 1) for inverse transforms and accept/reject decisions.

    (word + 1/2) / 2^32, exact in float64: 0 and 1 never come, so that logarithms and quantile
    functions are finite. For latents use `uniform`.

    Parameters
    ----------
    out
        Where to write: float64, C-contiguous, writable, of shape (count, dim).
    count, dim, seed, start, stream, threads
        As for `normal`. Stream 2, `ACCEPT_STREAM`, is for accept/reject decisions.

    Returns
    -------
    float64 array of shape (count, dim), C-contiguous; `out` if it was given.

    Raises
    ------
    InvalidArgumentError
        An argument is out of range, or `out` does not fit.
    OutOfMemoryError
        The result cannot be allocated.

    Examples
    --------
    >>> from gansdk import latents
    >>> u = latents.random(2, 3, seed=7, stream=latents.ACCEPT_STREAM)
    >>> u.shape, u.dtype.name
    ((2, 3), 'float64')
    """
    words = _draw(_core.words, count, dim, seed, start, stream, None, threads, np.uint32)
    result = _allocate(words.shape, np.float64) if out is None else out
    if out is not None:
        _check_out(out, words.shape, np.float64)
    np.add(words, 0.5, out=result)
    result *= 2.0**-32
    return result


def noise_stream(k: int) -> int:
    """Return the stream of a generator's k-th named noise input: 16 + k.

    Parameters
    ----------
    k
        0 ... 2^32 - 17, in the order of the inputs in the model's spec.

    Raises
    ------
    InvalidArgumentError
        `k` is out of range.

    Examples
    --------
    >>> from gansdk import latents
    >>> noise = latents.normal(4, 32 * 32, seed=7, stream=latents.noise_stream(0))
    """
    return _FIRST_NOISE_STREAM + integer(k, "k", most=2**32 - 1 - _FIRST_NOISE_STREAM)


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
    weights = _prior(prior)
    words = np.empty((integer(count, "count"), 1), np.uint32)
    _fill(_core.words, words, seed, start, LABEL_STREAM, 0)
    u = (words[:, 0] + 0.5) / 2.0**32
    sums = np.cumsum(weights)
    return np.searchsorted(sums / sums[-1], u, side="left").astype(np.int64)


_Law = Callable[[Any, npt.NDArray[np.uint64], int, int, int], None]


def _draw(
    law: _Law,
    count: int,
    dim: int,
    seed: Seed,
    start: int,
    stream: int,
    out: npt.NDArray[Any] | None,
    threads: int | None,
    dtype: type[np.generic] = np.float32,
) -> npt.NDArray[Any]:
    shape = (integer(count, "count"), integer(dim, "dim", least=1, most=_MAX_DIM))
    workers = 0 if threads is None else integer(threads, "threads", least=1, most=2**31 - 1)
    stream = integer(stream, "stream", most=2**32 - 1)
    if out is None:
        out = _allocate(shape, dtype)
    else:
        _check_out(out, shape, dtype)
    _fill(law, out, seed, start, stream, workers)
    return out


def _fill(
    law: _Law, out: npt.NDArray[Any], seed: Seed, start: int, stream: int, threads: int
) -> None:
    """Check seed and start, then fill `out`."""
    count = len(out)
    start = integer(start, "start")
    seeds = _seeds(seed, count)
    if seeds.ndim == 0 and start + count > INDEX_LIMIT:
        raise InvalidArgumentError(
            f"start + count must be at most 2^64, got {start} + {count}: the last index is 2^64 - 1"
        )
    law(out, seeds, start, stream, threads)


def _seeds(seed: Seed, count: int) -> npt.NDArray[np.uint64]:
    """One seed as an array of no dimensions, or one for each row."""
    if isinstance(seed, np.ndarray) and seed.ndim > 0:
        if seed.dtype.kind not in "iu" or seed.ndim != 1:
            raise InvalidArgumentError(
                f"seed must be an integer or a one-dimensional collection of integers; "
                f"got {seed.dtype} of shape {seed.shape}"
            )
        if seed.size and seed.min() < 0:
            raise InvalidArgumentError(f"seed must be 0 ... 2^64 - 1; got {seed.min()}")
        seeds = np.ascontiguousarray(seed, np.uint64)
    elif isinstance(seed, (list, tuple, range)):
        seeds = np.array(integers(seed, "seed"), np.uint64)
    else:
        return np.array(integer(seed, "seed"), np.uint64)
    if len(seeds) != count:
        raise InvalidArgumentError(
            f"seed holds {len(seeds)} seeds for {count} rows: give one integer, or one a row"
        )
    return seeds


def _allocate(shape: tuple[int, ...], dtype: type[np.generic]) -> npt.NDArray[Any]:
    size = shape[0] * shape[1] * np.dtype(dtype).itemsize
    if size > _MAX_BYTES:
        raise InvalidArgumentError(
            f"count x dim = {shape[0]} x {shape[1]} is beyond any address space: draw it in parts "
            "with start="
        )
    try:
        return np.empty(shape, dtype)
    except MemoryError:
        raise OutOfMemoryError(
            f"{shape[0]} x {shape[1]} {np.dtype(dtype)} need {size / 2**30:.1f} GiB: draw them in "
            "parts with start="
        ) from None


def _check_out(out: Any, shape: tuple[int, ...], dtype: type[np.generic]) -> None:
    name = np.dtype(dtype).name
    if not isinstance(out, np.ndarray) or out.dtype != dtype or out.shape != shape:
        given = f"{out.dtype} {out.shape}" if isinstance(out, np.ndarray) else repr(type(out))
        raise InvalidArgumentError(f"out must be a {name} array of shape {shape}; got {given}")
    if not (out.flags.c_contiguous and out.flags.writeable):
        raise InvalidArgumentError("out must be C-contiguous and writable; pass a copy of it")


def _threshold(threshold: Any) -> float:
    """Round to float32, towards 0, so that no latent is above the threshold as it was given."""
    try:
        number = np.nan if isinstance(threshold, (bool, str)) else float(threshold)
    except (TypeError, ValueError, OverflowError):
        number = np.nan
    if not number >= _LEAST_THRESHOLD:
        raise InvalidArgumentError(
            f"threshold must be a number of at least 2^-90, or infinity; got {threshold!r}"
        )
    with np.errstate(over="ignore"):
        rounded = np.float32(number)
    if float(rounded) > number:
        rounded = np.nextafter(rounded, np.float32(0))
    return float(rounded)


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
