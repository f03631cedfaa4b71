from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from gansdk.errors import InvalidArgumentError
from gansdk.images.given import as_pictures, check_channels, with_channels


def picture(height: int, width: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(height).integers(0, 256, (height, width, channels), np.uint8)


# Channels


def test_grey_and_alpha() -> None:
    grey, rgb = picture(2, 3, 1), picture(2, 3, 3)
    assert (with_channels(grey, 3) == grey).all()
    assert (with_channels(grey, 4)[..., :3] == grey).all()
    assert (with_channels(grey, 4)[..., 3] == 255).all()
    assert (with_channels(rgb, 4)[..., :3] == rgb).all()
    assert (with_channels(rgb, 4)[..., 3] == 255).all()
    assert with_channels(rgb, 3) is rgb


@pytest.mark.parametrize(
    ("has", "takes", "message"),
    [
        (3, 1, r"is RGB, but the network takes grey: make it grey, .*convert\('L'\)"),
        (4, 3, r"is RGBA, but the network takes RGB: .*picture\[..., :3\]"),
        (4, 1, "is RGBA, but the network takes grey"),
        (2, 1, r"is grey with alpha, but the network takes grey: .*picture\[..., :1\]"),
        (2, 4, "is grey with alpha, but the network takes RGBA"),
    ],
)
def test_channels_are_never_lost_unasked(has: int, takes: Any, message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        check_channels(picture(4, 4, has), takes, "images[3]")


# What callers give


def test_pictures_of_every_kind() -> None:
    x = picture(4, 5, 3)
    for one in (x, Image.fromarray(x), memoryview(x)):
        made, structure = as_pictures(one)
        assert structure == "picture"
        assert (made[0] == x).all()
    made, structure = as_pictures(np.stack([x, x]))
    assert (structure, len(made)) == ("batch", 2)
    grey = Image.fromarray(x).convert("L")
    made, structure = as_pictures([x, grey, x[:2, :, 0]])
    assert structure == "list"
    assert [p.shape for p in made] == [(4, 5, 3), (4, 5, 1), (2, 5, 1)]


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([], "images holds no pictures"),
        (np.zeros((0, 4, 4, 3), np.uint8), r"images holds no pictures: .*\(0, 4, 4, 3\)"),
        (np.zeros((0, 4, 3), np.uint8), "images holds no pixels"),
        (np.zeros((4, 4, 3), np.float32), "images must be uint8; got float32: images.to_uint8"),
        (np.zeros((4, 4, 3), np.int64), "images must be uint8; got int64"),
        (np.zeros((3, 4, 5), np.uint8), r"of 1 to 4 channels.*; got the shape \(3, 4, 5\)"),
        (np.zeros((1, 1, 3, 4, 5), np.uint8), r"got the shape \(1, 1, 3, 4, 5\)"),
        ([np.zeros((4, 4, 3), np.uint8), "a.png"], r"images\[1\] must be uint8; got <U5"),
        ([np.zeros((1, 4, 4, 3), np.uint8)], r"images\[0\] must be a picture"),
        (Image.new("P", (4, 4)), r"mode P: convert it first, image.convert\('RGB'\)"),
        (Image.new("CMYK", (4, 4)), "mode CMYK"),
        (None, "images must be uint8; got object"),
    ],
)
def test_what_is_no_picture_is_told(images: Any, message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        as_pictures(images)
