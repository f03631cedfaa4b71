"""Grids and montages: every cell where it belongs, and nothing else changed by labels."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gansdk import images
from gansdk.errors import InvalidArgumentError, MissingDependencyError, OutOfMemoryError


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


@given(
    st.tuples(*[st.integers(1, n) for n in (30, 6, 6, 5)]),
    st.none() | st.integers(1, 40),
    st.integers(0, 4),
    st.sampled_from([np.uint8, np.uint16]),
    st.integers(0, 2**32),
)
def test_every_cell_is_a_picture_and_the_rest_is_background(
    shape: tuple[int, ...], columns: int | None, gap: int, dtype: type, seed: int
) -> None:
    n, height, width, channels = shape
    most = np.iinfo(dtype).max
    x = np.random.default_rng(seed).integers(0, most + 1, shape, dtype)
    fill = list(range(7, 7 + channels))
    picture = images.grid(x, columns=columns, padding=gap, background=fill)
    across = min(n, columns or int(np.ceil(np.sqrt(n))))
    down = -(-n // across)
    assert picture.dtype == dtype
    assert picture.shape == (
        down * (height + gap) - gap,
        across * (width + gap) - gap,
        channels,
    )
    expected = np.full(picture.shape, fill, dtype)
    for i in range(n):
        top, left = i // across * (height + gap), i % across * (width + gap)
        expected[top : top + height, left : left + width] = x[i]
    assert (picture == expected).all()
    # The memory's order is the caller's business.
    assert (images.grid(x[::-1], columns=columns)[:height, :width] == x[-1]).all()
    assert (
        images.grid(np.asfortranarray(x), columns=columns, padding=0)[:1, :1] == x[0, 0, 0]
    ).all()


@pytest.mark.parametrize(
    "bad",
    [
        {"columns": 0},
        {"padding": -1},
        {"background": 256},
        {"background": (1, 2)},
        {"background": (1, 2, 300)},
        {"background": "red"},
        {"columns": 1.5},
        {"row_labels": ["a"]},
        {"row_labels": "ab"},
        {"row_labels": ["a", None]},
        {"row_labels": ["a", "b\nc"]},
        {"row_labels": 3},
        {"font": "a.ttf"},
        {"font": "no such file.ttf", "row_labels": [1, 2]},
        {"font": 3, "row_labels": [1, 2]},
    ],
)
def test_bad_grids(bad: dict[str, object]) -> None:
    x = np.zeros((4, 8, 8, 3), np.uint8)
    with pytest.raises(InvalidArgumentError, match=next(iter(bad))) as caught:
        images.grid(x, **bad)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    for wrong in (x[0], x[:0], x[:, :0], x.astype(np.float32), "x"):
        with pytest.raises(InvalidArgumentError, match="images"):
            images.grid(wrong)  # type: ignore[arg-type]


def test_grids_too_large_for_a_picture_or_for_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.zeros((2, 8, 8, 1), np.uint8)
    with pytest.raises(InvalidArgumentError, match="2\\^31"):
        images.grid(x, padding=2**31)
    with pytest.raises(InvalidArgumentError, match="2\\^31"):
        images.grid(np.broadcast_to(x[:1], (2**25, 8, 8, 1)), padding=0)

    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(np, "full", full)
    with pytest.raises(OutOfMemoryError, match="GiB"):
        images.grid(x)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("background", [0, 200])
def test_labels_change_the_head_alone(channels: int, dtype: type, background: int) -> None:
    pytest.importorskip("PIL")
    most = int(np.iinfo(dtype).max)
    background = background * most // 255
    x = np.random.default_rng(1).integers(0, most + 1, (6, 32, 24, channels), dtype)
    plain = images.grid(x, columns=2, padding=5, background=background)
    labelled = images.grid(
        x, columns=2, padding=5, background=background, row_labels=["one", "", 13]
    )
    width = labelled.shape[1] - plain.shape[1]
    assert labelled.shape == (plain.shape[0], width + plain.shape[1], channels)
    assert (labelled[:, width:] == plain).all()
    head = labelled[:, :width]
    assert (head[32:69] == background).all()  # between the rows, and beside the empty label
    ink = 0 if background else most
    for rows in (head[:32], head[74:]):
        marked = (rows != background).any(-1)
        assert marked.any()
        # Ink in full somewhere, so that it can be read.
        assert (np.abs(rows[marked].astype(int) - background).max()) > 0.8 * abs(ink - background)
        # Right-aligned, and in the middle of the cell.
        right = width - 1 - np.flatnonzero(marked.any(0)).max()
        assert right <= 8
        assert abs(np.flatnonzero(marked.any(1)).mean() - 15.5) < 3
    if channels in (2, 4):
        assert (head[..., -1] >= background).all()


def test_labels_of_equal_height_stand_on_one_line() -> None:
    pytest.importorskip("PIL")
    x = np.zeros((10, 64, 64, 1), np.uint8)
    picture = images.grid(x, columns=1, padding=0, row_labels=range(10))
    inked = (picture[:, :, 0] > 128).reshape(10, 64, -1).any(2)
    bottoms = [np.flatnonzero(rows).max() for rows in inked]
    assert max(bottoms) - min(bottoms) <= 1


@pytest.mark.parametrize("size", [8, 11, 16, 100, 257])
def test_labels_fit_their_cells(size: int) -> None:
    pytest.importorskip("PIL")
    x = np.zeros((1, size, size, 1), np.uint8)
    picture = images.grid(x, row_labels=["gjA|"])
    head = picture[:, : picture.shape[1] - size, 0]
    assert head[:, :1].max() == 0
    rows = np.flatnonzero((head > 60).any(1))
    assert len(rows) >= min(6, size // 2)
    with pytest.raises(InvalidArgumentError, match="row_labels need pictures of 8 pixels"):
        images.grid(x[:, :7], row_labels=["a"])


def test_characters_that_the_font_lacks_are_refused_or_drawn_in_another(tmp_path: Path) -> None:
    font_module = pytest.importorskip("PIL.ImageFont")
    x = np.zeros((1, 32, 32, 1), np.uint8)
    with pytest.raises(InvalidArgumentError, match=re.escape("U+65E5") + ".*font="):
        images.grid(x, row_labels=["ab日"])
    # Pillow's own font, as a file, gives the picture that it gives without.
    stream = font_module.load_default(size=13).path
    stream.seek(0)
    file = tmp_path / "own.ttf"
    file.write_bytes(stream.read())
    with_file = images.grid(x, row_labels=["ab"], font=file)
    assert (with_file == images.grid(x, row_labels=["ab"])).all()


def test_only_labels_need_pillow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    x = np.zeros((4, 8, 8, 1), np.uint8)
    images.montage(x)
    with pytest.raises(MissingDependencyError, match=re.escape("gansdk[images]")):
        images.grid(x, row_labels=["a", "b"])


@given(st.integers(1, 50), st.data())
def test_montages_hold_both_ends_and_even_steps(steps: int, data: st.DataObject) -> None:
    columns = data.draw(st.none() | st.integers(min(2, steps), steps))
    walks = data.draw(st.integers(1, 3))
    x = np.arange(walks * steps, dtype=np.uint16).reshape(walks, steps, 1, 1, 1)
    shown = images.montage(x, columns=columns, padding=0)[..., 0].astype(int)
    assert shown.shape == (walks, min(8, steps) if columns is None else columns)
    assert (shown[:, 0] == np.arange(walks) * steps).all()
    assert (shown[:, -1] == np.arange(walks) * steps + steps - 1)[shown.shape[1] > 1 :].all()
    exact = np.linspace(0, steps - 1, shown.shape[1])
    assert (np.abs(shown - shown[:, :1] - exact) <= 0.5 + 1e-9).all()
    assert (images.montage(x[0], columns=columns, padding=0)[0, :, 0] == shown[0]).all()


def test_montage_labels_walks_and_refuses() -> None:
    x = np.zeros((2, 5, 8, 9, 3), np.uint8)
    assert images.montage(x, columns=3, padding=1, background=(1, 2, 3)).shape == (17, 29, 3)
    for bad in (
        {"columns": 6},
        {"columns": 1},
        {"columns": 0},
        {"row_labels": ["a"]},
        {"padding": -1},
    ):
        with pytest.raises(InvalidArgumentError, match=next(iter(bad))):
            images.montage(x, **bad)  # type: ignore[arg-type]
    for wrong in (x[0, 0], x.astype(float), x[:0], x[:, :0], None):
        with pytest.raises(InvalidArgumentError, match="walks"):
            images.montage(wrong)  # type: ignore[arg-type]
