"""How floats become levels: the checked arguments of every conversion, as the core takes them."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from ..arguments import choice
from ..errors import InvalidArgumentError, NonFiniteError

Layout: TypeAlias = Literal["NCHW", "NHWC"]
Color: TypeAlias = Literal["RGB", "BGR"]
Rounding: TypeAlias = Literal["nearest", "truncate", "stylegan"]
Nonfinite: TypeAlias = Literal["error", "zero"]
Range: TypeAlias = "tuple[float, float]"
PerChannel: TypeAlias = "Sequence[float] | npt.NDArray[np.floating[Any]] | None"
Floats: TypeAlias = npt.NDArray[np.float32]

_ROUNDINGS = ("nearest", "truncate", "stylegan")  # in the core's order
_NONE = np.empty(0, np.float32)
_FLOAT32, _FLOAT16 = np.dtype(np.float32), np.dtype(np.float16)


@dataclass(frozen=True)
class LevelLaw:
    """Make one with `level_law`; `arguments` are those of the core for a number of channels."""

    layout: Layout
    lo: float
    span: float
    inverse: float
    rounding: int
    swapped: bool
    mean: Any = None
    std: Any = None

    def arguments(self, channels: int) -> tuple[float, float, float, int, Floats, Floats, bool]:
        """Return lo, span, inverse, rounding, mean, std and whether the channels are BGR."""
        check_order(self.swapped, channels)
        mean = std = _NONE
        if self.mean is not None or self.std is not None:
            mean = np.zeros(channels, np.float32)
            std = np.ones(channels, np.float32)
            if self.mean is not None:
                mean = channel_values(self.mean, "mean", channels)
            if self.std is not None:
                std = channel_values(self.std, "std", channels, positive=True)
        return self.lo, self.span, self.inverse, self.rounding, mean, std, self.swapped


def level_law(
    value_range: tuple[float, float],
    layout: str,
    color: str,
    mean: Any,
    std: Any,
    rounding: str,
) -> LevelLaw:
    """Check what does not depend on the batch; `InvalidArgumentError` where it is wrong."""
    if mean is None and std is None:
        try:  # of small batches, checking would take as long as converting
            return _cached_law(value_range, layout, color, rounding)
        except TypeError:  # a list cannot be looked up
            pass
    return _checked_law(value_range, layout, color, mean, std, rounding)


@functools.lru_cache(maxsize=64)
def _cached_law(
    value_range: tuple[float, float], layout: str, color: str, rounding: str
) -> LevelLaw:
    return _checked_law(value_range, layout, color, None, None, rounding)


def _checked_law(
    value_range: tuple[float, float],
    layout: str,
    color: str,
    mean: Any,
    std: Any,
    rounding: str,
) -> LevelLaw:
    choice(layout, "layout", ("NCHW", "NHWC"))
    choice(color, "color", ("RGB", "BGR"))
    choice(rounding, "rounding", _ROUNDINGS)
    lo, span = value_limits(value_range)
    if rounding == "stylegan" and (lo, span) != (-1, 2):
        raise InvalidArgumentError(
            f"rounding='stylegan' is defined for value_range=(-1, 1) alone; got {value_range!r}"
        )
    power_of_two = math.frexp(span)[0] == 0.5 and 2.0**-100 < span < 2.0**100
    inverse = 1 / span if power_of_two else 0.0
    number = _ROUNDINGS.index(rounding)
    return LevelLaw(layout, lo, span, inverse, number, color == "BGR", mean, std)  # type: ignore[arg-type]


def check_order(swapped: bool, channels: int) -> None:
    """Raise `InvalidArgumentError` where channels that come as BGR are not 3 or 4."""
    if swapped and channels not in (3, 4):
        raise InvalidArgumentError(f"color='BGR' needs 3 or 4 channels; x has {channels}")


def value_limits(value_range: tuple[float, float]) -> tuple[float, float]:
    """Return lo and hi - lo as float32 has them."""
    try:
        with np.errstate(over="ignore"):  # infinite, and refused as that below
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
    return float(lo), float(span)


def channel_values(values: Any, name: str, channels: int, *, positive: bool = False) -> Floats:
    """Return one finite float32 a channel, each above 0 if `positive`."""
    try:
        with np.errstate(over="ignore"):  # infinite, and refused as that below
            numbers = np.array(values, np.float32)
    except (TypeError, ValueError, OverflowError):
        numbers = np.empty(0, np.float32)
    if numbers.shape != (channels,) or not np.isfinite(numbers).all():
        raise InvalidArgumentError(
            f"{name} must hold {channels} finite numbers, one a channel; got {values!r}"
        )
    if positive and not (numbers > 0).all():
        raise InvalidArgumentError(f"{name} must be above 0 for each channel; got {values!r}")
    return numbers


def checked_floats(x: Any, layout: Layout) -> npt.NDArray[Any]:
    """Return a batch of floats as a view (n, channels, height, width), bfloat16 as uint16."""
    if not isinstance(x, np.ndarray):
        raise InvalidArgumentError(f"x must be a NumPy array; got {type(x).__name__}")
    if x.ndim != 4:
        raise InvalidArgumentError(
            f"x must have four dimensions, as (n, channels, height, width); got {x.shape}: "
            "give one image a batch axis, x[None]"
        )
    stored = x
    if x.dtype != _FLOAT32 and x.dtype != _FLOAT16:
        if x.dtype.name != "bfloat16":
            raise InvalidArgumentError(
                f"x must be float32, float16 or bfloat16; got {x.dtype}: use x.astype(np.float32)"
            )
        stored = x.view(np.uint16)
    return stored if layout == "NCHW" else stored.transpose(0, 3, 1, 2)


def refuse_nonfinite(bad: int, nonfinite: Nonfinite) -> None:
    """Raise `NonFiniteError` where the core found a bad image and it is not to be accepted."""
    if bad >= 0 and nonfinite == "error":
        raise NonFiniteError(
            f"image {bad} of the batch holds a NaN or an infinity: the generator diverged there; "
            "pass nonfinite='zero' to accept it as level 0",
            first=bad,
        )
