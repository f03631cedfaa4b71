from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gansdk.errors import InvalidArgumentError, MissingDependencyError
from gansdk.images.fitting import fit, fitted_size, kept_size
from gansdk.images.given import as_pictures, with_channels
from gansdk.spec import ImageInput


def picture(height: int, width: int, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(height).integers(0, 256, (height, width, channels), np.uint8)


# The target


@pytest.mark.parametrize(
    ("rule", "given_size", "fitted"),
    [
        ({"size": (32, 48)}, (10, 100), (32, 48)),
        ({"size": (32, 48), "fit": "crop"}, (10, 100), (32, 48)),
        ({"size": (32, 48), "fit": "pad"}, (10, 48), (32, 48)),
        ({"size": (32, 48), "fit": "error"}, (32, 48), (32, 48)),
        ({}, (7, 9), (7, 9)),
        ({"multiple": 4}, (7, 9), (8, 12)),
        ({"multiple": 4, "fit": "crop"}, (7, 9), (4, 8)),
        ({"multiple": 4, "fit": "crop"}, (3, 9), (4, 8)),
        ({"multiple": 4, "fit": "resize"}, (5, 6), (4, 8)),
        ({"multiple": 4, "fit": "resize"}, (1, 12), (4, 12)),
        ({"multiple": 4, "fit": "error"}, (8, 12), (8, 12)),
    ],
)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sizes(
    rule: dict[str, Any], given_size: tuple[int, int], fitted: tuple[int, int], channels: int
) -> None:
    made = ImageInput(channels=channels, **rule)
    x = picture(*given_size, channels)
    assert fitted_size(x, made) == fitted
    assert fit(x, made).shape == (*fitted, channels)
    assert fit(x, made).dtype == np.uint8


@pytest.mark.parametrize(
    ("rule", "size", "message"),
    [
        ({"size": (32, 48), "fit": "error"}, (48, 32), "48 x 32 .*the network takes 32 x 48"),
        ({"size": (32, 48), "fit": "pad"}, (33, 10), "too large to be padded to .*32 x 48"),
        ({"multiple": 4, "fit": "error"}, (8, 9), "the network takes multiples of 4"),
    ],
)
def test_what_does_not_fit_is_told(
    rule: dict[str, Any], size: tuple[int, int], message: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=message) as caught:
        fit(picture(*size), ImageInput(**rule), "images[3]")
    assert "images[3] is" in str(caught.value)


# The rules


def test_what_fits_is_left_alone() -> None:
    x = picture(8, 12)
    for rule in (ImageInput(multiple=4), ImageInput(size=(8, 12)), ImageInput(fit="crop")):
        assert fit(x, rule) is x


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 40))
def test_padding_reflects_as_numpy_does(height: int, width: int, multiple: int) -> None:
    x = picture(height, width, 1)
    made = fit(x, ImageInput(channels=1, multiple=multiple))
    pads = [(0, -side % multiple) for side in (height, width)]
    assert (made == np.pad(x, [*pads, (0, 0)], mode="reflect")).all()
    assert (made[:height, :width] == x).all()


@pytest.mark.parametrize("resample", ["nearest", "bilinear", "bicubic", "lanczos"])
def test_resizing_is_pillows(resample: Any) -> None:
    x = picture(100, 60)
    made = fit(x, ImageInput(size=(32, 48), resample=resample))
    filtered = Image.Resampling[resample.upper()]
    assert (made == np.asarray(Image.fromarray(x).resize((48, 32), filtered))).all()
    assert (made == fit(x, ImageInput(size=(32, 48), resample=resample))).all()


def test_resizing_is_antialiased() -> None:
    fine = np.tile(np.array([[[0], [255]]], np.uint8), (64, 32, 1))
    made = fit(fine, ImageInput(channels=1, size=(16, 16)))
    assert abs(made[:, 1:-1].astype(int) - 128).max() <= 2


def test_crop_keeps_the_middle_and_the_shape_of_things() -> None:
    x = np.zeros((40, 80, 3), np.uint8)
    x[:, 20:60] = 255
    assert (fit(x, ImageInput(size=(10, 10), fit="crop", resample="nearest")) == 255).all()
    x = picture(11, 14)
    assert (fit(x, ImageInput(multiple=4, fit="crop")) == x[1:9, 1:13]).all()


def test_what_is_kept_of_the_output() -> None:
    x = picture(7, 9)
    assert kept_size(x, ImageInput(multiple=4, scale=2)) == (14, 18)
    assert kept_size(x, ImageInput(size=(16, 16), fit="pad", scale=4)) == (28, 36)
    assert kept_size(x, ImageInput(size=(16, 16))) is None
    assert kept_size(x, ImageInput(multiple=4, fit="crop")) is None


def test_only_resizing_needs_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert fit(picture(7, 9), ImageInput(multiple=4)).shape == (8, 12, 3)
    assert fit(picture(7, 9), ImageInput(multiple=4, fit="crop")).shape == (4, 8, 3)
    with pytest.raises(MissingDependencyError, match=r"pip install 'gansdk\[images\]'"):
        fit(picture(7, 9), ImageInput(size=(4, 4)))


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
        fit(picture(4, 4, has), ImageInput(channels=takes))


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
