"""The numbers of csrc/self_test.h are the reference's."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from .. import reference

HEADER = Path(__file__).parents[2] / "csrc" / "self_test.h"


def text() -> str:
    if not HEADER.exists():
        pytest.skip("the sources are not here: the tests run beside an installed package alone")
    return HEADER.read_text()


def rows() -> dict[str, int]:
    found = re.search(r"kSelfTestRows = \{(\w+)u, (\w+)u, (\d+), (\d+)\}", text())
    count = re.search(r"kSelfTestCount = (\d+)", text())
    assert found is not None
    assert count is not None
    seed, start, dim, stream = (int(word, 0) for word in found.groups())
    return {"count": int(count[1]), "dim": dim, "seed": seed, "start": start, "stream": stream}


@pytest.mark.parametrize("law", ["words", "uniform", "normal", "truncated_normal"])
def test_sums(law: str) -> None:
    arguments: dict[str, float] = {**rows()}
    if law == "truncated_normal":
        threshold = re.search(r"kSelfTestThreshold = ([\d.]+);", text())
        assert threshold is not None
        arguments["threshold"] = float(threshold[1])
    bits = getattr(reference, law)(**arguments).view(np.uint32).ravel().astype(np.uint64)
    expected = int((bits * (2 * np.arange(bits.size, dtype=np.uint64) + 1)).sum(dtype=np.uint64))
    name = law.title().replace("_", "")
    assert f"k{name}Sum = 0x{expected:016X}u;" in text()


def near_ties(name: str) -> tuple[np.ndarray, np.ndarray]:
    found = re.search(rf"kNearTiesOf{name} =\s*\{{(.*?)\}};", text(), re.DOTALL)
    assert found is not None
    pairs = re.findall(r"\{(0x\w+)u, (\d+)\}", found[1])
    assert len(pairs) == 4
    bits = np.array([int(b, 16) for b, _ in pairs], np.uint32)
    return bits.view(np.float32), np.array([int(level) for _, level in pairs])


def test_near_ties() -> None:
    x, level = near_ties("Product")
    assert (reference.levels(x, 0, 1) == level).all()
    fused = np.rint(x.astype(np.float64) * 255)  # exact before it is rounded
    assert (fused == level + 1).all()
    x, level = near_ties("Quotient")
    assert (reference.levels(x, 0, 3) == level).all()
    approximate = x * (np.float32(1) / np.float32(3))
    assert (reference.levels(approximate, 0, 1) == level + 1).all()
