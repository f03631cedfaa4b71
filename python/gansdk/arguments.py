"""Checks of arguments that every layer shares, and the words of their errors."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from numbers import Real
from operator import index
from typing import Any

from .errors import InvalidArgumentError

INDEX_LIMIT = 2**64
"""Seeds and indices are 0 ... INDEX_LIMIT - 1."""


def integer(value: Any, name: str, *, least: int = 0, most: int = INDEX_LIMIT - 1) -> int:
    """Return `value` as an int within [least, most]; `InvalidArgumentError` where it is not."""
    if type(value) is int and least <= value <= most:
        return value  # what nearly every call is
    try:
        if isinstance(value, bool):
            raise TypeError
        number = index(value)
    except TypeError:
        raise InvalidArgumentError(f"{name} must be an integer; got {value!r}") from None
    if not least <= number <= most:
        raise InvalidArgumentError(f"{name} must be {_range(least, most)}; got {number}")
    return number


def integers(values: Any, name: str, *, least: int = 0, most: int = INDEX_LIMIT - 1) -> list[int]:
    """Return a one-dimensional collection of integers as a list, each checked like `integer`."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise InvalidArgumentError(f"{name} must be a sequence of integers; got {values!r}")
    return [integer(v, f"{name}[{i}]", least=least, most=most) for i, v in enumerate(values)]


def number(value: Any, name: str) -> float:
    """Return a finite real number as a float; `InvalidArgumentError` where it is none."""
    if isinstance(value, bool) or not isinstance(value, Real) or not isfinite(value):
        raise InvalidArgumentError(f"{name} must be a finite number; got {value!r}")
    return float(value)


def choice(value: Any, name: str, choices: tuple[str, ...], otherwise: str = "") -> None:
    """Raise `InvalidArgumentError` where `value` is none of the choices."""
    if not isinstance(value, str) or value not in choices:
        listed = ", ".join(map(repr, choices)) + (f", or {otherwise}" if otherwise else "")
        raise InvalidArgumentError(f"{name} must be one of {listed}; got {value!r}")


def _range(least: int, most: int) -> str:
    if most >= INDEX_LIMIT - 1:
        limit = "2^64 - 1" if most == INDEX_LIMIT - 1 else "2^64"
        return f"{least} ... {limit}"
    return f"{least} ... {most}"
