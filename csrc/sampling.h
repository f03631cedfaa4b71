// Whole arrays of latents from kernels, knowing neither Python nor ONNX Runtime.
#pragma once

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

}  // namespace gansdk
