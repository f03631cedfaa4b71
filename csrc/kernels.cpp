// Compiled once per instruction set, with GANSDK_KERNELS_NAMESPACE naming it. C headers only, and
// all but the table in an anonymous namespace: a C++ header would leave weak symbols, through which
// the linker may put code for a newer instruction set on the path of an older CPU.
//
// The loops are plain, Philox's apart, and the compiler vectorises them. Data go through tiles of
// 64 blocks that stay in the first-level cache; a tile is held by column, so that each loop has
// unit stride.
#include "kernels.h"

#include <stdint.h>
#include <string.h>

#include "elementary.h"
#include "lanes.h"
#include "levels.h"

#ifndef GANSDK_KERNELS_NAMESPACE
#define GANSDK_KERNELS_NAMESPACE baseline
#endif
#define GANSDK_STRING_OF(x) #x
#define GANSDK_STRING(x) GANSDK_STRING_OF(x)

namespace gansdk {
namespace {

constexpr uint64_t kBlocks = 64;

template <class T>
struct Tile {
  alignas(64) T column[4][kBlocks];
};

inline uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

// The random words of `blocks` blocks from block `first` on; counters behind them are zero.
void draw(const Rows& rows, uint64_t first, uint64_t blocks, Tile<uint32_t>& words) {
  alignas(64) uint64_t block_of[kBlocks], index_of[kBlocks];
  const uint64_t per_row = (rows.dim + 3) / 4;
  uint64_t index = rows.start + first / per_row;
  uint64_t block = first % per_row;
  for (uint64_t j = 0; j < blocks; ++index, block = 0) {
    const uint64_t n = least(blocks - j, per_row - block);
    for (uint64_t i = 0; i < n; ++i) {
      block_of[j + i] = block + i;
      index_of[j + i] = index;
    }
    j += n;
  }
  const uint64_t padded = (blocks + 15) / 16 * 16;
  for (uint64_t j = blocks; j < padded; ++j) block_of[j] = index_of[j] = 0;
  uint32_t* const columns[4] = {words.column[0], words.column[1], words.column[2], words.column[3]};
  philox_columns(block_of, index_of, padded, rows.stream, rows.seed, columns);
}

// Writes a tile to its place; the short last block of a row drops its surplus.
template <class T>
void store(const Tile<T>& tile, const Rows& rows, uint64_t first, uint64_t blocks, T* out) {
  if (rows.dim % 4 == 0) {
    T* to = out + 4 * first;
    for (uint64_t j = 0; j < blocks; ++j) {
      for (int c = 0; c < 4; ++c) to[4 * j + c] = tile.column[c][j];
    }
    return;
  }
  const uint64_t per_row = (rows.dim + 3) / 4;
  uint64_t block = first % per_row;
  T* to = out + (first / per_row) * rows.dim + 4 * block;
  for (uint64_t j = 0; j < blocks; ++j) {
    const uint64_t n = least(4, rows.dim - 4 * block);
    for (uint64_t c = 0; c < n; ++c) to[c] = tile.column[c][j];
    to += n;
    block = block + 1 == per_row ? 0 : block + 1;
  }
}

void normal(const Rows& rows, uint64_t first, uint64_t last, float* out) {
  Tile<uint32_t> words;
  Tile<float> values;
  for (; first < last; first += kBlocks) {
    const uint64_t blocks = least(kBlocks, last - first);
    draw(rows, first, blocks, words);
    for (int pair = 0; pair < 4; pair += 2) {
      for (uint64_t j = 0; j < blocks; ++j) {
        const float r = radius(words.column[pair][j]);
        const SinCos turn = sincos_turns(words.column[pair + 1][j]);
        values.column[pair][j] = r * turn.sin;
        values.column[pair + 1][j] = r * turn.cos;
      }
    }
    store(values, rows, first, blocks, out);
  }
}

void uniform(const Rows& rows, uint64_t first, uint64_t last, float* out) {
  Tile<uint32_t> words;
  Tile<float> values;
  for (; first < last; first += kBlocks) {
    const uint64_t blocks = least(kBlocks, last - first);
    draw(rows, first, blocks, words);
    for (int c = 0; c < 4; ++c) {
      for (uint64_t j = 0; j < blocks; ++j) {
        values.column[c][j] = symmetric_uniform(words.column[c][j]);
      }
    }
    store(values, rows, first, blocks, out);
  }
}

void raw_words(const Rows& rows, uint64_t first, uint64_t last, uint32_t* out) {
  Tile<uint32_t> words;
  for (; first < last; first += kBlocks) {
    const uint64_t blocks = least(kBlocks, last - first);
    draw(rows, first, blocks, words);
    store(words, rows, first, blocks, out);
  }
}

}  // namespace

namespace GANSDK_KERNELS_NAMESPACE {
const Kernels kernels = {GANSDK_STRING(GANSDK_KERNELS_NAMESPACE),
                         normal,
                         uniform,
                         raw_words,
                         levels<Float32>,
                         levels<Float16>,
                         levels<BFloat16>};
}

}  // namespace gansdk
