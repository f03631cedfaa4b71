"""Levels against the NumPy reference."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gansdk import _core, images, latents
from gansdk.errors import (
    InvalidArgumentError,
    NonFiniteError,
)

sys.path.insert(0, str(Path(__file__).parents[1]))
import reference

sys.path.pop(0)

RANGES = [(-1, 1), (0, 1), (0, 255), (-2.5, 0.7), (-0.1, 0.2), (0, 3)]


def formats() -> list[np.dtype]:
    found = [np.dtype(np.float32), np.dtype(np.float16)]
    try:
        import ml_dtypes
    except ImportError:
        return found
    return [*found, np.dtype(ml_dtypes.bfloat16)]


def batch(shape: tuple[int, ...], value_range: tuple[float, float], seed: int = 0) -> np.ndarray:
    """Values that reach beyond the range, with every tie between two levels among them."""
    lo, hi = value_range
    size = int(np.prod(shape))
    u = latents.uniform(size, 1, seed=seed)[:, 0].astype(np.float64)
    ties = (np.arange(511) / 510)[:size]
    u[: ties.size] = 2 * ties - 1
    u[ties.size :] *= 1.2
    return ((u + 1) / 2 * (hi - lo) + lo).reshape(shape)


@pytest.mark.parametrize("value_range", RANGES)
@pytest.mark.parametrize("dtype", formats(), ids=str)
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
def test_equals_the_reference(
    dtype: np.dtype, channels: int, value_range: tuple[float, float]
) -> None:
    for n, height, width in ((1, 1, 1), (2, 7, 5), (3, 33, 31), (0, 4, 4), (2, 0, 3)):
        x = batch((n, channels, height, width), value_range).astype(dtype)
        expected = reference.levels(x, *value_range).transpose(0, 2, 3, 1)
        got = images.to_uint8(x, value_range=value_range)
        assert got.flags.c_contiguous
        assert got.shape == expected.shape
        assert (got == expected).all()
        moved = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
        assert (images.to_uint8(moved, value_range=value_range, layout="NHWC") == expected).all()
        assert (
            images.to_uint8(moved.transpose(0, 3, 1, 2), value_range=value_range) == expected
        ).all()


@pytest.mark.parametrize("dtype", formats()[1:], ids=str)
@pytest.mark.parametrize("value_range", RANGES)
def test_every_sixteen_bit_pattern(dtype: np.dtype, value_range: tuple[float, float]) -> None:
    x = np.arange(2**16, dtype=np.uint16).view(dtype).reshape(1, 1, 256, 256)
    wide = x.astype(np.float32)
    expected = reference.levels(np.where(np.isfinite(wide), wide, 0), *value_range)
    expected[~np.isfinite(wide)] = 0
    got = images.to_uint8(x, value_range=value_range, nonfinite="zero")
    assert (got.ravel() == expected.ravel()).all()


@settings(max_examples=200, deadline=None)
@given(
    x=hnp.arrays(np.float32, (1, 3, 2, 5), elements=st.floats(width=32, allow_infinity=False,
                                                              allow_nan=False)),
    lo=st.floats(-100, 100, width=32),
    span=st.floats(2**-10, 1000, width=32),
)  # fmt: skip
def test_any_finite_values(x: np.ndarray, lo: float, span: float) -> None:
    expected = reference.levels(x, lo, lo + span).transpose(0, 2, 3, 1)
    assert (images.to_uint8(x, value_range=(lo, lo + span)) == expected).all()


def test_ties_round_to_even() -> None:
    x = ((np.arange(256) + 0.5) / 255).astype(np.float32).reshape(1, 1, 1, -1)
    exact = images.to_uint8((np.arange(255, dtype=np.float32) + 0.5)[None, None, None],
                            value_range=(0, 255))  # fmt: skip
    assert images.to_uint8(x, value_range=(0, 1)).max() == 255
    scaled = (np.arange(255, dtype=np.float32) + np.float32(0.5)) / np.float32(255) * 255
    assert (exact.ravel() == np.rint(scaled.astype(np.float32))).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", formats(), ids=str)
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_names_the_first_bad_image(dtype: np.dtype, channels: int, bad: float) -> None:
    for place in (0, 1, 34, -1):
        x = np.zeros((5, channels, 5, 7), dtype)
        x[3].reshape(-1)[place] = bad
        x[4].reshape(-1)[0] = bad
        for array, layout in ((x, "NCHW"), (x.reshape(5, 5, 7, channels), "NHWC")):
            with pytest.raises(NonFiniteError, match="image 3 "):
                images.to_uint8(array, layout=layout)  # type: ignore[arg-type]
        levels = images.to_uint8(x, nonfinite="zero").transpose(0, 3, 1, 2)
        assert levels[3].reshape(-1)[place] == 0
        assert (levels == 0).sum() == 2
        assert set(np.unique(levels)) == {0, 128}


def test_threads_change_nothing() -> None:
    x = batch((5, 3, 257, 255), (-1, 1)).astype(np.float32)
    one = images.to_uint8(x, threads=1)
    for threads in (2, 5, None):
        assert (images.to_uint8(x, threads=threads) == one).all()
    x[4, 1, 200, 7] = np.nan
    x[2, 2, 256, 254] = np.inf
    for threads in (1, 4):
        with pytest.raises(NonFiniteError, match="image 2 "):
            images.to_uint8(x, threads=threads)


def test_every_instruction_set_gives_the_same_bytes() -> None:
    code = (
        "import hashlib, numpy as np; from gansdk import images, latents\n"
        "h = hashlib.sha256()\n"
        "for c in (1, 2, 3, 4):\n"
        "    for r in ((-1, 1), (-2.5, 2.6)):\n"
        "        x = latents.normal(3, c * 33 * 77, seed=c).reshape(3, c, 33, 77) * 2\n"
        "        for d in (np.float32, np.float16):\n"
        "            h.update(images.to_uint8(x.astype(d), value_range=r).tobytes())\n"
        "print(h.hexdigest())"
    )
    digests = set()
    for isa in _core.available_isas():
        run = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "GANSDK_ISA": isa},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(run.stdout)
    assert len(digests) == 1


def test_out_is_filled_and_returned() -> None:
    x = batch((2, 3, 8, 9), (-1, 1)).astype(np.float32)
    out = np.full((2, 8, 9, 3), 7, np.uint8)
    assert images.to_uint8(x, out=out) is out
    assert (out == images.to_uint8(x)).all()


X = np.zeros((1, 3, 4, 4), np.float32)
BAD = [
    ({"x": X[0]}, "x[None]"),
    ({"x": X.tolist()}, "NumPy array"),
    ({"x": X.astype(np.float64)}, "x.astype(np.float32)"),
    ({"x": X.astype(np.uint8)}, "x.astype(np.float32)"),
    ({"x": X.astype(">f4")}, "x.astype(np.float32)"),
    ({"value_range": (1, 1)}, "lo < hi"),
    ({"value_range": (1, -1)}, "lo < hi"),
    ({"value_range": (0, np.inf)}, "finite"),
    ({"value_range": (np.nan, 1)}, "finite"),
    ({"value_range": (1, 1 + 1e-9)}, "lo < hi"),
    ({"value_range": (0, 1, 2)}, "two numbers"),
    ({"value_range": 1}, "two numbers"),
    ({"layout": "CHW"}, "layout"),
    ({"nonfinite": "ignore"}, "nonfinite"),
    ({"threads": 0}, "threads"),
    ({"out": np.zeros((1, 3, 4, 4), np.uint8)}, "out must be a uint8 array of shape (1, 4, 4, 3)"),
    ({"out": np.zeros((1, 4, 4, 3), np.int8)}, "out"),
    ({"out": np.zeros((1, 4, 4, 6), np.uint8)[..., ::2]}, "C-contiguous"),
    ({"out": X.view(np.uint8).reshape(-1)[:48].reshape(1, 4, 4, 3)}, "shares memory"),
]


@pytest.mark.parametrize(("bad", "words"), BAD)
def test_bad_arguments(bad: dict[str, object], words: str) -> None:
    arguments = {"x": X, **bad}
    with pytest.raises(InvalidArgumentError, match=re.escape(words)) as caught:
        images.to_uint8(**arguments)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value_range", RANGES)
def test_levels_survive_the_way_back(value_range: tuple[float, float]) -> None:
    x = np.arange(256, dtype=np.uint8).reshape(1, 8, 8, 4)
    back = images.from_uint8(x, value_range=value_range)
    assert back.shape == (1, 4, 8, 8)
    assert back.dtype == np.float32
    assert back.flags.c_contiguous
    assert (images.to_uint8(back, value_range=value_range) == x).all()


def test_from_uint8_refuses() -> None:
    with pytest.raises(InvalidArgumentError, match="x must be a uint8 array"):
        images.from_uint8(np.zeros((2, 2, 3), np.uint8))
