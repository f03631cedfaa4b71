"""Write tests/data/golden_latents.txt from the NumPy reference, tests/reference.py.

    python tools/write_golden_latents.py

The C++ core has no part in it: the file is what the core must give. Run it again only to add
cases; a line that is there already never changes, for it is latent contract 1.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import reference  # noqa: E402

FILE = ROOT / "tests" / "data" / "golden_latents.txt"
HEADER = """\
# Latents of contract 1 (docs/latents.md) as SHA-256 of their elements, row after row, each lowest
# byte first. Numbers are decimal. Written by tools/write_golden_latents.py from tests/reference.py.
#
# normal, uniform: float32. truncated_normal: float32, parameter the threshold. words: uint32.
# random: float64. labels: int64, parameter the prior; dim is 1, stream 1. No parameter: -.
#
# law seed start stream count dim parameter sha256
"""
LAST = 2**64 - 1


class Rows(NamedTuple):
    """What every law takes."""

    seed: int
    start: int
    stream: int
    count: int
    dim: int


# Dims below, at and above a block, a vector and a tile; starts on both sides of 2^32 and up to the
# last index; both ends of seeds and streams.
SMALL = [
    Rows(0, 0, 0, 1, 1),
    Rows(0, 0, 0, 1000, 1),
    Rows(7, 0, 0, 1000, 2),
    Rows(7, 1, 1, 1000, 3),
    Rows(7, 999_999, 2, 400, 4),
    Rows(8, 1_000_000, 16, 400, 5),
    Rows(2**32 - 1, 2**31 - 5, 17, 100, 31),
    Rows(2**32, 2**32 - 1, 0, 2, 63),
    Rows(LAST, 2**32 - 100, 0, 200, 64),
    Rows(0x0123456789ABCDEF, 2**32 - 50, 3, 100, 65),
    Rows(3, 2**32, 0, 333, 100),
    Rows(LAST - 1, 2**63, 16, 70, 127),
    Rows(11, 2**64 - 100, 31, 100, 128),
    Rows(12, LAST, 2**32 - 1, 1, 129),
    Rows(LAST, 2**64 - 65, 2**32 - 1, 65, 257),
    Rows(2024, 12_345_678_901_234_567_890, 0, 40, 512),
    Rows(0, 2**40, 2**31, 9, 1023),
]
# Above the megabyte from which several threads share a call; one row, and rows of one element.
LARGE = [
    Rows(7, 0, 0, 4096, 512),
    Rows(LAST, 2**32 - 200_000, 16, 400_001, 1),
    Rows(2**63, 2**64 - 3, 0, 3, 333_337),
]
# Each is a float32, so that no reader need round. From 2^-90, the least, over both sides of 2.004,
# where tails begin, and of 3 and 12, where formulas change, to no truncation at all.
THRESHOLDS = ["8.0779356694631609e-28", "0.01171875", "0.5", "0.6875", "1", "2.00390625",
              "2.0048828125", "2.99951171875", "3", "4", "6.25", "11.9990234375", "12",
              "inf"]  # fmt: skip
PRIORS = ["1", "0.2,0.3,0.5", "0,1,0,2,0", "1e-300,1,1e300", ",".join(["0.1"] * 10)]


def cases() -> Iterator[tuple[str, Rows, str]]:
    """Law, rows and parameter of every line, in the file's order."""
    for law in ("words", "uniform", "normal", "random"):
        for rows in SMALL + (LARGE if law == "normal" else LARGE[:1]):
            yield law, rows, "-"
    for i, rows in enumerate(SMALL + LARGE):
        yield "truncated_normal", rows, THRESHOLDS[i % len(THRESHOLDS)]
    for threshold in THRESHOLDS:
        yield "truncated_normal", Rows(5, 77, 0, 1000, 50), threshold
    for i, rows in enumerate(SMALL):
        prior = PRIORS[i % len(PRIORS)]
        yield "labels", rows._replace(stream=1, dim=1), prior
    for prior in PRIORS:  # many: they are drawn another way
        yield "labels", Rows(6, 2**32 - 9000, 1, 20_000, 1), prior


def reference_values(law: str, rows: Rows, parameter: str) -> NDArray[Any]:
    """Return what the reference gives for a line."""
    seed, start, stream, count, dim = rows
    if law == "labels":
        prior = [float(p) for p in parameter.split(",")]
        return np.array(reference.labels(count, prior, seed, start), "<i8")
    arguments = {"seed": seed, "start": start, "stream": stream}
    if law == "truncated_normal":
        arguments["threshold"] = float(parameter)
    values = getattr(reference, law)(count, dim, **arguments)
    return values.astype(values.dtype.newbyteorder("<"))


def text() -> str:
    """Return the whole file."""
    lines = []
    for law, rows, parameter in cases():
        digest = hashlib.sha256(reference_values(law, rows, parameter).tobytes()).hexdigest()
        lines.append(" ".join([law, *map(str, rows), parameter, digest]))
    return HEADER + "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
