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
#include "level_vectors.h"
#include "levels_general.h"

namespace gansdk {
namespace {

#if defined(GANSDK_LEVEL_VECTORS)

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
