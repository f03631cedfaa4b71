// Does this build compute what the contract says? Asked whenever the Python module is imported.
//
// Bits depend on flags that a user or a distribution may add: -ffast-math, a fused multiply-add
// where none is written, a square root from an estimate. Such a build would work and give everybody
// other images, so it refuses to be imported instead. The price is a tenth of a
// millisecond for three tables.
//
// Laws are checked through a sum over thousands of elements, because a fused multiply-add changes
// about one in a hundred; levels through elements that lie so near to a tie that the fused or
// approximate form rounds each to the next level. tests/core/test_self_test.py derives all numbers
// here from tests/reference.py.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "sampling.h"

namespace gansdk {

inline constexpr Rows kSelfTestRows = {0x0123456789ABCDEFu, 0xFFFFFFFCu, 451, 16};
inline constexpr std::uint64_t kSelfTestCount = 9;
inline constexpr std::uint64_t kWordsSum = 0x007CD7134E45EE27u;
inline constexpr std::uint64_t kUniformSum = 0x007CF5762EAF851Eu;
inline constexpr std::uint64_t kNormalSum = 0x007C2611D71EE537u;
inline constexpr float kSelfTestThreshold = 3.5;  // has tails
inline constexpr std::uint64_t kTruncatedNormalSum = 0x007D37A52255DD82u;

// Float32 patterns and their levels between 0 and 1, by a product, and between 0 and 3, by a
// quotient. With a fused multiply-add, or a product with 1 / 3, each is one level more.
struct NearTie {
  std::uint32_t bits;
  std::uint8_t level;
};
inline constexpr std::array<NearTie, 4> kNearTiesOfProduct = {
    {{0x3B008081u, 0}, {0x3D088889u, 8}, {0x3E028283u, 32}, {0x3E99999Au, 76}}};
inline constexpr std::array<NearTie, 4> kNearTiesOfQuotient = {
    {{0x3FC30302u, 129}, {0x3FCC0C0Bu, 135}, {0x4005A5A5u, 177}, {0x4038D8D8u, 245}}};

// The bits of each element times an odd number that depends on its place, modulo 2^64: no change of
// one element can leave it as it was.
template <class T>
bool has_sum(LatentKernel<T> kernel, std::uint64_t expected, Truncation truncation = {}) {
  static_assert(sizeof(T) == sizeof(std::uint32_t));
  std::array<T, kSelfTestCount * kSelfTestRows.dim> values;
  Rows rows = kSelfTestRows;
  rows.truncation = truncation;
  fill_latents(kernel, &rows.seed, false, rows, kSelfTestCount, values.data(), 1);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum += __builtin_bit_cast(std::uint32_t, values[i]) * static_cast<std::uint64_t>(2 * i + 1);
  }
  return sum == expected;
}

inline bool has_levels(LevelKernel kernel, const std::array<NearTie, 4>& near_ties,
                       const LevelLaw& law) {
  std::array<std::uint32_t, 256> in;  // long enough for the widest vectors' loops
  std::array<std::uint8_t, 256> out;
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = near_ties[i % 4].bits;
  const Pixels pixels = {reinterpret_cast<const unsigned char*>(in.data()),
                         Format::kFloat32,
                         4,
                         4,
                         in.size(),
                         1,
                         false,
                         false,
                         false,
                         out.data()};
  if (!kernel(pixels, law)) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (out[i] != near_ties[i % 4].level) return false;
  }
  return true;
}

// What `kernels` get wrong, or a null pointer.
inline const char* self_test(const Kernels& kernels) {
  if (!has_sum(kernels.words, kWordsSum)) return "random words";
  if (!has_sum(kernels.uniform, kUniformSum)) return "uniform latents";
  if (!has_sum(kernels.normal, kNormalSum)) return "normal latents";
  if (!has_sum(kernels.truncated_normal, kTruncatedNormalSum,
               kernels.truncation(kSelfTestThreshold))) {
    return "truncated normal latents";
  }
  if (!has_levels(kernels.levels, kNearTiesOfProduct, {0, 1, 1}) ||
      !has_levels(kernels.levels, kNearTiesOfQuotient, {0, 3, 0})) {
    return "levels";
  }
  return nullptr;
}

// Why this build must not be used on this CPU, in one line, or nothing.
inline std::string self_test() {
  for (const Kernels* kernels : available_kernels()) {
    if (const char* wrong = self_test(*kernels)) {
      return std::string("gansdk's core computes wrong ") + wrong + " with its " + kernels->isa +
             " kernels: it was compiled with flags that change float32 arithmetic, such as "
             "-ffast-math or -ffp-contract=fast; rebuild it without them in CXXFLAGS";
    }
  }
  return {};
}

}  // namespace gansdk
