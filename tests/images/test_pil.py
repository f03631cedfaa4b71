"""Pillow's images of pictures."""

from __future__ import annotations

import re
import sys

import numpy as np
import pytest

from gansdk import images
from gansdk.errors import InvalidArgumentError, MissingDependencyError


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_batches_and_pictures(channels: int) -> None:
    pytest.importorskip("PIL")
    x = np.random.default_rng(0).integers(0, 256, (3, 5, 7, channels), np.uint8)
    for batch in (x, np.asfortranarray(x), x[::-1][::-1]):
        made = images.to_pil(batch)
        assert isinstance(made, list)
        assert [picture.mode for picture in made] == 3 * [
            {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
        ]
        assert all(picture.size == (7, 5) for picture in made)
        back = np.stack([np.asarray(picture).reshape(5, 7, channels) for picture in made])
        assert (back == x).all()
    one = images.to_pil(x[1])
    assert not isinstance(one, list)
    assert (np.asarray(one).reshape(5, 7, channels) == x[1]).all()
    if channels == 1:
        assert (np.asarray(images.to_pil(x[1, ..., 0])) == x[1, ..., 0]).all()
    assert images.to_pil(x[:0]) == []


def test_images_are_copies() -> None:
    pytest.importorskip("PIL")
    x = np.zeros((4, 4, 1), np.uint8)
    picture = images.to_pil(x)
    x[:] = 9
    assert np.asarray(picture).max() == 0


def test_what_is_no_picture_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.zeros((2, 4, 4, 3), np.uint8)
    for wrong in (x.astype(np.float32), x[..., None], x[0, 0, 0], x[:, :0], x[:, :, :, :0], [x]):
        with pytest.raises(InvalidArgumentError, match="images"):
            images.to_pil(wrong)  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingDependencyError, match=re.escape("gansdk[images]")):
        images.to_pil(x)
