"""What tests of latents share: known answers from tests/data, and how exactness is measured."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent / "data"


def rows_of(name: str, kind: str | None = None) -> list[list[int]]:
    lines = (DATA / name).read_text().splitlines()
    found = [re.sub(r"[|>-]", " ", x).split() for x in lines if not x.startswith("#")]
    if kind is not None:
        found = [x[1:] for x in found if x[0] == kind]
    return [[int(v, 16) for v in x] for x in found]


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def words_near_everything() -> np.ndarray:
    """Both ends at every scale, both sides of every branch, and random words."""
    rng = np.random.default_rng(1)
    ends = (2.0 ** rng.uniform(0, 32, 200_000)).astype(np.uint64) - 1
    branches = np.array([2**32 // 3, 2**33 // 3, 2**29, 2**30, 2**31, 2**31 + 2**30, 2**32 - 2**29])
    near = (branches[:, None] + np.arange(-5000, 5000)).astype(np.uint64).ravel()
    every = [ends, 2**32 - 1 - ends, near, rng.integers(0, 2**32, 200_000, np.uint64)]
    return np.concatenate(every).clip(0, 2**32 - 1).astype(np.uint32)


def ulps(values: np.ndarray, exact: np.ndarray) -> float:
    exact = np.sign(exact) * np.minimum(np.abs(exact), np.nextafter(np.abs(exact), 0))
    unit = np.ldexp(1.0, np.frexp(exact)[1].astype(int) - 24)
    return float((np.abs(values - exact) / unit).max())
