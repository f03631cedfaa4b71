// Levels to a network's floats: the way back, by a table of each level's value.
//
// A load beats arithmetic here: the formula holds a division, and a table of 256 values stays in
// the cache. It also lets the caller choose formula and format, since values are only moved.
#pragma once

#include <algorithm>
#include <cstdint>

#include "parallel.h"

namespace gansdk {

// Interleaved bytes, to be looked up in tables of 256 values: one for all channels, or one each.
template <class Value>
struct LevelImages {
  const std::uint8_t* in;
  std::uint64_t images, channels, pixels;
  const Value* tables;
  bool table_per_channel;
  bool planar;   // the result: NCHW, or NHWC
  bool swapped;  // channels 0 and 2 change places, and take their tables along
  Value* out;
};

template <class Value>
void look_up(const LevelImages<Value>& batch, std::uint64_t image, std::uint64_t first,
             std::uint64_t last) {
  const std::uint64_t channels = batch.channels;
  const std::uint64_t offset = image * channels * batch.pixels;
  for (std::uint64_t k = 0; k < channels; ++k) {
    const std::uint64_t to = batch.swapped && k < 3 ? 2 - k : k;
    const Value* const values = batch.tables + (batch.table_per_channel ? 256 * to : 0);
    const std::uint8_t* const in = batch.in + offset + k;
    Value* const out = batch.out + offset + (batch.planar ? to * batch.pixels : to);
    const std::uint64_t stride = batch.planar ? 1 : channels;
    for (std::uint64_t i = first; i < last; ++i) out[i * stride] = values[in[i * channels]];
  }
}

template <class Value>
void look_up(const LevelImages<Value>& batch, unsigned threads) {
  const std::uint64_t total = batch.images * batch.pixels;
  if (total * batch.channels == 0) return;
  if (total * batch.channels * (sizeof(Value) + 1) < kParallelBytes) threads = 1;
  // Pixels whose bytes and values stay in the first-level cache while each channel takes its turn.
  const std::uint64_t chunk = std::max<std::uint64_t>(1, 4096 / batch.channels);
  parallel_for(total, 16 * chunk, threads, [&](auto first, auto last) {
    while (first < last) {
      const std::uint64_t image = first / batch.pixels;
      const std::uint64_t pixel = first % batch.pixels;
      const std::uint64_t n = std::min({last - first, batch.pixels - pixel, chunk});
      look_up(batch, image, pixel, pixel + n);
      first += n;
    }
  });
}

}  // namespace gansdk
