// What one number becomes: formats, laws and rounding, for scalars and vectors alike. Included by
// kernels.cpp alone.
#pragma once

#include <stdint.h>

#include "elementary.h"
#include "kernels.h"
#include "packs.h"

namespace gansdk {
namespace {

using FloatVector = Vector<float>;
using WordVector = Vector<uint32_t>;

// Overloads for vectors of what elementary.h has for scalars.
inline FloatVector as_float(WordVector x) { return (FloatVector)x; }
inline WordVector as_bits(FloatVector x) { return (WordVector)x; }

// Clamped to [0, high]; what NaN becomes does not matter. The instructions are named because g++ 12
// makes a comparison and a blend of the plain expression.
inline float clamp(float x, float high) {
  x = x > 0.0f ? x : 0.0f;
  return x < high ? x : high;
}
inline FloatVector clamp(FloatVector x, float high) {
  const FloatVector most = FloatVector{} + high;
#if defined(__AVX512F__)  // masked forms with all lanes kept: g++ 12 warns about its own plain ones
  const __m512 positive = _mm512_maskz_max_ps(0xFFFF, (__m512)x, _mm512_setzero_ps());
  return (FloatVector)_mm512_maskz_min_ps(0xFFFF, positive, (__m512)most);
#elif defined(__AVX2__)
  return (FloatVector)_mm256_min_ps(_mm256_max_ps((__m256)x, _mm256_setzero_ps()), (__m256)most);
#elif defined(__SSE2__)
  return (FloatVector)_mm_min_ps(_mm_max_ps((__m128)x, _mm_setzero_ps()), (__m128)most);
#elif defined(__aarch64__)
  return (FloatVector)vminq_f32(vmaxq_f32((float32x4_t)x, vdupq_n_f32(0)), (float32x4_t)most);
#else
  x = x > 0.0f ? x : FloatVector{};
  return x < most ? x : most;
#endif
}

struct Float32 {
  using Stored = uint32_t;
  template <class Words>
  static Words widen(Words bits) {
    return bits;
  }
};

struct BFloat16 {
  using Stored = uint16_t;
  template <class Words>
  static Words widen(Words bits) {
    return bits << 16;
  }
};

struct Float16 {
  using Stored = uint16_t;
  // Exact, infinities and NaNs included. Subnormals are converted as integers, so that no float32
  // on the way is subnormal and flush-to-zero modes change nothing.
  template <class Words>
  static Words widen(Words bits) {
    const Words magnitude = bits & 0x7FFFu;
    const Words normal = (magnitude << 13) + (112u << 23);
    const Words subnormal = as_bits(float_of(magnitude) * 0x1p-24f);
    const Words finite = magnitude < 0x400u ? subnormal : normal;
    return (magnitude < 0x7C00u ? finite : Words{} + 0x7F800000u) | (bits & 0x8000u) << 16;
  }

 private:
  static float float_of(uint32_t x) { return static_cast<float>(static_cast<int32_t>(x)); }
  static FloatVector float_of(WordVector x) {
    return __builtin_convertvector((Vector<int32_t>)x, FloatVector);
  }
};

// Laws: a number to a level with its fraction, clamped to [0, highest]. Floats is float or a vector
// of it.

// For a span that is a power of two: scale = highest / span, so that this is exactly the quotient
// times the highest level.
struct Product {
  float lo, scale;
  template <class Floats>
  Floats clamped(Floats x, float high) const {
    return clamp((x - lo) * scale, high);
  }
};

#if defined(__AVX512F__)
// Between -hi and hi one instruction clamps both ways, and clamping first gives the same levels,
// since every step is monotone and hi becomes the highest level exactly.
struct SymmetricProduct {
  float hi, scale;
  FloatVector clamped(FloatVector x, float) const {
    constexpr int kLessMagnitude = 2;  // with the sign of the first operand
    const __m512 within =
        _mm512_maskz_range_ps(0xFFFF, (__m512)x, _mm512_set1_ps(hi), kLessMagnitude);
    return ((FloatVector)within + hi) * scale;
  }
};
#endif

struct Quotient {
  float lo, span, highest;
  template <class Floats>
  Floats clamped(Floats x, float high) const {
    return clamp((x - lo) / span * highest, high);
  }
};

struct StyleGan {
  template <class Floats>
  Floats clamped(Floats x, float high) const {
    return clamp(x * 127.5f + 128.0f, high);
  }
};

// How a level with a fraction, in [0, 65535], loses it: the level is in the lowest bits, and above
// them are those of `kAbove`, which most callers need not clear.

// The sum with 2^23 has no room for a fraction, so the addition itself rounds half to even.
struct ToNearest {
  static constexpr uint32_t kAbove = 0x4B000000u;
  template <class Floats>
  static auto round(Floats level) {
    return as_bits(level + 0x1p23f);
  }
};

struct Truncated {
  static constexpr uint32_t kAbove = 0;
  static uint32_t round(float level) { return static_cast<uint32_t>(static_cast<int32_t>(level)); }
  static WordVector round(FloatVector level) {
    return (WordVector) __builtin_convertvector(level, Vector<int32_t>);
  }
};

}  // namespace
}  // namespace gansdk
