"""The lines of tests/data/golden_latents.txt, and what gansdk gives for them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[2]
FILE = ROOT / "tests" / "data" / "golden_latents.txt"
KERNEL_LAWS = ("words", "uniform", "normal", "truncated_normal")
LITTLE_ENDIAN = {"words": "<u4", "random": "<f8", "labels": "<i8"}  # the rest is float32


class Case(NamedTuple):
    law: str
    seed: int
    start: int
    stream: int
    count: int
    dim: int
    parameter: str
    sha256: str

    def __str__(self) -> str:
        return " ".join(map(str, self[:7]))

    def bytes_in(self, values: NDArray[Any]) -> bytes:
        """Return the bytes that the hash is of."""
        return values.astype(LITTLE_ENDIAN.get(self.law, "<f4"), copy=False).tobytes()

    def holds(self, values: NDArray[Any]) -> bool:
        return hashlib.sha256(self.bytes_in(values)).hexdigest() == self.sha256

    @property
    def size(self) -> int:
        """Bytes that the hash is of."""
        return self.count * self.dim * int(LITTLE_ENDIAN.get(self.law, "<f4")[-1])


def _case(line: str) -> Case:
    law, *numbers, parameter, sha256 = line.split()
    seed, start, stream, count, dim = map(int, numbers)
    return Case(law, seed, start, stream, count, dim, parameter, sha256)


CASES = [_case(line) for line in FILE.read_text().splitlines() if not line.startswith("#")]
KERNEL_CASES = [case for case in CASES if case.law in KERNEL_LAWS]


def draw(case: Case, first: int, count: int, threads: int | None = None) -> NDArray[Any]:
    """Draw rows first ... first + count - 1 of a case through gansdk's Python interface."""
    from gansdk import _core, latents

    if case.law == "labels":
        prior = [float(p) for p in case.parameter.split(",")]
        return latents.labels(count, prior=prior, seed=case.seed, start=case.start + first)
    if case.law == "words":
        out = np.empty((count, case.dim), np.uint32)
        seed = np.array(case.seed, np.uint64)
        _core.words(out, seed, case.start + first, case.stream, threads or 0)
        return out
        return (draw(case._replace(law="words"), first, count) + 0.5) / 2.0**32
    law = getattr(latents, case.law)
    options = {"threshold": float(case.parameter)} if case.law == "truncated_normal" else {}
    arguments = {"seed": case.seed, "start": case.start + first, "stream": case.stream}
    return law(count, case.dim, **arguments, **options, threads=threads)


def check_all() -> None:
    """Compare every line; prints the instruction set. For a process with GANSDK_ISA set."""
    from gansdk import _core

    wrong = [str(case) for case in CASES if not case.holds(draw(case, 0, case.count))]
    if wrong:
        raise SystemExit(f"{_core.isa()}: {len(wrong)} of {len(CASES)} lines differ: {wrong}")
    print(_core.isa(), len(CASES))  # noqa: T201 - what the parent process reads
