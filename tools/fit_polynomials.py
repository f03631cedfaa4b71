"""Reproduce the coefficients of csrc/elementary.h and csrc/truncated.h.

    python tools/fit_polynomials.py

Each polynomial is the minimax fit of a smooth function under a weight that turns its error into
the relative error of the finished result: Lawson's reweighted least squares, which unlike the
Remez exchange does not mind that fixing x^0 leaves a basis that vanishes at 0. Coefficients are
rounded to float32 one by one, the lowest degree first since it weighs most, and the rest are
fitted again around what rounding has fixed: later coefficients absorb the earlier ones' error.
The rational function is fitted in the same way, as numerator - target * denominator = 0 with the
weight divided by the last iteration's denominator (Loeb's method).
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
        sys.stdout.write(f"  x^{power}  {float32_literal(c)}\n")


def minimax_rational(
    powers: Array, target: Array, weight: Array, numerator: list[float], denominator: list[float]
) -> tuple[Array, Array]:
    """Coefficients of both, of equal degree, that continue what is fixed; denominator[0] is 1."""
    lawson = np.full(target.shape, 1.0 / target.size)
    divisor, best = np.ones_like(target), np.inf
    fixed_n, fixed_d = len(numerator), len(denominator)
    found = (np.array(numerator), np.array(denominator))
    columns = np.hstack([powers[:, fixed_n:], -target[:, None] * powers[:, fixed_d:]])
    size = np.abs(columns).max(0)
    known = target * (powers[:, :fixed_d] @ np.array(denominator))
    known = known - powers[:, :fixed_n] @ np.array(numerator)
    for iteration in range(400):
        scale = weight * np.sqrt(lawson) / np.abs(divisor)
        c = np.linalg.lstsq(columns / size * scale[:, None], known * scale, rcond=None)[0] / size
        n = np.concatenate([numerator, c[: powers.shape[1] - fixed_n]])
        d = np.concatenate([denominator, c[powers.shape[1] - fixed_n :]])
        divisor = powers @ d
        error = np.abs(weight * (powers @ n / divisor - target))
        if error.max() < best:
            best, found = error.max(), (n, d)
        if iteration > 30:  # the divisor has settled
            lawson *= error
            lawson /= lawson.sum()
    return found


def fit_rational(name: str, target: Function, degree: int, hi: float) -> None:
    """Fit on [0, hi] for the least relative error, round in turn, refit; print both."""
    x = hi / 2 * (1 + np.cos(np.pi * np.arange(1201) / 1200))
    y = np.array([float(target(mpf(v))) for v in x])
    powers = x[:, None] ** np.arange(degree + 1)
    numerator, denominator = [], [1.0]
    for i in range(degree + 1):
        n, _ = minimax_rational(powers, y, 1 / y, numerator, denominator)
        numerator.append(float(np.float32(n[i])))
        if i < degree:
            _, d = minimax_rational(powers, y, 1 / y, numerator, denominator)
            denominator.append(float(np.float32(d[i + 1])))
    worst = np.abs(powers @ np.array(numerator) / (powers @ np.array(denominator)) / y - 1).max()
    sys.stdout.write(f"{name}: worst error {worst * 2**24:.4f} x 2^-24\n")
    for part, coefficients in (("N", numerator), ("D", denominator)):
        for power, c in enumerate(coefficients):
            sys.stdout.write(f"  {part} x^{power}  {float32_literal(c)}\n")


def float32_literal(c: float) -> str:
    """Write a float32 in hexadecimal: 24 bits are six digits, the last one even."""
    digits, exponent = c.hex().split("p")
    return f"{digits[: digits.index('.') + 7]}p{exponent}f"


def main() -> None:
    """Fit and print all of them."""

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

    # The normal quantile of 1/2 + q over q, in x = kMiddle - q^2: all coefficients are positive.
    middle = float(np.float32(0.4775**2))

    def slope(x: mpf) -> mpf:
        q = mp.sqrt(max(middle - x, mpf(0)))
        return mp.sqrt(2) * mp.erfinv(2 * q) / q if q > 1e-9 else mp.sqrt(2 * mp.pi)

    fit_rational("middle", slope, 4, middle)

    # The quantile of a tail p = .0226 ... 2^-33, in sqrt(-2 ln p) - 4.5.
    def quantile(r: mpf) -> mpf:
        return mp.sqrt(2) * mp.erfinv(1 - 2 * mp.exp(-((r + mpf("4.5")) ** 2) / 2))

    lo, hi = (float(mp.sqrt(-2 * mp.log(p))) for p in (mpf("0.0226"), mpf(2) ** -33))
    fit("tail", quantile, lambda r: 1 / quantile(r), list(range(9)), lo - 4.5, hi + 0.001 - 4.5)


if __name__ == "__main__":
    main()
