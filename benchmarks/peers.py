"""The peers that fill a buffer with normal values: what they are called and how they are called.

Each is given what it does best: a buffer to write to where it takes one, float32 throughout, no
conversion. All are bound to their buffer once, outside of what is timed.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Call = Callable[[], object]


class Absent(Exception):  # noqa: N818  (not an error: the benchmark goes on without the peer)
    """A peer cannot be had here; the message says how to get it."""


@dataclass(frozen=True)
class Peer:
    """A source of standard normal float32 values on one thread."""

    name: str
    family: str
    bind: Callable[[Floats, int], Call]  # (one-dimensional buffer, seed) -> a call that fills it
    fresh: Callable[[tuple[int, int], int], Call] | None = None  # a call that returns a new array


def halves(out: Floats) -> list[Floats]:
    """Split a buffer for two threads."""
    return np.array_split(out, 2)


def in_threads(calls: list[Call]) -> Call:
    """Return a call that makes all of `calls` at once, each on a thread of its own."""
    pool = ThreadPoolExecutor(len(calls))
    return lambda: [task.result() for task in [pool.submit(call) for call in calls]]


def numpy_peers() -> list[Peer]:
    """NumPy's generators, all of which transform words by the ziggurat method."""
    kinds: dict[str, Any] = {"SFC64": np.random.SFC64, "PCG64": np.random.PCG64}
    kinds["Philox"] = np.random.Philox  # Philox4x64-10, not our 4x32

    def peer(kind: str) -> Peer:
        def bind(out: Floats, seed: int) -> Call:
            draw = np.random.Generator(kinds[kind](seed)).standard_normal
            return lambda: draw(dtype=np.float32, out=out)

        def fresh(shape: tuple[int, int], seed: int) -> Call:
            draw = np.random.Generator(kinds[kind](seed)).standard_normal
            return lambda: draw(shape, dtype=np.float32)

        return Peer(f"numpy {kind}", "numpy", bind, fresh)

    return [peer(kind) for kind in kinds]


def torch_peers() -> list[Peer]:
    """PyTorch's CPU generator (MT19937), vectorised Box-Muller; serial whatever the threads."""
    try:
        import torch
    except ImportError:
        raise Absent("`pip install torch`") from None
    torch.set_num_threads(1)

    def bind(out: Floats, seed: int) -> Call:
        generator = torch.Generator().manual_seed(seed)
        target = torch.from_numpy(out)
        return lambda: torch.randn(target.shape, generator=generator, out=target)

    def fresh(shape: tuple[int, int], seed: int) -> Call:
        generator = torch.Generator().manual_seed(seed)
        return lambda: torch.randn(shape, generator=generator)

    return [Peer("torch randn", "torch", bind, fresh)]
