// Vectors of bytes for the PNG kernels: GCC's and Clang's vector extensions, and by name the few
// instructions that those lack.
#pragma once

#include <stdint.h>

#include "vectors.h"

namespace gansdk {
namespace {

using Bytes = Vector<uint8_t>;
using Shorts = Vector<uint16_t>;
using Longs = Vector<uint64_t>;

inline Bytes load(const uint8_t* from) {
  Bytes x;
  __builtin_memcpy(&x, from, kVectorBytes);
  return x;
}
inline void store(Bytes x, uint8_t* to) { __builtin_memcpy(to, &x, kVectorBytes); }

#if defined(__AVX512BW__)
typedef __m512i Register;
#define GANSDK_BYTES(name) _mm512_##name
#elif defined(__AVX2__)
typedef __m256i Register;
#define GANSDK_BYTES(name) _mm256_##name
#elif defined(__SSE2__)
typedef __m128i Register;
#define GANSDK_BYTES(name) _mm_##name
#endif

#if defined(GANSDK_BYTES)
inline Bytes least(Bytes a, Bytes b) {
  return (Bytes)GANSDK_BYTES(min_epu8)((Register)a, (Register)b);
}
inline Bytes greatest(Bytes a, Bytes b) {
  return (Bytes)GANSDK_BYTES(max_epu8)((Register)a, (Register)b);
}
// a - b, or 0 where that is negative.
inline Bytes minus_saturated(Bytes a, Bytes b) {
  return (Bytes)GANSDK_BYTES(subs_epu8)((Register)a, (Register)b);
}
// (a + b) / 2, rounded down: the instruction rounds up.
inline Bytes average(Bytes a, Bytes b) {
  return (Bytes)GANSDK_BYTES(avg_epu8)((Register)a, (Register)b) - ((a ^ b) & 1);
}
// Sums of bytes, in lanes.
struct Sum {
  Longs lanes = {};
  void add(Bytes x) { lanes += (Longs)GANSDK_BYTES(sad_epu8)((Register)x, (Register)Bytes{}); }
  uint64_t total() const {
    uint64_t sum = 0;
    for (int i = 0; i < kVectorBytes / 8; ++i) sum += lanes[i];
    return sum;
  }
};
#else
inline Bytes least(Bytes a, Bytes b) { return a < b ? a : b; }
inline Bytes greatest(Bytes a, Bytes b) { return a > b ? a : b; }
inline Bytes minus_saturated(Bytes a, Bytes b) { return greatest(a, b) - b; }
inline Bytes average(Bytes a, Bytes b) { return (a & b) + ((a ^ b) >> 1); }
struct Sum {
  Shorts lanes = {};
  uint64_t sum = 0;
  int added = 0;
  void add(Bytes x) {
    lanes += ((Shorts)x & 0xFF) + ((Shorts)x >> 8);
    if (++added == 128) flush();  // 128 * 510 < 2^16
  }
  void flush() {
    sum = total();
    lanes = Shorts{};
    added = 0;
  }
  uint64_t total() const {
    uint64_t all = sum;
    for (int i = 0; i < kVectorBytes / 2; ++i) all += lanes[i];
    return all;
  }
};
#endif

inline Bytes distance(Bytes a, Bytes b) { return greatest(a, b) - least(a, b); }

// Bit i tells whether byte i of 64 equals the byte before it.
inline uint64_t equals_before(const uint8_t* from) {
#if defined(__AVX512BW__)
  return _mm512_cmpeq_epi8_mask((__m512i)load(from), (__m512i)load(from - 1));
#elif defined(GANSDK_BYTES)
  uint64_t mask = 0;
  for (int i = 0; i < 64; i += kVectorBytes) {
    const Bytes equal = (Bytes)(load(from + i) == load(from + i - 1));
    const uint32_t bits = (uint32_t)GANSDK_BYTES(movemask_epi8)((Register)equal);
    mask |= (uint64_t)bits << i;
  }
  return mask;
#else
  uint64_t mask = 0;
  for (int i = 0; i < 64; ++i) mask |= (uint64_t)(from[i] == (from + i)[-1]) << i;
  return mask;
#endif
}

}  // namespace
}  // namespace gansdk
