"""A large picture as overlapping tiles, and their outputs as one picture again.

Neighbours overlap, and each is cut off in the middle of the overlap: a pixel of the result comes
from a tile that saw at least overlap // 2 pixels of the picture around it, or all up to the edge.
So a network that looks no further gives what it would give for the whole picture. One that does
leaves a step where tiles meet; blending would hide a step but also spoil what is exact, so the
step is measured instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Span:
    """Where a tile lies along one axis: the network sees start ... stop, first ... last is kept."""

    start: int
    stop: int
    first: int
    last: int


def spans(length: int, tile: int, overlap: int) -> list[Span]:
    """Return tiles that cover an axis, all of one size; at least `overlap` is in common.

    Their starts are multiples of whatever length, tile and overlap are multiples of.

    Examples
    --------
    >>> [(s.start, s.stop) for s in spans(10, 6, 2)]
    [(0, 6), (4, 10)]
    """
    if length <= tile:
        return [Span(0, length, 0, length)]
    starts = [*range(0, length - tile, tile - overlap), length - tile]
    cuts = [0, *((a + tile + b) // 2 for a, b in pairwise(starts)), length]
    return [
        Span(start, start + tile, first, last)
        for start, (first, last) in zip(starts, pairwise(cuts), strict=True)
    ]


class Mosaic:
    """A picture put together from the outputs of its tiles, row by row.

    Parameters
    ----------
    out
        Where to: (height, width, channels), of any strides. It may be smaller than the tiles
        reach; what lies beyond is dropped.
    rows, columns : sequence of Span
        The tiles along both axes.
    scale : int
        Pixels of the output for one of the picture.
    """

    def __init__(self, out: Array, rows: Sequence[Span], columns: Sequence[Span], scale: int):
        self._out, self._rows, self._columns, self._scale = out, rows, columns, scale
        self._beside: Array | None = None
        self._above: dict[int, Array] = {}

    def place(self, position: int, pixels: Array) -> float:
        """Put the output of the tile at a position, counted row by row, in its place.

        Returns
        -------
        float
            The largest difference between the pixels of this tile and those of the tiles above and
            to the left, in the two lines of the picture on either side of each cut. Of one of them
            a tile saw a pixel less around it than of what is kept: 0 says that overlap // 2 is
            more than the network looks, as far as these pixels tell.
        """
        i, j = divmod(position, len(self._columns))
        row, column = self._rows[i], self._columns[j]
        down, across = (
            self._part(row, row.first, row.last),
            self._part(column, column.first, column.last),
        )
        target = self._out[
            self._scaled(row.first, row.last), self._scaled(column.first, column.last)
        ]
        target[...] = pixels[down, across][: target.shape[0], : target.shape[1]]
        step = 0.0
        if self._beside is not None and j:
            step = _difference(self._beside, pixels[down, self._seam(column, column.first)])
        if i:
            step = max(
                step, _difference(self._above[j], pixels[self._seam(row, row.first), across])
            )
        # Copies, or each would keep its whole tile alive.
        self._beside = pixels[down, self._seam(column, column.last)].copy()
        self._above[j] = pixels[self._seam(row, row.last), across].copy()
        return step

    def _scaled(self, first: int, last: int) -> slice:
        return slice(first * self._scale, last * self._scale)

    def _part(self, span: Span, first: int, last: int) -> slice:
        return self._scaled(first - span.start, last - span.start)

    def _seam(self, span: Span, cut: int) -> slice:
        return self._part(span, max(span.start, cut - 1), cut + 1)


def _difference(a: Array, b: Array) -> float:
    return float(np.abs(np.subtract(a, b, dtype=np.float32)).max())
