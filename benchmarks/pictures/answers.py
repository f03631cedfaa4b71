"""Checks what conversions and encoders made before they are timed."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..answers import load_reference, require
from ..peers import Floats
from .inputs import Bytes

# Half up and half to even, or one operation more or less, part at the edge between two levels: of
# values that lie evenly between levels, in a few of a million.
EDGES = 5e-5
LEAST_DECIBELS = 25.0


def _nearest(x: Floats) -> Bytes:
    levels: Bytes = load_reference().levels(x, -1, 1).transpose(0, 2, 3, 1)
    return levels


def _up(x: Floats) -> Bytes:
    y = x.transpose(0, 2, 3, 1) * np.float32(127.5) + np.float32(128)
    levels: Bytes = y.clip(0, 255).astype(np.uint8)
    return levels


def _truncate(x: Floats) -> Bytes:
    y = (x.transpose(0, 2, 3, 1) + np.float32(1)) * np.float32(127.5)
    levels: Bytes = y.clip(0, 255).astype(np.uint8)
    return levels


ROUNDINGS: dict[str, Callable[[Floats], Bytes]] = {
    "nearest": _nearest,  # half to even: gansdk's
    "up": _up,  # add a half, truncate
    "truncate": _truncate,
}


def check_levels(name: str, levels: Any, x: Floats, rounding: str) -> float:
    """Require the levels of a rounding; return the share that differs from half to even."""
    got, expected = np.asarray(levels), ROUNDINGS[rounding](x)
    _check_array(name, got, expected)
    off = got.astype(np.int16) - expected
    share = float((off != 0).mean())
    require(int(np.abs(off).max()) <= 1, f"{name}: a level is off by more than one")
    require(share <= EDGES, f"{name}: {share:.2%} of the levels are not rounded as {rounding!r}")
    return share if rounding == "nearest" else float((got != _nearest(x)).mean())


def check_gansdk(levels: Bytes, x: Floats) -> float:
    """Require the reference's levels, all of them; return the share that differs: 0."""
    expected = _nearest(x)
    _check_array("gansdk", levels, expected)
    require(np.array_equal(levels, expected), "gansdk: a level differs from the reference's")
    return 0.0


def check_copy(copied: Bytes, source: Bytes) -> None:
    """Require that a copy is one."""
    require(np.array_equal(copied, source), "memcpy: the copy differs")


def check_lossless(name: str, files: Sequence[bytes], pictures: Bytes, decode: Any = None) -> None:
    """Require that every file decodes to its picture."""
    require(len(files) == len(pictures), f"{name}: {len(files)} files of {len(pictures)} pictures")
    for i, (file, picture) in enumerate(zip(files, pictures, strict=True)):
        got = (decode or decoded)(file)
        _check_array(name, got, picture)
        require(np.array_equal(got, picture), f"{name}: picture {i} decodes to other pixels")


def check_lossy(name: str, files: Sequence[bytes], pictures: Bytes) -> float:
    """Require files that decode to something near their pictures; return the PSNR in decibels."""
    require(len(files) == len(pictures), f"{name}: {len(files)} files of {len(pictures)} pictures")
    squares = []
    for file, picture in zip(files, pictures, strict=True):
        got = decoded(file)
        _check_array(name, got, picture)
        squares.append(float(np.square(got.astype(np.float32) - picture).mean()))
        worst = _decibels(squares[-1])
        require(
            worst > LEAST_DECIBELS, f"{name}: a picture decodes to other pixels: {worst:.1f} dB"
        )
    return _decibels(sum(squares) / len(squares))


def decoded(file: bytes) -> Bytes:
    """Decode by Pillow, whoever encoded."""
    from PIL import Image

    with Image.open(io.BytesIO(file)) as image:
        return np.asarray(image)


def _decibels(square: float) -> float:
    return 10 * math.log10(255**2 / max(square, 1e-9))


def _check_array(name: str, got: Any, expected: Bytes) -> None:
    same = got.dtype == np.uint8 and got.shape == expected.shape
    require(same, f"{name}: {got.dtype} {got.shape}, not uint8 {expected.shape}")
