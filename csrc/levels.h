// float32, float16 and bfloat16 planes to interleaved bytes. Included by kernels.cpp alone.
//
// One pass: convert, clamp, scale, round half to even, note what is not finite, interleave. float16
// is widened with integer operations, exactly, because a plain -mavx2 build lacks the instruction.
#pragma once

#include <stdint.h>

#include "elementary.h"
#include "kernels.h"

namespace gansdk {
namespace {

// The first `kBytes` bytes at `to` become the lowest of `word`, the lowest first whatever the
// machine's order. A word of the very width matters: widened, the loop would not be vectorised.
template <int kBytes, class Word>
inline void store_low_bytes(uint8_t* to, Word word) {
  if constexpr (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) {
    word = sizeof(Word) == 8 ? __builtin_bswap64(word) : __builtin_bswap32(word);
  }
  __builtin_memcpy(to, &word, kBytes);
}

struct Float32 {
  using Stored = uint32_t;
  static constexpr uint32_t kExponent = 0x7F800000u;
  static float widen(uint32_t bits) { return as_float(bits); }
};

struct BFloat16 {
  using Stored = uint16_t;
  static constexpr uint32_t kExponent = 0x7F80u;
  static float widen(uint32_t bits) { return as_float(bits << 16); }
};

struct Float16 {
  using Stored = uint16_t;
  static constexpr uint32_t kExponent = 0x7C00u;
  // Finite values only. Subnormals are converted as integers, so that no float32 on the way is
  // subnormal and flush-to-zero modes change nothing.
  static float widen(uint32_t bits) {
    const uint32_t magnitude = bits & 0x7FFFu;
    const uint32_t normal = (magnitude << 13) + (112u << 23);
    const uint32_t subnormal = as_bits(as_signed_float(magnitude) * 0x1p-24f);
    return as_float((magnitude < 0x400u ? subnormal : normal) | (bits & 0x8000u) << 16);
  }
};

// The level of one element; sets bits of `bad` if it is not finite. Adding 1.5 * 2^23 leaves no
// room for a fraction, so the addition itself rounds half to even and the low byte is the level.
template <class Format, bool kMultiply>
inline uint32_t level(uint32_t bits, const LevelRange& range, uint32_t& bad) {
  const float shifted = Format::widen(bits) - range.lo;
  float v = kMultiply ? shifted * range.inverse : shifted / range.span;
  v = v > 0.0f ? v : 0.0f;
  v = v < 1.0f ? v : 1.0f;
  const uint32_t rounded = as_bits(v * 255.0f + 0x1.8p23f) & 0xFFu;
  const uint32_t not_finite = (bits & Format::kExponent) == Format::kExponent ? ~0u : 0u;
  bad |= not_finite;
  return rounded & ~not_finite;
}

// Arguments of the loops go by value: bytes may alias anything, so that a store through `out` would
// otherwise force them to be read again and keep the loop from being vectorised.

// Planes of any channel count: one strided pass a plane.
template <class Format, bool kMultiply>
bool separate(const Planes p, const LevelRange range) {
  const auto* in = static_cast<const typename Format::Stored*>(p.in);
  uint32_t bad = 0;
  for (uint64_t c = 0; c < p.channels; ++c, in += p.plane_stride) {
    for (uint64_t i = 0; i < p.pixels; ++i) {
      p.out[i * p.channels + c] = static_cast<uint8_t>(level<Format, kMultiply>(in[i], range, bad));
    }
  }
  return bad == 0;
}

// One plane, or data that are interleaved already.
template <class Format, bool kMultiply>
bool elementwise(const Planes p, const LevelRange range) {
  const auto* in = static_cast<const typename Format::Stored*>(p.in);
  uint8_t* out = p.out;
  uint32_t bad = 0;
  for (uint64_t i = 0; i < p.pixels; ++i) {
    out[i] = static_cast<uint8_t>(level<Format, kMultiply>(in[i], range, bad));
  }
  return bad == 0;
}

// Three planes: a tile of pixels is packed into 32-bit words, then two pixels at a time are stored
// as eight bytes of which the next store overwrites two. The last pixels go byte by byte, because
// what lies behind them may belong to another thread.
template <class Format, bool kMultiply>
bool three(const Planes p, const LevelRange range) {
  constexpr uint64_t kPixels = 512;
  alignas(64) uint32_t tile[kPixels];
  const auto* in0 = static_cast<const typename Format::Stored*>(p.in);
  const auto* in1 = in0 + p.plane_stride;
  const auto* in2 = in1 + p.plane_stride;
  uint32_t bad = 0;
  for (uint64_t done = 0; done < p.pixels; done += kPixels) {
    const uint64_t n = p.pixels - done < kPixels ? p.pixels - done : kPixels;
    for (uint64_t i = 0; i < n; ++i) {
      tile[i] = level<Format, kMultiply>(in0[done + i], range, bad) |
                level<Format, kMultiply>(in1[done + i], range, bad) << 8 |
                level<Format, kMultiply>(in2[done + i], range, bad) << 16;
    }
    uint8_t* out = p.out + 3 * done;
    uint64_t i = 0;
    for (; i + 3 <= n; i += 2) {
      const uint64_t two = tile[i] | static_cast<uint64_t>(tile[i + 1]) << 24;
      store_low_bytes<8>(out + 3 * i, two);
    }
    for (; i < n; ++i) store_low_bytes<3>(out + 3 * i, tile[i]);
  }
  return bad == 0;
}

template <class Format, bool kMultiply>
bool four(const Planes p, const LevelRange range) {
  const auto* in0 = static_cast<const typename Format::Stored*>(p.in);
  const auto* in1 = in0 + p.plane_stride;
  const auto* in2 = in1 + p.plane_stride;
  const auto* in3 = in2 + p.plane_stride;
  uint8_t* out = p.out;
  uint32_t bad = 0;
  for (uint64_t i = 0; i < p.pixels; ++i) {
    const uint32_t pixel = level<Format, kMultiply>(in0[i], range, bad) |
                           level<Format, kMultiply>(in1[i], range, bad) << 8 |
                           level<Format, kMultiply>(in2[i], range, bad) << 16 |
                           level<Format, kMultiply>(in3[i], range, bad) << 24;
    store_low_bytes<4>(out + 4 * i, pixel);
  }
  return bad == 0;
}

template <class Format, bool kMultiply>
bool choose(const Planes& planes, const LevelRange& range) {
  if (planes.channels == 1) return elementwise<Format, kMultiply>(planes, range);
  if (planes.channels == 3) return three<Format, kMultiply>(planes, range);
  if (planes.channels == 4) return four<Format, kMultiply>(planes, range);
  return separate<Format, kMultiply>(planes, range);
}

template <class Format>
bool levels(const Planes& planes, const LevelRange& range) {
  return range.inverse != 0.0f ? choose<Format, true>(planes, range)
                               : choose<Format, false>(planes, range);
}

}  // namespace
}  // namespace gansdk
