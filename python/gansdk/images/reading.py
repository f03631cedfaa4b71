"""Pictures from files, by Pillow."""

from __future__ import annotations

import os
import struct
import warnings
from typing import Any

import numpy as np

from ..errors import InvalidArgumentError, MissingDependencyError
from .pictures import Bytes

READABLE = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")
"""Suffixes by which a picture is found in a folder; a file named by itself may have any."""

# What each of Pillow's modes of 8 bits or less is read as. CMYK without its profile is a rough
# guess, but the one that browsers make.
_MODES = {
    "1": "L",
    "L": "L",
    "LA": "LA",
    "La": "LA",
    "RGB": "RGB",
    "RGBA": "RGBA",
    "RGBa": "RGBA",
    "RGBX": "RGB",
    "P": "RGB",
    "PA": "RGBA",
    "CMYK": "RGB",
    "YCbCr": "RGB",
}
_FILMS = ("GIF", "PNG", "WEBP")


def read_picture(path: str | os.PathLike[str]) -> Bytes:
    """Read a picture, turned upright by its EXIF orientation.

    Colour profiles are not applied.

    Returns
    -------
    uint8 (height, width, channels): 1 (grey), 2 (grey and alpha), 3 (RGB) or 4 (RGBA). Palettes
    become colours, and an alpha channel that is opaque everywhere is left out.

    Raises
    ------
    InvalidArgumentError
        The file is missing, damaged, no picture, a film, or of more than 8 bits a channel.
    MissingDependencyError
        Pillow is not installed.
    """
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError:
        raise MissingDependencyError(
            "reading pictures needs Pillow: pip install 'gansdk[images]'"
        ) from None
    try:
        with warnings.catch_warnings():
            # Of large pictures, which are welcome here, and of odd metadata.
            warnings.simplefilter("ignore")
            with Image.open(path) as file:
                _check(path, file)
                image = ImageOps.exif_transpose(file)
                mode = _MODES[image.mode]
                if "transparency" in image.info and mode in ("L", "RGB"):
                    mode = "RGBA"
                array = np.array(image.convert(mode))
    except UnidentifiedImageError:
        raise InvalidArgumentError(f"{path} is no picture that Pillow reads") from None
    except Image.DecompressionBombError as error:
        raise InvalidArgumentError(f"{path} is larger than Pillow reads: {error}") from None
    except OSError as error:
        raise InvalidArgumentError(f"{path} cannot be read: {error.strerror or error}") from None
    except (SyntaxError, ValueError, EOFError, KeyError, struct.error) as error:
        if isinstance(error, InvalidArgumentError):
            raise
        raise InvalidArgumentError(f"{path} is damaged: {error}") from None
    pixels = array[..., None] if array.ndim == 2 else array
    if pixels.shape[2] in (2, 4) and (pixels[..., -1] == 255).all():
        pixels = np.ascontiguousarray(pixels[..., :-1])
    return pixels


def _check(path: Any, file: Any) -> None:
    if file.mode not in _MODES:
        raise InvalidArgumentError(
            f"{path} has pixels of mode {file.mode}, not of 8 bits a channel: convert it first"
        )
    if file.format in _FILMS and getattr(file, "n_frames", 1) > 1:
        raise InvalidArgumentError(
            f"{path} is a film of {file.n_frames} frames: translate them one by one"
        )
