// The normal distribution restricted to [-t, t], by inverse transform: one word, one value.
//
// With A = P(Z < -t) and B = P(|Z| <= t), a uniform u gives the quantile of A + B u. Nothing is
// redrawn, so a value depends on nothing but its word. The price is a division a value and, where
// the threshold is above 2, a logarithm and a square root.
//
// As in elementary.h, the bits are contract 1: float32 for the values, float64 for the two numbers
// that the threshold fixes, + - * / sqrt alone. docs/latents.md says the same in words.
#pragma once

#include <stdint.h>

#include "elementary.h"
#include "kernels.h"

namespace gansdk {
namespace {

// exp(-x) for 0 <= x <= 72, to some 1e-13 of it: a Taylor series at x / 1024, squared ten times.
inline double exp_minus(double x) {
  const double y = x * 0x1p-10;
  double value = 1.0;
  for (int i = 9; i > 0; --i) value = 1.0 - value * y / i;
  for (int i = 0; i < 10; ++i) value = value * value;
  return value;
}

inline Truncation truncation_at(float threshold) {
  if (threshold >= 12.0f) return {threshold, 0.0f, 0x1p-32f};  // A < 2^-107: no value changes
  const double t = threshold;
  const double density = exp_minus(t * t * 0.5) * 0x1.9884533d43651p-2;  // 1 / sqrt(2 pi)
  double below, between;                                                 // A and B
  if (t < 3.0) {
    // Marsaglia, "Evaluating the normal distribution", 2004: t + t^3 / 3 + t^5 / (3 5) + ...
    double sum = 1.0;
    for (int i = 101; i > 1; i -= 2) sum = 1.0 + sum * (t * t) / i;
    between = 2.0 * density * t * sum;
    below = 0.5 - 0.5 * between;
  } else {
    // Laplace's continued fraction, t + 1 / (t + 2 / (t + 3 / ...)).
    double fraction = t;
    for (int i = 100; i > 0; --i) fraction = t + i / fraction;
    below = density / fraction;
    between = 1.0 - 2.0 * below;
  }
  return {threshold, static_cast<float>(below), static_cast<float>(between * 0x1p-32)};
}

// With p the probability of lying further out than the value, on its side, and q = 1/2 - p, the
// quantile is q N(q^2) / D(q^2) in the middle and a polynomial in sqrt(-2 ln p) in the tails, as in
// Wichura, "Algorithm AS 241", Applied Statistics, 1988; split and coefficients are our own. p and
// q are both had from the word without cancellation, which keeps the relative accuracy around 0 and
// far out. Where the middle ends, q^2:
constexpr float kMiddle = 0x1.d2f4f0p-3f;  // q = .4775, |z| = 2.004

// Whether any word gives a value in the tails.
inline bool has_tails(const Truncation& law) {
  const float q = law.between * 0x1p31f;
  return kMiddle - q * q < 0.0f;
}

// `tails` may be false if has_tails() is; the answers are the same then, and cheaper.
template <bool tails, class Word>
[[gnu::always_inline]] inline FloatOf<Word> truncated_normal(const Word& w, const Truncation& law) {
  using Float = FloatOf<Word>;
  const Float q = (as_signed_float(w ^ 0x80000000u) + 0.5f) * law.between;
  const Float x = kMiddle - q * q;
  const Float numerator = polynomial(
      x, {0x1.ba0ef2p+11f, 0x1.357856p+13f, 0x1.80235cp+11f, 0x1.c3a034p+7f, 0x1.0cafc8p+2f});
  const Float denominator =
      polynomial(x, {0x1.0103b8p+12f, 0x1.2c3d96p+12f, 0x1.0180c8p+10f, 0x1.eae0e6p+5f, 1.0f});
  Float z = q * (numerator / denominator);
  if constexpr (tails) {
    const Float from_end = as_float(as_bits(as_signed_float(w) + 0.5f) & 0x7FFFFFFFu);
    const Float p = from_end * law.between + law.below;
    const auto [k, scale] = exponent<Word>(p, 0);
    const Float r = square_root(minus_two_ln(k, scale * p - 1.0f)) - 4.5f;
    const Float far = polynomial(
        r, {-0x1.309abep-21f, 0x1.f14f2ep-19f, -0x1.eb9ac0p-17f, 0x1.31ac58p-14f, -0x1.ab2aaap-12f,
            0x1.285c80p-9f, -0x1.a75a56p-7f, 0x1.141bfcp+0f, 0x1.f8d54cp+1f});
    const Float signed_far = as_float(as_bits(far) ^ ((w & 0x80000000u) ^ 0x80000000u));
    z = if_negative(as_bits(x), signed_far, z);
  }
  return least(greatest(z, Float(-law.threshold)), Float(law.threshold));
}

}  // namespace
}  // namespace gansdk
