// PNG's five filters (W3C PNG, third edition, section 9) and the choice among them by the minimum
// sum of absolute differences (the same, section 12.7).
//
// All five are tried on all of every row: the one pass over a row costs less than the coding of
// what a worse filter leaves.
#pragma once

#include "png_kernels.h"
#include "png_vectors.h"

namespace gansdk {
namespace {

struct Neighbours {
  Bytes x;     // the bytes themselves
  Bytes left;  // those of the pixel before
  Bytes up;    // those above
  Bytes up_left;
};

// The one of a, b, c that is nearest to a + b - c, the first one of equals, in eight bits. With
// near <= far the distances of c from a and b, that of c from a + b - c is 2 far - |a - b|, so c is
// nearest where |a - b| - far > far - near; where the left side is negative it never is.
inline Bytes paeth(Bytes a, Bytes b, Bytes c) {
  const Bytes from_a = distance(b, c), from_b = distance(a, c);
  const Bytes near = least(from_a, from_b), far = greatest(from_a, from_b);
  const Bytes excess = minus_saturated(distance(a, b), far);
  const Bytes a_or_b = near == from_a ? a : b;
  return minus_saturated(excess, far - near) == 0 ? a_or_b : c;
}

template <int type>
inline Bytes filtered(const Neighbours& n) {
  if constexpr (type == 0) return n.x;
  if constexpr (type == 1) return n.x - n.left;
  if constexpr (type == 2) return n.x - n.up;
  if constexpr (type == 3) return n.x - average(n.left, n.up);
  if constexpr (type == 4) return n.x - paeth(n.left, n.up, n.up_left);
}

// 64 bytes of ones, then as many zeros: a vector read at 64 - n keeps its first n bytes.
alignas(64) const uint8_t kKeep[128] = {
#define GANSDK_ONES 255, 255, 255, 255, 255, 255, 255, 255
    GANSDK_ONES, GANSDK_ONES, GANSDK_ONES, GANSDK_ONES,
    GANSDK_ONES, GANSDK_ONES, GANSDK_ONES, GANSDK_ONES,
#undef GANSDK_ONES
};
inline Bytes keep_first(uint64_t n) { return load(kKeep + 64 - n); }

// Calls use(i, neighbours) for every vector of the row.
template <class Use>
[[gnu::always_inline]] inline void for_each_vector(const PngRow& r, const Use& use) {
  const Bytes inside = ~keep_first(r.pixel);  // the first pixel has zeros at its left
  use(0, Neighbours{load(r.row), load(r.row - r.pixel) & inside, load(r.above),
                    load(r.above - r.pixel) & inside});
  for (uint64_t i = kVectorBytes; i < r.bytes; i += kVectorBytes) {
    use(i, Neighbours{load(r.row + i), load(r.row + i - r.pixel), load(r.above + i),
                      load(r.above + i - r.pixel)});
  }
}

template <int type>
void filter_as(const PngRow& row, uint8_t* to) {
  for_each_vector(row, [to](uint64_t i, const Neighbours& n) { store(filtered<type>(n), to + i); });
}

void filter(int type, const PngRow& row, uint8_t* to) {
  switch (type) {
    case 0:
      return filter_as<0>(row, to);
    case 1:
      return filter_as<1>(row, to);
    case 2:
      return filter_as<2>(row, to);
    case 3:
      return filter_as<3>(row, to);
    default:
      return filter_as<4>(row, to);
  }
}

int choose_filter(const PngRow& row) {
  Sum sums[kPngFilters];
  const uint64_t whole = row.bytes / kVectorBytes * kVectorBytes;
  const auto add = [&sums](int type, Bytes x, Bytes kept) { sums[type].add(least(x, -x) & kept); };
  const auto add_all = [&add](const Neighbours& n, Bytes kept) {
    add(0, filtered<0>(n), kept);
    add(1, filtered<1>(n), kept);
    add(2, filtered<2>(n), kept);
    add(3, filtered<3>(n), kept);
    add(4, filtered<4>(n), kept);
  };
  const Bytes last = keep_first(row.bytes - whole), all = keep_first(kVectorBytes);
  for_each_vector(row, [&](uint64_t i, const Neighbours& n) {
    if (i < whole) {
      add_all(n, all);
    } else {
      add_all(n, last);
    }
  });
  int best = 0;
  for (int type = 1; type < kPngFilters; ++type) {
    if (sums[type].total() < sums[best].total()) best = type;
  }
  return best;
}

void big_endian([[maybe_unused]] uint8_t* samples, [[maybe_unused]] uint64_t count) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  for (uint64_t i = 0; i < count; ++i) {
    uint16_t x;
    __builtin_memcpy(&x, samples + 2 * i, 2);
    x = (uint16_t)(x << 8 | x >> 8);
    __builtin_memcpy(samples + 2 * i, &x, 2);
  }
#endif
}

}  // namespace
}  // namespace gansdk
