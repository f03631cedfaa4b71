"""Interpolation between latents; use it as `gansdk.latents.slerp`, `lerp` and `interpolate`."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from ..arguments import choice, integer
from ..errors import InvalidArgumentError, NonFiniteError

Floats = npt.NDArray[np.float32]

_SMALL_SINE = 1e-6  # below this sine of the angle, slerp and lerp agree to float32


def lerp(a: npt.ArrayLike, b: npt.ArrayLike, t: npt.ArrayLike) -> Floats:
    """Interpolate on the straight line: (1 - t) a + t b.

    Arguments, result and errors are those of `slerp`. Right for uniform latents; a normal latent
    halfway on the line is shorter than any the generator was trained on: use `slerp` there.

    Examples
    --------
    >>> from gansdk import latents
    >>> latents.lerp([0.0, 2.0], [4.0, 2.0], [0, 0.5, 1]).tolist()
    [[0.0, 2.0], [2.0, 2.0], [4.0, 2.0]]
    """
    x, y, s = _ends(a, b, t)
    return _float32((1 - s) * x + s * y)


def slerp(a: npt.ArrayLike, b: npt.ArrayLike, t: npt.ArrayLike) -> Floats:
    """Interpolate on the great circle: sin((1 - t) w) / sin w a + sin(t w) / sin w b.

    w is the angle between `a` and `b`. Where they are parallel, opposite or zero, to float32's
    precision, the circle is not determined and `lerp` is returned.

    Parameters
    ----------
    a, b
        Finite vectors along the last axis, shape (..., dim), broadcast against each other.
    t
        Finite; 0 gives `a`, 1 gives `b`. Its shape is broadcast against the leading axes, so two
        vectors of shape (dim,) and steps of shape (n,) give (n, dim).

    Returns
    -------
    float32 array of shape (..., dim). Computed in float64 and rounded once.

    Raises
    ------
    InvalidArgumentError
        Shapes do not broadcast, or values are not real numbers.
    NonFiniteError
        A value is NaN or infinite.

    Notes
    -----
    Shoemake, "Animating rotation with quaternion curves", SIGGRAPH 1985.

    Examples
    --------
    >>> from gansdk import latents
    >>> latents.slerp([1.0, 0.0], [0.0, 1.0], 1 / 3).round(3).tolist()
    [0.8659999966621399, 0.5]
    """
    x, y, s = _ends(a, b, t)
    length = np.sqrt((x * x).sum(-1, keepdims=True) * (y * y).sum(-1, keepdims=True))
    cosine = np.clip((x * y).sum(-1, keepdims=True) / np.where(length > 0, length, 1), -1, 1)
    angle = np.arccos(cosine)
    sine = np.sin(angle)
    straight = (sine < _SMALL_SINE) | (length == 0)
    sine = np.where(straight, 1, sine)
    from_a = np.where(straight, 1 - s, np.sin((1 - s) * angle) / sine)
    from_b = np.where(straight, s, np.sin(s * angle) / sine)
    return _float32(from_a * x + from_b * y)


def interpolate(
    keys: npt.ArrayLike,
    steps: int,
    *,
    method: Literal["slerp", "lerp"] = "slerp",
    loop: bool = False,
) -> Floats:
    """Return a walk of `steps` latents through two or more keys, evenly spaced from key to key.

    Parameters
    ----------
    keys
        Finite, of shape (keys, dim).
    steps
        Latents in all, at least one a key. The first is the first key and the last the last, each
        once. For f latents from each key to the next, so that every key is one of them, take
        `steps = f * (len(keys) - 1) + 1`, or `f * len(keys)` in a loop.
    method
        "slerp" for normal latents, "lerp" for uniform ones.
    loop
        Go on from the last key to the first, and stop one step short of it: the walk repeated has
        no image twice and no jump.

    Returns
    -------
    float32 array of shape (steps, dim).

    Raises
    ------
    InvalidArgumentError
        `keys` has the wrong shape, there are fewer steps than keys, or `method` is unknown.
    NonFiniteError
        A value is NaN or infinite.

    Examples
    --------
    >>> from gansdk import latents
    >>> keys = latents.normal(3, 128, seed=7)
    >>> walk = latents.interpolate(keys, 61)
    >>> walk.shape, bool((walk[::30] == keys).all())
    ((61, 128), True)
    >>> latents.interpolate([[0.0], [2.0]], 4, method="lerp", loop=True).ravel().tolist()
    [0.0, 1.0, 2.0, 1.0]
    """
    choice(method, "method", ("slerp", "lerp"))
    points = np.asarray(keys)
    if points.ndim != 2 or len(points) < 2:
        raise InvalidArgumentError(
            f"keys must be two or more vectors, of shape (keys, dim); got {points.shape}"
        )
    steps = integer(steps, "steps")
    if steps < len(points):
        raise InvalidArgumentError(
            f"steps counts the latents of the whole walk, at least one a key; got {steps} for "
            f"{len(points)} keys"
        )
    segments, intervals = (len(points), steps) if loop else (len(points) - 1, steps - 1)
    # In integers, so that a step that falls on a key is that key exactly.
    segment, rest = np.divmod(np.arange(steps) * segments, intervals)
    following = np.minimum(segment + 1, segments) % len(points)
    between = slerp if method == "slerp" else lerp
    return between(points[segment], points[following], rest / intervals)


def _ends(a: npt.ArrayLike, b: npt.ArrayLike, t: npt.ArrayLike) -> list[npt.NDArray[np.float64]]:
    """Return the three as float64, with `t` broadcast over vectors."""
    found = []
    for values, name in ((a, "a"), (b, "b"), (t, "t")):
        array = np.asarray(values)
        if array.dtype.kind not in "iuf":
            raise InvalidArgumentError(f"{name} must hold real numbers; got {array.dtype}")
        if not np.isfinite(array).all():
            raise NonFiniteError(f"{name} must be finite; it holds a NaN or an infinity")
        found.append(array.astype(np.float64))
    found[2] = found[2][..., None]
    shapes = [x.shape for x in found]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        shapes[2] = shapes[2][:-1]
    else:
        if min(x.ndim for x in found[:2]) > 0:
            return found
    raise InvalidArgumentError(
        f"a {shapes[0]}, b {shapes[1]} and t {shapes[2]} do not fit: give vectors (..., dim) and "
        "one t a vector"
    )


def _float32(x: npt.NDArray[np.float64]) -> Floats:
    return np.ascontiguousarray(x, np.float32)
