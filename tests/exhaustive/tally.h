// What both enumerations count: even powers, and how many values lie in which cell.
#pragma once

#include <cstdint>
#include <cstdio>
#include <vector>

#include "elementary.h"

constexpr std::uint32_t kChunk = 1 << 12;

// Sums of x^2, x^4, x^6, x^8: in double within a chunk, in long double beyond, so that rounding
// stays below 1e-12.
struct EvenPowers {
  long double sums[4] = {};

  void add(const float* x) {
    double chunk[4] = {};
    for (std::uint32_t i = 0; i < kChunk; ++i) {
      const double square = static_cast<double>(x[i]) * static_cast<double>(x[i]);
      const double fourth = square * square;
      chunk[0] += square;
      chunk[1] += fourth;
      chunk[2] += fourth * square;
      chunk[3] += fourth * fourth;
    }
    for (int k = 0; k < 4; ++k) sums[k] += chunk[k];
  }

  void print(const char* name, std::uint64_t count) const {
    for (int k = 0; k < 4; ++k) std::printf("%s %d %.17Lg\n", name, 2 * k + 2, sums[k] / count);
  }
};

// Values of 0 or more by the upper bits of their float32 pattern: 512 cells a power of two.
struct Cells {
  static constexpr int kShift = 14;
  std::vector<std::uint64_t> counts = std::vector<std::uint64_t>(std::size_t{1} << (31 - kShift));

  void add(float x) { ++counts[gansdk::as_bits(x) >> kShift]; }

  void print() const {
    for (std::size_t cell = 0; cell < counts.size(); ++cell) {
      if (counts[cell] == 0) continue;
      std::printf("count %zu %llu\n", cell << kShift,
                  static_cast<unsigned long long>(counts[cell]));
    }
  }
};
