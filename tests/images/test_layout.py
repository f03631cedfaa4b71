"""Grids."""

from __future__ import annotations

import numpy as np
import pytest

from gansdk import images
from gansdk.errors import InvalidArgumentError


def test_grid() -> None:
    x = np.arange(1, 8, dtype=np.uint8)[:, None, None, None] * np.ones((1, 3, 2, 1), np.uint8)
    picture = images.grid(x, padding=1, background=9)
    assert picture.shape == (11, 8, 1)
    assert picture[::4, ::3, 0].tolist() == [[1, 2, 3], [4, 5, 6], [7, 9, 9]]
    assert (picture[3] == 9).all()
    assert (picture[:, 2] == 9).all()
    assert images.grid(x, columns=7, padding=0).shape == (3, 14, 1)
    assert images.grid(x, columns=100, padding=0).shape == (3, 14, 1)
    assert images.grid(x[:1]).shape == (3, 2, 1)


@pytest.mark.parametrize(
    "bad", [{"columns": 0}, {"padding": -1}, {"background": 256}, {"columns": 1.5}]
)
def test_bad_grids(bad: dict[str, object]) -> None:
    x = np.zeros((4, 2, 2, 3), np.uint8)
    with pytest.raises(InvalidArgumentError, match=next(iter(bad))):
        images.grid(x, **bad)  # type: ignore[arg-type]
    for wrong in (x[0], x[:0], x.astype(np.float32), "x"):
        with pytest.raises(InvalidArgumentError, match="images"):
            images.grid(wrong)  # type: ignore[arg-type]
