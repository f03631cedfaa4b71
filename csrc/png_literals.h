// What is done to every filtered byte: find the runs, count, code.
#pragma once

#include "png_kernels.h"
#include "png_vectors.h"

namespace gansdk {
namespace {

// The same for the first `n` of 64 alone; the other bits are 0.
inline uint64_t equals_before(const uint8_t* from, uint64_t n) {
  if (n >= 64) return equals_before(from);
  uint64_t mask = 0;
  for (uint64_t i = 0; i < n; ++i) mask |= (uint64_t)(from[i] == (from + i)[-1]) << i;
  return mask;
}

inline uint64_t ones_below(uint64_t x) {  // how many ones x begins with, from the lowest bit
  return ~x == 0 ? 64 : (uint64_t)__builtin_ctzll(~x);
}

uint64_t find_runs(const uint8_t* from, uint64_t bytes, PngRun* runs) {
  static_assert(kLeastRun >= 5 && kLeastRun <= 8);  // what three steps of doubling reach
  PngRun* next = runs;
  uint64_t one = 0, two = 0, four = 0;  // bits that end so many ones, in the word before
  uint64_t open = 0;                    // the length of a run that reaches the end of that word
  for (uint64_t i = 1; i < bytes; i += 64) {
    const uint64_t w = equals_before(from + i, bytes - i);
    const uint64_t w2 = w & (w << 1 | one >> 63);
    const uint64_t w4 = w2 & (w2 << 2 | two >> 62);
    uint64_t ends = w4 & (w4 << (kLeastRun - 4) | four >> (68 - kLeastRun));
    one = w, two = w2, four = w4;
    if ((ends | open) == 0) continue;
    if (open != 0) {
      const uint64_t more = ones_below(ends);
      if (more == 64) {
        open += 64;
        continue;
      }
      *next++ = {(uint32_t)(i - open), (uint32_t)(open + more)};
      ends &= ends + 1;
      open = 0;
    }
    while (ends != 0) {
      const uint64_t first = (uint64_t)__builtin_ctzll(ends), n = ones_below(ends >> first);
      const uint64_t length = kLeastRun - 1 + n;
      if (first + n == 64) {
        open = length;
        break;
      }
      *next++ = {(uint32_t)(i + first - (kLeastRun - 1)), (uint32_t)length};
      ends &= ends + ((uint64_t)1 << first);
    }
  }
  if (open != 0) *next++ = {(uint32_t)(bytes - open), (uint32_t)open};
  return (uint64_t)(next - runs);
}

// In eight tables, because a counter that was just written must not be waited for.
void histogram(const uint8_t* from, uint64_t bytes, uint32_t* counts) {
  uint32_t tables[8][256] = {};
  uint64_t i = 0;
  for (; i + 8 <= bytes; i += 8) {
    ++tables[0][from[i]];
    ++tables[1][from[i + 1]];
    ++tables[2][from[i + 2]];
    ++tables[3][from[i + 3]];
    ++tables[4][from[i + 4]];
    ++tables[5][from[i + 5]];
    ++tables[6][from[i + 6]];
    ++tables[7][from[i + 7]];
  }
  for (; i < bytes; ++i) ++tables[0][from[i]];
  for (const auto& table : tables) {
    for (int b = 0; b < 256; ++b) counts[b] += table[b];
  }
}

inline void store_little_endian(uint64_t x, uint8_t* to) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  x = __builtin_bswap64(x);
#endif
  __builtin_memcpy(to, &x, 8);
}

// Sends the lowest `n` bits of `code`, at most 56.
inline void put(PngBits& out, uint64_t code, uint64_t n) {
  out.bits |= code << out.count;
  store_little_endian(out.bits, out.to);
  out.count += n;
  out.to += out.count >> 3;
  out.bits >>= out.count & 56;
  out.count &= 7;
}

#if defined(__AVX512VBMI__)
constexpr uint64_t kFewest = 16;  // bytes that are worth the pass of a vector

typedef uint32_t Words __attribute__((vector_size(kVectorBytes)));

// 64 entries of a table of 256: a permutation knows 128.
struct Table {
  __m512i part[4];
  explicit Table(const uint8_t* from) {
    for (int i = 0; i < 4; ++i) part[i] = (__m512i)load(from + 64 * i);
  }
  __m512i all(__m512i x, __mmask64 inside) const {  // 0 outside
    const __m512i lower = _mm512_maskz_permutex2var_epi8(inside, part[0], x, part[1]);
    const __m512i upper = _mm512_permutex2var_epi8(part[2], x, part[3]);
    return _mm512_mask_mov_epi8(lower, _mm512_movepi8_mask(x), upper);
  }
  // For bytes that are -64 ... 63 when read as signed.
  __m512i middle(__m512i x) const { return _mm512_permutex2var_epi8(part[0], x, part[3]); }
};

// Codes of 16 bits joined to 32, then to 64: four codes.
inline Longs join(__m512i code16, __m512i bits16) {
  const Words code = (Words)code16;
  const Longs code32 = (Longs)((code & 0xFFFF) | code >> 16 << ((Words)bits16 & 0xFFFF));
  const __m512i bits32 = _mm512_madd_epi16(bits16, _mm512_set1_epi16(1));
  return (code32 & 0xFFFFFFFF) | code32 >> 32 << ((Longs)bits32 & 0xFFFFFFFF);
}

// Sums of every eight bytes.
inline Longs sums_of_8(__m512i x) { return (Longs)_mm512_sad_epu8(x, _mm512_setzero_si512()); }

[[gnu::always_inline]] inline void put_64(__m512i low, __m512i high, __m512i bits, PngBits& out) {
  alignas(64) uint64_t code[16], count[16];
  const __m512i zero = _mm512_setzero_si512();
  // In every 16 bytes, a has the first eight and b the others.
  const Longs a = join(_mm512_unpacklo_epi8(low, high), _mm512_unpacklo_epi8(bits, zero));
  const Longs b = join(_mm512_unpackhi_epi8(low, high), _mm512_unpackhi_epi8(bits, zero));
  const Longs c0 = (Longs)_mm512_maskz_unpacklo_epi64(0xFF, (__m512i)a, (__m512i)b);
  const Longs c1 = (Longs)_mm512_maskz_unpackhi_epi64(0xFF, (__m512i)a, (__m512i)b);
  const Longs n0 = sums_of_8((__m512i)((Longs)bits & 0xFFFFFFFF)), n = sums_of_8(bits);
  if (_mm512_cmpgt_epu64_mask((__m512i)n, _mm512_set1_epi64(56)) == 0) {
    _mm512_store_si512(code, (__m512i)(c0 | c1 << n0));
    _mm512_store_si512(count, (__m512i)n);
#pragma GCC unroll 2
    for (int k = 0; k < 8; ++k) put(out, code[k], count[k]);
  } else {  // close to noise
    _mm512_store_si512(code, (__m512i)c0);
    _mm512_store_si512(code + 8, (__m512i)c1);
    _mm512_store_si512(count, (__m512i)n0);
    _mm512_store_si512(count + 8, (__m512i)(n - n0));
#pragma GCC unroll 1
    for (int k = 0; k < 8; ++k) {
      put(out, code[k], count[k]);
      put(out, code[k + 8], count[k + 8]);
    }
  }
}

// Codes 64 bytes at a time; leaves a few to the caller, and returns how many it did.
uint64_t put_vectors(const PngCodes& codes, const uint8_t* from, uint64_t bytes,
                     PngBits& bits_out) {
  PngBits out = bits_out;
  const Table low(codes.low), high(codes.high), bits(codes.bits);
  uint64_t i = 0;
  for (; i + kFewest <= bytes; i += 64) {
    const uint64_t here = bytes - i;
    const __mmask64 inside = here >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << here) - 1;
    const __m512i x = _mm512_maskz_loadu_epi8(inside, from + i);
    if (here >= 64 && _mm512_movepi8_mask((__m512i)((Bytes)x + 64)) == 0) {
      put_64(low.middle(x), high.middle(x), bits.middle(x), out);
    } else {
      put_64(low.all(x, inside), high.all(x, inside), bits.all(x, inside), out);
    }
  }
  bits_out = out;
  return i < bytes ? i : bytes;
}
#else
inline uint64_t put_vectors(const PngCodes&, const uint8_t*, uint64_t, PngBits&) { return 0; }
#endif

void put_literals(const PngCodes& codes, const uint8_t* from, uint64_t bytes, PngBits& out) {
  uint64_t i = put_vectors(codes, from, bytes, out);
  PngBits o = out;  // a copy: bytes written might change `out`, as far as the compiler can tell
  const uint32_t* packed = codes.packed;
  for (; i + 4 <= bytes; i += 4) {
    const uint64_t c0 = packed[from[i]], c1 = packed[from[i + 1]], c2 = packed[from[i + 2]],
                   c3 = packed[from[i + 3]];
    // Sums of the entries: their lowest six bits are what the bits sum up to.
    const uint64_t n1 = c0 + c1, n2 = n1 + c2, n3 = n2 + c3;
    put(o, c0 >> 8 | c1 >> 8 << (c0 & 63) | c2 >> 8 << (n1 & 63) | c3 >> 8 << (n2 & 63), n3 & 63);
  }
  for (; i < bytes; ++i) put(o, packed[from[i]] >> 8, packed[from[i]] & 63);
  out = o;
}

}  // namespace
}  // namespace gansdk
