"""Interpolation: slerp keeps to the circle, lerp to the line, a walk to its keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gansdk import latents
from gansdk.errors import InvalidArgumentError, NonFiniteError


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def test_slerp_follows_the_circle() -> None:
    a, b = latents.normal(2, 128, seed=1)
    t = np.linspace(0, 1, 11)
    path = latents.slerp(a, b, t)
    assert path.shape == (11, 128)
    assert path.dtype == np.float32
    assert same_bits(path[0], a)
    assert same_bits(path[-1], b)
    unit_a, unit_b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    arc = latents.slerp(unit_a, unit_b, t).astype(np.float64)
    assert np.allclose(np.linalg.norm(arc, axis=1), 1, atol=1e-6)
    steps = (arc[:-1] * arc[1:]).sum(1)
    assert np.allclose(steps, steps[0], atol=1e-6)


def test_slerp_broadcasts_by_row() -> None:
    a, b = latents.normal(5, 8, seed=1), latents.normal(5, 8, seed=2)
    t = np.linspace(0.1, 0.9, 5)
    together = latents.slerp(a, b, t)
    for i in range(5):
        assert np.allclose(together[i], latents.slerp(a[i], b[i], t[i]), rtol=0, atol=1e-6)
    assert latents.slerp(a, b[0], 0.5).shape == (5, 8)
    assert latents.slerp(a[None], b[None], t[:, None]).shape == (5, 5, 8)


@pytest.mark.parametrize("b", [[1.0, 2.0], [2.0, 4.0], [-1.0, -2.0], [0.0, 0.0]])
def test_slerp_of_parallel_vectors_is_lerp(b: list[float]) -> None:
    a, t = [1.0, 2.0], [0.0, 0.25, 1.0]
    assert same_bits(latents.slerp(a, b, t), latents.lerp(a, b, t))


@pytest.mark.parametrize("between", [latents.slerp, latents.lerp])
def test_bad_ends(between: object) -> None:
    for a, b, t in ((["a"], [1.0], 0), (1.0, 2.0, 0.5), ([1.0], [1.0], True)):
        with pytest.raises(InvalidArgumentError):
            between(a, b, t)  # type: ignore[operator]
    with pytest.raises(InvalidArgumentError, match="do not fit"):
        between([1.0, 2.0], [1.0, 2.0, 3.0], 0.5)  # type: ignore[operator]
    with pytest.raises(NonFiniteError, match="b must be finite"):
        between([1.0, 2.0], [1.0, np.nan], 0.5)  # type: ignore[operator]


@given(st.integers(2, 7), st.integers(0, 40), st.booleans(), st.sampled_from(["slerp", "lerp"]))
def test_a_walk_visits_its_keys(count: int, more: int, loop: bool, method: Any) -> None:
    keys = latents.normal(count, 5, seed=3)
    walk = latents.interpolate(keys, count + more, method=method, loop=loop)
    assert walk.shape == (count + more, 5)
    assert same_bits(walk[0], keys[0])
    assert same_bits(walk[-1], keys[-1]) or loop
    frames = more + 1
    steps = frames * count if loop else frames * (count - 1) + 1
    assert same_bits(latents.interpolate(keys, steps, method=method, loop=loop)[::frames], keys)


@pytest.mark.parametrize("method", ["slerp", "lerp"])
def test_a_walk_is_made_of_its_segments(method: Any) -> None:
    keys = latents.normal(3, 16, seed=4)
    between = getattr(latents, method)
    t = np.arange(20) / 20
    segments = [between(keys[i], keys[(i + 1) % 3], t) for i in range(3)]
    loop = latents.interpolate(keys, 60, method=method, loop=True)
    assert np.allclose(loop, np.concatenate(segments), rtol=0, atol=1e-6)
    closed = latents.interpolate(np.concatenate([keys, keys[:1]]), 61, method=method)
    assert same_bits(loop, closed[:-1])


def test_a_walk_has_even_steps() -> None:
    walk = latents.interpolate([[0.0], [1.0], [3.0]], 8, method="lerp").ravel()
    assert np.allclose(walk, np.interp(np.arange(8) * 2 / 7, [0, 1, 2], [0, 1, 3]), atol=1e-7)


def test_bad_walks() -> None:
    keys = latents.normal(3, 4, seed=1)
    for bad in (keys[0], keys[:1], keys[None]):
        with pytest.raises(InvalidArgumentError, match=r"of shape \(keys, dim\); got \("):
            latents.interpolate(bad, 5)
    with pytest.raises(InvalidArgumentError, match="at least one a key; got 2 for 3 keys"):
        latents.interpolate(keys, 2)
    with pytest.raises(InvalidArgumentError, match="steps must be an integer"):
        latents.interpolate(keys, 2.5)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgumentError, match="method must be one of 'slerp', 'lerp'"):
        latents.interpolate(keys, 5, method="cubic")  # type: ignore[arg-type]
    keys[1, 2] = np.inf
    with pytest.raises(NonFiniteError, match="NaN or an infinity"):
        latents.interpolate(keys, 5)
