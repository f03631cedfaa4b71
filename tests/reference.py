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


def levels(x: NDArray[Any], lo: float, hi: float) -> NDArray[np.uint8]:
    """Round-half-to-even(clamp((x - lo) / (hi - lo), 0, 1) * 255), each step in float32."""
    span = f32(hi) - f32(lo)
    with np.errstate(over="ignore"):
        unit = np.clip((x.astype(f32) - f32(lo)) / span, f32(0), f32(1))
    return np.rint(unit * f32(255)).astype(np.uint8)
