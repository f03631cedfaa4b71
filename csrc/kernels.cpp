// Compiled once per instruction set, with GANSDK_KERNELS_NAMESPACE naming it. C headers only, and
// all but the table in an anonymous namespace: a C++ header would leave weak symbols, through which
// the linker may put code for a newer instruction set on the path of an older CPU.
//
// Latents are made in steps of two vectors' worth of blocks that never leave the registers, but for
// what does not fit: counters, words, numbers, then the store.
#include "kernels.h"

#include <stdint.h>

#include "elementary.h"
#include "lanes.h"
#include "levels.h"
#include "truncated.h"
#include "vectors.h"

namespace gansdk {
namespace {

// Blocks of four elements in order, from the columns that they were computed in.
template <class T>
[[gnu::always_inline]] inline void store(const Step& step, T* out) {
  for (int group = 0; group < kGroups; ++group) {
    Vector<uint32_t> rows[4] = {step.even.v[2 * group], step.odd.v[2 * group],
                                step.even.v[2 * group + 1], step.odd.v[2 * group + 1]};
    transpose(rows);
    for (const Vector<uint32_t>& row : rows) {
      __builtin_memcpy(out, &row, kVectorBytes);
      out += kLanes;
    }
  }
}

// A law turns the words of a step into the bits of the elements of as many blocks.
template <class Law, class AnyCounters>
void fill(const Rows& rows, uint64_t per_row, uint64_t first, uint64_t last,
          typename Law::Element* out) {
  const uint64_t in_last = rows.dim - 4 * (per_row - 1);  // elements of a row's last block
  const uint64_t row = first / per_row;
  uint64_t block = first % per_row;
  out += row * rows.dim + 4 * block;
  AnyCounters counters(per_row, rows.start + row, block);
  const Keys keys(rows.seed);
  const Law law(rows);
  for (; first < last; first += kBlocks, counters.advance()) {
    const Step step = law(philox(counters, rows.stream, keys));
    const uint64_t blocks = last - first < kBlocks ? last - first : kBlocks;
    if (in_last == 4 && blocks == kBlocks) {
      store(step, out);
      out += 4 * kBlocks;
      continue;
    }
    // A short block is written whole too, where the next ones will overwrite its surplus.
    typename Law::Element elements[4 * kBlocks];
    store(step, elements);
    for (uint64_t b = 0; b < blocks; ++b) {
      const bool row_ends = ++block == per_row;
      if (row_ends) block = 0;
      const uint64_t n = row_ends ? in_last : 4;
      __builtin_memcpy(out, elements + 4 * b, b + 4 <= blocks ? 16 : 4 * n);
      out += n;
    }
  }
}

template <class Law>
void fill(const Rows& rows, uint64_t first, uint64_t last, typename Law::Element* out) {
  const uint64_t per_row = rows.dim / 4 + (rows.dim % 4 != 0);
  if (per_row % kBlocks == 0 && first % kBlocks == 0) {
    fill<Law, WholeStepCounters>(rows, per_row, first, last, out);
  } else {
    fill<Law, Counters>(rows, per_row, first, last, out);
  }
}

struct Normal {
  using Element = float;
  explicit Normal(const Rows&) {}
  [[gnu::always_inline]] inline Step operator()(const Step& words) const {
    const SinCos<Floats> turn = sincos_turns(words.odd);
    const Floats r = radius(words.even);
    return {as_bits(r * turn.sin), as_bits(r * turn.cos)};
  }
};

struct Uniform {
  using Element = float;
  explicit Uniform(const Rows&) {}
  [[gnu::always_inline]] inline Step operator()(const Step& words) const {
    return {as_bits(symmetric_uniform(words.even)), as_bits(symmetric_uniform(words.odd))};
  }
};

template <bool tails>
struct TruncatedNormal {
  using Element = float;
  Truncation law;
  explicit TruncatedNormal(const Rows& rows) : law(rows.truncation) {}
  [[gnu::always_inline]] inline Step operator()(const Step& words) const {
    return {as_bits(truncated_normal<tails>(words.even, law)),
            as_bits(truncated_normal<tails>(words.odd, law))};
  }
};

void fill_truncated_normal(const Rows& rows, uint64_t first, uint64_t last, float* out) {
  if (has_tails(rows.truncation)) {
    fill<TruncatedNormal<true>>(rows, first, last, out);
  } else {
    fill<TruncatedNormal<false>>(rows, first, last, out);
  }
}

struct RawWords {
  using Element = uint32_t;
  explicit RawWords(const Rows&) {}
  [[gnu::always_inline]] inline Step operator()(const Step& words) const { return words; }
};

}  // namespace

namespace GANSDK_KERNELS_NAMESPACE {
const Kernels kernels = {GANSDK_STRING(GANSDK_KERNELS_NAMESPACE),
                         fill<Normal>,
                         fill<Uniform>,
                         fill_truncated_normal,
                         fill<RawWords>,
                         truncation_at,
                         levels};
}

}  // namespace gansdk
