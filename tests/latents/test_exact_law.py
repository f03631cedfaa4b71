"""What can be proven of the laws without sampling: all uniforms, the ends, all radii and angles.

Philox is a bijection of counters, so over all of them every word is as frequent as every other;
what a word becomes can be enumerated. Its inverse finds the counter that gives a wanted word, and
so the latents at the very ends of a law.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special

from gansdk import _core, latents

Array = NDArray[np.float64]
TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))
import reference  # noqa: E402

sys.path.pop(0)

SEED = 0x0123456789ABCDEF
LAST = 2**32 - 1
LARGEST = float.fromhex("0x1.b0e08ep+2")


def inverse_philox(words: np.ndarray, seed: int) -> np.ndarray:
    """Return the counters (n, 4) that Philox takes to these words (n, 4)."""
    low, shift = np.uint64(LAST), np.uint64(32)
    m0, m1 = 0xD2511F53, 0xCD9E8D57
    back0, back1 = (np.uint64(pow(m, -1, 2**32)) for m in (m0, m1))
    c0, c1, c2, c3 = words.astype(np.uint64).T
    for step in reversed(range(10)):
        k0 = np.uint64((seed + step * 0x9E3779B9) % 2**32)
        k1 = np.uint64(((seed >> 32) + step * 0xBB67AE85) % 2**32)
        before0, before2 = c3 * back0 & low, c1 * back1 & low
        high0, high2 = before0 * np.uint64(m0) >> shift, before2 * np.uint64(m1) >> shift
        c0, c1, c2, c3 = before0, c0 ^ high2 ^ k0, before2, c2 ^ high0 ^ k1
    return np.stack([c0, c1, c2, c3], 1).astype(np.uint32)


def place_of(first: int, second: int) -> tuple[int, dict[str, int]]:
    """Find (block, where) of a block that begins with two given words, early in its row."""
    rest = np.random.default_rng([first, second]).integers(0, 2**32, (2**17, 2), np.uint32)
    fixed = np.broadcast_to(np.array([first, second], np.uint32), rest.shape)
    counters = inverse_philox(np.concatenate([fixed, rest], 1), SEED)
    counter = counters[counters[:, 0].argmin()]
    key = np.array([SEED % 2**32, SEED >> 32], np.uint32)
    assert reference.philox(counter, key)[:2].tolist() == [first, second]
    block, stream, low, high = (int(c) for c in counter)
    assert block < 2**19
    return block, {"seed": SEED, "start": high << 32 | low, "stream": stream}


def test_every_uniform_is_exact_and_another() -> None:
    for first in range(0, 2**24, 2**18):
        k = np.arange(first, first + 2**18, dtype=np.uint32)
        values = k.astype(np.float32) * np.float32(2.0**-23) - np.float32(1)
        assert ((values.astype(np.float64) + 1) * 2.0**23 == k).all()


def test_uniforms_are_their_words() -> None:
    words = np.empty((64, 2**16), np.uint32)
    _core.words(words, np.array(SEED, np.uint64), 2**32 - 32, 0, 1)
    uniform = latents.uniform(*words.shape, seed=SEED, start=2**32 - 32).astype(np.float64)
    assert ((uniform + 1) * 2.0**23 == words >> 8).all()
    unit = latents.random(*words.shape, seed=SEED, start=2**32 - 32)
    assert (unit * 2.0**32 - 0.5 == words).all()


@pytest.mark.parametrize("second", [0, 2**29, 2**30, 2**31, 3 * 2**30, LAST])
def test_the_ends_of_every_law_are_drawn(second: int) -> None:
    for first in (0, LAST):
        block, where = place_of(first, second)
        at = slice(4 * block, 4 * block + 2)
        pair = latents.normal(1, 4 * block + 4, **where)[0, at]
        r = reference.radius(np.array([first], np.uint32))
        s, c = reference.sincos_turns(np.array([second], np.uint32))
        assert pair.tolist() == [float((r * s)[0]), float((r * c)[0])]
        if first == 0 and second % 2**30 == 0:
            assert sorted(abs(pair).tolist()) == [0, LARGEST]
        unit = latents.random(1, 4 * block + 2, **where)[0, at]
        assert unit.tolist() == [(w + 0.5) / 2**32 for w in (first, second)]
        uniform = latents.uniform(1, 4 * block + 2, **where)[0, at]
        assert uniform.tolist() == [(w >> 8) * 2.0**-23 - 1 for w in (first, second)]
        for threshold in (0.02, 0.5, 1.0, 2.0, 4.0, 10.0):
            x = latents.truncated_normal(1, 4 * block + 2, threshold=threshold, **where)[0, at]
            u = np.array([(w + 0.5) / 2**32 for w in (first, second)])
            mass = special.erf(threshold / np.sqrt(2))
            exact = np.sqrt(2) * special.erfinv((2 * u - 1) * mass)
            assert np.allclose(x, exact, rtol=2e-6, atol=0)
            assert (abs(x) <= np.float32(threshold)).all()


def enumerate_words(folder: Path, program: str, *arguments: str) -> list[list[str]]:
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler: install one to enumerate the words")
    flags = ["-std=c++20", "-O3", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]
    flags += ["-Wall", "-Wextra", "-Werror", f"-I{TESTS.parent / 'csrc'}"]
    source = TESTS / "exhaustive" / f"{program}.cpp"
    subprocess.run([compiler, *flags, str(source), "-o", str(folder / program)], check=True)
    run = subprocess.run(
        [str(folder / program), *arguments], capture_output=True, text=True, check=True
    )
    return [line.split() for line in run.stdout.splitlines()]


def numbers(lines: list[list[str]], name: str) -> dict[int, float]:
    return {int(line[1]): float(line[2]) for line in lines if line[0] == name}


def cells_hold(lines: list[list[str]], beyond: Callable, density: Callable, ulps: float) -> bool:
    """Compare the words in each cell of values with 2^32 times the cell's exact probability.

    An edge may gain or lose the words whose value lies within `ulps` of it, and one more.
    """
    cells = np.array([line[1:] for line in lines if line[0] == "count"], np.uint64)
    start, count = cells[:, 0].astype(np.uint32), cells[:, 1].astype(np.float64)
    assert count.sum() == 2.0**32
    edges = np.stack([start, start + np.uint32(2**14)]).view(np.float32)
    unit = np.spacing(edges).astype(np.float64)
    edges = edges.astype(np.float64)
    slack = (2.0**32 * density(edges) * ulps * unit + 1).sum(0)
    expected = 2.0**32 * -np.diff(beyond(edges), axis=0)[0]
    return bool((abs(count - expected) <= slack).all())


def radius_moment(k: int) -> float:
    """Mean of (-2 ln u)^(k/2) over the 2^32 midpoints u: the smallest one by one, then an integral.

    The midpoint rule's error beyond the first 2^20 words is below 1e-15.
    """
    u = (np.arange(2**20) + 0.5) / 2.0**32
    smallest = np.sum((-2 * np.log(u)) ** (k / 2)) / 2.0**32
    gamma = special.gamma(k / 2 + 1) * special.gammainc(k / 2 + 1, -np.log(2.0**-12))
    return float(smallest + 2 ** (k / 2) * gamma)


@pytest.mark.slow
def test_the_law_of_normals_over_all_words(tmp_path: Path) -> None:
    lines = enumerate_words(tmp_path, "box_muller")
    single = dict(line for line in lines if len(line) == 2)
    assert single["rising"] == "0"
    assert single["asymmetric"] == "0"
    assert float.fromhex(single["largest"]) == LARGEST

    # Moments. Radius, sine and cosine are off by 1.85 units in the last place at most, so a k-th
    # moment by k times that; what is found is a hundred times smaller, since errors cancel.
    unit = 1.85 * 2.0**-23
    radius, turn = numbers(lines, "radius"), numbers(lines, "turn")
    for k, exact in zip((2, 4, 6, 8), (1 / 2, 3 / 8, 5 / 16, 35 / 128), strict=True):
        assert abs(radius[k] / radius_moment(k) - 1) < k * unit
        assert abs(turn[k] / exact - 1) < k * unit
        assert abs(radius[k] * turn[k] / special.factorial2(k - 1) - 1) < 2 * k * unit
    assert abs(float(single["product"]) * 8 - 1) < 4 * unit
    assert cells_hold(lines, lambda r: np.exp(-r * r / 2), lambda r: r * np.exp(-r * r / 2), 1.65)


@pytest.mark.slow
def test_the_law_of_truncated_normals_over_all_words(tmp_path: Path) -> None:
    thresholds = ["0.5", "2", "4"]
    lines = enumerate_words(tmp_path, "truncated_normal", *thresholds)
    begins = [i for i, line in enumerate(lines) if line[0] == "threshold"] + [len(lines)]
    ulps = 9  # as test_draws.py finds for single values
    for threshold, first, last in zip(map(float, thresholds), begins, begins[1:], strict=False):
        part = lines[first:last]
        single = dict(line for line in part if len(line) == 2)
        assert float(single["threshold"]) == threshold
        assert int(single["positive"]) == 2**31
        assert float.fromhex(single["largest"]) <= threshold
        assert int(single["fall"]) <= 2 * ulps
        mass = special.erf(threshold / np.sqrt(2))
        scale = 2 / np.sqrt(2 * np.pi) / mass  # of the magnitude's density
        nodes, weights = special.roots_legendre(200)
        x = threshold * (1 + nodes) / 2
        weights = weights * threshold / 2 * scale * np.exp(-x * x / 2)
        for k, mean in numbers(part, "value").items():
            assert abs(mean / np.dot(weights, x**k) - 1) < k * ulps * 2.0**-23
        assert abs(float(single["mean"])) < threshold * 2.0**-24  # a unit in the last place

        def density(v: Array, top: float = threshold, scale: float = scale) -> Array:
            return np.where(v <= top, scale * np.exp(-v * v / 2), 0.0)

        def beyond(v: Array, top: float = threshold, mass: float = mass) -> Array:
            inside = special.erfc(np.minimum(v, top) / np.sqrt(2))
            return (inside - special.erfc(top / np.sqrt(2))) / mass

        assert cells_hold(part, beyond, density, ulps)
