from __future__ import annotations

import hashlib

import numpy as np
import pytest
from sklearn import datasets

from gansdk.errors import InvalidArgumentError
from gansdk.evaluate import load_digits
from gansdk.evaluate.digits import NAMES, SIZE


@pytest.mark.parametrize(("split", "count"), [("train", 1257), ("test", 540)])
def test_sizes_dtypes_and_ranges(split: str, count: int) -> None:
    pixels, labels = load_digits(split)
    assert pixels.shape == (count, SIZE, SIZE, 1)
    assert pixels.dtype == np.uint8
    assert (pixels.min(), pixels.max()) == (0, 255)
    assert labels.shape == (count,)
    assert labels.dtype == np.int64
    assert np.unique(labels).tolist() == list(range(len(NAMES)))


def test_the_split_is_stratified() -> None:
    train, test = (np.bincount(load_digits(split)[1]) for split in ("train", "test"))
    assert np.abs(test - 0.3 * (train + test)).max() < 1


def test_no_image_is_in_both_splits_and_none_is_lost() -> None:
    train, test = (
        {image.tobytes() for image in load_digits(split)[0]} for split in ("train", "test")
    )
    assert not train & test
    # No two originals are the same picture, so a set loses none.
    assert len(train) + len(test) == len(datasets.load_digits().target)


def test_the_split_is_the_one_that_published_figures_rest_on() -> None:
    labels = load_digits("test")[1]
    digest = hashlib.sha256(labels.astype("<i8").tobytes()).hexdigest()
    assert digest == "12f9e0d92f950d5f4d65712f513ff9419f212566a442b8893c98af854b0d1e01"


def test_pixels_are_upsampled_ink() -> None:
    pixels, labels = load_digits("train")
    coarse = pixels.reshape(-1, 8, 4, 8, 4).mean(axis=(2, 4)) / 255 * 16
    data = datasets.load_digits()
    for i in (0, 700):
        originals = data.images[data.target == labels[i]]
        nearest = np.abs(originals - coarse[i]).mean(axis=(1, 2)).min()
        assert nearest < 1  # of 16 levels of ink


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="split must be one of 'train', 'test'"):
        load_digits("validation")  # type: ignore[arg-type]
