"""A network's floats to levels, and levels to floats."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _core
from ..arguments import choice, integer
from ..errors import InvalidArgumentError, NonFiniteError
from .pictures import Bytes, checked_pictures


def to_uint8(
    x: npt.NDArray[Any],
    *,
    value_range: tuple[float, float] = (-1, 1),
    layout: Literal["NCHW", "NHWC"] = "NCHW",
    out: Bytes | None = None,
    threads: int | None = None,
    nonfinite: Literal["error", "zero"] = "error",
) -> Bytes:
    """Turn a batch of float images into bytes, the same bytes on every machine.

    Level = round-half-to-even(clamp((x - lo) / (hi - lo), 0, 1) * 255), each step in float32.

    Parameters
    ----------
    x
        float32, float16 or bfloat16 (of ml_dtypes), four-dimensional in `layout`, any number of
        channels. Copied first if it is not C-contiguous.
    value_range
        (lo, hi): the values that become 0 and 255.
    layout
        "NCHW" (batch, channels, height, width) or "NHWC".
    out
        Where to write: uint8, C-contiguous, writable, of the result's shape. Reusing one saves the
        page faults of a new array, which cost more than the arithmetic.
    threads
        At most this many; by default one for each usable CPU. Small batches use one.
    nonfinite
        "error" refuses NaN and infinities; "zero" makes them level 0.

    Returns
    -------
    uint8 array of shape (batch, height, width, channels); `out` if it was given.

    Raises
    ------
    InvalidArgumentError
        An argument has the wrong value, shape or dtype.
    NonFiniteError
        `x` holds a NaN or an infinity; names the first image that does. `out` is then filled, with
        level 0 in its place.

    Examples
    --------
    >>> import numpy as np
    >>> from gansdk import images
    >>> x = np.array([-1, 0, 1, 7], np.float32).reshape(1, 1, 2, 2)
    >>> images.to_uint8(x).ravel().tolist()
    [0, 128, 255, 255]
    """
    choice(layout, "layout", ("NCHW", "NHWC"))
    choice(nonfinite, "nonfinite", ("error", "zero"))
    lo, span, inverse = _range(value_range)
    workers = 0 if threads is None else integer(threads, "threads", least=1, most=2**31 - 1)
    raw = _floats(x)
    n, height, width, channels = raw.shape
    if layout == "NCHW":
        n, channels, height, width = raw.shape
    shape = (n, height, width, channels)
    result = np.empty(shape, np.uint8) if out is None else _checked_out(out, shape, raw)
    planes = (n, channels, height * width) if layout == "NCHW" else (n, 1, math.prod(shape[1:]))
    bad = _core.levels(raw.reshape(planes), result, lo, span, inverse, workers)
    if bad >= 0 and nonfinite == "error":
        raise NonFiniteError(
            f"image {bad} of the batch holds a NaN or an infinity: the generator diverged there; "
            "pass nonfinite='zero' to accept it as level 0",
            first=bad,
        )
    return result


def from_uint8(x: Bytes, *, value_range: tuple[float, float] = (-1, 1)) -> npt.NDArray[np.float32]:
    """Turn pictures into a network's floats: level / 255 * (hi - lo) + lo, in float32.

    Parameters
    ----------
    x
        uint8 of shape (n, height, width, channels).
    value_range
        (lo, hi): the values of levels 0 and 255.

    Returns
    -------
    float32 array of shape (n, channels, height, width), C-contiguous.

    Raises
    ------
    InvalidArgumentError
        `x` has the wrong dtype or shape, or the range is empty.

    Examples
    --------
    >>> import numpy as np
    >>> from gansdk import images
    >>> images.from_uint8(np.array([[[[0]], [[255]]]], np.uint8)).tolist()
    [[[[-1.0], [1.0]]]]
    """
    lo, span, _ = _range(value_range)
    pictures = checked_pictures(x, "x").transpose(0, 3, 1, 2)
    values = np.ascontiguousarray(pictures, np.float32)
    values /= np.float32(255)
    values *= np.float32(span)
    values += np.float32(lo)
    return values


def _range(value_range: tuple[float, float]) -> tuple[float, float, float]:
    """Return lo, hi - lo and, where the latter is a power of two, its reciprocal, else 0."""
    try:
        lo, hi = (np.float32(v) for v in value_range)
    except (TypeError, ValueError, OverflowError):
        raise InvalidArgumentError(
            f"value_range must be two numbers (lo, hi); got {value_range!r}"
        ) from None
    with np.errstate(over="ignore", invalid="ignore"):
        span = hi - lo
    if not (span > 0 and np.isfinite(span)):
        raise InvalidArgumentError(
            f"value_range must be finite with lo < hi in float32; got {value_range!r}"
        )
    power_of_two = math.frexp(span)[0] == 0.5 and 2.0**-100 < span < 2.0**100
    return float(lo), float(span), 1 / float(span) if power_of_two else 0.0


def _floats(x: Any) -> npt.NDArray[Any]:
    """Check a batch of floats; contiguous, and bfloat16 as the uint16 that hold it."""
    if not isinstance(x, np.ndarray):
        raise InvalidArgumentError(f"x must be a NumPy array; got {type(x).__name__}")
    if x.ndim != 4:
        raise InvalidArgumentError(
            f"x must have four dimensions, as (n, channels, height, width); got {x.shape}: "
            "give one image a batch axis, x[None]"
        )
    bfloat16 = x.dtype.name == "bfloat16"
    if not (bfloat16 or x.dtype in (np.dtype(np.float32), np.dtype(np.float16))):
        raise InvalidArgumentError(
            f"x must be float32, float16 or bfloat16; got {x.dtype}: use x.astype(np.float32)"
        )
    contiguous = np.ascontiguousarray(x)
    return contiguous.view(np.uint16) if bfloat16 else contiguous


def _checked_out(out: Any, shape: tuple[int, ...], x: npt.NDArray[Any]) -> Bytes:
    if not isinstance(out, np.ndarray) or out.dtype != np.uint8 or out.shape != shape:
        given = f"{out.dtype} {out.shape}" if isinstance(out, np.ndarray) else repr(type(out))
        raise InvalidArgumentError(f"out must be a uint8 array of shape {shape}; got {given}")
    if not (out.flags.c_contiguous and out.flags.writeable):
        raise InvalidArgumentError("out must be C-contiguous and writable; pass a copy of it")
    if np.may_share_memory(out, x):
        raise InvalidArgumentError("out shares memory with x: give it memory of its own")
    return out
