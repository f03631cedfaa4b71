"""The raw random words; use it as `gansdk.latents.philox`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .. import _core
from ..errors import InvalidArgumentError


def philox(counter: npt.ArrayLike, key: npt.ArrayLike) -> npt.NDArray[np.uint32]:
    """Philox4x32-10: four random words for each counter of four words under a key of two.

    Parameters
    ----------
    counter, key
        Integers 0 ... 2^32 - 1 of shapes (..., 4) and (..., 2), broadcast against each other.
        A latent's counter is (block, stream, index low, index high), its key (seed low, seed high).

    Returns
    -------
    uint32 array of shape (..., 4).

    Raises
    ------
    InvalidArgumentError
        A shape or a value is out of range.

    Examples
    --------
    >>> from gansdk import latents
    >>> [f"{w:08x}" for w in latents.philox([0, 0, 0, 0], [0, 0])]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    c, k = _words(counter, "counter", 4), _words(key, "key", 2)
    try:
        shape = np.broadcast_shapes(c.shape[:-1], k.shape[:-1])
    except ValueError:
        raise InvalidArgumentError(
            f"counter {c.shape} and key {k.shape} do not broadcast against each other"
        ) from None
    out = np.empty((*shape, 4), np.uint32)
    rows = (int(np.prod(shape)),)
    _core.philox(
        np.ascontiguousarray(np.broadcast_to(c, (*shape, 4))).reshape(*rows, 4),
        np.ascontiguousarray(np.broadcast_to(k, (*shape, 2))).reshape(*rows, 2),
        out.reshape(*rows, 4),
    )
    return out


def _words(values: npt.ArrayLike, name: str, last: int) -> npt.NDArray[np.uint32]:
    array = np.asarray(values)
    if array.dtype.kind not in "iu" or array.ndim == 0 or array.shape[-1] != last:
        raise InvalidArgumentError(
            f"{name} must hold integers in the shape (..., {last}); got {array.dtype} {array.shape}"
        )
    if array.size and not 0 <= int(array.min()) <= int(array.max()) < 2**32:
        raise InvalidArgumentError(f"{name} must hold words of 0 ... 2^32 - 1")
    return array.astype(np.uint32)
