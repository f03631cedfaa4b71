"""Golden values: known outputs, computed from what a network gave for them."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from . import images
from .spec import Golden, Output

GOLDEN_COUNT = 10
RELATIVE_TOLERANCE = 1e-4
"""Of the width of the value range, or of the largest value of an array."""


def golden_of(values: npt.NDArray[np.float32], output: Output) -> Golden:
    """Return the golden values of float outputs 0 ... of seed 0, which are finite."""
    values = np.ascontiguousarray(values)
    is_image = output.kind == "image"
    pixels = images.to_uint8(values, **output.conversion) if is_image else values
    scale = output.span if is_image else float(np.abs(values).max())
    return Golden(
        seed=0,
        count=len(values),
        sha256=hashlib.sha256(pixels.tobytes()).hexdigest(),
        mean=float(values.mean(dtype=np.float64)),
        std=float(values.std(dtype=np.float64)),
        tolerance=RELATIVE_TOLERANCE * scale,
    )
