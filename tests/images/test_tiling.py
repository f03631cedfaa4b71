from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gansdk.images.tiling import Mosaic, spans


@given(st.integers(1, 60), st.integers(2, 12), st.integers(1, 4), st.data())
def test_tiles_cover_an_axis_and_see_beyond_what_they_give(
    units: int, tile_units: int, unit: int, data: st.DataObject
) -> None:
    length, tile = units * unit, tile_units * unit
    overlap = data.draw(st.integers(1, tile_units - 1)) * unit
    made = spans(length, tile, overlap)
    assert made[0].start == made[0].first == 0
    assert made[-1].stop == made[-1].last == length
    assert {s.stop - s.start for s in made} == {min(length, tile)}
    for s in made:
        assert s.start % unit == 0
        assert s.start <= s.first < s.last <= s.stop
        assert s.start == 0 or s.first - s.start >= overlap // 2
        assert s.stop == length or s.stop - s.last >= overlap // 2
    for a, b in pairwise(made):
        assert a.last == b.first
        assert a.stop - b.start >= overlap


def test_a_mosaic_of_equal_parts_is_the_picture_and_has_no_steps() -> None:
    x = np.random.default_rng(0).integers(0, 256, (46, 62, 3), np.uint8)
    rows, columns = spans(23, 8, 3), spans(31, 8, 3)
    for height, width in ((46, 62), (41, 61)):  # all of it, and cut
        out = np.zeros((height, width, 3), np.uint8)
        mosaic = Mosaic(out, rows, columns, scale=2)
        places = [(r, c) for r in rows for c in columns]
        steps = [
            mosaic.place(k, x[2 * r.start : 2 * r.stop, 2 * c.start : 2 * c.stop])
            for k, (r, c) in enumerate(places)
        ]
        assert (out == x[:height, :width]).all()
        assert set(steps) == {0.0}


def test_a_step_is_measured_in_both_directions() -> None:
    rows = columns = spans(10, 6, 2)
    levels = [10, 250, 13, 250]
    mosaic = Mosaic(np.zeros((10, 10, 1), np.uint8), rows, columns, scale=1)
    steps = [mosaic.place(k, np.full((6, 6, 1), v, np.uint8)) for k, v in enumerate(levels)]
    assert steps == [0, 240, 3, 237]
