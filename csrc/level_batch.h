// Batches of a network's floats to levels, knowing neither Python nor ONNX Runtime.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "kernels.h"
#include "parallel.h"

namespace gansdk {

inline constexpr std::uint64_t kAllFinite = ~std::uint64_t{0};

// Results from this size on are stored past the caches, where they would not stay anyway.
inline constexpr std::uint64_t kStreamedBytes = 2 << 20;

// A batch of images wherever their elements lie; strides in bytes.
struct FloatImages {
  const unsigned char* in;
  Format format;
  std::uint64_t images, channels, height, width;
  std::int64_t image_stride, channel_stride, row_stride, pixel_stride;
  bool swapped;  // BGR

  std::uint64_t element_bytes() const { return format == Format::kFloat32 ? 4 : 2; }
  std::uint64_t pixels() const { return height * width; }

  // Pixels in a row that end where the next row begins: rows without a gap are one.
  std::uint64_t run() const {
    const auto row = static_cast<std::int64_t>(width) * pixel_stride;
    return row_stride == row ? height * width : width;
  }
};

// Interleaved levels of pixels [first, last) of an image; whether all their elements are finite.
inline bool image_levels(LevelKernel kernel, const FloatImages& batch, const LevelLaw& law,
                         bool wide, std::uint64_t image, std::uint64_t first, std::uint64_t last,
                         unsigned char* out, bool streamed = false) {
  const std::uint64_t run = batch.run();
  const std::uint64_t level_bytes = batch.channels * (wide ? 2 : 1);
  const unsigned char* const in = batch.in + static_cast<std::int64_t>(image) * batch.image_stride;
  bool finite = true;
  while (first < last) {
    // Divisions take as long as the pixels of a small image: most runs begin at their image's
    // start.
    const std::uint64_t row = first == 0 ? 0 : first / batch.width;
    const std::uint64_t column = first - row * batch.width;
    const std::uint64_t left = run == batch.width ? run - column : run - first;
    const std::uint64_t n = std::min(last - first, left);
    const unsigned char* const begin = in + static_cast<std::int64_t>(row) * batch.row_stride +
                                       static_cast<std::int64_t>(column) * batch.pixel_stride;
    const Pixels pixels = {begin,
                           batch.format,
                           batch.pixel_stride,
                           batch.channel_stride,
                           n,
                           batch.channels,
                           batch.swapped,
                           wide,
                           streamed,
                           out};
    finite &= kernel(pixels, law);
    first += n;
    out += n * level_bytes;
  }
  return finite;
}

// `seen` becomes the smaller of itself and `image`.
inline void note_bad(std::atomic<std::uint64_t>& seen, std::uint64_t image) {
  std::uint64_t least = seen.load();
  while (image < least && !seen.compare_exchange_weak(least, image)) {
  }
}

// Levels of a whole batch; returns the first image with an element that is not finite, or
// kAllFinite. Such elements become level 0.
inline std::uint64_t fill_levels(LevelKernel kernel, const FloatImages& batch, const LevelLaw& law,
                                 bool wide, unsigned char* out, unsigned threads) {
  const std::uint64_t pixels = batch.pixels();
  const std::uint64_t elements = batch.images * batch.channels * pixels;
  if (elements == 0) return kAllFinite;
  const std::uint64_t level_bytes = wide ? 2 : 1;
  const std::uint64_t chunk = std::max<std::uint64_t>(1, 65536 / batch.channels);
  if (elements * (batch.element_bytes() + level_bytes) < kParallelBytes) threads = 1;
  const bool streamed = elements * level_bytes >= kStreamedBytes;
  std::atomic<std::uint64_t> first_bad{kAllFinite};
  parallel_for(batch.images * pixels, chunk, threads, [&](auto first, auto last) {
    std::uint64_t image = first / pixels;
    std::uint64_t pixel = first % pixels;
    for (; first < last; ++image, pixel = 0) {
      const std::uint64_t n = std::min(last - first, pixels - pixel);
      unsigned char* to = out + first * batch.channels * level_bytes;
      if (!image_levels(kernel, batch, law, wide, image, pixel, pixel + n, to, streamed)) {
        note_bad(first_bad, image);
      }
      first += n;
    }
  });
  return first_bad.load();
}

}  // namespace gansdk
