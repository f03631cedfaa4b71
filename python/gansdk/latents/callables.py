"""Calling the functions that a user hands over: densities, quantile functions, proposals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import InvalidArgumentError, NonFiniteError

Array: TypeAlias = npt.NDArray[np.float64]
Vectorised: TypeAlias = Callable[[Array], npt.ArrayLike]


def evaluate(function: Vectorised, name: str, x: Array, shape: tuple[int, ...]) -> Array:
    """Return `function(x)` as a float64 array of its own, of exactly this shape.

    The function gets a copy: one that works in place would move the samples and say nothing.
    """
    return as_shape(function(x.copy()), name, x.shape, shape)


def as_shape(
    values: Any, name: str, given: tuple[int, ...], expected: tuple[int, ...]
) -> npt.NDArray[np.float64]:
    """Return what a function gave for `given` as float64; an error where it is not `expected`."""
    array = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise InvalidArgumentError(f"{name} must return real numbers; it gave {array.dtype}")
    if array.shape != expected:
        raise InvalidArgumentError(
            f"{name} must return an array of shape {expected} for one of shape {given}; it gave "
            f"{array.shape}: it must be vectorised, row by row"
        )
    # A copy: a function may give back its own argument, or a buffer that it fills again.
    return array.astype(np.float64)


def require_finite(values: Array, name: str, where: str, start: int = 0) -> None:
    """Raise `NonFiniteError`, naming the first bad row, where a value is NaN or infinite.

    `where` is a format of one field, the row counted from `start`.
    """
    finite = np.isfinite(values)
    if not finite.all():
        first = int(np.argmin(finite.reshape(len(values), -1).all(1)))
        raise NonFiniteError(
            f"{name} gave {values[first]} {where.format(start + first)}: it must be finite",
            first=first,
        )
