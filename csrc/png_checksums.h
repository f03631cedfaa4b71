// Adler-32 (RFC 1950) and CRC-32 (W3C PNG, third edition, annex D).
#pragma once

#include "png_kernels.h"
#include "png_vectors.h"

#if defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace gansdk {
namespace {

#if defined(GANSDK_BYTES)
typedef uint32_t Words __attribute__((vector_size(kVectorBytes)));
typedef int16_t SignedShorts __attribute__((vector_size(kVectorBytes)));

template <class Vector>
inline uint64_t total(Vector x) {
  uint64_t sum = 0;
  for (unsigned i = 0; i < kVectorBytes / sizeof x[0]; ++i) sum += x[i];
  return sum;
}

// In each lane the sum of its bytes times what is left of the vector when they come.
inline Words weigh(Bytes x) {
  SignedShorts low, high;  // for the even bytes and the odd ones
  for (int i = 0; i < kVectorBytes / 2; ++i) {
    low[i] = (int16_t)(kVectorBytes - 2 * i);
    high[i] = (int16_t)(kVectorBytes - 2 * i - 1);
  }
  const Shorts even = (Shorts)x & 0xFF, odd = (Shorts)x >> 8;
  return (Words)GANSDK_BYTES(madd_epi16)((Register)even, (Register)low) +
         (Words)GANSDK_BYTES(madd_epi16)((Register)odd, (Register)high);
}
#endif

// a is 1 plus the sum of the bytes, b the sum of all values that a had, both modulo 65521. So over
// n bytes b grows by n a and by the sum of (n - i) byte[i].
uint32_t adler32(uint32_t sum, const uint8_t* from, uint64_t bytes) {
  constexpr uint64_t kModulus = 65521;
  uint64_t a = sum & 0xFFFF, b = sum >> 16;
  while (bytes != 0) {
    uint64_t stretch = bytes < 5552 ? bytes : 5552;  // farther, 32 bits would not hold b
    bytes -= stretch;
#if defined(GANSDK_BYTES)
    const uint64_t vectors = stretch / kVectorBytes;
    Words weighted = {};  // the sum of (kVectorBytes - i) byte[i]
    Sum plain;
    Longs earlier = {};  // sums of plain before each vector
    for (uint64_t v = 0; v < vectors; ++v, from += kVectorBytes) {
      const Bytes x = load(from);
      earlier += plain.lanes;
      plain.add(x);
      weighted += weigh(x);
    }
    b += vectors * kVectorBytes * a + kVectorBytes * total(earlier) + total(weighted);
    a += plain.total();
    stretch -= vectors * kVectorBytes;
#endif
    for (; stretch != 0; --stretch) {
      a += *from++;
      b += a;
    }
    a %= kModulus;
    b %= kModulus;
  }
  return (uint32_t)(b << 16 | a);
}

// Entry [k][x] is the remainder of the byte x that k zero bytes follow.
struct CrcTables {
  uint32_t of[8][256];
  constexpr CrcTables() : of{} {
    for (uint32_t x = 0; x < 256; ++x) {
      uint32_t crc = x;
      for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0u);
      of[0][x] = crc;
    }
    for (uint32_t x = 0; x < 256; ++x) {
      for (int k = 1; k < 8; ++k) of[k][x] = of[k - 1][x] >> 8 ^ of[0][of[k - 1][x] & 255];
    }
  }
};
constexpr CrcTables kCrc;

inline uint64_t load_little_endian(const uint8_t* from) {
  uint64_t x;
  __builtin_memcpy(&x, from, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  x = __builtin_bswap64(x);
#endif
  return x;
}

#if defined(__PCLMUL__)
// Gopal, Ozturk et al., "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction",
// Intel 2009, with the constants that it gives for this polynomial, bits reflected: 64 bytes are
// folded at a time. Takes a multiple of 16 bytes, at least 64.
inline __m128i fold(__m128i x, __m128i by, __m128i next) {
  const __m128i low = _mm_clmulepi64_si128(x, by, 0x00), high = _mm_clmulepi64_si128(x, by, 0x11);
  return _mm_xor_si128(_mm_xor_si128(low, high), next);
}
inline __m128i load_128(const uint8_t* from) { return _mm_loadu_si128((const __m128i*)from); }

uint32_t crc32_folded(uint32_t crc, const uint8_t* from, uint64_t bytes) {
  const __m128i by_512 = _mm_set_epi64x(0x1C6E41596, 0x154442BD4);
  const __m128i by_128 = _mm_set_epi64x(0x0CCAA009E, 0x1751997D0);
  __m128i x[4];
  for (int i = 0; i < 4; ++i) x[i] = load_128(from + 16 * i);
  x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128((int)crc));
  for (from += 64, bytes -= 64; bytes >= 64; from += 64, bytes -= 64) {
    for (int i = 0; i < 4; ++i) x[i] = fold(x[i], by_512, load_128(from + 16 * i));
  }
  for (int i = 1; i < 4; ++i) x[0] = fold(x[0], by_128, x[i]);
  for (; bytes >= 16; from += 16, bytes -= 16) x[0] = fold(x[0], by_128, load_128(from));
  // 128 bits to 64, then Barrett's reduction to 32.
  const __m128i low32 = _mm_set_epi32(0, 0, 0, -1);
  __m128i y = _mm_xor_si128(_mm_clmulepi64_si128(x[0], by_128, 0x10), _mm_srli_si128(x[0], 8));
  y = _mm_xor_si128(
      _mm_clmulepi64_si128(_mm_and_si128(y, low32), _mm_set_epi64x(0, 0x163CD6124), 0),
      _mm_srli_si128(y, 4));
  const __m128i barrett = _mm_set_epi64x(0x1F7011641, 0x1DB710641);
  __m128i q = _mm_clmulepi64_si128(_mm_and_si128(y, low32), barrett, 0x10);
  q = _mm_clmulepi64_si128(_mm_and_si128(q, low32), barrett, 0x00);
  return (uint32_t)_mm_cvtsi128_si32(_mm_srli_si128(_mm_xor_si128(q, y), 4));
}
#endif

uint32_t crc32(uint32_t crc, const uint8_t* from, uint64_t bytes) {
  crc = ~crc;
#if defined(__PCLMUL__)
  if (bytes >= 64) {
    const uint64_t folded = bytes / 16 * 16;
    crc = crc32_folded(crc, from, folded);
    from += folded;
    bytes -= folded;
  }
#endif
#if defined(__ARM_FEATURE_CRC32)
  for (; bytes >= 8; from += 8, bytes -= 8) crc = __crc32d(crc, load_little_endian(from));
  for (; bytes != 0; --bytes) crc = __crc32b(crc, *from++);
#else
  for (; bytes >= 8; from += 8, bytes -= 8) {
    const uint64_t x = load_little_endian(from) ^ crc;
    crc = 0;
    for (int i = 0; i < 8; ++i) crc ^= kCrc.of[7 - i][x >> 8 * i & 255];
  }
  for (; bytes != 0; --bytes) crc = crc >> 8 ^ kCrc.of[0][(crc ^ *from++) & 255];
#endif
  return ~crc;
}

}  // namespace
}  // namespace gansdk
