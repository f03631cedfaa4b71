"""Checks of a spec's fields: each raises `SpecError` with the field's name."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, Literal

from ..errors import SpecError

Layout = Literal["NCHW", "NHWC"]
Color = Literal["RGB", "BGR"]


def integer(value: Any, name: str, least: int) -> None:
    """Raise unless `value` is an integer of at least `least`."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise SpecError(f"{name} must be an integer of at least {least}; got {value!r}")


def number(value: Any, name: str) -> float:
    """Return a finite number as a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise SpecError(f"{name} must be a finite number; got {value!r}")
    return float(value)


def string(value: Any, name: str) -> None:
    """Raise unless `value` is a string with at least one character."""
    if not isinstance(value, str) or not value:
        raise SpecError(f"{name} must be a string with at least one character; got {value!r}")


def choice(value: Any, name: str, choices: tuple[str, ...]) -> None:
    """Raise unless `value` is one of `choices`."""
    if value not in choices:
        raise SpecError(f"{name} must be one of {', '.join(choices)}; got {value!r}")


def sequence(value: Any, name: str, length: int) -> tuple[Any, ...]:
    """Return a sequence of `length` values as a tuple."""
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) != length:
        raise SpecError(f"{name} must hold {length} values; got {value!r}")
    return tuple(value)


def shape(value: Any, name: str) -> tuple[int, ...]:
    """Return a list of positive integers as a tuple."""
    if isinstance(value, str) or not isinstance(value, Sequence) or not value:
        raise SpecError(f"{name} must be a list of positive integers; got {value!r}")
    for size in value:
        integer(size, name, 1)
    return tuple(value)


def sha256(value: Any, name: str) -> None:
    """Raise unless `value` is a sha256 in hexadecimal."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{64}", value):
        raise SpecError(f"{name} must be 64 lower-case hexadecimal digits; got {value!r}")


def pixels(part: Any, name: str, channels: int | None) -> None:
    """Check what says how a frozen part's values stand for levels; make its sequences tuples.

    These are its layout, color, value_range, mean and std; `channels` is None where not known.
    """
    choice(part.layout, f"{name}.layout", ("NCHW", "NHWC"))
    choice(part.color, f"{name}.color", ("RGB", "BGR"))
    low, high = (
        number(v, f"{name}.value_range")
        for v in sequence(part.value_range, f"{name}.value_range", 2)
    )
    if not low < high:
        raise SpecError(f"{name}.value_range must rise, for instance [-1, 1]; got {[low, high]}")
    object.__setattr__(part, "value_range", (low, high))
    if part.color == "BGR" and channels not in (None, 3, 4):
        raise SpecError(f"{name}.color BGR needs 3 or 4 channels; the image has {channels}")
    for key in ("mean", "std"):
        values = getattr(part, key)
        if values is None:
            continue
        if isinstance(values, str) or not isinstance(values, Sequence):
            raise SpecError(f"{name}.{key} must hold a number a channel; got {values!r}")
        numbers = sequence(values, f"{name}.{key}", channels or len(values))
        numbers = tuple(number(v, f"{name}.{key}") for v in numbers)
        if key == "std" and not all(v > 0 for v in numbers):
            raise SpecError(f"{name}.std must be above 0 for each channel; got {list(numbers)}")
        object.__setattr__(part, key, numbers)
