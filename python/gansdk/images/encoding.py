"""Pictures as the bytes of files: one with `encode`, many on all cores with `encode_batch`."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arguments import choice, integer
from ..cpus import usable_cpus
from ..errors import InvalidArgumentError
from .codecs import encoder, encoder_version
from .conversion import to_uint8
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
)
from .metadata import png_texts
from .png import encode_png, encode_png_of_floats
from .recipe import Encoding, Recipe

# Tasks for each thread: enough to level out pictures of unequal cost, few enough that handing
# them over costs nothing beside a picture of 64 x 64.
_TASKS_A_THREAD = 4


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
    array = np.asarray(image)
    if array.ndim == 2:
        array = array[..., None]
    if format == "npz" and array.ndim == 4:
        known, *_ = checked_format(format, quality, compression, recipe is not None)
        return encoder("npz")(checked_images(array, known), None, None)
    recipes = None if recipe is None else [recipe]
    return _encode(array[None], format, quality, compression, recipes, 1, "image")[0]


def encode_batch(
    images: npt.NDArray[Any],
    format: str = "png",  # noqa: A002 - as above
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
    formats `to_uint8` comes first.

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
        return _encode(images, format, quality, compression, recipes, threads, "images")
    planes = checked_floats(images, law.layout)
    known, _, chosen = checked_format(format, quality, compression, recipes is not None)
    # Of the shape and dtype that the levels will have, without the memory.
    levels = np.broadcast_to(np.uint8(0), (len(planes), *planes.shape[2:], planes.shape[1]))
    checked_images(levels, known, "images")
    if chosen == "fast":
        texts = _texts(_checked_recipes(recipes, len(planes)))
        return encode_png_of_floats(planes, law, texts=texts, threads=threads, nonfinite=nonfinite)
    pixels = to_uint8(
        images,
        value_range=value_range,
        layout=layout,
        color=color,
        mean=mean,
        std=std,
        rounding=rounding,
        threads=threads,
        nonfinite=nonfinite,
    )
    return _encode(pixels, format, quality, compression, recipes, threads, "images")


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


def _encode(
    images: Any,
    format: str,  # noqa: A002 - as above
    quality: int | None,
    compression: Compression | None,
    recipes: Sequence[Recipe] | None,
    threads: int | None,
    name: str,
) -> list[bytes]:
    known, quality, compression = checked_format(format, quality, compression, recipes is not None)
    array = checked_images(images, known, name)
    checked = _checked_recipes(recipes, len(array))
    if compression is not None:
        texts = _texts(checked)
        return encode_png(array, compression=compression, texts=texts, threads=threads)
    one = encoder(format)
    many: Sequence[Recipe | None] = checked or [None] * len(array)

    def encode_some(part: slice) -> list[bytes]:
        return [one(x, quality, r) for x, r in zip(array[part], many[part], strict=True)]

    if len(array) == 0:
        return []
    workers = min(usable_cpus() if threads is None else threads, len(array))
    if workers == 1:
        return encode_some(slice(None))
    size = -(-len(array) // (workers * _TASKS_A_THREAD))
    parts = [slice(first, first + size) for first in range(0, len(array), size)]
    with ThreadPoolExecutor(workers) as pool:
        return [file for files in pool.map(encode_some, parts) for file in files]


def _checked_recipes(recipes: Sequence[Recipe] | None, count: int) -> Sequence[Recipe] | None:
    if recipes is None:
        return None
    for recipe in recipes:
        if not isinstance(recipe, Recipe):
            raise InvalidArgumentError(f"a recipe must be a gansdk.images.Recipe; got {recipe!r}")
    if len(recipes) != count:
        raise InvalidArgumentError(
            f"recipes must be one for each of the {count} images; got {len(recipes)}"
        )
    return recipes


def _texts(recipes: Sequence[Recipe] | None) -> list[dict[str, str]] | None:
    return None if recipes is None else [png_texts(recipe) for recipe in recipes]
