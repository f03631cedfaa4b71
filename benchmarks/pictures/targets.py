"""What gansdk's development of pictures aims at; a run shows it and never fails on it."""

from __future__ import annotations

from ..targets import Target
from .converters import OPENCV
from .encoders import GANSDK_PNG
from .pipelines import GANSDK, OPENCV_POOL, PILLOW_POOL
from .torch_converters import COMPILED, STYLEGAN

MEMCPY = "memcpy of as many bytes"
ONE_THREAD = "gansdk, 1 thread"
BYTES = "bytes, Pillow = 1"
_EVERY_SIZE = {
    COMPILED: Target(7, 7),
    MEMCPY: Target(0.6, 0.85),  # a peer that is faster: the share of its speed that is reached
}
_LARGE = {**_EVERY_SIZE, STYLEGAN: Target(40, 40), OPENCV: Target(1.2, 1.2)}

# By case; rows by their names.
TARGETS: dict[str, dict[str, Target]] = {
    # No target for StyleGAN's line: at this size its temporaries stay in the caches.
    "convert-32": {**_EVERY_SIZE, OPENCV: Target(8, 8)},
    "convert-256": _LARGE,
    "convert-1024": _LARGE,
    "floats-png-256": {PILLOW_POOL: Target(35, 60), OPENCV_POOL: Target(4.5, 7)},
    "floats-jpeg-256": {PILLOW_POOL: Target(5.5, 6)},
}
# Bytes of gansdk's files over those of Pillow's.
MOST_BYTES = {"png-256": {GANSDK_PNG: 1.03}, "floats-png-256": {GANSDK: 1.03}}


def target(isa: str, case: str, row: str) -> Target | None:
    """Return how many times slower than gansdk a row should be, if that is set."""
    if isa == "baseline":
        return None
    return TARGETS.get(case, {}).get(row)


def most(case: str, row: str) -> dict[str, float]:
    """Return figures beside a row's time that should not be exceeded."""
    bytes_ = MOST_BYTES.get(case, {}).get(row)
    return {} if bytes_ is None else {BYTES: bytes_}
