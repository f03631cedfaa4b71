"""Neighbours share nothing: seeds, indices, streams, elements, the two of a Box-Muller pair, bits.

Thresholds are those of `goodness.judge`: chosen first, never tuned. The last tests run the same
functions on sources with known flaws and demand that they are caught.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special, stats

from gansdk import latents

sys.path.insert(0, str(Path(__file__).parents[1]))
import goodness
from goodness import Array, PValues

sys.path.pop(0)

Words = NDArray[np.uint32]
Philox = Callable[[Words, Words], Words]

ROWS, DIM = 1024, 128
SEEDS = [0, 7, 2**32 - 1, 2**63 - 1, 2**64 - 2]
STARTS = [0, 2**32 - 1000, 2**63, 2**64 - 4096]


def draw(seed: int = 5, start: int = 0, stream: int = 0) -> Array:
    z = latents.normal(ROWS, DIM, seed=seed, start=start, stream=stream)
    return z.astype(np.float64)


def independent(pairs: dict[str, tuple[Array, Array]]) -> PValues:
    found: PValues = {}
    for name, (x, y) in pairs.items():
        each = goodness.dependence_p(np.ravel(x), np.ravel(y))
        found |= {f"{name}: {form}": p for form, p in each.items()}
    return found


def test_neighbouring_seeds() -> None:
    pairs = {f"{seed}": (draw(seed), draw(seed + 1)) for seed in SEEDS}
    pairs |= {f"bit {b}": (draw(5), draw(5 ^ 1 << b)) for b in (1, 8, 31, 32, 63)}
    goodness.judge(independent(pairs))


def test_neighbouring_indices() -> None:
    # x[i + 1] against x[i], and the same rows a bit of the index away.
    rows = {start: draw(start=start) for start in STARTS}
    pairs = {f"{start}": (x[:-1], x[1:]) for start, x in rows.items()}
    pairs |= {f"bit {b}": (rows[0], draw(start=1 << b)) for b in (11, 31, 32, 33, 63)}
    goodness.judge(independent(pairs))


def test_streams() -> None:
    first, second, third = (latents.noise_stream(k) for k in (0, 1, 7))
    pairs = [(0, 1), (0, 2), (1, 2), (0, first), (1, first), (first, second), (0, third)]
    pairs += [(0, 2**31), (0, 2**32 - 1)]
    drawn = {k: draw(stream=k) for k in {k for pair in pairs for k in pair}}
    goodness.judge(independent({f"{a}, {b}": (drawn[a], drawn[b]) for a, b in pairs}))


def test_seed_and_index_do_not_change_places() -> None:
    pairs = {}
    for a, b in ((1, 2), (3, 2**32), (7, 2**63)):
        x = latents.normal(1, 2**17, seed=a, start=b)
        y = latents.normal(1, 2**17, seed=b, start=a)
        pairs[f"{a}, {b}"] = (x.astype(np.float64), y.astype(np.float64))
    # One grid of seeds and indices, and its transpose: sums of two must not meet either.
    side = np.array([latents.normal(512, 1, seed=s)[:, 0] for s in range(512)], np.float64)
    upper = np.triu_indices(512, 1)
    pairs["grid"] = (side[upper], side.T[upper])
    goodness.judge(independent(pairs))


def test_elements() -> None:
    found: PValues = {}
    for seed in SEEDS:
        x = draw(seed)
        lags = {f"{seed}: lag {k}": (x[:, :-k], x[:, k:]) for k in (1, 2, 3, 4, 64)}
        found |= independent(lags)
    goodness.judge(found)


def all_pairs(x: Array) -> PValues:
    """p of all correlations between columns at once, and of the largest of them."""
    n, columns = x.shape
    correlations = (x.T @ x / n)[np.triu_indices(columns, 1)] * np.sqrt(n)
    # The pairs' squares are a little dependent: their sum's variance is 2 pairs (1 + columns / n).
    total = np.square(correlations).sum()
    spread = np.sqrt(1 + columns / n)
    pairs = correlations.size
    p = stats.chi2.sf(pairs + (total - pairs) / spread, pairs)
    return {"sum of squares": np.array(p), "largest": 2 * special.ndtr(-np.abs(correlations))}


def test_all_pairs_of_columns_and_of_rows() -> None:
    found: PValues = {}
    for seed in SEEDS:
        x = latents.normal(16384, 64, seed=seed).astype(np.float64)
        found |= {f"elements of {seed}: {k}": p for k, p in all_pairs(x).items()}
        x = latents.normal(64, 16384, seed=seed, start=2**32 - 32).T.astype(np.float64)
        found |= {f"indices of {seed}: {k}": p for k, p in all_pairs(x).items()}
    x = latents.normal(64, 16384, seed=np.arange(64)).T.astype(np.float64)
    found |= {f"seeds: {k}": p for k, p in all_pairs(x).items()}
    goodness.judge(found)


def polar(x: Array, y: Array) -> PValues:
    """Box-Muller's pair in its own coordinates: exp(-r^2/2) and the angle, uniform, independent.

    The tail, where exp(-r^2/2) < 2^-8, is cut into 2^10 cells: a uniform of too few bits would
    leave most of them empty.
    """
    u = np.exp(-(x * x + y * y) / 2)
    angle = np.arctan2(x, y) / (2 * np.pi) % 1.0
    table = 64 * goodness.cells(u, 64) + goodness.cells(angle, 64)
    tail = goodness.cells(u[u < 2.0**-8] * 2.0**8, 1024)
    return {
        "radius": np.array(goodness.kolmogorov_p(np.sort(u))),
        "angle": np.array(goodness.kolmogorov_p(np.sort(angle))),
        "cells": np.array(goodness.chi_square_p(np.bincount(table, minlength=4096))),
        "tail": np.array(goodness.chi_square_p(np.bincount(tail, minlength=1024))),
    }


def pair_of_box_muller(seed: int) -> tuple[Array, Array]:
    z = latents.normal(8192, 512, seed=seed).astype(np.float64).reshape(-1, 2)
    return z[:, 0], z[:, 1]


@pytest.mark.parametrize("seed", [1, 2**40])
def test_the_two_of_a_pair(seed: int) -> None:
    x, y = pair_of_box_muller(seed)
    goodness.judge(polar(x, y) | independent({"": (x, y)}))


def four_of_a_block(x: Array) -> PValues:
    """Quartiles of four, and the signs of twelve: dependence that no two alone show."""
    quarter = goodness.cells(special.ndtr(x.reshape(-1, 4)), 4)
    table = np.bincount(quarter @ (4 ** np.arange(4)), minlength=256)
    signs = (x.reshape(-1, 12) < 0) @ (1 << np.arange(12))
    return {
        "quartiles": np.array(goodness.chi_square_p(table)),
        "signs": np.array(goodness.chi_square_p(np.bincount(signs, minlength=4096))),
    }


def test_four_of_a_block() -> None:
    x = latents.normal(2048, 384, seed=9).astype(np.float64)
    goodness.judge(four_of_a_block(x))


INPUT_BITS = 192  # 128 of the counter (block, stream, index), 64 of the key (seed)


def avalanche(philox: Philox, bases: int, least: int = 0) -> PValues:
    """Flip each input bit alone: every output bit must flip with probability 1/2, by itself.

    Base points: small numbers, as users give, where `least` is 0, and random ones otherwise.
    """
    rng = np.random.default_rng(least)
    base = rng.integers(0, 2**32 if least else 16, (bases, 6), np.uint32)
    flips = np.zeros((INPUT_BITS, 6), np.uint32)
    bit = np.arange(INPUT_BITS)
    flips[bit, bit // 32] = np.uint32(1) << (bit % 32).astype(np.uint32)
    before = philox(base[:, :4], base[:, 4:])
    counts = np.zeros((INPUT_BITS, 128), np.int64)
    weights = np.zeros(129, np.int64)
    for row in range(INPUT_BITS):
        moved = base ^ flips[row]
        change = (before ^ philox(moved[:, :4], moved[:, 4:])).view(np.uint8)
        bits = np.unpackbits(change, axis=1)
        counts[row] = bits.sum(0)
        weights += np.bincount(bits.sum(1), minlength=129)
    each = goodness.binomial_p(counts, bases, 0.5)
    z = (counts - bases / 2) / np.sqrt(bases / 4)
    total = two_tails(np.square(z).sum(), z.size)
    # Cells of the weight's law that expect ten or more; the rest join the outermost.
    probability = stats.binom.pmf(np.arange(129), 128, 0.5)
    wide = np.flatnonzero(probability * weights.sum() >= 10)
    groups = np.clip(np.arange(129), wide[0], wide[-1]) - wide[0]
    merged = np.bincount(groups, weights).astype(np.int64)
    p = goodness.chi_square_p(merged, np.bincount(groups, probability))
    return {"each bit": each, "all bits": np.array(total), "weights": np.array(p)}


def two_tails(statistic: float, freedom: int) -> float:
    lower, upper = stats.chi2.cdf(statistic, freedom), stats.chi2.sf(statistic, freedom)
    return float(goodness.two_sided(lower, upper))


@pytest.mark.parametrize("least", [0, 1])
def test_avalanche(least: int) -> None:
    goodness.judge(avalanche(latents.philox, 1024, least))


# Sources with a flaw, and what must catch it.


def test_a_correlation_of_a_hundredth_is_caught() -> None:
    x, y = pair_of_box_muller(1)
    found = independent({"": (x, 0.01 * x + np.sqrt(1 - 1e-4) * y)})
    assert ": x, x" in goodness.caught(found)


def test_uncorrelated_dependence_is_caught() -> None:
    x, y = draw(1), draw(2)
    found = independent({"": (x, np.abs(x) * np.sign(y))})
    caught = goodness.caught(found)
    assert ": x^2, x^2" in caught
    assert ": x, x" not in caught


def test_columns_that_share_a_little_are_caught() -> None:
    x = latents.normal(16384, 64, seed=3).astype(np.float64)
    common = latents.normal(16384, 1, seed=4).astype(np.float64)
    found = all_pairs(np.sqrt(0.98) * x + np.sqrt(0.02) * common)
    assert "sum of squares" in goodness.caught(found)


def test_box_muller_of_sixteen_bits_is_caught() -> None:
    rng = np.random.default_rng(1)
    u, v = (rng.integers(0, 2**16, (2, 2**21)) + 0.5) / 2**16
    r = np.sqrt(-2 * np.log(u))
    found = polar(r * np.sin(2 * np.pi * v), r * np.cos(2 * np.pi * v))
    assert "tail" in goodness.caught(found)


def test_box_muller_on_a_congruential_generator_is_caught() -> None:
    # Neave, Applied Statistics 22, 1973: a small multiplier puts the pairs on a spiral.
    values, state = np.empty(2**17), 1
    for i in range(values.size):
        values[i] = (state + 0.5) / 2**35
        state = 131 * state % 2**35
    r, turns = np.sqrt(-2 * np.log(values[0::2])), values[1::2]
    found = polar(r * np.sin(2 * np.pi * turns), r * np.cos(2 * np.pi * turns))
    assert "cells" in goodness.caught(found)


def test_signs_that_three_others_fix_are_caught() -> None:
    x = latents.normal(2048, 384, seed=9).astype(np.float64).reshape(-1, 4)
    x[:, 3] = np.abs(x[:, 3]) * np.sign(x[:, :3].prod(1))
    assert goodness.caught(four_of_a_block(x))


def congruential(counter: Words, key: Words) -> Words:
    """Hash a counter and a key as is often done, with one multiply-add."""
    mixed = counter * np.uint32(1664525) + key[:, [0, 1, 0, 1]] * np.uint32(1013904223)
    return mixed ^ mixed.sum(1, keepdims=True, dtype=np.uint32)


def three_rounds(counter: Words, key: Words) -> Words:
    """Philox of three rounds in place of ten."""
    c, (k0, k1) = counter.astype(np.uint64).T, key.astype(np.uint64).T
    low, shift = np.uint64(2**32 - 1), np.uint64(32)
    for _ in range(3):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = np.array([p1 >> shift ^ c[1] ^ k0, p1 & low, p0 >> shift ^ c[3] ^ k1, p0 & low])
        k0, k1 = k0 + np.uint64(0x9E3779B9) & low, k1 + np.uint64(0xBB67AE85) & low
    return np.ascontiguousarray(c.T.astype(np.uint32))


@pytest.mark.parametrize("flawed", [congruential, three_rounds])
def test_weak_mixing_is_caught(flawed: Philox) -> None:
    assert {"each bit", "all bits"} <= goodness.caught(avalanche(flawed, 1024, 1))
