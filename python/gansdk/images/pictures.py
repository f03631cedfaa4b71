"""What a batch of pictures is."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import InvalidArgumentError

Bytes: TypeAlias = npt.NDArray[np.uint8]


def checked_pictures(x: Any, name: str) -> Bytes:
    """Return a batch of pictures; `InvalidArgumentError` where it is none."""
    if not isinstance(x, np.ndarray) or x.dtype != np.uint8 or x.ndim != 4:
        given = f"{x.dtype} {x.shape}" if isinstance(x, np.ndarray) else repr(type(x))
        raise InvalidArgumentError(
            f"{name} must be a uint8 array (n, height, width, channels); got {given}"
        )
    return x
