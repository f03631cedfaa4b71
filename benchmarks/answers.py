"""Checks answers before anything is timed: gansdk bit for bit, the peers by their moments.

A peer that is called wrongly - another law, half of the buffer, the same values again - would make
any comparison with it worthless, and a gansdk that is fast and wrong is worth nothing at all.
"""

from __future__ import annotations

import importlib.util
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gansdk import latents

from .peers import Call, Floats

TESTS = Path(__file__).parents[1] / "tests"
SIGMAS = 6.0  # how far a moment of a right answer may lie from its expectation
_MOST_FOR_MOMENTS = 1 << 21


class WrongAnswer(Exception):  # noqa: N818
    """Something to be timed does not compute what its name says."""


def load_reference() -> Any:
    """Return tests/reference.py, the contract in NumPy."""
    spec = importlib.util.spec_from_file_location("reference", TESTS / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check_known_answers() -> None:
    """Compare gansdk with the known answers that every language's tests read."""
    for seed, index, stream, element, bits in _rows("normal_known_answers.txt", "normal"):
        z = latents.normal(1, element + 1, seed=seed, start=index, stream=stream)
        require(int(z.view(np.uint32)[0, element]) == bits, "gansdk: a known answer is missed")
    for row in _rows("philox4x32_10.txt"):
        words = latents.philox(row[:4], row[4:6]).tolist()
        require(words == row[6:], "gansdk: a known answer of Philox is missed")


def check_bits(name: str, got: npt.NDArray[Any], expected: npt.NDArray[Any]) -> None:
    """Require equal bits."""
    same = got.dtype == expected.dtype and got.tobytes() == expected.tobytes()
    require(same, f"{name}: the bits differ from the reference's")


def check_normals(name: str, call: Call, out: Floats) -> None:
    """Require that a call fills all of `out` with standard normal values, others each time."""
    n = out.size
    seen = []
    for _ in range(2):
        out.fill(np.nan)
        call()
        require(bool(np.isfinite(out).all()), f"{name}: not every value was written")
        _check_moments(name, out, variance=1.0, kurtosis=3.0)
        expected = math.sqrt(2 * math.log(n))  # about the largest of n
        largest = float(max(out.max(), -out.min()))
        require(0.7 * expected < largest < 1.7 * expected, f"{name}: the largest is {largest}")
        seen.append(out[:1000].copy())
    require(not np.array_equal(*seen), f"{name}: the second call repeats the first")


def check_truncated(name: str, values: npt.NDArray[Any], threshold: float) -> None:
    """Require a standard normal restricted to [-threshold, threshold], by range and variance."""
    t = threshold
    density = math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
    inside = math.erf(t / math.sqrt(2))
    variance = 1 - 2 * t * density / inside
    fourth = 3 * variance - 2 * t**3 * density / inside
    limit = t * (1 + 2.0**-22)
    require(bool((np.abs(values) <= limit).all()), f"{name}: a value is outside of +-{t}")
    _check_moments(name, values, variance, fourth / variance**2)


def check_words(name: str, words: npt.NDArray[np.uint32]) -> None:
    """Require that each of the 32 bits is set half of the time."""
    for bit in range(32):
        share = float(((words >> np.uint32(bit)) & np.uint32(1)).mean())
        off = abs(share - 0.5) * 2 * math.sqrt(words.size)
        require(off < SIGMAS, f"{name}: bit {bit} is set in {share:.3f} of the words")


def check_labels(name: str, labels: npt.NDArray[Any], prior: npt.NDArray[np.float64]) -> None:
    """Require the frequencies of a prior."""
    share = np.bincount(labels, minlength=len(prior)) / labels.size
    error = np.sqrt(prior * (1 - prior) / labels.size)
    require(bool((np.abs(share - prior) < SIGMAS * error).all()), f"{name}: not the prior's shares")


def require(holds: bool, what: str) -> None:
    """Stop the benchmark unless `holds`."""
    if not holds:
        raise WrongAnswer(what)


def _check_moments(name: str, values: npt.NDArray[Any], variance: float, kurtosis: float) -> None:
    """Compare mean and variance with their expectations, in standard errors."""
    x = values.ravel()[:: max(1, values.size // _MOST_FOR_MOMENTS)].astype(np.float64)
    n = x.size
    mean_off = abs(x.mean()) / math.sqrt(variance / n)
    require(mean_off < SIGMAS, f"{name}: the mean is {x.mean():.4f}, not 0")
    found = float((x * x).mean())
    off = abs(found - variance) / (variance * math.sqrt((kurtosis - 1) / n))
    require(off < SIGMAS, f"{name}: the variance is {found:.4f}, not {variance:.4f}")


def _rows(name: str, kind: str | None = None) -> list[list[int]]:
    lines = (TESTS / "data" / name).read_text().splitlines()
    found = [re.sub(r"[|>-]", " ", x).split() for x in lines if not x.startswith("#")]
    if kind is not None:
        found = [x[1:] for x in found if x[0] == kind]
    return [[int(v, 16) for v in x] for x in found]
