// Philox4x32-10 on many counters at once, for kernels.cpp.
//
// The state is kept in 64-bit lanes of which only the low halves count: that is how x86's one
// instruction for 32 x 32 -> 64 reads and writes, so that a round needs no shuffles. Philox in
// 32-bit lanes, as a compiler vectorises it, takes about three times as long.
#pragma once

#include <stdint.h>

#include "packs.h"
#include "philox.h"

#if defined(__ARM_NEON)
#include <arm_neon.h>
#endif

namespace gansdk {
namespace {

using Wide = Vector<uint64_t>;
constexpr int kWideLanes = kLanes / 2;

inline Wide multiply_low(Wide a, uint32_t b) {
#if defined(__AVX512F__)
  return (Wide)_mm512_maskz_mul_epu32(0xFF, (__m512i)a, (__m512i)(Wide{} + b));
#elif defined(__AVX2__)
  return (Wide)_mm256_mul_epu32((__m256i)a, (__m256i)(Wide{} + b));
#elif defined(__SSE2__)
  return (Wide)_mm_mul_epu32((__m128i)a, (__m128i)(Wide{} + b));
#elif defined(__ARM_NEON)
  return (Wide)vmull_u32(vmovn_u64((uint64x2_t)a), vdup_n_u32(b));
#else
  return (a & 0xFFFFFFFFu) * b;
#endif
}

// A step is the blocks that a pack's vectors hold: with four words each, two vectors to the group
// of as many blocks as a vector has lanes.
constexpr int kGroups = kVectors / 2;
constexpr int kBlocks = kGroups * kLanes;

// Words 0 and 2 of a step's blocks, and words 1 and 3: vector 2 g holds the first of the two for
// group g, vector 2 g + 1 the second.
struct Step {
  Bits even, odd;
};

// Where block `b` of a step is in counters: `vector` and `lane` of 64 bits. The order makes both
// ends cheap. Two vectors of counters become one of words by taking the even lanes of each 128
// bits, first of one, then of the other; transposed, these have every 128 bits of the first row
// before those of the second. So lane 4 p + q of a group, in part p of 128 bits, is its block
// parts * q + p.
struct CounterPlace {
  int vector, lane;
};
constexpr CounterPlace counter_place(int b) {
  constexpr int parts = kVectorBytes / 16;
  const int part = b % kLanes % parts, in_part = b % kLanes / parts;
  return {b / kLanes * 2 + in_part / 2, part * 2 + in_part % 2};
}

struct BlocksInPlace {
  uint64_t of[kVectors][kWideLanes];

  constexpr BlocksInPlace() : of() {
    for (int b = 0; b < kBlocks; ++b) {
      of[counter_place(b).vector][counter_place(b).lane] = static_cast<uint64_t>(b);
    }
  }
};
alignas(kVectorBytes) constexpr BlocksInPlace kBlocksInPlace;

// The counters of consecutive blocks, row after row of `blocks_per_row`.
class Counters {
 public:
  Counters(uint64_t blocks_per_row, uint64_t index, uint64_t block)
      : blocks_per_row_(blocks_per_row),
        rows_(kBlocks / blocks_per_row),
        rest_(kBlocks % blocks_per_row) {
    for (int b = 0; b < kBlocks; ++b) {
      const CounterPlace place = counter_place(b);
      block_[place.vector][place.lane] = block;
      index_[place.vector][place.lane] = index;
      if (++block == blocks_per_row) {
        block = 0;
        ++index;
      }
    }
  }

  const Wide& block(int v) const { return block_[v]; }
  const Wide& index(int v) const { return index_[v]; }

  // The next kBlocks blocks: `rest_` further on, less one row if that is behind its end.
  void advance() {
    for (int v = 0; v < kVectors; ++v) {
      const Wide moved = block_[v] + (rest_ - blocks_per_row_);
      const Wide within = (Wide)((Vector<int64_t>)moved >> 63);
      block_[v] = moved + (within & blocks_per_row_);
      index_[v] += within + (rows_ + 1);
    }
  }

 private:
  Wide block_[kVectors], index_[kVectors];
  uint64_t blocks_per_row_, rows_, rest_;
};

// The same where rows are whole steps long: the index is one for all of a step's blocks, which
// saves the compiler a product of each of the first two rounds, some 6 % of the time.
class WholeStepCounters {
 public:
  WholeStepCounters(uint64_t blocks_per_row, uint64_t index, uint64_t block)
      : blocks_per_row_(blocks_per_row), index_(index), block_(block) {}

  Wide block(int v) const {
    Wide blocks;
    __builtin_memcpy(&blocks, kBlocksInPlace.of[v], sizeof blocks);
    return blocks + block_;
  }
  Wide index(int) const { return Wide{} + index_; }

  void advance() {
    block_ += kBlocks;
    if (block_ == blocks_per_row_) {
      block_ = 0;
      ++index_;
    }
  }

 private:
  uint64_t blocks_per_row_, index_, block_;
};

// The keys of the ten rounds, as vectors.
struct Keys {
  Wide round[10][2];

  explicit Keys(uint64_t seed) {
    uint32_t key0 = static_cast<uint32_t>(seed);
    uint32_t key1 = static_cast<uint32_t>(seed >> 32);
    for (Wide(&keys)[2] : round) {
      keys[0] = Wide{} + key0;
      keys[1] = Wide{} + key1;
      key0 += 0x9E3779B9u;
      key1 += 0xBB67AE85u;
    }
  }
};

// The low halves of a's lanes, then those of b's, in every 128 bits.
inline Vector<uint32_t> low_halves(Wide a, Wide b) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  return shuffle<0, 2, 4, 6>((Vector<uint32_t>)a, (Vector<uint32_t>)b);
#else
  return shuffle<1, 3, 5, 7>((Vector<uint32_t>)a, (Vector<uint32_t>)b);
#endif
}

// Inlined by force: otherwise a step would go through memory on the way in and out.
template <class AnyCounters>
[[gnu::always_inline]] inline Step philox(const AnyCounters& counters, uint32_t stream,
                                          const Keys& keys) {
  Wide x0[kVectors], x1[kVectors], x2[kVectors], x3[kVectors];
  for (int v = 0; v < kVectors; ++v) {
    x0[v] = counters.block(v);
    x1[v] = Wide{} + stream;
    x2[v] = counters.index(v);
    x3[v] = counters.index(v) >> 32;
  }
#pragma GCC unroll 10
  for (const Wide(&key)[2] : keys.round) {
    for (int v = 0; v < kVectors; ++v) {
      const Wide p0 = multiply_low(x0[v], 0xD2511F53u);
      const Wide p1 = multiply_low(x2[v], 0xCD9E8D57u);
      x0[v] = (p1 >> 32) ^ x1[v] ^ key[0];
      x2[v] = (p0 >> 32) ^ x3[v] ^ key[1];
      x1[v] = p1;
      x3[v] = p0;
    }
  }
  Step step;
  for (int v = 0; v < kVectors; v += 2) {
    step.even.v[v] = low_halves(x0[v], x0[v + 1]);
    step.even.v[v + 1] = low_halves(x2[v], x2[v + 1]);
    step.odd.v[v] = low_halves(x1[v], x1[v + 1]);
    step.odd.v[v + 1] = low_halves(x3[v], x3[v + 1]);
  }
  return step;
}

}  // namespace
}  // namespace gansdk
