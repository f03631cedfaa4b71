"""Interpolation: slerp keeps to the circle, lerp to the line."""

from __future__ import annotations

import numpy as np
import pytest

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
