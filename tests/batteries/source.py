"""Write the random words of neighbouring latents to standard output, for a battery to judge.

`python source.py ARRANGEMENT [SEED [START]]` goes on until the reader closes the pipe; then it says
on standard error how many bytes it wrote. A battery looks for structure in a row of words, so words
whose counters or keys differ in few bits are placed side by side here: word k of lane 0, word k of
lane 1, ..., then word k + 1 of each lane.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gansdk import _core

Words = NDArray[np.uint32]
_BLOCKS = 1 << 15  # at a time: the arrays stay in the cache


class Lanes(NamedTuple):
    """Which (seed, index, stream) are interleaved: one lane for each combination."""

    seeds: int = 1
    indices: int = 1
    streams: tuple[int, ...] = (0,)


ARRANGEMENTS = {
    "one": Lanes(),
    "seeds-4": Lanes(seeds=4),
    "seeds-8192": Lanes(seeds=8192),
    "indices-4": Lanes(indices=4),
    "indices-8192": Lanes(indices=8192),
    "streams": Lanes(streams=(0, 1, 2, 16)),
    "labels": None,  # the first word of stream 1 of every index: one word of each block
}


def words(arrangement: str, seed: int = 0, start: int = 0) -> Iterator[Words]:
    """Yield the words in pieces; block numbers, or the indices of labels, go on for ever."""
    lanes = ARRANGEMENTS[arrangement]
    return labels(seed, start) if lanes is None else interleaved(lanes, seed, start)


def interleaved(lanes: Lanes, seed: int, start: int) -> Iterator[Words]:
    """Word k of every lane, then word k + 1."""
    combinations = itertools.product(range(lanes.seeds), range(lanes.indices), lanes.streams)
    s, i, stream = np.array(list(combinations), np.uint64).T
    s, i = s + np.uint64(seed), i + np.uint64(start)
    count = len(s)
    blocks = _BLOCKS // count
    counter = np.empty((blocks, count, 4), np.uint32)
    counter[..., 1], counter[..., 2], counter[..., 3] = stream, low(i), high(i)
    key = np.empty((blocks, count, 2), np.uint32)
    key[..., 0], key[..., 1] = low(s), high(s)
    out = np.empty((blocks * count, 4), np.uint32)
    for first in range(0, 2**32, blocks):
        counter[..., 0] = np.arange(first, first + blocks)[:, None]
        _core.philox(counter.reshape(-1, 4), key.reshape(-1, 2), out)
        yield np.ascontiguousarray(out.reshape(blocks, count, 4).transpose(0, 2, 1))


def labels(seed: int, start: int) -> Iterator[Words]:
    """Word 0 of block 0 of stream 1 of each index."""
    out = np.empty((_BLOCKS, 1), np.uint32)
    for first in itertools.count(start, _BLOCKS):
        _core.words(out, np.array(seed, np.uint64), first, 1, 1)
        yield out


def low(x: NDArray[np.uint64]) -> Words:
    return (x & np.uint64(0xFFFFFFFF)).astype(np.uint32)


def high(x: NDArray[np.uint64]) -> Words:
    return (x >> np.uint64(32)).astype(np.uint32)


def main() -> None:
    written = 0
    try:
        for piece in words(sys.argv[1], *map(int, sys.argv[2:])):
            sys.stdout.buffer.write(piece)
            written += piece.nbytes
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.stderr.write(f"{written}\n")


if __name__ == "__main__":
    main()
