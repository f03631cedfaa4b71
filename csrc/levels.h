// Runs of pixels to bytes at the speed of memory, where they lie as they mostly do: float32,
// float16 or bfloat16, planes of 1, 3 or 4 channels or interleaved. All else, and what holds a NaN
// or an infinity, goes the general way of levels_general.h. Included by kernels.cpp alone.
//
// A 32-bit word holds the levels of one pixel; in a vector of words the levels are then shuffled
// into place. Whether all was finite is told by the sum of all elements: an infinity or a NaN stays
// in it. A sum of finite elements that overflows costs a second, careful pass and nothing else.
#pragma once

#include <stdint.h>

#include "level_law.h"
#include "levels_general.h"

namespace gansdk {
namespace {

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && (defined(__SSE2__) || defined(__aarch64__))

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

// Three planes. A whole vector is stored, of which the next one overwrites the last quarter; near
// the end, where what lies behind may belong to another thread, no more than there is. What is left
// of a vector then is done together with pixels that were done before. At least kLanes pixels.
template <class Format, class Law, class Rounding>
bool three(const Pixels& p, const Law& law) {
  using Stored = typename Format::Stored;
  const auto plane = [&p](uint64_t k) {
    const int64_t offset = static_cast<int64_t>(source_channel(p, k)) * p.channel_stride;
    return reinterpret_cast<const Stored*>(p.in + offset);
  };
  const Stored* const in0 = plane(0);
  const Stored* const in1 = plane(1);
  const Stored* const in2 = plane(2);
  unsigned char* const out = p.out;
  const uint64_t n = p.pixels;
  Converter<Format, Law, Rounding> convert0{law}, convert1{law}, convert2{law};
  const auto pixels_at = [&](uint64_t i) __attribute__((always_inline)) {
    return drop_fourth_bytes(convert0(in0 + i) | convert1(in1 + i) << 8 | convert2(in2 + i) << 16);
  };
  const auto store_until = [&](uint64_t i, uint64_t end) __attribute__((always_inline)) {
    for (; i < end && i + kLanes + kLanes / 2 <= n; i += kLanes) {
      fetch_ahead(in0 + i);
      fetch_ahead(in1 + i);
      fetch_ahead(in2 + i);
      const WordVector pixels = pixels_at(i);
      __builtin_memcpy(out + 3 * i, &pixels, kVectorBytes);
    }
    return i;
  };
  uint64_t i = 0;
  if (p.streamed && n > 8 * kVectorBytes) {
    // 43 is the inverse of 3 modulo 64: so many pixels fill the bytes before a boundary.
    const uint64_t first = bytes_to_boundary(out) * 43 % kVectorBytes;
    store_until(0, first);
    // Four vectors of pixels fill three of bytes; several times that, because a load must wait for
    // stores that it straddles.
    constexpr uint64_t kGroup = 32;
    alignas(kVectorBytes) unsigned char bytes[(3 * kGroup + 1) * kVectorBytes / 4];
    for (i = first; i + kGroup * kLanes <= n; i += kGroup * kLanes) {
      for (uint64_t j = 0; j < kGroup; ++j) {
        const uint64_t at = i + j * kLanes;
        fetch_ahead(in0 + at);
        fetch_ahead(in1 + at);
        fetch_ahead(in2 + at);
        const WordVector pixels = pixels_at(at);
        __builtin_memcpy(bytes + 3 * kLanes * j, &pixels, kVectorBytes);
      }
      for (uint64_t j = 0; j < 3 * kGroup / 4; ++j) {
        WordVector whole;
        __builtin_memcpy(&whole, bytes + kVectorBytes * j, kVectorBytes);
        stream(out + 3 * i + kVectorBytes * j, whole);
      }
    }
    end_of_stream();
  }
  if (i == 0) {
    // Loads that straddle cache lines cost a tenth; the first vector is done twice in part.
    const uint64_t first = bytes_to_boundary(p.in) / sizeof(Stored) % kLanes;
    if (first != 0 && n >= 4 * kLanes) i = (store_until(0, 1), first);
  }
  i = store_until(i, n);
  while (i < n) {
    if (i + kLanes > n) i = n - kLanes;
    const WordVector pixels = pixels_at(i);
    __builtin_memcpy(out + 3 * i, &pixels, 3 * kLanes);
    i += kLanes;
  }
  return is_finite(convert0.sum + convert1.sum + convert2.sum);
}

// bytes_at(i) makes the bytes i ... i + kVectorBytes - 1 of n at `out`; `fetch` asks for what it
// will need. At least kVectorBytes.
template <class BytesAt, class Fetch>
[[gnu::always_inline]] inline void store_all(unsigned char* out, uint64_t n, uint64_t step,
                                             bool streamed, const BytesAt& bytes_at,
                                             const Fetch& fetch) {
  uint64_t i = 0;
  const uint64_t before = bytes_to_boundary(out);
  if (streamed && before % step == 0) {
    const WordVector first = bytes_at(0);
    __builtin_memcpy(out, &first, kVectorBytes);
    for (i = before; i + kVectorBytes <= n; i += kVectorBytes) {
      fetch(i);
      stream(out + i, bytes_at(i));
    }
    end_of_stream();
  }
  for (; i < n; i += kVectorBytes) {
    if (i + kVectorBytes > n) i = n - kVectorBytes;
    fetch(i);
    const WordVector bytes = bytes_at(i);
    __builtin_memcpy(out + i, &bytes, kVectorBytes);
  }
}

// Four planes; at least kLanes pixels.
template <class Format, class Law, class Rounding>
bool four(const Pixels& p, const Law& law) {
  using Stored = typename Format::Stored;
  const Stored* in[4];
  for (uint64_t k = 0; k < 4; ++k) {
    const int64_t offset = static_cast<int64_t>(source_channel(p, k)) * p.channel_stride;
    in[k] = reinterpret_cast<const Stored*>(p.in + offset);
  }
  Converter<Format, Law, Rounding> convert0{law}, convert1{law}, convert2{law}, convert3{law};
  store_all(
      p.out, 4 * p.pixels, 4, p.streamed,
      [&](uint64_t byte) __attribute__((always_inline)) {
        const uint64_t i = byte / 4;
        return join<Rounding>(convert0(in[0] + i), convert1(in[1] + i), convert2(in[2] + i),
                              convert3(in[3] + i));
      },
      [&](uint64_t byte) __attribute__((always_inline)) {
        for (const Stored* const plane : in) fetch_ahead(plane + byte / 4);
      });
  return is_finite(convert0.sum + convert1.sum + convert2.sum + convert3.sum);
}

// One plane, or pixels that are interleaved already; at least kVectorBytes elements.
template <class Format, class Law, class Rounding>
bool elementwise(const Pixels& p, const Law& law) {
  const auto* const in = reinterpret_cast<const typename Format::Stored*>(p.in);
  Converter<Format, Law, Rounding> convert0{law}, convert1{law}, convert2{law}, convert3{law};
  store_all(
      p.out, p.pixels * p.channels, 1, p.streamed,
      [&](uint64_t i) __attribute__((always_inline)) {
        return transpose_bytes(join<Rounding>(convert0(in + i), convert1(in + i + kLanes),
                                              convert2(in + i + 2 * kLanes),
                                              convert3(in + i + 3 * kLanes)));
      },
      [&](uint64_t i) __attribute__((always_inline)) {
        for (uint64_t j = 0; j < 4; ++j) fetch_ahead(in + i + j * kLanes);
      });
  return is_finite(convert0.sum + convert1.sum + convert2.sum + convert3.sum);
}

inline void swap_first_and_third(unsigned char* out, uint64_t pixels, uint64_t channels) {
  for (uint64_t i = 0; i < pixels; ++i, out += channels) {
    const unsigned char first = out[0];
    out[0] = out[2];
    out[2] = first;
  }
}

// Whether the levels were made, and all of them of finite elements.
template <class Format, class Law, class Rounding>
bool levels_fast(const Pixels& p, const Law& law) {
  constexpr int64_t kBytes = sizeof(typename Format::Stored);
  const int64_t channels = static_cast<int64_t>(p.channels);
  const bool interleaved = p.channel_stride == kBytes && p.pixel_stride == channels * kBytes;
  if (interleaved || (channels == 1 && p.pixel_stride == kBytes)) {
    if (p.pixels * p.channels < kVectorBytes) return false;
    if (!elementwise<Format, Law, Rounding>(p, law)) return false;
    if (p.swapped) swap_first_and_third(p.out, p.pixels, p.channels);
    return true;
  }
  if (p.pixel_stride != kBytes || p.pixels < kLanes) return false;
  if (channels == 3) return three<Format, Law, Rounding>(p, law);
  if (channels == 4) return four<Format, Law, Rounding>(p, law);
  return false;
}

template <class Format>
bool levels_fast(const Pixels& p, const LevelLaw& law) {
  if (p.wide || law.std != nullptr) return false;
  if (law.rounding == Rounding::kStyleGan) return levels_fast<Format, StyleGan, Truncated>(p, {});
  if (law.inverse != 0.0f) {
    const Product product = {law.lo, law.inverse * 255.0f};
#if defined(__AVX512F__)
    if (law.lo == -0.5f * law.span && law.rounding == Rounding::kNearest) {
      return levels_fast<Format, SymmetricProduct, ToNearest>(p, {-law.lo, product.scale});
    }
#endif
    return law.rounding == Rounding::kNearest ? levels_fast<Format, Product, ToNearest>(p, product)
                                              : levels_fast<Format, Product, Truncated>(p, product);
  }
  if (law.rounding != Rounding::kNearest) return false;
  return levels_fast<Format, Quotient, ToNearest>(p, {law.lo, law.span, 255.0f});
}

bool levels_fast(const Pixels& p, const LevelLaw& law) {
  switch (p.format) {
    case Format::kFloat32:
      return levels_fast<Float32>(p, law);
    case Format::kFloat16:
      return levels_fast<Float16>(p, law);
    case Format::kBFloat16:
      return levels_fast<BFloat16>(p, law);
  }
  return false;
}

#else

bool levels_fast(const Pixels&, const LevelLaw&) { return false; }

#endif

bool levels(const Pixels& pixels, const LevelLaw& law) {
  return levels_fast(pixels, law) || levels_general(pixels, law);
}

}  // namespace
}  // namespace gansdk
