// Box-Muller in float32 from integer operations and IEEE 754 + - * sqrt alone.
//
// No libm and no fused multiply-add (compile with -ffp-contract=off), so every operation has one
// correct answer and the bits are the same on every machine. They are latent contract 1: changing
// the order of two additions here changes every user's images. docs/latents.md states the same
// order in words; tests/reference.py in NumPy; tools/fit_polynomials.py derives the coefficients.
//
// Worst errors found, in units in the last place: radius 1.63, sine and cosine 1.85. No number
// here is ever subnormal, so flush-to-zero modes change nothing.
#pragma once

#include <float.h>
#include <stdint.h>

namespace gansdk {
namespace {

static_assert(FLT_EVAL_METHOD == 0,
              "float32 arithmetic must not be carried out in wider registers");

inline float as_float(uint32_t bits) { return __builtin_bit_cast(float, bits); }
inline uint32_t as_bits(float x) { return __builtin_bit_cast(uint32_t, x); }
inline float as_signed_float(uint32_t w) { return static_cast<float>(static_cast<int32_t>(w)); }

// sqrt(-2 ln u) for u = (w + 1/2) / 2^32.
//
// Write u = base + e with base 0 or 1 and |e| <= 1/2: the word read as a signed integer is e in
// units of 2^-32, so that e keeps its precision on both ends and the radius its relative accuracy
// up to the last word, where u rounds to 1. With 2^k the power of two that puts u 2^-k in
// [2/3, 4/3), f = u 2^-k - 1 = (base 2^-k - 1) + e 2^-k holds without cancellation.
inline float radius(uint32_t w) {
  const uint32_t negative = static_cast<uint32_t>(static_cast<int32_t>(w) >> 31);
  const float e = (as_signed_float(w) + 0.5f) * 0x1p-32f;
  const float u = as_float(negative & 0x3F800000u) + e;
  const uint32_t shifted = as_bits(u) - 0x3F2AAAABu;  // the bits of 2/3
  const float k = static_cast<float>(static_cast<int32_t>(shifted) >> 23);
  const uint32_t scale = 0x3F800000u - (shifted & 0xFF800000u);  // the bits of 2^-k
  const float f = (as_float(negative & scale) - 1.0f) + as_float(scale) * e;
  float p = 0x1.0e2cbap-2f;
  p = p * f + -0x1.1defd8p-2f;
  p = p * f + 0x1.f03b28p-3f;
  p = p * f + -0x1.1ef262p-2f;
  p = p * f + 0x1.55b7f0p-2f;
  p = p * f + -0x1.99ce34p-2f;
  p = p * f + 0x1.fffe5ep-2f;
  p = p * f + -0x1.55550cp-1f;
  p = p * f + 1.0f;
  p = p * f + -2.0f;
  return __builtin_sqrtf(k * -0x1.62e430p+0f + p * f);  // -2 ln 2, then -2 ln(1 + f)
}

struct SinCos {
  float sin, cos;
};

// sin and cos of w / 2^32 turns. The quadrant and the signed rest come from the word's bits, so
// there is no range reduction to lose precision in; x counts eighths of a turn, |x| <= 1.
inline SinCos sincos_turns(uint32_t w) {
  const uint32_t quadrant = (w + 0x20000000u) >> 30;
  const float x = as_signed_float(w - (quadrant << 30)) * 0x1p-29f;
  const float x2 = x * x;
  float s = -0x1.2d328ap-15f;
  s = s * x2 + 0x1.465be4p-9f;
  s = s * x2 + -0x1.4abbaep-4f;
  s = s * x2 + -0x1.b7812cp-3f;
  s = s * x + x;
  float c = 0x1.d4f448p-19f;
  c = c * x2 + -0x1.55b2b2p-12f;
  c = c * x2 + 0x1.03c1b0p-6f;
  c = c * x2 + -0x1.3bd3ccp-2f;
  c = c * x2 + 1.0f;
  const uint32_t odd = 0u - (quadrant & 1u);
  const uint32_t change = (as_bits(s) ^ as_bits(c)) & odd;  // swaps the two in odd quadrants
  const uint32_t sin_sign = (quadrant & 2u) << 30;
  const uint32_t cos_sign = ((quadrant + 1u) & 2u) << 30;
  return {as_float((as_bits(s) ^ change) ^ sin_sign), as_float((as_bits(c) ^ change) ^ cos_sign)};
}

// 2 (w >> 8) 2^-24 - 1 in [-1, 1), exact.
inline float symmetric_uniform(uint32_t w) { return as_signed_float(w >> 8) * 0x1p-23f - 1.0f; }

}  // namespace
}  // namespace gansdk
