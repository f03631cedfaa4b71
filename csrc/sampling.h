// Whole arrays from kernels: what bindings and tests call, knowing neither Python nor ONNX Runtime.
#pragma once

#include <atomic>
#include <cstdint>

#include "dispatch.h"
#include "parallel.h"

namespace gansdk {

// `count` rows of `dim` latents. With one seed, row i is index start + i of it; with `count` seeds,
// row i is index `start` of seed i. `Law` is one of the table's latent kernels.
template <class T>
void fill_latents(LatentKernel<T> kernel, const std::uint64_t* seeds, bool seed_per_row, Rows rows,
                  std::uint64_t count, T* out, unsigned threads) {
  constexpr std::uint64_t kChunk = 16384;  // blocks: 256 KiB
  const std::uint64_t per_row = rows.dim / 4 + (rows.dim % 4 != 0);
  const std::uint64_t blocks = count * per_row;
  if (blocks * 16 < kParallelBytes) threads = 1;
  parallel_for(blocks, kChunk, threads, [&](std::uint64_t first, std::uint64_t last) {
    if (!seed_per_row) {
      Rows one = rows;
      one.seed = seeds[0];
      kernel(one, first, last, out);
      return;
    }
    for (std::uint64_t row = first / per_row; row * per_row < last; ++row) {
      const std::uint64_t begin = row * per_row;
      Rows one = rows;
      one.seed = seeds[row];
      kernel(one, std::max(first, begin) - begin, std::min(last, begin + per_row) - begin,
             out + row * rows.dim);
    }
  });
}

// A batch of images, each `channels` planes of `pixels` elements of `element_bytes` bytes.
struct Batch {
  const unsigned char* in;
  std::uint64_t element_bytes;
  std::uint64_t images;
  std::uint64_t channels;
  std::uint64_t pixels;
  std::uint8_t* out;
};

inline constexpr std::uint64_t kAllFinite = ~std::uint64_t{0};

// Interleaved levels of a batch; returns the first image with an element that is not finite, or
// kAllFinite. Such elements become level 0.
inline std::uint64_t fill_levels(LevelKernel kernel, const Batch& batch, const LevelRange& range,
                                 unsigned threads) {
  const std::uint64_t elements = batch.images * batch.channels * batch.pixels;
  if (elements == 0) return kAllFinite;
  const std::uint64_t chunk = std::max<std::uint64_t>(1, 65536 / batch.channels);
  if (elements * (batch.element_bytes + 1) < kParallelBytes) threads = 1;
  std::atomic<std::uint64_t> first_bad{kAllFinite};
  parallel_for(batch.images * batch.pixels, chunk, threads, [&](auto first, auto last) {
    while (first < last) {
      const std::uint64_t image = first / batch.pixels;
      const std::uint64_t pixel = first % batch.pixels;
      const std::uint64_t n = std::min(last - first, batch.pixels - pixel);
      const std::uint64_t offset = image * batch.channels * batch.pixels + pixel;
      const Planes planes = {batch.in + offset * batch.element_bytes, batch.pixels, n,
                             batch.channels, batch.out + first * batch.channels};
      if (!kernel(planes, range)) {
        std::uint64_t seen = first_bad.load();
        while (image < seen && !first_bad.compare_exchange_weak(seen, image)) {
        }
      }
      first += n;
    }
  });
  return first_bad.load();
}

}  // namespace gansdk
