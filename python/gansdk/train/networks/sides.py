"""Sides of images that networks reach by doubling."""

from __future__ import annotations

from ...arguments import integer
from ...errors import InvalidArgumentError


def doublings(size: int, *, start: int = 4, least: int = 1) -> int:
    """Return how often `start` doubles to give `size`.

    Raises
    ------
    InvalidArgumentError
        It never does, or less than `least` times.
    """
    side = integer(size, "size", least=1)
    times = (side // start).bit_length() - 1
    if times < least or start * 2**times != side:
        first = start * 2**least
        raise InvalidArgumentError(
            f"size must be {first}, {2 * first}, {4 * first}, ... pixels; got {size}"
        )
    return times
