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
