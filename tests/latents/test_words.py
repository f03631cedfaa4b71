"""Philox: known answers, the reference, and the layout of counters."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gansdk import latents
from gansdk.errors import InvalidArgumentError

sys.path.insert(0, str(Path(__file__).parents[1]))
import reference
from known_answers import rows_of, same_bits

sys.path.pop(0)


def test_philox_known_answers() -> None:
    for row in rows_of("philox4x32_10.txt"):
        assert latents.philox(row[:4], row[4:6]).tolist() == row[6:]


@given(st.lists(st.integers(0, 2**32 - 1), min_size=6, max_size=6))
def test_philox_equals_the_reference(v: list[int]) -> None:
    counter, key = np.array(v[:4], np.uint32), np.array(v[4:], np.uint32)
    assert same_bits(latents.philox(counter, key), reference.philox(counter, key))


def test_philox_is_the_source_of_latents() -> None:
    seed, index, stream = 0x0123456789ABCDEF, 0xFEDCBA9876543210, 17
    counter = [[block, stream, index & 0xFFFFFFFF, index >> 32] for block in range(3)]
    words = latents.philox(counter, [seed & 0xFFFFFFFF, seed >> 32])
    assert words.shape == (3, 4)
    expected = (words.ravel() >> 8) * 2.0**-23 - 1
    row = latents.uniform(1, 12, seed=seed, start=index, stream=stream)[0]
    assert row.tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("counter", "key"),
    [
        ([0, 0, 0], [0, 0]),
        ([0] * 4, [0]),
        ([0] * 4, 0),
        ([0.0] * 4, [0, 0]),
        ([-1, 0, 0, 0], [0, 0]),
        ([2**32, 0, 0, 0], [0, 0]),
        ([[0] * 4] * 3, [[0, 0]] * 2),
    ],
)
def test_bad_counters(counter: object, key: object) -> None:
    with pytest.raises(InvalidArgumentError, match=r"counter|key"):
        latents.philox(counter, key)  # type: ignore[arg-type]
