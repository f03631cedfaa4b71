// The functions of one random word over all 2^32 words, each as one sum: tests/data/every_word.txt.
// Compiled with a kernel's flags; prints lines of `name sum`.
#include <cinttypes>
#include <cstdio>

#include "elementary.h"

using namespace gansdk;

namespace {

constexpr std::uint64_t kTile = 4096;

struct Sums {
  std::uint64_t radius, sine, cosine;
};

std::uint64_t weighted(const float (&values)[kTile], std::uint64_t first) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < kTile; ++i) sum += as_bits(values[i]) * (2 * (first + i) + 1);
  return sum;
}

// Adds words first ... first + kTile - 1. A function of its own: compilers take main for code that
// runs once and do not vectorise it, and it is the vectorised form that is of interest.
[[gnu::noinline]] void add_tile(std::uint64_t first, Sums& sums) {
  std::uint32_t words[kTile];
  float radii[kTile], sines[kTile], cosines[kTile];
  for (std::uint32_t i = 0; i < kTile; ++i) words[i] = static_cast<std::uint32_t>(first) + i;
  for (std::uint64_t i = 0; i < kTile; ++i) radii[i] = radius(words[i]);
  for (std::uint64_t i = 0; i < kTile; ++i) {
    const SinCos turn = sincos_turns(words[i]);
    sines[i] = turn.sin;
    cosines[i] = turn.cos;
  }
  sums.radius += weighted(radii, first);
  sums.sine += weighted(sines, first);
  sums.cosine += weighted(cosines, first);
}

}  // namespace

int main() {
  Sums sums = {};
  for (std::uint64_t first = 0; first < std::uint64_t{1} << 32; first += kTile) {
    add_tile(first, sums);
  }
  std::printf("radius %016" PRIx64 "\nsine %016" PRIx64 "\ncosine %016" PRIx64 "\n", sums.radius,
              sums.sine, sums.cosine);
  return 0;
}
