"""Latents, each row a pure function of (seed, index)."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import _core
from ..errors import InvalidArgumentError
from .fill import FLOAT64, UINT32, Seed, allocate, check_out, draw

Floats = npt.NDArray[np.float32]

_LARGEST = float(np.finfo(np.float32).max)
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
    return draw(_core.normal, count, dim, seed, start, stream, out, threads)


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
    return draw(_core.uniform, count, dim, seed, start, stream, out, threads)


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
    return draw(law, count, dim, seed, start, stream, out, threads)


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
    if out is not None:
        check_out(out, (count, dim), FLOAT64)
    words = draw(_core.words, count, dim, seed, start, stream, None, threads, UINT32)
    result = allocate(words.shape, FLOAT64) if out is None else out
    np.add(words, 0.5, out=result)
    result *= 2.0**-32
    return result


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
    if number > _LARGEST:
        return number if number == np.inf else _LARGEST
    rounded = np.float32(number)
    if float(rounded) > number:
        rounded = np.nextafter(rounded, np.float32(0))
    return float(rounded)
