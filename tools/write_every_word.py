"""Write tests/data/every_word.txt from the NumPy reference: a sum over all 2^32 words.

    python tools/write_every_word.py

Takes six minutes of a processor. The C++ core has no part in it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
import reference  # noqa: E402

HEADER = """\
# Functions of one random word over all 2^32 words w: the sum of bits(f(w)) * (2 w + 1) modulo 2^64,
# hexadecimal. One wrong bit for one word changes it. Written by tools/write_every_word.py.
"""
CHUNK = 1 << 18  # words: what stays in the second-level cache
THRESHOLDS = (0.5, 4)  # without tails and with them


def functions(w: NDArray[np.uint32]) -> dict[str, NDArray[np.float32]]:
    """Return every function of the words."""
    sine, cosine = reference.sincos_turns(w)
    truncated = {f"truncated_normal_{t}": reference.truncated_quantile(w, t) for t in THRESHOLDS}
    return {"radius": reference.radius(w), "sine": sine, "cosine": cosine, **truncated}


def main() -> None:
    """Sum, and write the file."""
    sums: dict[str, int] = {}
    for first in range(0, 1 << 32, CHUNK):
        w = np.arange(first, first + CHUNK, dtype=np.uint64)
        for name, values in functions(w.astype(np.uint32)).items():
            bits = values.view(np.uint32).astype(np.uint64)
            part = int((bits * (2 * w + 1)).sum(dtype=np.uint64))
            sums[name] = (sums.get(name, 0) + part) % 2**64
    lines = [f"{name} {total:016x}\n" for name, total in sums.items()]
    (ROOT / "tests" / "data" / "every_word.txt").write_text(HEADER + "".join(lines))


if __name__ == "__main__":
    main()
