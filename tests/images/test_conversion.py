"""Levels against the NumPy reference."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gansdk import images, latents
from gansdk.errors import (
    InvalidArgumentError,
    NonFiniteError,
)

sys.path.insert(0, str(Path(__file__).parents[1]))
import isas
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


MEAN, STD = (0.485, 0.456, 0.406, 0.5), (0.229, 0.224, 0.225, 0.25)
ROUNDINGS = [("nearest", 255), ("truncate", 255), ("stylegan", 255)]
ROUNDINGS += [("nearest", 65535), ("truncate", 65535)]


@pytest.mark.parametrize(("rounding", "highest"), ROUNDINGS)
@pytest.mark.parametrize("dtype", formats(), ids=str)
@pytest.mark.parametrize("channels", [1, 3, 4, 6])
def test_roundings_normalisation_and_order_of_channels(
    rounding: str, highest: int, dtype: np.dtype, channels: int
) -> None:
    x = batch((2, channels, 37, 41), (-1, 1)).astype(dtype)
    convert: Any = images.to_uint8 if highest == 255 else images.to_uint16
    options: list[dict[str, Any]] = [{}, {"color": "BGR"}]
    if channels == 3 and rounding != "stylegan":
        options.append({"mean": MEAN[:3], "std": STD[:3], "value_range": (0, 1)})
        options.append({"mean": MEAN[:3], "color": "BGR"})
        options.append({"std": np.array(STD[:3]), "value_range": (-0.2, 0.2)})
    for option in options:
        swapped = "color" in option
        if swapped and channels not in (3, 4):
            continue
        expected = reference.levels(
            x,
            *option.get("value_range", (-1, 1)),
            highest=highest,
            rounding=rounding,
            mean=option.get("mean"),
            std=option.get("std"),
        )
        order = [2, 1, 0, 3][:channels] if swapped else list(range(channels))
        expected = expected[:, order].transpose(0, 2, 3, 1)
        got = convert(x, rounding=rounding, **option)
        assert got.dtype == expected.dtype
        assert (got == expected).all()
        moved = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
        assert (convert(moved, layout="NHWC", rounding=rounding, **option) == expected).all()


@pytest.mark.parametrize("width", [1, 2, 3, 5, 15, 16, 17, 63, 64, 65, 4095, 4096])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_widths_and_heights_up_to_4096(width: int, channels: int) -> None:
    for height in (1, 3, 4096 if width <= 17 else 67):
        x = batch((1, channels, height, width), (-1, 1), seed=width).astype(np.float32)
        expected = reference.levels(x, -1, 1).transpose(0, 2, 3, 1)
        assert (images.to_uint8(x) == expected).all()
        moved = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
        assert (images.to_uint8(moved, layout="NHWC") == expected).all()


def test_the_largest_square_of_odd_neighbours() -> None:
    for height, width in ((4096, 4096), (4095, 4093)):
        x = latents.normal(1, height * width, seed=1).reshape(1, 1, height, width)
        got = images.to_uint8(x)
        for rows in (slice(0, 64), slice(height // 2, height // 2 + 64), slice(height - 64, None)):
            assert (got[0, rows, :, 0] == reference.levels(x[0, :, rows], -1, 1)[0]).all()


@pytest.mark.parametrize("channels", [1, 3, 4, 5])
@pytest.mark.parametrize("dtype", formats(), ids=str)
def test_any_strides(channels: int, dtype: np.dtype) -> None:
    x = batch((6, 2 * channels, 40, 90), (-1, 1)).astype(dtype)
    views = [
        x[::2, ::2],
        x[:, :channels, ::3, ::2],
        x[:, channels - 1 :: -1, ::-1, ::-1],
        x[:, :channels, 5:25, 7:70],
        x[:, :channels].transpose(0, 1, 3, 2),
        np.broadcast_to(x[:1, :1, :, :1], (3, channels, 40, 30)),
        np.moveaxis(np.ascontiguousarray(np.moveaxis(x[:, :channels], 1, -1)), -1, 1)[..., 3:],
    ]
    for view in views:
        expected = reference.levels(view, -1, 1).transpose(0, 2, 3, 1)
        for threads in (1, 3):
            assert (images.to_uint8(view, threads=threads) == expected).all()
        assert (images.to_uint16(view) == images.to_uint16(np.ascontiguousarray(view))).all()


def test_roundings_are_what_others_do() -> None:
    torch = pytest.importorskip("torch")
    x = batch((4, 3, 64, 64), (-1, 1)).astype(np.float32)
    t = torch.from_numpy(x)
    stylegan = (t.permute(0, 2, 3, 1) * 127.5 + 128).clamp(0, 255).to(torch.uint8)
    assert (images.to_uint8(x, rounding="stylegan") == stylegan.numpy()).all()
    guided = ((t + 1) * 127.5).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
    assert (images.to_uint8(x, rounding="truncate") == guided.numpy()).all()
    diffusers = (t / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).numpy()
    assert (images.to_uint8(x) == (diffusers * 255).round().astype("uint8")).all()


def test_sums_of_large_finite_values_are_no_infinities() -> None:
    x = np.full((2, 3, 64, 64), 3e38, np.float32)
    assert (images.to_uint8(x) == 255).all()
    assert (images.to_uint8(-x) == 0).all()


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
        "            y = x.astype(d)\n"
        "            for k in ('nearest', 'truncate', *(['stylegan'] if r == (-1, 1) else [])):\n"
        "                h.update(images.to_uint8(y, value_range=r, rounding=k).tobytes())\n"
        "            h.update(images.to_uint8(y[..., ::2], value_range=r).tobytes())\n"
        "            h.update(images.to_uint8(y[:, :, :, 3:], value_range=r).tobytes())\n"
        "            h.update(images.to_uint8(y.transpose(0, 2, 3, 1), layout='NHWC').tobytes())\n"
        "            h.update(images.to_uint8(y, mean=[.1] * c, std=[.3] * c).tobytes())\n"
        "            h.update(images.to_uint16(y, value_range=r).tobytes())\n"
        "print(h.hexdigest())"
    )
    assert len(isas.outputs(code)) == 1


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
    ({"value_range": (0, 1e40)}, "finite"),
    ({"value_range": (0, 1, 2)}, "two numbers"),
    ({"value_range": 1}, "two numbers"),
    ({"layout": "CHW"}, "layout"),
    ({"color": "rgb"}, "color"),
    ({"color": "BGR", "x": X[:, :1]}, "3 or 4 channels"),
    ({"rounding": "up"}, "rounding"),
    ({"rounding": "stylegan", "value_range": (0, 1)}, "value_range=(-1, 1)"),
    ({"mean": (0.5, 0.5)}, "mean must hold 3 finite numbers"),
    ({"mean": 0.5}, "mean must hold 3 finite numbers"),
    ({"mean": (0, 1e40, 0)}, "mean must hold 3 finite numbers"),
    ({"mean": (0, 10**400, 0)}, "mean must hold 3 finite numbers"),
    ({"std": (1, 1, np.nan)}, "std must hold 3 finite numbers"),
    ({"std": (1, 0, 1)}, "std must be above 0"),
    ({"nonfinite": "ignore"}, "nonfinite"),
    ({"threads": 0}, "threads"),
    ({"threads": 1025}, "threads"),  # each would be started
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


@pytest.mark.parametrize("dtype", formats(), ids=str)
@pytest.mark.parametrize("channels", [1, 3, 4, 5])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_from_uint8_equals_its_formula(dtype: np.dtype, channels: int, layout: Any) -> None:
    x = latents.philox(np.arange(4 * 1200, dtype=np.uint32).reshape(-1, 4), np.zeros(2, np.uint32))
    pictures = x.view(np.uint8)[: 2 * 31 * 33].reshape(-1)[: 2 * 31 * 33 * channels]
    pictures = pictures.reshape(2, 31, 33, channels)
    options: list[dict[str, Any]] = [{}, {"value_range": (-2.5, 0.7)}]
    if channels == 3:
        options += [{"value_range": (0, 1), "mean": MEAN[:3], "std": STD[:3], "color": "BGR"}]
    for option in options:
        lo, hi = (np.float32(v) for v in option.get("value_range", (-1, 1)))
        values = pictures.astype(np.float32) / np.float32(255) * (hi - lo) + lo
        if "color" in option:
            values = values[..., [2, 1, 0, 3][:channels]]
        if "mean" in option:
            values = (values - np.array(option["mean"], np.float32)) / np.array(
                option["std"], np.float32
            )
        if layout == "NCHW":
            values = values.transpose(0, 3, 1, 2)
        got = images.from_uint8(pictures, layout=layout, dtype=dtype, **option)
        assert got.dtype == dtype
        assert got.flags.c_contiguous
        assert (got == values.astype(dtype)).all()
        out = np.empty_like(got)
        strided = np.repeat(pictures, 2, axis=2)[:, :, ::2]
        same = images.from_uint8(strided, layout=layout, dtype=dtype, out=out, threads=3, **option)
        assert same is out
        assert (same == got).all()
        if dtype == np.float32 and "mean" not in option:
            back = images.to_uint8(got, layout=layout, **option)
            assert (back == pictures).all()


def test_normalisation_survives_the_way_back() -> None:
    x = np.tile(np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1), 3)
    options: dict[str, Any] = {"value_range": (0, 1), "mean": MEAN[:3], "std": STD[:3]}
    assert (images.to_uint8(images.from_uint8(x, **options), **options) == x).all()


@pytest.mark.parametrize("shape", [(0, 8, 8, 3), (2, 0, 8, 3), (2, 8, 0, 3), (2, 8, 8, 0)])
def test_from_uint8_of_nothing_is_nothing(shape: tuple[int, ...]) -> None:
    n, height, width, channels = shape
    x = np.zeros(shape, np.uint8)
    assert images.from_uint8(x).shape == (n, channels, height, width)
    assert images.from_uint8(x, layout="NHWC").shape == shape


def test_from_uint8_refuses() -> None:
    with pytest.raises(InvalidArgumentError, match="x must be a uint8 array"):
        images.from_uint8(np.zeros((2, 2, 3), np.uint8))
    x = np.zeros((1, 2, 2, 3), np.uint8)
    for bad, words in (
        ({"dtype": np.float64}, "dtype must be float32"),
        ({"dtype": "nonsense"}, "dtype must be float32"),
        ({"layout": "HWC"}, "layout"),
        ({"color": "BGR", "x": x[..., :1]}, "3 or 4 channels"),
        ({"std": (0, 1, 1)}, "above 0"),
        ({"out": np.zeros((1, 2, 2, 3), np.float32)}, "shape (1, 3, 2, 2)"),
    ):
        with pytest.raises(InvalidArgumentError, match=re.escape(words)):
            images.from_uint8(**{"x": x, **bad})  # type: ignore[arg-type]
