"""Levels as the bytes of files: one picture with `encode`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy.typing as npt

from ..cpus import usable_cpus
from ..errors import InvalidArgumentError
from .codecs import encoder, encoder_version
from .formats import Compression, checked_format, checked_images, levels_array
from .metadata import png_texts
from .png import encode_png
from .recipe import Encoding, Recipe
from .threads import map_in_order

# Levels that a thread takes at a time: to hand over less costs more than it levels out.
_PART_BYTES = 1 << 16


def encode(
    image: npt.NDArray[Any],
    format: str = "png",  # noqa: A002 - Pillow's name for it
    *,
    quality: int | None = None,
    compression: Compression | None = None,
    recipe: Recipe | None = None,
) -> bytes:
    """Encode one picture as a file in memory.

    The bytes hold no time stamp: equal pictures give equal bytes under equal versions of gansdk
    and of the package that encodes.

    Parameters
    ----------
    image
        uint8 or uint16 of shape (height, width, channels), or (height, width); npz also takes a
        batch (n, height, width, channels).
    format
        "png", "jpeg", "webp", "jxl", "qoi", "npy" or "npz" (one array, named `arr_0`). The table
        in `gansdk.images.formats` says which channels and dtypes each holds.
    quality
        1 ... 100 for jpeg (default 95, chroma at half the resolution), 0 ... 100 for webp and jxl
        (default None: lossless). The other formats are lossless and take none.
    compression
        PNG only: "fast" (the default) or "small".
    recipe
        How the picture was made, kept in the file; for png, jpeg and webp.

    Raises
    ------
    InvalidArgumentError
        The picture or the recipe does not fit the format, or the format is not known.
    MissingDependencyError
        The package that encodes this format is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from gansdk import images
    >>> images.encode(np.zeros((8, 8, 3), np.uint8))[1:4]
    b'PNG'
    """
    array = levels_array(image, "image")
    if array.ndim == 2:
        array = array[..., None]
    if format == "npz" and array.ndim == 4:
        known, *_ = checked_format(format, quality, compression, recipe is not None)
        return encoder("npz")(checked_images(array, known), None, None)
    recipes = None if recipe is None else [recipe]
    return encode_levels(array[None], format, quality, compression, recipes, 1, "image")[0]


def encoding_of(
    format: str,  # noqa: A002 - as above
    *,
    quality: int | None = None,
    compression: Compression | None = None,
) -> Encoding:
    """Return how `encode` would write a picture, as a recipe keeps it.

    Raises
    ------
    InvalidArgumentError
        As for `encode`.
    """
    _, quality, compression = checked_format(format, quality, compression, False)
    return Encoding(format, quality, compression, encoder_version(format, compression))


def encode_levels(
    images: Any,
    format: str,  # noqa: A002 - as above
    quality: int | None,
    compression: Compression | None,
    recipes: Sequence[Recipe] | None,
    threads: int | None,
    name: str,
) -> list[bytes]:
    """Encode a batch (n, height, width, channels) of levels: see `encode_batch`."""
    known, quality, compression = checked_format(format, quality, compression, recipes is not None)
    array = checked_images(images, known, name)
    if compression is not None:
        texts = texts_of(checked_recipes(recipes, len(array)))
        return encode_png(array, compression=compression, texts=texts, threads=threads)
    image_bytes = math.prod(array.shape[1:]) * array.itemsize
    return encode_parts(
        len(array), array.__getitem__, image_bytes, format, quality, recipes, threads
    )


def encode_parts(
    count: int,
    levels_of: Callable[[slice], npt.NDArray[Any]],
    image_bytes: int,
    format: str,  # noqa: A002 - as above
    quality: int | None,
    recipes: Sequence[Recipe] | None,
    threads: int | None,
) -> list[bytes]:
    """Encode `count` pictures, of which `levels_of` makes those of a slice, by Python's codecs."""
    one = encoder(format)
    many: Sequence[Recipe | None] = checked_recipes(recipes, count) or [None] * count

    def encode_some(part: slice) -> list[bytes]:
        return [one(x, quality, r) for x, r in zip(levels_of(part), many[part], strict=True)]

    workers = usable_cpus() if threads is None else threads
    size = max(1, min(_PART_BYTES // image_bytes, -(-count // workers)))
    parts = [slice(first, min(first + size, count)) for first in range(0, count, size)]
    return [file for files in map_in_order(encode_some, parts, threads=workers) for file in files]


def checked_recipes(recipes: Sequence[Recipe] | None, count: int) -> Sequence[Recipe] | None:
    """Return the recipes, one for each of `count` pictures; `InvalidArgumentError` if not."""
    if recipes is None:
        return None
    if not isinstance(recipes, Sequence):
        raise InvalidArgumentError(
            f"recipes must be a list, one for each picture; got {type(recipes).__name__}"
        )
    for recipe in recipes:
        if not isinstance(recipe, Recipe):
            raise InvalidArgumentError(f"a recipe must be a gansdk.images.Recipe; got {recipe!r}")
    if len(recipes) != count:
        raise InvalidArgumentError(
            f"recipes must be one for each of the {count} images; got {len(recipes)}"
        )
    return recipes


def texts_of(recipes: Sequence[Recipe] | None) -> list[dict[str, str]] | None:
    """Return the texts of PNGs with these recipes."""
    return None if recipes is None else [png_texts(recipe) for recipe in recipes]
