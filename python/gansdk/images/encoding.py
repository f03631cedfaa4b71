"""Pictures as the bytes of files: one with `encode`, many on all cores with `encode_batch`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arguments import integer
from ..errors import InvalidArgumentError
from .codecs import encoder, encoder_version
from .formats import Compression, checked_format, checked_images
from .metadata import png_texts
from .recipe import Encoding, Recipe
from .stand_in_png import encode_png

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
) -> list[bytes]:
    """Encode each picture of a batch as a file in memory, on many cores.

    Parameters
    ----------
    images
        uint8 or uint16 of shape (n, height, width, channels).
    format, quality, compression
        As for `encode`.
    recipes
        One for each picture.
    threads
        At most this many; by default one for each usable CPU. They change time, never a byte.

    Returns
    -------
    One file for each picture, the bytes that `encode` gives for it.

    Raises
    ------
    InvalidArgumentError
        As for `encode`; or the number of recipes is not that of the pictures.
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
    return _encode(images, format, quality, compression, recipes, threads, "images")


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
    for r in recipes or ():
        if not isinstance(r, Recipe):
            raise InvalidArgumentError(f"a recipe must be a gansdk.images.Recipe; got {r!r}")
    if recipes is not None and len(recipes) != len(array):
        raise InvalidArgumentError(
            f"recipes must be one for each of the {len(array)} images; got {len(recipes)}"
        )
    if len(array) == 0:
        return []
    if compression is not None:
        texts = None if recipes is None else [png_texts(r) for r in recipes]
        return encode_png(array, compression=compression, texts=texts, threads=threads)
    one = encoder(format)
    many: Sequence[Recipe | None] = [None] * len(array) if recipes is None else recipes

    def encode_some(part: slice) -> list[bytes]:
        return [one(x, quality, r) for x, r in zip(array[part], many[part], strict=True)]

    workers = min(_usable_cpus() if threads is None else threads, len(array))
    if workers == 1:
        return encode_some(slice(None))
    size = -(-len(array) // (workers * _TASKS_A_THREAD))
    parts = [slice(first, first + size) for first in range(0, len(array), size)]
    with ThreadPoolExecutor(workers) as pool:
        return [file for files in pool.map(encode_some, parts) for file in files]


def _usable_cpus() -> int:
    # The affinity mask, not the machine: a container is often given a few of many cores.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
