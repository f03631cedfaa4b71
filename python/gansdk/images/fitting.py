"""Pictures of any size for a network that takes certain ones, and which part of its output to keep.

The rules are those of `gansdk.spec.ImageInput`: the target is its `size`, or, where it takes any
size, multiples of its `multiple`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import InvalidArgumentError, MissingDependencyError
from ..spec import ImageInput
from .given import check_channels, with_channels
from .pictures import Bytes
from .pil import to_pil


def fitted_size(picture: Bytes, rule: ImageInput, name: str = "the picture") -> tuple[int, int]:
    """Return the height and width that `fit` gives a picture.

    Where the network takes any size: "pad" rounds each side up to a multiple, "resize" to the
    nearest, "crop" down; never to none.

    Raises
    ------
    InvalidArgumentError
        The picture is too large to pad, has another size than the rule allows, or has other
        channels than the network.
    """
    check_channels(picture, rule.channels, name)
    height, width = picture.shape[:2]
    unit = rule.multiple
    if rule.size is None:
        if rule.fit == "pad":
            return _ceil(height, unit), _ceil(width, unit)
        if rule.fit == "crop":
            return max(unit, height // unit * unit), max(unit, width // unit * unit)
        target = _nearest(height, unit), _nearest(width, unit)
    else:
        target = rule.size
    if rule.fit == "error" and target != (height, width):
        wanted = f"multiples of {unit}" if rule.size is None else f"{target[0]} x {target[1]}"
        raise InvalidArgumentError(
            f"{name} is {height} x {width} (height x width), but the network takes {wanted}: "
            "resize or crop it first"
        )
    if rule.fit == "pad" and (height > target[0] or width > target[1]):
        raise InvalidArgumentError(
            f"{name} is {height} x {width} (height x width), too large to be padded to the "
            f"network's {target[0]} x {target[1]}: make it smaller, or give the model a spec with "
            "fit='resize' or 'crop'"
        )
    return target


def fit(picture: Bytes, rule: ImageInput, name: str = "the picture") -> Bytes:
    """Return a picture in the size and with the channels that the network takes.

    Parameters
    ----------
    picture
        uint8 (height, width, channels). Grey becomes RGB by repetition, a new alpha is opaque.
    rule : ImageInput
        "resize" stretches by Pillow's filter, antialiased, the same bytes on every machine; "crop"
        keeps the middle, scaled first until it covers the target where there is a `size` or the
        picture is smaller than the target; "pad" reflects the lower and right edges, over and over
        where the picture is smaller than what is to be added.
    name : str
        What to call it in messages.

    Returns
    -------
    uint8 (height, width, channels); the picture itself where nothing is to be done.

    Raises
    ------
    InvalidArgumentError
        As `fitted_size`.
    MissingDependencyError
        It is to be resized, and Pillow is not installed.
    """
    height, width = fitted_size(picture, rule, name)
    picture = with_channels(picture, rule.channels)
    if picture.shape[:2] == (height, width):
        return picture
    if rule.fit == "pad":
        rows = _reflected(picture.shape[0], height)
        columns = _reflected(picture.shape[1], width)
        return picture[rows[:, None], columns]
    if rule.fit == "crop" and rule.size is None and _covers(picture, height, width):
        top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
        return picture[top : top + height, left : left + width]
    return _resized(picture, height, width, rule)


def kept_size(picture: Bytes, rule: ImageInput) -> tuple[int, int] | None:
    """Return the height and width of the output that belong to the picture, from its upper left.

    None for all of it: only what was padded is cut away again. After "resize" and "crop" the
    output has the network's size.
    """
    if rule.fit != "pad":
        return None
    return picture.shape[0] * rule.scale, picture.shape[1] * rule.scale


def _ceil(length: int, unit: int) -> int:
    return -(-length // unit) * unit


def _nearest(length: int, unit: int) -> int:
    return max(unit, (2 * length + unit) // (2 * unit) * unit)


def _covers(picture: Bytes, height: int, width: int) -> bool:
    return bool(picture.shape[0] >= height and picture.shape[1] >= width)


def _reflected(length: int, wanted: int) -> npt.NDArray[np.intp]:
    """Return 0 ... length - 1 ... 0 ... over and over; the edge is not doubled."""
    period = max(1, 2 * (length - 1))
    place = np.arange(wanted) % period
    return np.minimum(place, period - place) if length > 1 else place


def _resized(picture: Bytes, height: int, width: int, rule: ImageInput) -> Bytes:
    try:
        from PIL import Image, ImageOps
    except ImportError:
        raise MissingDependencyError(
            "resizing a picture needs Pillow: pip install 'gansdk[images]'"
        ) from None
    resample = Image.Resampling[rule.resample.upper()]
    image: Any = to_pil(picture)
    if rule.fit == "crop":
        made = ImageOps.fit(image, (width, height), resample)
    else:
        made = image.resize((width, height), resample)
    return np.asarray(made).reshape(height, width, rule.channels)
