"""A network's floats to levels, and levels to floats; the formulas are in docs/images.md."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .. import _core
from ..arguments import choice, integer
from ..errors import InvalidArgumentError, OutOfMemoryError
from .law import (
    Color,
    Layout,
    LevelLaw,
    Nonfinite,
    PerChannel,
    Range,
    Rounding,
    channel_values,
    check_order,
    checked_floats,
    level_law,
    refuse_nonfinite,
    value_limits,
)
from .pictures import Bytes, checked_pictures


def to_uint8(
    x: npt.NDArray[Any],
    *,
    value_range: Range = (-1, 1),
    layout: Layout = "NCHW",
    color: Color = "RGB",
    mean: PerChannel = None,
    std: PerChannel = None,
    rounding: Rounding = "nearest",
    out: Bytes | None = None,
    threads: int | None = None,
    nonfinite: Nonfinite = "error",
) -> Bytes:
    """Turn a batch of float images into bytes, the same bytes on every machine.

    Level = round(clamp((x * std + mean - lo) / (hi - lo), 0, 1) * 255), each step in float32.

    Parameters
    ----------
    x
        float32, float16 or bfloat16 (of ml_dtypes), four-dimensional in `layout`, any number of
        channels and any strides.
    value_range
        (lo, hi): the values that become 0 and 255.
    layout
        "NCHW" (batch, channels, height, width) or "NHWC".
    color
        "RGB", or "BGR" where the network's first three of 3 or 4 channels come in that order. The
        result is RGB.
    mean, std
        One number a channel, in the order of `x`: what the training data were normalised by, as
        (data - mean) / std. `value_range` is then that of the data, mostly (0, 1).
    rounding
        "nearest", half to even; "truncate", which drops the fraction as guided-diffusion does; or
        "stylegan", its line `(x * 127.5 + 128).clamp(0, 255).to(uint8)`, for [-1, 1] alone.
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
    OutOfMemoryError
        The result does not fit into memory.

    Examples
    --------
    >>> import numpy as np
    >>> from gansdk import images
    >>> x = np.array([-1, 0, 1, 7], np.float32).reshape(1, 1, 2, 2)
    >>> images.to_uint8(x).ravel().tolist()
    [0, 128, 255, 255]
    """
    law = level_law(value_range, layout, color, mean, std, rounding)
    return convert(x, law, np.dtype(np.uint8), out, threads, nonfinite)


def to_uint16(
    x: npt.NDArray[Any],
    *,
    value_range: Range = (-1, 1),
    layout: Layout = "NCHW",
    color: Color = "RGB",
    mean: PerChannel = None,
    std: PerChannel = None,
    rounding: Literal["nearest", "truncate"] = "nearest",
    out: npt.NDArray[np.uint16] | None = None,
    threads: int | None = None,
    nonfinite: Nonfinite = "error",
) -> npt.NDArray[np.uint16]:
    """Turn a batch of float images into 16-bit levels: as `to_uint8`, with 65535 for 255.

    Examples
    --------
    >>> import numpy as np
    >>> from gansdk import images
    >>> x = np.array([-1, 0, 1], np.float32).reshape(1, 1, 1, 3)
    >>> images.to_uint16(x).ravel().tolist()
    [0, 32768, 65535]
    """
    choice(rounding, "rounding", ("nearest", "truncate"))
    law = level_law(value_range, layout, color, mean, std, rounding)
    return convert(x, law, np.dtype(np.uint16), out, threads, nonfinite)


def from_uint8(
    x: Bytes,
    *,
    value_range: Range = (-1, 1),
    layout: Layout = "NCHW",
    color: Color = "RGB",
    mean: PerChannel = None,
    std: PerChannel = None,
    dtype: npt.DTypeLike = np.float32,
    out: npt.NDArray[Any] | None = None,
    threads: int | None = None,
) -> npt.NDArray[Any]:
    """Turn pictures into a network's floats: (level / 255 * (hi - lo) + lo - mean) / std.

    Each step is in float32, and the last is rounded to `dtype`. For image-conditioned generators,
    discriminators and feature networks.

    Parameters
    ----------
    x
        uint8 of shape (batch, height, width, channels).
    value_range
        (lo, hi): the values of levels 0 and 255, before mean and std.
    layout, color
        The order of the result's axes and channels, as for `to_uint8`.
    mean, std
        One number a channel, in the order of the result.
    dtype
        float32, float16 or bfloat16 (of ml_dtypes).
    out
        Where to write: C-contiguous, writable, of the result's shape and dtype.
    threads
        At most this many; by default one for each usable CPU.

    Returns
    -------
    Array of shape (batch, channels, height, width), or as `layout` says; `out` if it was given.

    Raises
    ------
    InvalidArgumentError
        An argument has the wrong value, shape or dtype.
    OutOfMemoryError
        The result does not fit into memory.

    Examples
    --------
    >>> import numpy as np
    >>> from gansdk import images
    >>> images.from_uint8(np.array([[[[0]], [[255]]]], np.uint8)).tolist()
    [[[[-1.0], [1.0]]]]
    """
    choice(layout, "layout", ("NCHW", "NHWC"))
    pictures = np.ascontiguousarray(checked_pictures(x, "x"))
    n, height, width, channels = pictures.shape
    choice(color, "color", ("RGB", "BGR"))
    swapped = color == "BGR"
    check_order(swapped, channels)
    lo, span = value_limits(value_range)
    kind = _float_dtype(dtype)
    values = np.arange(256, dtype=np.float32) / np.float32(255) * span + lo
    tables = np.tile(values, (channels, 1)) if mean is not None or std is not None else values[None]
    if mean is not None:
        tables -= channel_values(mean, "mean", channels)[:, None]
    if std is not None:
        tables /= channel_values(std, "std", channels, positive=True)[:, None]
    planar = layout == "NCHW"
    shape = (n, channels, height, width) if planar else (n, height, width, channels)
    result = _result(out, shape, kind)
    words = np.dtype(f"u{kind.itemsize}")
    with np.errstate(over="ignore"):  # a value beyond float16 is infinite, as astype has it
        tables = np.ascontiguousarray(tables.astype(kind))
    _core.values(
        pictures, tables.view(words), result.view(words), planar, swapped, _workers(threads)
    )
    return result


def convert(
    x: Any,
    law: LevelLaw,
    kind: np.dtype[Any],
    out: Any,
    threads: int | None,
    nonfinite: Nonfinite,
) -> npt.NDArray[Any]:
    """Return the levels, uint8 or uint16, of floats: see `to_uint8`."""
    choice(nonfinite, "nonfinite", ("error", "zero"))
    workers = _workers(threads)
    planes = checked_floats(x, law.layout)
    n, channels, height, width = planes.shape
    result = _result(out, (n, height, width, channels), kind)
    bad = _core.levels(planes, result, *law.arguments(channels), workers)
    refuse_nonfinite(bad, nonfinite)
    return result


def _workers(threads: int | None) -> int:
    return 0 if threads is None else integer(threads, "threads", least=1, most=1024)


def _float_dtype(dtype: npt.DTypeLike) -> np.dtype[Any]:
    try:
        kind = np.dtype(dtype)
    except TypeError:
        kind = np.dtype(np.void)
    if kind not in (np.dtype(np.float32), np.dtype(np.float16)) and kind.name != "bfloat16":
        raise InvalidArgumentError(f"dtype must be float32, float16 or bfloat16; got {dtype!r}")
    return kind


def _result(out: Any, shape: tuple[int, ...], kind: np.dtype[Any]) -> npt.NDArray[Any]:
    if out is None:
        try:
            return np.empty(shape, kind)
        except (MemoryError, ValueError):
            raise OutOfMemoryError(
                f"a result of shape {shape} in {kind} does not fit into memory: "
                "convert fewer images at once"
            ) from None
    if not isinstance(out, np.ndarray) or out.dtype != kind or out.shape != shape:
        given = f"{out.dtype} {out.shape}" if isinstance(out, np.ndarray) else repr(type(out))
        raise InvalidArgumentError(f"out must be a {kind} array of shape {shape}; got {given}")
    return out  # the core looks at its strides and memory
