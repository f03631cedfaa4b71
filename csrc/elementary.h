// Box-Muller in float32 from integer operations and IEEE 754 + - * sqrt alone.
//
// No libm and no fused multiply-add (compile with -ffp-contract=off), so every operation has one
// correct answer and the bits are the same on every machine. They are latent contract 1: changing
// the order of two additions here changes every user's images. docs/latents.md states the same
// order in words; tests/reference.py in NumPy; tools/fit_polynomials.py derives the coefficients.
//
// A Word is a uint32_t, or a pack of them (packs.h): the formulas are written once for both.
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
inline uint32_t shift_signed(uint32_t w, int n) {
  return static_cast<uint32_t>(static_cast<int32_t>(w) >> n);
}
inline float least(float a, float b) { return a < b ? a : b; }
inline float greatest(float a, float b) { return a > b ? a : b; }
inline float if_negative(uint32_t sign, float a, float b) {
  return static_cast<int32_t>(sign) < 0 ? a : b;
}
inline void exchange_if_negative(uint32_t sign, float& a, float& b) {
  const float a_or_b = if_negative(sign, b, a);
  b = if_negative(sign, a, b);
  a = a_or_b;
}
inline float square_root(float x) { return __builtin_sqrtf(x); }

template <class Word>
using FloatOf = decltype(as_float(Word()));

// Horner's rule, highest power first; every product and every sum is rounded.
template <class Float, int n>
inline Float polynomial(const Float& x, const float (&coefficients)[n]) {
  Float value = coefficients[0];
  for (int i = 1; i < n; ++i) value = value * x + coefficients[i];
  return value;
}

// y = (1 + f) 2^k with 1 + f in [2/3, 4/3).
template <class Word>
struct Exponent {
  FloatOf<Word> k;
  FloatOf<Word> scale;  // 2^-k, times the `unit` of y
};
template <class Word>
inline Exponent<Word> exponent(const FloatOf<Word>& y, int unit) {
  const uint32_t shift = static_cast<uint32_t>(unit) << 23;
  const Word shifted = as_bits(y) - (0x3F2AAAABu + shift);  // the bits of 2/3
  return {as_signed_float(shift_signed(shifted, 23)),
          as_float((0x3F800000u - shift) - (shifted & 0xFF800000u))};
}

// -2 ln((1 + f) 2^k) for 1 + f in [2/3, 4/3).
template <class Float>
inline Float minus_two_ln(const Float& k, const Float& f) {
  const Float log = polynomial(
      f, {0x1.0e2cbap-2f, -0x1.1defd8p-2f, 0x1.f03b28p-3f, -0x1.1ef262p-2f, 0x1.55b7f0p-2f,
          -0x1.99ce34p-2f, 0x1.fffe5ep-2f, -0x1.55550cp-1f, 1.0f, -2.0f});
  return k * -0x1.62e430p+0f + log * f;  // -2 ln 2, then -2 ln(1 + f)
}

// sqrt(-2 ln u) for u = (w + 1/2) / 2^32.
//
// In units of 2^-32 write u = base + e with base 0 or 2^32 and |e| <= 2^31: the word read as a
// signed integer is e, which keeps its precision on both ends, and so the radius keeps its relative
// accuracy up to the last word, where u rounds to 1. With 2^k the power of two that puts u 2^-k in
// [2/3, 4/3), f = u 2^-k - 1 = e 2^-k + (base 2^-k - 1) holds without cancellation. What is in
// parentheses is -1 where base is 0; where it is 1, k is 0 or -1, and it is -k.
template <class Word>
inline FloatOf<Word> radius(const Word& w) {
  using Float = FloatOf<Word>;
  const Float e = as_signed_float(w) + 0.5f;
  const auto [k, scale] = exponent<Word>(if_negative(w, e + 0x1p32f, e), 32);
  const Float f = scale * e - if_negative(w, k, 1.0f);
  return square_root(minus_two_ln(k, f));
}

template <class Float>
struct SinCos {
  Float sin, cos;
};

// sin and cos of w / 2^32 turns. The quadrant and the signed rest come from the word's bits, so
// there is no range reduction to lose precision in: modulo 2^32, four times the word is four times
// its signed distance from the nearest quarter turn. x counts eighths of a turn, |x| <= 1.
template <class Word>
inline SinCos<FloatOf<Word>> sincos_turns(const Word& w) {
  using Float = FloatOf<Word>;
  const Float x = as_signed_float(w << 2) * 0x1p-31f;
  const Float x2 = x * x;
  Float s = polynomial(x2, {-0x1.2d328ap-15f, 0x1.465be4p-9f, -0x1.4abbaep-4f, -0x1.b7812cp-3f});
  s = s * x + x;
  Float c =
      polynomial(x2, {0x1.d4f448p-19f, -0x1.55b2b2p-12f, 0x1.03c1b0p-6f, -0x1.3bd3ccp-2f, 1.0f});
  // The nearest quarter turn is in the highest bits: 01 and 11 exchange the two, 10 and 11 negate
  // the sine, 01 and 10 the cosine.
  const Word quarters = w + 0x20000000u;
  exchange_if_negative(quarters << 1, s, c);
  return {as_float(as_bits(s) ^ (quarters & 0x80000000u)),
          as_float(as_bits(c) ^ ((w + 0x60000000u) & 0x80000000u))};
}

// 2 (w >> 8) 2^-24 - 1 in [-1, 1), exact.
template <class Word>
inline FloatOf<Word> symmetric_uniform(const Word& w) {
  return as_signed_float(w >> 8) * 0x1p-23f - 1.0f;
}

}  // namespace
}  // namespace gansdk
