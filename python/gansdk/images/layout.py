"""Many pictures as one: `grid` for a batch, `montage` for walks."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ..arguments import integer, integers
from ..errors import InvalidArgumentError, OutOfMemoryError
from .drawing import load_font, row_heads

Levels = TypeVar("Levels", np.uint8, np.uint16)

# Decoders count a picture's pixels in 32 bits with a sign.
_MOST_PIXELS = 2**31 - 1
_WALK = "(steps, height, width, channels)"
_LEAST_LABELLED = 8  # letters on fewer pixels cannot be read


def grid(
    images: npt.NDArray[Levels],
    *,
    columns: int | None = None,
    padding: int = 2,
    background: int | Sequence[int] = 0,
    row_labels: Iterable[str | int] | None = None,
    font: str | os.PathLike[str] | None = None,
) -> npt.NDArray[Levels]:
    """Lay pictures out in rows, as one picture.

    Parameters
    ----------
    images
        uint8 or uint16 of shape (n, height, width, channels), n at least 1.
    columns
        Pictures a row, no more than there are; by default the square root of their number, rounded
        up.
    padding
        Pixels between neighbours.
    background
        What lies between them and in places left empty: one level for all channels or one for
        each, 0 ... 255 (uint16: 65535).
    row_labels
        One a row, drawn to the left of it: black or white, whichever differs more from the
        background. Of cells 8 pixels high at least.
    font
        The TrueType or OpenType file of the labels' letters. Pillow's own font has letters without
        accents, digits and punctuation; labels of other characters need this.

    Returns
    -------
    Array of shape (height, width, channels), in the dtype of `images`.

    Raises
    ------
    InvalidArgumentError
        An argument has the wrong value, shape or dtype; the grid would hold 2^31 pixels or more;
        the font lacks a character.
    OutOfMemoryError
        The grid does not fit into memory.
    MissingDependencyError
        `row_labels` are asked for and Pillow is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from gansdk import images
    >>> images.grid(np.zeros((7, 32, 32, 3), np.uint8)).shape
    (100, 100, 3)
    """
    _check(images, "images", "(n, height, width, channels)")
    n, height, width, channels = images.shape
    side = math.isqrt(n - 1) + 1
    across = side if columns is None else integer(columns, "columns", least=1, most=2**31)
    across = min(across, n)
    down = -(-n // across)
    gap = integer(padding, "padding", most=2**31)
    fill = _fill(background, channels, images.dtype)
    heads, left = None, 0
    if row_labels is not None:
        heads = _heads(row_labels, down, height, font)
        left = heads.shape[2]
    elif font is not None:
        raise InvalidArgumentError("font is for row_labels: give those, or leave it out")
    shape = (down * (height + gap) - gap, left + across * (width + gap) - gap, channels)
    whole = _full(shape, fill, images.dtype)
    # One strided view of every cell, so that no picture is copied twice.
    row, pixel, level = whole.strides
    cells = np.lib.stride_tricks.as_strided(
        whole[:, left:],
        (down, across, height, width, channels),
        (row * (height + gap), pixel * (width + gap), row, pixel, level),
    )
    for r in range(down):
        pictures = images[r * across : (r + 1) * across]
        cells[r, : len(pictures)] = pictures
    if heads is not None:
        _draw(whole[:, :left], heads, fill, height + gap)
    return whole


def montage(
    walks: npt.NDArray[Levels],
    *,
    columns: int | None = None,
    padding: int = 2,
    background: int | Sequence[int] = 0,
    row_labels: Iterable[str | int] | None = None,
    font: str | os.PathLike[str] | None = None,
) -> npt.NDArray[Levels]:
    """Lay walks out as film strips, one a row: frames evenly spaced, both ends included.

    Parameters
    ----------
    walks
        uint8 or uint16: one walk (steps, height, width, channels), as `Sampler.interpolate` gives
        it, or several of one length (walks, steps, height, width, channels).
    columns
        Frames shown of each walk, at most its steps and at least 2 (1 of a walk of one step); by
        default 8, or all where there are fewer.
    padding, background, row_labels, font
        As for `grid`; one label a walk.

    Returns
    -------
    Array of shape (height, width, channels), in the dtype of `walks`.

    Raises
    ------
    InvalidArgumentError, OutOfMemoryError, MissingDependencyError
        As for `grid`; or `columns` asks for more frames than there are steps.

    Examples
    --------
    >>> import numpy as np
    >>> from gansdk import images
    >>> walk = np.arange(61, dtype=np.uint8).reshape(61, 1, 1, 1)
    >>> images.montage(walk, columns=7, padding=0)[0, :, 0].tolist()
    [0, 10, 20, 30, 40, 50, 60]
    """
    _check(walks, "walks", _WALK, f"(walks, {_WALK[1:]}")
    strips = walks if walks.ndim == 5 else walks[None]
    steps = strips.shape[1]
    if columns is None:
        shown = min(8, steps)
    else:
        shown = integer(columns, "columns", least=min(2, steps), most=steps)
    # In integers, to the nearest step: both ends are exact.
    between = max(1, shown - 1)
    chosen = [(i * (steps - 1) + between // 2) // between for i in range(shown)]
    frames = strips[:, chosen].reshape(-1, *strips.shape[2:])
    return grid(
        frames,
        columns=shown,
        padding=padding,
        background=background,
        row_labels=row_labels,
        font=font,
    )


def _check(x: Any, name: str, *axes: str) -> None:
    fits = isinstance(x, np.ndarray) and x.dtype in (np.uint8, np.uint16)
    if not fits or x.ndim not in [text.count(",") + 1 for text in axes]:
        given = f"{x.dtype} {x.shape}" if isinstance(x, np.ndarray) else repr(type(x))
        raise InvalidArgumentError(
            f"{name} must be a uint8 or uint16 array {' or '.join(axes)}; got {given}"
        )
    if x.size == 0:
        raise InvalidArgumentError(f"{name} holds no pixels: its shape is {x.shape}")


def _fill(background: Any, channels: int, dtype: np.dtype[Any]) -> list[int]:
    most = int(np.iinfo(dtype).max)
    if not isinstance(background, Iterable):
        return [integer(background, "background", most=most)] * channels
    levels = integers(background, "background", most=most)
    if len(levels) != channels:
        raise InvalidArgumentError(
            f"background must be one level, or one for each of {channels} channels; "
            f"got {len(levels)}"
        )
    return levels


def _full(shape: tuple[int, int, int], fill: list[int], dtype: Any) -> npt.NDArray[Any]:
    height, width, _ = shape
    if height * width > _MOST_PIXELS:
        raise InvalidArgumentError(
            f"the grid would be {width} x {height} pixels, and pictures end at 2^31 - 1 in all: "
            "show fewer images, or less padding"
        )
    try:
        return np.full(shape, fill[0] if len(set(fill)) == 1 else fill, dtype)
    except (MemoryError, ValueError):
        size = math.prod(shape) * dtype.itemsize / 2**30
        raise OutOfMemoryError(
            f"a grid of {width} x {height} pixels needs {size:.3g} GiB: show fewer images"
        ) from None


def _heads(labels: Any, rows: int, height: int, font: Any) -> npt.NDArray[np.uint8]:
    if isinstance(labels, (str, bytes)) or not isinstance(labels, Iterable):
        raise InvalidArgumentError(f"row_labels must be a sequence of strings; got {labels!r}")
    texts = list(labels)
    if len(texts) != rows:
        raise InvalidArgumentError(
            f"row_labels must be one for each of {rows} rows; got {len(texts)}"
        )
    for i, text in enumerate(texts):
        plain = isinstance(text, (str, int, np.integer)) and not isinstance(text, bool)
        if not plain or not str(text).isprintable():
            raise InvalidArgumentError(
                f"row_labels[{i}] must be one line of text or an integer; got {text!r}"
            )
    if height < _LEAST_LABELLED:
        raise InvalidArgumentError(
            f"row_labels need pictures of {_LEAST_LABELLED} pixels or more; these are {height} high"
        )
    # A sixth of the cell, but what can be read where that is less.
    size = max(min(height, 13), round(height / 6))
    return row_heads([str(text) for text in texts], height=height, font=load_font(size, font))


def _draw(
    area: npt.NDArray[Any], heads: npt.NDArray[np.uint8], fill: list[int], pitch: int
) -> None:
    """Lay ink on the background; an alpha channel becomes opaque under it."""
    most = int(np.iinfo(area.dtype).max)
    colours = fill[:3] if len(fill) > 2 else fill[:1]
    light = (299, 587, 114) if len(colours) == 3 else (1000,)
    bright = sum(a * b for a, b in zip(light, colours, strict=True)) > 500 * most
    ink = [0 if bright else most] * len(colours) + [most] * (len(fill) - len(colours))
    for r, head in enumerate(heads):
        share = head[..., None].astype(np.int64)
        levels = np.array(fill) * (255 - share) + np.array(ink) * share
        area[r * pitch : r * pitch + head.shape[0]] = (levels + 127) // 255
