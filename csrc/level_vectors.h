// What levels.h does with vectors: loading, checking, shuffling and storing them. Where there are
// no such vectors, levels go the general way. Included by kernels.cpp alone.
#pragma once

#include <stdint.h>

#include "level_law.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && (defined(__SSE2__) || defined(__aarch64__))
#define GANSDK_LEVEL_VECTORS 1

namespace gansdk {
namespace {

template <class Format>
inline FloatVector load(const typename Format::Stored* from) {
  typedef typename Format::Stored Stored [[gnu::vector_size(kLanes * sizeof(*from))]];
  Stored stored;
  __builtin_memcpy(&stored, from, sizeof stored);
  return as_float(Format::widen(__builtin_convertvector(stored, WordVector)));
}
#if defined(__AVX512F__)
template <>
inline FloatVector load<Float16>(const uint16_t* from) {
  __m256i stored;
  __builtin_memcpy(&stored, from, sizeof stored);
  return (FloatVector)_mm512_maskz_cvtph_ps(0xFFFF, stored);
}
#elif defined(__F16C__)
template <>
inline FloatVector load<Float16>(const uint16_t* from) {
  __m128i stored;
  __builtin_memcpy(&stored, from, sizeof stored);
  return (FloatVector)_mm256_cvtph_ps(stored);
}
#endif

inline bool is_finite(FloatVector sum) {
  const WordVector not_finite = (WordVector)((as_bits(sum) & 0x7F800000u) == 0x7F800000u);
#if defined(__AVX512F__)
  return _mm512_movepi32_mask((__m512i)not_finite) == 0;
#elif defined(__AVX2__)
  return _mm256_movemask_ps((__m256)not_finite) == 0;
#elif defined(__SSE2__)
  return _mm_movemask_ps((__m128)not_finite) == 0;
#else
  return vmaxvq_u32((uint32x4_t)not_finite) == 0;
#endif
}

// Vectors of words whose lowest byte is a level, above it what `Rounding` left there.
template <class Format, class Law, class Rounding>
struct Converter {
  const Law law;
  FloatVector sum = {};

  [[gnu::always_inline]] inline WordVector operator()(const typename Format::Stored* from) {
    FloatVector x = load<Format>(from);
#if defined(__AVX512F__)
    __asm__("" : "+v"(x));  // or g++ loads it twice, which costs when it straddles cache lines
#elif defined(__SSE2__)
    __asm__("" : "+x"(x));
#endif
    sum += x;
    return Rounding::round(law.clamped(x, 255.0f));
  }
};

// One level in each of four bytes; only the first word needs clearing, the others are shifted.
template <class Rounding>
[[gnu::always_inline]] inline WordVector join(WordVector a, WordVector b, WordVector c,
                                              WordVector d) {
  return (a ^ Rounding::kAbove) | b << 8 | c << 16 | d << 24;
}

// The low three bytes of every word, without gaps, in the first three quarters of a vector; what
// follows is anything.
[[gnu::always_inline]] inline WordVector drop_fourth_bytes(WordVector x) {
#if defined(__AVX512F__)
  const __m512i in_lanes = _mm512_maskz_shuffle_epi8(
      ~0ull, (__m512i)x,
      _mm512_maskz_broadcast_i32x4(
          0xFFFF, _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1)));
  const __m512i lanes = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
  return (WordVector)_mm512_maskz_permutexvar_epi32(0xFFFF, lanes, in_lanes);
#elif defined(__AVX2__)
  const __m256i in_lanes =
      _mm256_shuffle_epi8((__m256i)x, _mm256_broadcastsi128_si256(_mm_setr_epi8(
                                          0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1)));
  const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
  return (WordVector)_mm256_permutevar8x32_epi32(in_lanes, lanes);
#elif defined(__SSE2__)
  // Two pixels in six bytes of either half, then the halves together.
  const __m128i low = _mm_set1_epi64x(0x0000000000FFFFFF);
  const __m128i high = _mm_set1_epi64x(0x0000FFFFFF000000);
  const __m128i v = (__m128i)x;
  const __m128i six =
      _mm_or_si128(_mm_and_si128(v, low), _mm_and_si128(_mm_srli_epi64(v, 8), high));
  const __m128i second = _mm_srli_si128(_mm_unpackhi_epi64(_mm_setzero_si128(), six), 2);
  return (WordVector)_mm_or_si128(_mm_move_epi64(six), second);
#else
  const uint8x16_t choice = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 255, 255, 255, 255};
  return (WordVector)vqtbl1q_u8((uint8x16_t)x, choice);
#endif
}

// The first bytes of all words, then the second ones, the third and the fourth.
[[gnu::always_inline]] inline WordVector transpose_bytes(WordVector x) {
#if defined(__AVX512F__)
  const __m512i in_lanes = _mm512_maskz_shuffle_epi8(
      ~0ull, (__m512i)x,
      _mm512_maskz_broadcast_i32x4(
          0xFFFF, _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)));
  const __m512i lanes = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return (WordVector)_mm512_maskz_permutexvar_epi32(0xFFFF, lanes, in_lanes);
#elif defined(__AVX2__)
  const __m256i in_lanes =
      _mm256_shuffle_epi8((__m256i)x, _mm256_broadcastsi128_si256(_mm_setr_epi8(
                                          0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)));
  const __m256i lanes = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  return (WordVector)_mm256_permutevar8x32_epi32(in_lanes, lanes);
#elif defined(__SSE2__)
  const __m128i v = (__m128i)x;
  const __m128i pairs = _mm_unpacklo_epi8(v, _mm_srli_si128(v, 8));
  return (WordVector)_mm_unpacklo_epi8(pairs, _mm_srli_si128(pairs, 8));
#else
  const uint8x16_t choice = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
  return (WordVector)vqtbl1q_u8((uint8x16_t)x, choice);
#endif
}

// Large results go past the caches, which saves reading what will be overwritten: with that and
// with fetching ahead, a core that waits for memory does 1.6 times as much. `to` is aligned.
[[gnu::always_inline]] inline void stream(unsigned char* to, WordVector x) {
#if defined(__AVX512F__)
  _mm512_stream_si512(reinterpret_cast<__m512i*>(to), (__m512i)x);
#elif defined(__AVX2__)
  _mm256_stream_si256(reinterpret_cast<__m256i*>(to), (__m256i)x);
#elif defined(__SSE2__)
  _mm_stream_si128(reinterpret_cast<__m128i*>(to), (__m128i)x);
#else
  __builtin_memcpy(to, &x, sizeof x);
#endif
}
inline void end_of_stream() {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

template <class Stored>
[[gnu::always_inline]] inline void fetch_ahead(const Stored* from) {
  constexpr uint64_t kAhead = 2048;  // bytes; beyond the end nothing happens
  __builtin_prefetch(reinterpret_cast<const unsigned char*>(from) + kAhead);
}

inline uint64_t bytes_to_boundary(const unsigned char* to) {
  return -reinterpret_cast<uintptr_t>(to) % kVectorBytes;
}

}  // namespace
}  // namespace gansdk

#endif
