// Any run of pixels to levels: any strides, any number of channels, mean and standard deviation,
// 16-bit levels, what is not finite. A channel at a time, through tiles that stay in the cache.
// Included by kernels.cpp alone.
#pragma once

#include <stdint.h>

#include "level_law.h"

namespace gansdk {
namespace {

constexpr uint64_t kTile = 256;
constexpr uint32_t kExponent = 0x7F800000u;

// Where channel k of the result comes from.
inline uint64_t source_channel(const Pixels& p, uint64_t k) {
  return p.swapped && k < 3 ? 2 - k : k;
}

template <class Format>
void widen_tile(const unsigned char* in, int64_t stride, uint64_t n, uint32_t* bits) {
  typename Format::Stored stored;
  for (uint64_t i = 0; i < n; ++i, in += stride) {
    __builtin_memcpy(&stored, in, sizeof stored);
    bits[i] = Format::widen(static_cast<uint32_t>(stored));
  }
}

// `levels` gets the levels of `bits`, 0 for what is not finite; returns whether all was.
template <class Law, class Rounding>
bool round_tile(const Law law, float highest, const uint32_t* bits, uint64_t n, uint32_t* levels) {
  uint32_t bad = 0;
  for (uint64_t i = 0; i < n; ++i) {
    const uint32_t level = Rounding::round(law.clamped(as_float(bits[i]), highest));
    const uint32_t not_finite = (bits[i] & kExponent) == kExponent ? ~0u : 0u;
    bad |= not_finite;
    levels[i] = level & 0xFFFFu & ~not_finite;
  }
  return bad == 0;
}

template <class Level>
void scatter_tile(const uint32_t* levels, uint64_t n, unsigned char* out, uint64_t stride) {
  for (uint64_t i = 0; i < n; ++i, out += stride) {
    const Level level = static_cast<Level>(levels[i]);
    __builtin_memcpy(out, &level, sizeof level);
  }
}

template <class Law, class Rounding>
bool levels_general(const Pixels& p, const LevelLaw& law, const Law& to_level) {
  const float highest = p.wide ? 65535.0f : 255.0f;
  const uint64_t level_bytes = p.wide ? 2 : 1;
  uint32_t bits[kTile];
  uint32_t levels[kTile];
  bool finite = true;
  for (uint64_t k = 0; k < p.channels; ++k) {
    const uint64_t from = source_channel(p, k);
    const unsigned char* in = p.in + static_cast<int64_t>(from) * p.channel_stride;
    unsigned char* out = p.out + k * level_bytes;
    for (uint64_t done = 0; done < p.pixels; done += kTile) {
      const uint64_t n = p.pixels - done < kTile ? p.pixels - done : kTile;
      const unsigned char* first = in + static_cast<int64_t>(done) * p.pixel_stride;
      switch (p.format) {
        case Format::kFloat32:
          widen_tile<Float32>(first, p.pixel_stride, n, bits);
          break;
        case Format::kFloat16:
          widen_tile<Float16>(first, p.pixel_stride, n, bits);
          break;
        case Format::kBFloat16:
          widen_tile<BFloat16>(first, p.pixel_stride, n, bits);
          break;
      }
      if (law.std != nullptr) {
        // What is not finite stays so, and what overflows becomes infinite: it is not clamped,
        // since nobody's picture is brighter than float32.
        for (uint64_t i = 0; i < n; ++i) {
          bits[i] = as_bits(as_float(bits[i]) * law.std[from] + law.mean[from]);
        }
      }
      finite &= round_tile<Law, Rounding>(to_level, highest, bits, n, levels);
      unsigned char* to = out + done * p.channels * level_bytes;
      if (p.wide) {
        scatter_tile<uint16_t>(levels, n, to, p.channels * level_bytes);
      } else {
        scatter_tile<uint8_t>(levels, n, to, p.channels * level_bytes);
      }
    }
  }
  return finite;
}

bool levels_general(const Pixels& p, const LevelLaw& law) {
  const float highest = p.wide ? 65535.0f : 255.0f;
  if (law.rounding == Rounding::kStyleGan) {
    return levels_general<StyleGan, Truncated>(p, law, {});
  }
  if (law.inverse != 0.0f) {
    const Product product = {law.lo, law.inverse * highest};
    return law.rounding == Rounding::kNearest ? levels_general<Product, ToNearest>(p, law, product)
                                              : levels_general<Product, Truncated>(p, law, product);
  }
  const Quotient quotient = {law.lo, law.span, highest};
  return law.rounding == Rounding::kNearest ? levels_general<Quotient, ToNearest>(p, law, quotient)
                                            : levels_general<Quotient, Truncated>(p, law, quotient);
}

}  // namespace
}  // namespace gansdk
