"""Checked arguments of a draw, then one call to the core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..arguments import INDEX_LIMIT, integer, integers
from ..errors import InvalidArgumentError, OutOfMemoryError

Seed = int | Sequence[int] | npt.NDArray[np.integer[Any]]
Law = Callable[[Any, npt.NDArray[np.uint64], int, int, int], None]

FLOAT32, FLOAT64, UINT32 = np.dtype(np.float32), np.dtype(np.float64), np.dtype(np.uint32)
_UINT64 = np.dtype(np.uint64)
_MAX_DIM = 2**34  # four elements for each of the 2^32 blocks of a row
_MAX_BYTES = 2**63 - 1


def draw(
    law: Law,
    count: int,
    dim: int,
    seed: Seed,
    start: int,
    stream: int,
    out: npt.NDArray[Any] | None,
    threads: int | None,
    dtype: np.dtype[Any] = FLOAT32,
) -> npt.NDArray[Any]:
    """Check all arguments and return `out`, or a new array, filled by `law`."""
    shape = (integer(count, "count"), integer(dim, "dim", least=1, most=_MAX_DIM))
    workers = 0 if threads is None else integer(threads, "threads", least=1, most=1024)
    stream = integer(stream, "stream", most=2**32 - 1)
    if out is None:
        out = allocate(shape, dtype)
    else:
        check_out(out, shape, dtype)
    fill(law, out, seed, start, stream, workers)
    return out


def fill(
    law: Law, out: npt.NDArray[Any], seed: Seed, start: int, stream: int, threads: int
) -> None:
    """Check seed and start, then fill `out`."""
    count = len(out)
    start = integer(start, "start", most=INDEX_LIMIT)  # where a range that is used up begins
    seeds = _seeds(seed, count)
    indices = count if seeds.ndim == 0 else min(count, 1)
    if start + indices > INDEX_LIMIT:
        raise InvalidArgumentError(
            f"start + count must be at most 2^64, got {start} + {indices}: the last index is "
            "2^64 - 1"
        )
    if not count:
        return
    law(out, seeds, start, stream, threads)


def _seeds(seed: Seed, count: int) -> npt.NDArray[np.uint64]:
    """One seed as an array of no dimensions, or one for each row."""
    if isinstance(seed, np.ndarray) and seed.ndim > 0:
        if seed.dtype.kind not in "iu" or seed.ndim != 1:
            raise InvalidArgumentError(
                f"seed must be an integer or a one-dimensional collection of integers; "
                f"got {seed.dtype} of shape {seed.shape}"
            )
        if seed.size and seed.min() < 0:
            raise InvalidArgumentError(f"seed must be 0 ... 2^64 - 1; got {seed.min()}")
        seeds = np.ascontiguousarray(seed, np.uint64)
    elif isinstance(seed, (list, tuple, range)):
        seeds = np.array(integers(seed, "seed"), np.uint64)
    else:
        return np.array(integer(seed, "seed"), _UINT64)
    if len(seeds) != count:
        raise InvalidArgumentError(
            f"seed holds {len(seeds)} seeds for {count} rows: give one integer, or one a row"
        )
    return seeds


def allocate(shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Return an array of that shape, or say why there is none."""
    size = shape[0] * shape[1] * dtype.itemsize
    if size > _MAX_BYTES:
        raise InvalidArgumentError(
            f"count x dim = {shape[0]} x {shape[1]} is beyond any address space: draw it in parts "
            "with start="
        )
    try:
        return np.empty(shape, dtype)
    except MemoryError:
        raise OutOfMemoryError(
            f"{shape[0]} x {shape[1]} {dtype} need {size / 2**30:.1f} GiB: draw them in "
            "parts with start="
        ) from None


def check_out(out: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Raise `InvalidArgumentError` where a draw cannot be written to `out`."""
    if not isinstance(out, np.ndarray) or out.dtype != dtype or out.shape != shape:
        given = f"{out.dtype} {out.shape}" if isinstance(out, np.ndarray) else repr(type(out))
        raise InvalidArgumentError(f"out must be a {dtype} array of shape {shape}; got {given}")
    if not (out.flags.c_contiguous and out.flags.writeable):
        raise InvalidArgumentError("out must be C-contiguous and writable; pass a copy of it")
