"""Pictures as files, through Pillow; use it as `gansdk.images.encode` and `gansdk.images.save`."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .arguments import choice
from .errors import InvalidArgumentError, MissingDependencyError, OutputError

Bytes = npt.NDArray[np.uint8]

_FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}
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


def save(path: str | os.PathLike[str], image: Bytes, *, force: bool = True) -> None:
    """Write one picture to a file whose suffix, .png, .jpg, .jpeg or .webp, gives the format.

    The file appears whole or not at all: it is written under a temporary name and renamed.

    Parameters
    ----------
    path, image
        Where to, and what: see `encode`.
    force
        Replace a file that exists; False raises instead.

    Raises
    ------
    InvalidArgumentError
        The suffix is not known, or the picture has the wrong dtype or shape.
    OutputError
        The file cannot be written, or exists and `force` is False.
    MissingDependencyError
        Pillow is not installed.
    """
    target = Path(path)
    content = encode(image, check_target(target, force=force))
    temporary = target.with_name(f".{target.name}.{os.urandom(4).hex()}.tmp")
    try:
        try:
            with temporary.open("xb") as file:
                file.write(content)
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror or error}") from error


def check_target(path: str | os.PathLike[str], *, force: bool = True) -> str:
    """Return the format that `save` would write; raise what it would raise before encoding.

    For callers whose picture takes long to make.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in _FORMATS:
        raise InvalidArgumentError(
            f"{target}: the suffix {suffix!r} names no picture format; use .png, .jpg or .webp"
        )
    if target.exists() and not force:
        raise OutputError(f"{target} exists: choose another name, or use --force (force=True)")
    if target.is_dir():
        raise OutputError(f"{target} is a folder: name a file in it")
    if not target.parent.is_dir():
        raise OutputError(f"{target.parent} is no folder: make it first, or choose another one")
    if not os.access(target.parent, os.W_OK):
        raise OutputError(f"{target.parent} cannot be written: choose another folder")
    return _FORMATS[suffix]
