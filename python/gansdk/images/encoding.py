"""One picture as the bytes of a file."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from ..arguments import choice
from ..errors import InvalidArgumentError, MissingDependencyError
from .pictures import Bytes

_MODES = {1: "L", 3: "RGB", 4: "RGBA"}
# What Pillow is told beyond its defaults. JPEG is the one format that loses anything.
_OPTIONS: dict[str, dict[str, Any]] = {
    "png": {},
    "jpeg": {"quality": 95},
    "webp": {"lossless": True},
}


def encode(image: Bytes, format: str = "png") -> bytes:  # noqa: A002 - Pillow's name for it
    """Encode one picture as a PNG, JPEG or WebP file in memory.

    PNG and WebP keep every level; JPEG is written at quality 95. The bytes hold no time stamp:
    equal pictures give equal bytes under one version of Pillow.

    Parameters
    ----------
    image
        uint8 of shape (height, width, channels) with 1 (grey), 3 (RGB) or 4 (RGBA) channels, or
        (height, width). JPEG takes 1 or 3.
    format
        "png", "jpeg" or "webp".

    Raises
    ------
    InvalidArgumentError
        The picture has the wrong dtype or shape, or the format is not known.
    MissingDependencyError
        Pillow is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from gansdk import images
    >>> images.encode(np.zeros((8, 8, 3), np.uint8))[1:4]
    b'PNG'
    """
    choice(format, "format", ("png", "jpeg", "webp"))
    array = np.asarray(image)
    if array.ndim == 2:
        array = array[..., None]
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] not in _MODES:
        raise InvalidArgumentError(
            "image must be uint8 of shape (height, width, 1, 3 or 4); "
            f"got {array.dtype} {array.shape}"
        )
    if 0 in array.shape:
        raise InvalidArgumentError(f"image has no pixels: its shape is {array.shape}")
    if format == "jpeg" and array.shape[2] == 4:
        raise InvalidArgumentError("JPEG has no alpha channel: drop it or write a PNG")
    try:
        from PIL import Image
    except ImportError:
        raise MissingDependencyError(
            "writing pictures needs Pillow: pip install 'gansdk[cli]'"
        ) from None
    pixels = array[..., 0] if array.shape[2] == 1 else array
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, format, **_OPTIONS[format])
    return buffer.getvalue()
