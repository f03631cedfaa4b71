"""Floats to files: the bytes that their levels give, by every way there."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gansdk import images, latents
from gansdk.errors import InvalidArgumentError, NonFiniteError

sys.path.insert(0, str(Path(__file__).parents[1]))
import isas

sys.path.pop(0)

FORMATS = ["png", "jpeg", "webp", "npy"]


def floats(n: int, channels: int, height: int, width: int) -> np.ndarray:
    size = channels * height * width
    return latents.normal(n, size, seed=size).reshape(n, channels, height, width)


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("channels", [1, 3])
def test_files_are_those_of_the_levels(format_: str, channels: int) -> None:
    x = floats(5, channels, 33, 47)
    options: list[dict[str, Any]] = [
        {},
        {"rounding": "stylegan"},
        {"rounding": "truncate", "value_range": (-2, 1)},
        {"mean": [0.1] * channels, "std": [0.3] * channels, "value_range": (0, 1)},
    ]
    if channels == 3:
        options.append({"color": "BGR"})
    for option in options:
        expected = images.encode_batch(images.to_uint8(x, **option), format_)
        assert images.encode_batch(x, format_, **option) == expected
        moved = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
        assert images.encode_batch(moved, format_, layout="NHWC", **option) == expected
        assert images.encode_batch(x, format_, threads=1, **option) == expected
    half = x.astype(np.float16)
    assert images.encode_batch(half, format_) == images.encode_batch(images.to_uint8(half), format_)


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (3, 4, 1, 257), (2, 3, 300, 1), (2, 2, 40, 9)])
def test_pngs_of_any_shape_and_strides(shape: tuple[int, int, int, int]) -> None:
    x = floats(*shape)
    assert images.encode_batch(x) == images.encode_batch(images.to_uint8(x))
    views = [x[:, :, ::-1, ::-1], np.repeat(x, 2, axis=3)[..., ::2], x.transpose(0, 1, 3, 2)]
    for view in views:
        assert images.encode_batch(view) == images.encode_batch(images.to_uint8(view))


def test_small_and_recipes_reach_the_files() -> None:
    x = floats(2, 3, 16, 16)
    recipes = [images.Recipe("m", "0" * 64, seed=1, start=i) for i in range(2)]
    for format_ in ("png", "jpeg", "webp"):
        files = images.encode_batch(x, format_, recipes=recipes)
        assert [images.read_recipe(file) for file in files] == recipes
        assert files == images.encode_batch(images.to_uint8(x), format_, recipes=recipes)
    small = images.encode_batch(x, compression="small")
    assert small == images.encode_batch(images.to_uint8(x), compression="small")
    assert images.encode_batch(x[:0]) == []


@pytest.mark.parametrize("format_", FORMATS)
def test_what_is_not_finite_is_named(format_: str) -> None:
    x = floats(40, 3, 24, 24)
    x[31, 2, 23, 23] = np.inf
    x[35, 0, 0, 0] = np.nan
    with pytest.raises(NonFiniteError, match="image 31 ") as caught:
        images.encode_batch(x, format_)
    assert caught.value.first == 31
    files = images.encode_batch(x, format_, nonfinite="zero")
    assert files == images.encode_batch(images.to_uint8(x, nonfinite="zero"), format_)


def test_every_instruction_set_writes_the_same_files() -> None:
    code = (
        "import hashlib; from gansdk import images, latents\n"
        "h = hashlib.sha256()\n"
        "for c in (1, 2, 3, 4):\n"
        "    x = latents.normal(3, c * 33 * 77, seed=c).reshape(3, c, 33, 77)\n"
        "    for data in images.encode_batch(x): h.update(data)\n"
        "    for data in images.encode_batch(x / 50): h.update(data)\n"
        "print(h.hexdigest())"
    )
    assert len(isas.outputs(code)) == 1


X = np.zeros((1, 3, 4, 4), np.float32)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"images": X[0]}, "x[None]"),
        ({"images": X.astype(np.float64)}, "float32"),
        ({"images": X[:, :, :0]}, "no pixels"),
        ({"images": np.zeros((1, 5, 4, 4), np.float32)}, "channels"),
        ({"format": "tga"}, "format"),
        ({"format": "jpeg", "images": np.zeros((1, 4, 4, 4), np.float32)}, "channels"),
        ({"threads": 0}, "threads"),
        ({"nonfinite": "ignore"}, "nonfinite"),
        ({"quality": 3}, "lossless"),
        ({"recipes": []}, "one for each of the 1 images"),
        ({"mean": (1, 2)}, "mean must hold 3"),
        ({"images": np.zeros((1, 4, 4, 3), np.uint8), "rounding": "stylegan"}, "leave them out"),
        ({"images": np.zeros((1, 4, 4, 3), np.uint8), "mean": (0, 0, 0)}, "leave them out"),
        ({"images": np.broadcast_to(np.float32(0), (1, 1, 2**16, 2**15))}, "2147483647 pixels"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidArgumentError, match=re.escape(words)) as caught:
        images.encode_batch(**{"images": X, **arguments})
    assert "\n" not in str(caught.value)
