"""Reproduce the polynomial coefficients of csrc/elementary.h.

    python tools/fit_polynomials.py

Each polynomial is the minimax fit of a smooth function under a weight that turns its error into
the relative error of the finished result: Lawson's reweighted least squares, which unlike the
Remez exchange does not mind that fixing x^0 leaves a basis that vanishes at 0. Coefficients are
rounded to float32 one by one, the lowest degree first since it weighs most, and the rest are
fitted again around what rounding has fixed: later coefficients absorb the earlier ones' error.
Needs mpmath, for targets without cancellation, and numpy.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from mpmath import mp, mpf

mp.dps = 40
Array = np.ndarray
Function = Callable[[mpf], mpf]


def minimax(basis: Array, target: Array, weight: Array) -> Array:
    """Coefficients c that (nearly) minimise max |weight * (basis @ c - target)|."""
    lawson = np.full(target.shape, 1.0 / target.size)
    best, coefficients = np.inf, np.zeros(basis.shape[1])
    for _ in range(300):
        scale = weight * np.sqrt(lawson)
        c = np.linalg.lstsq(basis * scale[:, None], target * scale, rcond=None)[0]
        error = np.abs(weight * (basis @ c - target))
        if error.max() < best:
            best, coefficients = error.max(), c
        lawson *= error
        lawson /= lawson.sum()
    return coefficients


def fit(
    name: str, target: Function, weight: Function, powers: list[int], lo: float, hi: float
) -> None:
    """Fit, round, refit; print the coefficients as hex floats with the worst weighted error."""
    x = (hi + lo) / 2 - (hi - lo) / 2 * np.cos(np.pi * np.arange(801) / 800)
    y = np.array([float(target(mpf(v))) for v in x])
    w = np.array([float(weight(mpf(v))) for v in x])
    basis = x[:, None] ** np.array(powers)
    rounded: list[float] = []
    for i in range(len(powers)):
        rest = y - basis[:, :i] @ np.array(rounded)
        rounded.append(float(np.float32(minimax(basis[:, i:], rest, w)[0])))
    worst = np.abs(w * (basis @ np.array(rounded) - y)).max()
    sys.stdout.write(f"{name}: worst error {worst * 2**24:.4f} x 2^-24\n")
    for power, c in zip(powers, rounded, strict=True):
        # float32 has 24 bits: six hexadecimal digits, the last one even.
        digits, exponent = c.hex().split("p")
        sys.stdout.write(f"  x^{power}  {digits[: digits.index('.') + 7]}p{exponent}f\n")


def main() -> None:
    """Fit and print the three polynomials."""

    # -2 ln(1 + f) = -2f + f^2 + f^3 P(f), |f| <= 1/3. Weight: the relative error near u = 1.
    def log_target(f: mpf) -> mpf:
        if abs(f) < mpf("1e-9"):
            return mpf(-2) / 3 + f / 2
        return (-2 * mp.log(1 + f) + 2 * f - f * f) / f**3

    fit("log", log_target, lambda f: f * f / 2, list(range(8)), -1 / 3, 1 / 3)

    # sin(pi/4 x) = x + x S(x^2) and cos(pi/4 x) = 1 + x^2 C(x^2), |x| <= 1; s is x^2.
    def sin_target(s: mpf) -> mpf:
        return mp.pi / 4 * mp.sinc(mp.pi / 4 * mp.sqrt(s)) - 1

    def cos_target(s: mpf) -> mpf:
        return -(mp.pi**2) / 32 * mp.sinc(mp.pi / 8 * mp.sqrt(s)) ** 2

    fit("sin", sin_target, lambda s: 1 / (1 + sin_target(s)), [0, 1, 2, 3], 0, 1)
    fit("cos", cos_target, lambda s: s / (1 + s * cos_target(s)), [0, 1, 2, 3], 0, 1)


if __name__ == "__main__":
    main()
