"""Checks of a recipe's fields, which may come from anyone's file."""

from __future__ import annotations

import math
from typing import Any

from ..arguments import INDEX_LIMIT
from ..documents import shown
from ..errors import RecipeError

_LONGEST = 200


def integer(value: Any, name: str, least: int, most: int) -> None:
    """Raise `RecipeError` where a value is no int within [least, most]."""
    if type(value) is not int or not least <= value <= most:
        limit = {INDEX_LIMIT - 1: "2^64 - 1", INDEX_LIMIT: "2^64"}.get(most, str(most))
        raise RecipeError(f"{name} must be an integer, {least} ... {limit}; got {shown(value)}")


def integers(value: Any, name: str, most: int) -> tuple[int, ...]:
    """Return a list of integers, at least one, as a tuple; `RecipeError` where it is none."""
    if not isinstance(value, (list, tuple)) or not value:
        raise RecipeError(f"{name} must be a list of integers; got {shown(value)}")
    for item in value:
        integer(item, name, 0, most)
    return tuple(value)


def number(value: Any, name: str) -> float:
    """Return a finite number as a float; `RecipeError` where it is none."""
    if type(value) not in (int, float) or not abs(value) <= 1e300 or not math.isfinite(value):
        raise RecipeError(f"{name} must be a finite number; got {shown(value)}")
    return float(value)


def choice(value: Any, name: str, choices: tuple[str, ...]) -> None:
    """Raise `RecipeError` where a value is none of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise RecipeError(f"{name} must be one of {', '.join(choices)}; got {shown(value)}")


def string(value: Any, name: str) -> None:
    """Raise `RecipeError` where a value is no short, printable text."""
    if not (isinstance(value, str) and value.isprintable() and 0 < len(value) <= _LONGEST):
        raise RecipeError(
            f"{name} must be 1 ... {_LONGEST} printable characters; got {shown(value)}"
        )


def strings(value: Any, name: str) -> tuple[str, ...]:
    """Return a list of short, printable texts as a tuple; `RecipeError` where it is none."""
    if not isinstance(value, (list, tuple)) or not value:
        raise RecipeError(f"{name} must be a list of texts; got {shown(value)}")
    for item in value:
        string(item, name)
    return tuple(value)
