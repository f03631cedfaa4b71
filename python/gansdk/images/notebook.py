"""A batch of pictures shows itself in a notebook, and stays a plain array.

`%load_ext gansdk` tells IPython how to show arrays that are pictures; all others show as before.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..errors import MissingDependencyError
from .drawing import load_font, row_heads
from .encoding import encode
from .layout import grid
from .pictures import Bytes
from .pil import to_pil

_MOST_SHOWN = 100
# A notebook's file keeps what it shows: larger grids are shown smaller, by a whole factor.
_MOST_PIXELS = 1600 * 1600
_LEAST_SIDE = 8  # smaller arrays are tables of numbers rather than pictures
_LINE_HEIGHT, _LETTERS = 20, 13

Printer = Callable[[Any], Any]
# Of each formatter: what was registered here, and what it stands in for.
_registered: WeakKeyDictionary[Any, tuple[Printer, Printer | None]] = WeakKeyDictionary()


def load_ipython_extension(ipython: Any) -> None:
    """Show batches of pictures as grids: what `%load_ext gansdk` calls.

    A uint8 array of shape (n, height, width, 1, 3 or 4) shows as a grid, one of shape (height,
    width, 1, 3 or 4) as the picture it is, if it has 8 pixels a side. The first 100 pictures of a
    batch are shown, and no more than 1,600 x 1,600 pixels of a grid: beyond that it is made
    smaller, by a whole factor. A line below says either.

    Raises
    ------
    MissingDependencyError
        Pillow is not installed.
    """
    try:
        import PIL  # noqa: F401 - told here, not under every array
    except ImportError:
        raise MissingDependencyError(
            "showing pictures needs Pillow: pip install 'gansdk[images]'"
        ) from None
    formatter = ipython.display_formatter.formatters["image/png"]
    if formatter in _registered:
        unload_ipython_extension(ipython)
    before = formatter.for_type(np.ndarray)

    def show(array: Any) -> Any:
        shown = picture_of(array)
        return before(array) if shown is None and before is not None else shown

    formatter.for_type(np.ndarray, show)
    _registered[formatter] = (show, before)


def unload_ipython_extension(ipython: Any) -> None:
    """Show arrays as they were shown before: what `%unload_ext gansdk` calls."""
    formatter = ipython.display_formatter.formatters["image/png"]
    show, before = _registered.pop(formatter, (None, None))
    if show is None or formatter.for_type(np.ndarray) is not show:
        return  # somebody else registered after us: theirs stays
    formatter.pop(np.ndarray)
    if before is not None:
        formatter.for_type(np.ndarray, before)


def picture_of(array: Any) -> bytes | None:
    """Return the PNG that shows an array, or None for an array that is no picture."""
    own = getattr(array, "_repr_png_", None)  # a subclass of ndarray that shows itself
    if own is not None:
        png: bytes | None = own()
        return png
    if array.dtype != np.uint8 or array.ndim not in (3, 4) or array.shape[-1] not in (1, 3, 4):
        return None
    batch = np.asarray(array) if array.ndim == 4 else np.asarray(array)[None]
    if len(batch) == 0 or min(batch.shape[1:3]) < _LEAST_SIDE:
        return None
    shown, factor = _reduced(batch[:_MOST_SHOWN])
    picture = grid(shown)
    notes = []
    if len(shown) < len(batch):
        notes.append(f"the first {len(shown)} of {len(batch):,} pictures")
    if factor > 1:
        notes.append(f"shown at 1/{factor} of their size")
    return encode(_captioned(picture, ", ".join(notes)) if notes else picture)


def _reduced(batch: Bytes) -> tuple[Bytes, int]:
    n, height, width, _ = batch.shape
    side = math.isqrt(n - 1) + 1
    pixels = side * width * -(-n // side) * height
    if pixels <= _MOST_PIXELS:
        return batch, 1
    factor = math.ceil(math.sqrt(pixels / _MOST_PIXELS))
    smaller = [np.asarray(picture.reduce(factor)) for picture in to_pil(batch)]  # type: ignore[union-attr]
    return np.stack(smaller).reshape(n, *smaller[0].shape[:2], -1), factor


def _captioned(picture: Bytes, text: str) -> Bytes:
    line = row_heads([text], height=_LINE_HEIGHT, font=load_font(_LETTERS))[0]
    height, width, channels = picture.shape
    whole = np.zeros((height + _LINE_HEIGHT, max(width, line.shape[1]), channels), np.uint8)
    whole[:height, :width] = picture
    whole[height:, : line.shape[1]] = line[..., None]
    if channels == 4:
        whole[height:, :, 3] = 255
    return whole
