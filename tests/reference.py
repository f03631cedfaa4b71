"""The latents and levels of gansdk in plain NumPy: slow, readable, and equal bit for bit.

Read this beside docs/latents.md. NumPy's float32 + - * / and sqrt are IEEE 754's, so performing the
same operations in the same order gives the same bits as the C++ kernels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]
Floats = NDArray[np.float32]
f32 = np.float32

LOG = ["0x1.0e2cbap-2", "-0x1.1defd8p-2", "0x1.f03b28p-3", "-0x1.1ef262p-2", "0x1.55b7f0p-2",
       "-0x1.99ce34p-2", "0x1.fffe5ep-2", "-0x1.55550cp-1", "0x1.0p+0", "-0x1.0p+1"]  # fmt: skip
SIN = ["-0x1.2d328ap-15", "0x1.465be4p-9", "-0x1.4abbaep-4", "-0x1.b7812cp-3"]
MIDDLE_N = ["0x1.ba0ef2p+11", "0x1.357856p+13", "0x1.80235cp+11", "0x1.c3a034p+7",
            "0x1.0cafc8p+2"]  # fmt: skip
MIDDLE_D = ["0x1.0103b8p+12", "0x1.2c3d96p+12", "0x1.0180c8p+10", "0x1.eae0e6p+5", "0x1.0p+0"]
FAR = ["-0x1.309abep-21", "0x1.f14f2ep-19", "-0x1.eb9ac0p-17", "0x1.31ac58p-14",
       "-0x1.ab2aaap-12", "0x1.285c80p-9", "-0x1.a75a56p-7", "0x1.141bfcp+0",
       "0x1.f8d54cp+1"]  # fmt: skip
COS = ["0x1.d4f448p-19", "-0x1.55b2b2p-12", "0x1.03c1b0p-6", "-0x1.3bd3ccp-2", "0x1.0p+0"]
MINUS_2_LN_2 = f32(float.fromhex("-0x1.62e430p+0"))


def horner(coefficients: list[str], x: Floats) -> Floats:
    """Evaluate a polynomial, highest power first, rounding after every operation."""
    value = np.full_like(x, float.fromhex(coefficients[0]))
    for c in coefficients[1:]:
        value = value * x + f32(float.fromhex(c))
    return value


def philox(counter: Words, key: Words) -> Words:
    """Philox4x32-10 of counters (..., 4) under keys (..., 2)."""
    c = [counter[..., i].astype(np.uint64) for i in range(4)]
    k = [key[..., i].astype(np.uint64) for i in range(2)]
    low = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        p0, p1 = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        shift = np.uint64(32)
        c = [(p1 >> shift) ^ c[1] ^ k[0], p1 & low, (p0 >> shift) ^ c[3] ^ k[1], p0 & low]
        k = [(k[0] + np.uint64(0x9E3779B9)) & low, (k[1] + np.uint64(0xBB67AE85)) & low]
    return np.stack(c, axis=-1).astype(np.uint32)


def words(count: int, dim: int, seed: int, start: int = 0, stream: int = 0) -> Words:
    """Return the random words of `count` rows, (count, dim)."""
    blocks = -(-dim // 4)
    counter = np.zeros((count, blocks, 4), np.uint32)
    counter[..., 0] = np.arange(blocks)
    counter[..., 1] = stream
    for row in range(count):
        counter[row, :, 2] = (start + row) & 0xFFFFFFFF
        counter[row, :, 3] = (start + row) >> 32
    key = np.broadcast_to(np.array([seed & 0xFFFFFFFF, seed >> 32], np.uint32), (count, blocks, 2))
    return philox(counter, key).reshape(count, 4 * blocks)[:, :dim]


def radius(w: Words) -> Floats:
    """sqrt(-2 ln((w + 1/2) / 2^32))."""
    signed = w.view(np.int32)
    negative = signed >> 31
    e = (signed.astype(f32) + f32(0.5)) * f32(2.0**-32)
    u = (negative & np.int32(0x3F800000)).view(f32) + e
    shifted = u.view(np.int32) - np.int32(0x3F2AAAAB)
    k = (shifted >> 23).astype(f32)
    scale = np.int32(0x3F800000) - (shifted & np.int32(-0x800000))
    f = ((negative & scale).view(f32) - f32(1)) + scale.view(f32) * e
    return np.sqrt(k * MINUS_2_LN_2 + horner(LOG, f) * f)


def sincos_turns(w: Words) -> tuple[Floats, Floats]:
    """Sine and cosine of w / 2^32 turns."""
    quadrant = (w + np.uint32(1 << 29)) >> np.uint32(30)
    x = (w - (quadrant << np.uint32(30))).view(np.int32).astype(f32) * f32(2.0**-29)
    x2 = x * x
    s = horner(SIN, x2) * x + x
    c = horner(COS, x2)
    odd = quadrant % 2 == 1
    sine, cosine = np.where(odd, c, s), np.where(odd, s, c)
    sine = np.where(quadrant >= 2, -sine, sine)
    cosine = np.where((quadrant == 1) | (quadrant == 2), -cosine, cosine)
    return sine, cosine


def normal(count: int, dim: int, seed: int, start: int = 0, stream: int = 0) -> Floats:
    """Box-Muller on word pairs, cuRAND's order: sine first."""
    w = words(count, 4 * -(-dim // 4), seed, start, stream)
    r = radius(np.ascontiguousarray(w[:, 0::2]))
    sine, cosine = sincos_turns(np.ascontiguousarray(w[:, 1::2]))
    return np.stack([r * sine, r * cosine], axis=-1).reshape(w.shape)[:, :dim]


def uniform(count: int, dim: int, seed: int, start: int = 0, stream: int = 0) -> Floats:
    """2 (w >> 8) 2^-24 - 1."""
    w = words(count, dim, seed, start, stream)
    return ((w >> np.uint32(8)).astype(np.float64) * 2.0**-23 - 1).astype(f32)


def truncation(threshold: float) -> tuple[Floats, Floats]:
    """Return P(Z < -t) and 2^-32 P(|Z| <= t), computed in float64 and rounded to float32."""
    if threshold >= 12:
        return f32(0), f32(2.0**-32)
    y = threshold * threshold * 0.5 * 2.0**-10
    exp = 1.0
    for i in range(9, 0, -1):
        exp = 1.0 - exp * y / i
    for _ in range(10):
        exp = exp * exp
    density = exp * float.fromhex("0x1.9884533d43651p-2")
    if threshold < 3:
        total = 1.0
        for i in range(101, 1, -2):
            total = 1.0 + total * (threshold * threshold) / i
        between = 2.0 * density * threshold * total
        below = 0.5 - 0.5 * between
    else:
        fraction = threshold
        for i in range(100, 0, -1):
            fraction = threshold + i / fraction
        below = density / fraction
        between = 1.0 - 2.0 * below
    return f32(below), f32(between * 2.0**-32)


def truncated_quantile(w: Words, threshold: float) -> Floats:
    """Inverse transform of u = (w + 1/2) / 2^32 to the normal law on [-t, t]."""
    below, between = truncation(threshold)
    q = ((w ^ np.uint32(1 << 31)).view(np.int32).astype(f32) + f32(0.5)) * between
    x = f32(float.fromhex("0x1.d2f4f0p-3")) - q * q
    with np.errstate(all="ignore"):  # of lanes in the tails
        middle = q * (horner(MIDDLE_N, x) / horner(MIDDLE_D, x))
    p = np.abs(w.view(np.int32).astype(f32) + f32(0.5)) * between + below
    shifted = p.view(np.int32) - np.int32(0x3F2AAAAB)
    k = (shifted >> 23).astype(f32)
    scale = (np.int32(0x3F800000) - (shifted & np.int32(-0x800000))).view(f32)
    f = scale * p - f32(1)
    with np.errstate(invalid="ignore"):  # p can round to more than 1/2 only in the middle
        r = np.sqrt(k * MINUS_2_LN_2 + horner(LOG, f) * f) - f32(4.5)
    far = horner(FAR, r)
    far = np.where(w < 1 << 31, -far, far)
    return np.clip(np.where(x < 0, far, middle), f32(-threshold), f32(threshold))


def truncated_normal(
    count: int, dim: int, threshold: float, seed: int, start: int = 0, stream: int = 0
) -> Floats:
    """Normal restricted to [-t, t]; the threshold is a float32 already."""
    return truncated_quantile(words(count, dim, seed, start, stream), threshold)


def random(count: int, dim: int, seed: int, start: int = 0, stream: int = 0) -> NDArray[np.float64]:
    """(w + 1/2) / 2^32, exact in float64."""
    return (words(count, dim, seed, start, stream) + 0.5) / 2.0**32


def labels(count: int, prior: list[float], seed: int, start: int = 0) -> list[int]:
    """Return the first class k with c_k >= u, c the normalised running sum of the prior."""
    drawn = []
    sums = [0.0]
    for p in prior:
        sums.append(sums[-1] + p)
    for w in words(count, 1, seed, start, stream=1)[:, 0]:
        u = (float(w) + 0.5) / 2.0**32
        drawn.append(next(k for k, c in enumerate(sums[1:]) if c / sums[-1] >= u))
    return drawn


def levels(
    x: NDArray[Any],
    lo: float,
    hi: float,
    *,
    highest: int = 255,
    rounding: str = "nearest",
    mean: Any = None,
    std: Any = None,
) -> NDArray[Any]:
    """Levels of (n, channels, height, width), each step in float32: docs/images.md."""
    values = x.astype(f32)
    with np.errstate(over="ignore"):
        if mean is not None or std is not None:
            channels = x.shape[1]
            scale = np.ones(channels, f32) if std is None else np.array(std, f32)
            shift = np.zeros(channels, f32) if mean is None else np.array(mean, f32)
            values = values * scale[:, None, None] + shift[:, None, None]
        if rounding == "stylegan":
            level = np.clip(values * f32(127.5) + f32(128), f32(0), f32(255))
        else:
            span = f32(hi) - f32(lo)
            level = np.clip((values - f32(lo)) / span, f32(0), f32(1)) * f32(highest)
    whole = np.rint(level) if rounding == "nearest" else np.trunc(level)
    return whole.astype(np.uint8 if highest == 255 else np.uint16)
