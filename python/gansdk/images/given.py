"""Pictures as callers have them: one, a batch or a list, of NumPy, Pillow or the like."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np

from ..errors import InvalidArgumentError
from .pictures import Bytes

Structure: TypeAlias = Literal["picture", "batch", "list"]

_NAMES = {1: "grey", 2: "grey with alpha", 3: "RGB", 4: "RGBA"}
# Of Pillow's images, those whose array is what it looks like; a palette's would be its indices.
_MODES = ("L", "LA", "RGB", "RGBA")


def as_pictures(images: Any, name: str = "images") -> tuple[list[Bytes], Structure]:
    """Return pictures as a list of (height, width, channels), and how they were given.

    Parameters
    ----------
    images
        One picture, uint8 (height, width), (height, width, channels) or a Pillow image; a batch
        (n, height, width, channels); or a list of pictures, of any sizes.
    name : str
        What to call them in messages.

    Raises
    ------
    InvalidArgumentError
        They are none of these, hold no pixels, or are not uint8.
    """
    if isinstance(images, (list, tuple)):
        if not images:
            raise InvalidArgumentError(f"{name} holds no pictures")
        return [_picture(x, f"{name}[{i}]") for i, x in enumerate(images)], "list"
    array = _levels(images, name)
    if array.ndim != 4:
        return [_picture(array, name)], "picture"
    if len(array) == 0:
        raise InvalidArgumentError(f"{name} holds no pictures: its shape is {array.shape}")
    return [_picture(x, f"{name}[{i}]") for i, x in enumerate(array)], "batch"


def check_channels(picture: Bytes, channels: int, name: str) -> None:
    """Raise `InvalidArgumentError` where `with_channels` would lose something."""
    given = picture.shape[2]
    if given == channels or (given in (1, 3) and given < channels):
        return
    if given in (2, 4):
        mend = f"lay it on a background, or drop alpha: picture[..., :{given - 1}]"
    else:
        mend = "make it grey, for instance by Pillow's image.convert('L')"
    raise InvalidArgumentError(
        f"{name} is {_NAMES[given]}, but the network takes {_NAMES[channels]}: {mend}"
    )


def with_channels(picture: Bytes, channels: int) -> Bytes:
    """Return a picture with so many channels: grey is repeated, a new alpha is opaque."""
    given = picture.shape[2]
    if given == channels:
        return picture
    colour = picture if given == 3 else picture.repeat(3, axis=2)
    if channels == 3:
        return colour
    return np.concatenate([colour, np.full_like(colour[..., :1], 255)], axis=2)


def _picture(x: Any, name: str) -> Bytes:
    array = _levels(x, name)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in _NAMES:
        raise InvalidArgumentError(
            f"{name} must be a picture (height, width, channels) of 1 to 4 channels, or "
            f"(height, width); got the shape {np.shape(x)}"
        )
    if array.size == 0:
        raise InvalidArgumentError(f"{name} holds no pixels: its shape is {array.shape}")
    return array


def _levels(x: Any, name: str) -> Bytes:
    mode = getattr(x, "mode", None)
    if isinstance(mode, str) and mode not in _MODES:
        raise InvalidArgumentError(
            f"{name} is a Pillow image of mode {mode}: convert it first, image.convert('RGB')"
        )
    try:
        array = np.asarray(x)
    except (ValueError, TypeError) as error:  # rows of unequal length, a tensor on a GPU
        raise InvalidArgumentError(f"{name} is no array: {error}") from None
    if array.dtype != np.uint8:
        mend = ": images.to_uint8 makes levels of floats" if array.dtype.kind == "f" else ""
        raise InvalidArgumentError(f"{name} must be uint8; got {array.dtype}{mend}")
    return array
