"""Batches as the bytes of files: pictures, or a network's floats, on all cores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arguments import choice, integer
from ..errors import InvalidArgumentError, NonFiniteError
from .conversion import convert
from .encoding import checked_recipes, encode_levels, encode_parts, texts_of
from .formats import Compression, checked_format, checked_images
from .law import (
    Color,
    Layout,
    Nonfinite,
    PerChannel,
    Range,
    Rounding,
    checked_floats,
    level_law,
    refuse_nonfinite,
)
from .png import encode_png_of_floats
from .recipe import Recipe

_UINT8 = np.dtype(np.uint8)


def encode_batch(
    images: npt.NDArray[Any],
    format: str = "png",  # noqa: A002 - as in encode
    *,
    quality: int | None = None,
    compression: Compression | None = None,
    recipes: Sequence[Recipe] | None = None,
    threads: int | None = None,
    value_range: Range = (-1, 1),
    layout: Layout = "NCHW",
    color: Color = "RGB",
    mean: PerChannel = None,
    std: PerChannel = None,
    rounding: Rounding = "nearest",
    nonfinite: Nonfinite = "error",
) -> list[bytes]:
    """Encode each picture of a batch, or each output of a network, as a file in memory.

    Floats become PNGs in one pass on all cores, without the levels in between; for the other
    formats each thread converts what it then encodes.

    Parameters
    ----------
    images
        uint8 or uint16 of shape (n, height, width, channels); or float32, float16 or bfloat16 in
        `layout`, which are then converted to 8 bits.
    format, quality, compression
        As for `encode`.
    recipes
        One for each picture.
    threads
        At most this many; by default one for each usable CPU. They change time, never a byte.
    value_range, layout, color, mean, std, rounding, nonfinite
        For floats: as for `to_uint8`.

    Returns
    -------
    One file for each picture, the bytes that `encode` gives for it.

    Raises
    ------
    InvalidArgumentError
        As for `encode` and `to_uint8`; or the number of recipes is not that of the pictures.
    NonFiniteError
        A float is a NaN or an infinity; names the first image that holds one.
    MissingDependencyError
        The package that encodes this format is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from gansdk import images
    >>> [len(file) for file in images.encode_batch(np.zeros((2, 8, 8, 3), np.uint8), "npy")]
    [320, 320]
    """
    if threads is not None:
        threads = integer(threads, "threads", least=1, most=1024)
    choice(nonfinite, "nonfinite", ("error", "zero"))
    law = level_law(value_range, layout, color, mean, std, rounding)
    if not (isinstance(images, np.ndarray) and images.dtype.kind in "fV"):
        plain = (value_range, layout, color, rounding) == ((-1, 1), "NCHW", "RGB", "nearest")
        if not plain or mean is not None or std is not None:
            raise InvalidArgumentError(
                "value_range, layout, color, mean, std and rounding are for floats; images holds "
                "levels already: leave them out"
            )
        return encode_levels(images, format, quality, compression, recipes, threads, "images")
    planes = checked_floats(images, law.layout)
    known, quality, chosen = checked_format(format, quality, compression, recipes is not None)
    # Of the shape and dtype that one image's levels will have, without the memory.
    levels = np.broadcast_to(np.uint8(0), (1, *planes.shape[2:], planes.shape[1]))
    checked_images(levels, known, "images")
    if chosen == "fast":
        texts = texts_of(checked_recipes(recipes, len(planes)))
        return encode_png_of_floats(planes, law, texts=texts, threads=threads, nonfinite=nonfinite)
    if chosen == "small":
        pixels = convert(images, law, _UINT8, None, threads, nonfinite)
        return encode_levels(pixels, format, None, chosen, recipes, threads, "images")

    def levels_of(part: slice) -> npt.NDArray[Any]:
        # Part by part, so that each codec finds its levels in the cache and no thread waits.
        try:
            return convert(images[part], law, _UINT8, None, 1, nonfinite)
        except NonFiniteError as error:
            refuse_nonfinite(part.start + (error.first or 0), nonfinite)
            raise

    return encode_parts(len(planes), levels_of, levels.size, format, quality, recipes, threads)
