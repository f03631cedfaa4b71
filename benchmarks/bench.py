"""What the cases of one process share: its peers, its reference, and how long to measure."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gansdk import latents

from . import answers
from .compiled import std_peers
from .mkl import mkl_peers
from .peers import Absent, Call, Floats, Peer, numpy_peers, torch_peers

SEED = 0x0123456789ABCDEF  # both words of the key in use
FAMILIES: dict[str, Callable[[], list[Peer]]] = {
    "numpy": numpy_peers,
    "torch": torch_peers,
    "mkl": mkl_peers,
    "cpp": std_peers,
}
EVERY_FAMILY = [*FAMILIES, "scipy"]  # scipy has truncated normals alone


@dataclass(frozen=True)
class Effort:
    """How much is measured."""

    rounds: int
    large_rounds: int
    sample_seconds: float
    large_rows: int  # rows of 128 values of the large buffer


FULL = Effort(rounds=151, large_rounds=15, sample_seconds=1e-3, large_rows=1 << 19)
QUICK = Effort(rounds=3, large_rounds=3, sample_seconds=2e-4, large_rows=1 << 12)


@dataclass
class Bench:
    """One process's peers; `absent` says of those not installed how to get them."""

    effort: Effort
    families: list[str]
    peers: list[Peer] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)
    best_of_mkl: str | None = None  # the name, once the first case has found it
    reference: Any = field(default_factory=answers.load_reference)

    def __post_init__(self) -> None:
        for name, load in FAMILIES.items():
            if name in self.families:
                try:
                    self.peers += load()
                except Absent as how:
                    self.absent[name] = str(how)

    def leading(self) -> list[Peer]:
        """Return one peer a family: NumPy's and MKL's fastest, and torch."""
        chosen = {"numpy SFC64", "torch randn", self.best_of_mkl}
        return [peer for peer in self.peers if peer.name in chosen]

    def draw(self, law: str, out: Floats, threads: int = 1, **options: float) -> Call:
        """Bind gansdk's `law` to rows of `out`, and require the reference's bits of it.

        Each call goes on to the next indices, so that no two calls give the same values.
        """
        function, reference = getattr(latents, law), getattr(self.reference, law)
        count, dim = out.shape
        start = 0

        def call() -> None:
            nonlocal start
            function(count, dim, seed=SEED, start=start, out=out, threads=threads, **options)
            start += count

        for first in (0, count):
            out.fill(np.nan)
            call()
            answers.require(bool(np.isfinite(out).all()), f"gansdk {law}: a value is not written")
            for row, rows in _parts(count, dim):
                expected = reference(rows, dim, seed=SEED, start=first + row, **options)
                answers.check_bits(f"gansdk {law}", out[row : row + rows], expected)
        return call


def _parts(count: int, dim: int) -> list[tuple[int, int]]:
    """Return what is compared, as (row, rows): everything, or both ends and the middle."""
    rows = max(1, (1 << 16) // dim)
    if count <= rows:
        return [(0, count)]
    return [(0, rows), (count // 2, rows), (count - rows, rows)]


def memset(out: Floats) -> Call:
    """Bind the least that any draw must do: write the buffer."""
    address, size = out.ctypes.data_as(ctypes.c_void_p), out.nbytes
    return lambda: ctypes.memset(address, 1, size)


def bind_checked(peer: Peer, out: Floats, stream: int = 0) -> Call:
    """Bind a peer to a buffer and require that it does what it is there for."""
    call = peer.bind(out, 7 + stream)
    answers.check_normals(peer.name, call, out)
    return call
