"""What each format takes, told before anything is encoded."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gansdk import images
from gansdk.errors import InvalidArgumentError
from gansdk.images.formats import FORMATS, format_of


def huge(height: int, width: int, channels: int = 3, dtype: type = np.uint8) -> np.ndarray:
    """A picture of any size that takes one byte."""
    one = np.zeros((1, 1, 1), dtype)
    return np.broadcast_to(one, (height, width, channels))


def test_every_suffix_names_its_format() -> None:
    for known in FORMATS.values():
        for suffix in known.suffixes:
            assert format_of(f"folder.x/a{suffix}") == known.name
            assert format_of(f"a{suffix.upper()}") == known.name
    assert len({s for f in FORMATS.values() for s in f.suffixes}) == 8


@pytest.mark.parametrize("name", ["a.gif", "a", ".png", "a.png.txt", "a."])
def test_other_suffixes_are_refused_with_those_that_are_known(name: str) -> None:
    with pytest.raises(InvalidArgumentError, match=re.escape(".png, .jpg, .webp")):
        format_of(name)


@pytest.mark.parametrize("name", ["gif", "jpg", "PNG", "", None, 3])
def test_an_unknown_format_lists_the_known_ones(name: str) -> None:
    listed = ", ".join(map(repr, FORMATS))
    with pytest.raises(InvalidArgumentError, match=re.escape(listed)):
        images.encode(np.zeros((4, 4, 3), np.uint8), name)


@pytest.mark.parametrize(
    ("name", "quality"),
    [("png", 90), ("qoi", 90), ("npy", 90), ("npz", 90), ("jpeg", 0), ("jpeg", 101),
     ("webp", -1), ("webp", 101), ("jxl", -1), ("jxl", 101), ("jpeg", 90.5), ("jpeg", "90"),
     ("jpeg", True)],
)  # fmt: skip
def test_a_quality_that_does_not_fit(name: str, quality: int) -> None:
    with pytest.raises(InvalidArgumentError, match=f"{name}.*got {quality!r}"):
        images.encode(np.zeros((4, 4, 3), np.uint8), name, quality=quality)
    with pytest.raises(InvalidArgumentError, match="quality"):
        images.encode_batch(np.zeros((0, 4, 4, 3), np.uint8), name, quality=quality)


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "png"])
def test_compression_is_for_png_alone(name: str) -> None:
    with pytest.raises(InvalidArgumentError, match="compression is for png alone"):
        images.encode(np.zeros((4, 4, 3), np.uint8), name, compression="small")


def test_an_unknown_compression() -> None:
    with pytest.raises(InvalidArgumentError, match="'fast', 'small'"):
        images.encode(np.zeros((4, 4, 3), np.uint8), compression="best")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["jxl", "qoi", "npy", "npz"])
def test_a_recipe_that_cannot_be_carried_is_not_dropped(name: str) -> None:
    recipe = images.Recipe("digits", "0" * 64, seed=1)
    with pytest.raises(InvalidArgumentError, match="cannot carry a recipe: use one of png, jpeg"):
        images.encode(np.zeros((4, 4, 3), np.uint8), name, recipe=recipe)


@pytest.mark.parametrize("name", FORMATS)
def test_channels_and_dtypes_are_those_of_the_table(name: str) -> None:
    known = FORMATS[name]
    for dtype in (np.uint8, np.uint16):
        for channels in (1, 2, 3, 4, 5):
            x = np.zeros((1, 6, 5, channels), dtype)
            takes = (not known.channels or channels in known.channels) and (
                np.dtype(dtype).name in known.dtypes
            )
            if takes:
                assert len(images.encode(x[0], name)) > 0
                continue
            with pytest.raises(InvalidArgumentError, match=f"{name} holds"):
                images.encode(x[0], name)
            with pytest.raises(InvalidArgumentError, match=f"{name} holds"):
                images.encode_batch(x, name)


@pytest.mark.parametrize("dtype", [np.float32, np.int16, np.int64, np.bool_, ">u4"])
def test_other_dtypes(dtype: object) -> None:
    with pytest.raises(InvalidArgumentError, match="must be uint8 or uint16; got"):
        images.encode(np.zeros((4, 4, 3), dtype))  # type: ignore[call-overload]


@pytest.mark.parametrize("shape", [(), (4,), (1, 4, 4, 3), (1, 1, 4, 4, 3)])
def test_another_rank(shape: tuple[int, ...]) -> None:
    message = f"image must have the shape (height, width, channels); got {shape}"
    with pytest.raises(InvalidArgumentError, match=re.escape(message)):
        images.encode(np.zeros(shape, np.uint8))
    if len(shape) != 4:
        with pytest.raises(InvalidArgumentError, match=re.escape(f"channels); got {shape}")):
            images.encode_batch(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("shape", [(0, 4, 3), (4, 0, 3), (4, 4, 0), (0, 4)])
def test_no_pixels(shape: tuple[int, ...]) -> None:
    for name in FORMATS:
        with pytest.raises(InvalidArgumentError, match="image has no pixels"):
            images.encode(np.zeros(shape, np.uint8), name)


@pytest.mark.parametrize(
    ("name", "height", "width"),
    [
        ("png", 1, 2**31),
        ("png", 2**31, 1),
        ("png", 2**16, 2**15),
        ("jpeg", 65_501, 1),
        ("jpeg", 1, 65_501),
        ("jpeg", 2**16 - 36, 2**16 - 36),
        ("webp", 16_384, 1),
        ("webp", 1, 16_384),
        ("jxl", 2**30 + 1, 1),
        ("jxl", 2**16, 2**15),
        ("qoi", 20_000, 20_000),
    ],
)
def test_too_large_is_told_before_encoding(name: str, height: int, width: int) -> None:
    with pytest.raises(InvalidArgumentError, match=f"{name} holds .*at most.*{height} x {width}"):
        images.encode(huge(height, width), name)


@pytest.mark.parametrize(("name", "side"), [("jpeg", 65_500), ("webp", 16_383)])
def test_the_longest_side_is_encoded(name: str, side: int) -> None:
    assert len(images.encode(huge(1, side), name)) > 0
    assert len(images.encode(huge(side, 1), name)) > 0
