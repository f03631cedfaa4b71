"""Pictures for code that takes Pillow's images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InvalidArgumentError, MissingDependencyError
from .pictures import Bytes

if TYPE_CHECKING:
    from PIL import Image

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def to_pil(images: Bytes) -> Image.Image | list[Image.Image]:
    """Turn pictures into Pillow's images: a batch into a list, one picture into one image.

    Parameters
    ----------
    images
        uint8 of shape (n, height, width, channels), (height, width, channels) or (height, width);
        1 channel (grey), 2 (grey and alpha), 3 (RGB) or 4 (RGBA).

    Returns
    -------
    A list of `PIL.Image.Image` for a batch, one of them for a picture; they hold copies.

    Raises
    ------
    InvalidArgumentError
        `images` has the wrong shape or dtype.
    MissingDependencyError
        Pillow is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from gansdk import images
    >>> [picture.mode for picture in images.to_pil(np.zeros((2, 8, 8, 1), np.uint8))]
    ['L', 'L']
    """
    array: Any = images
    wrong = not isinstance(array, np.ndarray) or array.dtype != np.uint8
    if not wrong and array.ndim == 2:
        array = array[..., None]
    if wrong or array.ndim not in (3, 4) or array.shape[-1] not in _MODES:
        given = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else type(array)
        raise InvalidArgumentError(
            "images must be uint8 of shape (n, height, width, 1 to 4), one picture of it, or "
            f"(height, width); got {given}"
        )
    if 0 in array.shape[-3:]:
        raise InvalidArgumentError(f"images holds no pixels: its shape is {array.shape}")
    try:
        from PIL import Image
    except ImportError:
        raise MissingDependencyError("to_pil needs Pillow: pip install 'gansdk[images]'") from None
    mode, size = _MODES[array.shape[-1]], (array.shape[-2], array.shape[-3])
    if array.ndim == 3:
        return Image.frombytes(mode, size, array.tobytes())
    return [Image.frombytes(mode, size, picture.tobytes()) for picture in array]
