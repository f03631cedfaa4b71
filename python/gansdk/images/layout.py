"""Many pictures as one."""

from __future__ import annotations

import math

import numpy as np

from ..arguments import integer
from ..errors import InvalidArgumentError
from .pictures import Bytes, checked_pictures


def grid(
    images: Bytes, *, columns: int | None = None, padding: int = 2, background: int = 0
) -> Bytes:
    """Lay pictures out in rows, as one picture.

    Parameters
    ----------
    images
        uint8 of shape (n, height, width, channels), n at least 1.
    columns
        Pictures a row; by default the square root of their number, rounded up.
    padding
        Pixels between neighbours.
    background
        Level of what lies between them and of places left empty, 0 ... 255.

    Returns
    -------
    uint8 array of shape (height, width, channels).

    Raises
    ------
    InvalidArgumentError
        An argument has the wrong value, shape or dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from gansdk import images
    >>> images.grid(np.zeros((7, 32, 32, 3), np.uint8)).shape
    (100, 100, 3)
    """
    pictures = checked_pictures(images, "images")
    n, height, width, channels = pictures.shape
    if n == 0:
        raise InvalidArgumentError("images holds no picture: a grid needs at least one")
    side = math.isqrt(n - 1) + 1
    across = side if columns is None else integer(columns, "columns", least=1, most=2**31)
    gap = integer(padding, "padding", most=2**31)
    level = integer(background, "background", most=255)
    across = min(across, n)
    down = -(-n // across)
    cells = np.full((down * across, height + gap, width + gap, channels), level, np.uint8)
    cells[:n, :height, :width] = pictures
    rows = cells.reshape(down, across, height + gap, width + gap, channels).swapaxes(1, 2)
    whole = rows.reshape(down * (height + gap), across * (width + gap), channels)
    return np.ascontiguousarray(whole[: whole.shape[0] - gap, : whole.shape[1] - gap])
