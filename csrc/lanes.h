// Philox4x32-10 on many counters at once, for kernels.cpp.
//
// On x86 the state is kept in 64-bit lanes of which only the low halves count: that is how the one
// multiply instruction there is (32 x 32 -> 64) reads and writes, so a round needs no shuffles. The
// plain loop, which the compiler vectorises with shuffles, takes about three times as long.
#pragma once

#include <stdint.h>

#include "philox.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace gansdk {
namespace {

#if defined(__AVX512F__)
using Lanes [[gnu::vector_size(64)]] = uint64_t;
using Halves [[gnu::vector_size(32)]] = uint32_t;
// The masked form with all lanes kept: the same instruction, and g++ 12 warns about its own header
// in the plain one.
inline Lanes multiply_low(Lanes a, Lanes b) {
  return (Lanes)_mm512_maskz_mul_epu32(0xFF, (__m512i)a, (__m512i)b);
}
#elif defined(__AVX2__)
using Lanes [[gnu::vector_size(32)]] = uint64_t;
using Halves [[gnu::vector_size(16)]] = uint32_t;
inline Lanes multiply_low(Lanes a, Lanes b) {
  return (Lanes)_mm256_mul_epu32((__m256i)a, (__m256i)b);
}
#elif defined(__SSE2__)
using Lanes [[gnu::vector_size(16)]] = uint64_t;
using Halves [[gnu::vector_size(8)]] = uint32_t;
inline Lanes multiply_low(Lanes a, Lanes b) { return (Lanes)_mm_mul_epu32((__m128i)a, (__m128i)b); }
#endif

// Counters (block[j], stream, index[j] low, index[j] high) to columns of words, for j < `padded`,
// a multiple of 16; all arrays are aligned to 64 bytes.
#if defined(__SSE2__)
inline void philox_columns(const uint64_t* block, const uint64_t* index, uint64_t padded,
                           uint32_t stream, uint64_t seed, uint32_t* const columns[4]) {
  constexpr uint64_t kLanes = sizeof(Lanes) / 8;
  constexpr uint64_t kVectors = 2;  // in flight: one alone would wait for its multiplies
  for (uint64_t j = 0; j < padded; j += kLanes * kVectors) {
    Lanes x0[kVectors], x1[kVectors], x2[kVectors], x3[kVectors];
    for (uint64_t v = 0; v < kVectors; ++v) {
      __builtin_memcpy(&x0[v], block + j + v * kLanes, sizeof(Lanes));
      __builtin_memcpy(&x2[v], index + j + v * kLanes, sizeof(Lanes));
      x1[v] = Lanes{} + stream;
      x3[v] = x2[v] >> 32;
    }
    uint32_t key0 = static_cast<uint32_t>(seed);
    uint32_t key1 = static_cast<uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round) {
      for (uint64_t v = 0; v < kVectors; ++v) {
        const Lanes p0 = multiply_low(x0[v], Lanes{} + 0xD2511F53u);
        const Lanes p1 = multiply_low(x2[v], Lanes{} + 0xCD9E8D57u);
        x0[v] = (p1 >> 32) ^ x1[v] ^ (Lanes{} + key0);
        x2[v] = (p0 >> 32) ^ x3[v] ^ (Lanes{} + key1);
        x1[v] = p1;
        x3[v] = p0;
      }
      key0 += 0x9E3779B9u;
      key1 += 0xBB67AE85u;
    }
    for (uint64_t v = 0; v < kVectors; ++v) {
      const Lanes state[4] = {x0[v], x1[v], x2[v], x3[v]};
      for (int c = 0; c < 4; ++c) {
        const Halves words = __builtin_convertvector(state[c], Halves);
        __builtin_memcpy(columns[c] + j + v * kLanes, &words, sizeof words);
      }
    }
  }
}
#else
inline void philox_columns(const uint64_t* block, const uint64_t* index, uint64_t padded,
                           uint32_t stream, uint64_t seed, uint32_t* const columns[4]) {
  for (uint64_t j = 0; j < padded; ++j) {
    const Words w =
        philox4x32_10({static_cast<uint32_t>(block[j]), stream, static_cast<uint32_t>(index[j]),
                       static_cast<uint32_t>(index[j] >> 32)},
                      static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32));
    columns[0][j] = w.w0;
    columns[1][j] = w.w1;
    columns[2][j] = w.w2;
    columns[3][j] = w.w3;
  }
}
#endif

}  // namespace
}  // namespace gansdk
