// The functions of one random word over all 2^32 words, each as one sum: tests/data/every_word.txt.
// Compiled with a kernel's flags, in packs as the kernels work; prints lines of `name sum`.
#include <cinttypes>
#include <cstdio>

#include "lanes.h"
#include "truncated.h"

using namespace gansdk;

namespace {

constexpr std::uint32_t kAtOnce = kVectors * kLanes;

// The words first, first + 1, ...
Bits words_from(std::uint32_t first) {
  std::uint32_t words[kAtOnce];
  for (std::uint32_t i = 0; i < kAtOnce; ++i) words[i] = first + i;
  Bits packed;
  __builtin_memcpy(&packed, words, sizeof words);
  return packed;
}

struct Sums {
  std::uint64_t radius, sine, cosine, middle, tails;
};

void add(const Floats& values, std::uint64_t first, std::uint64_t& sum) {
  std::uint32_t bits[kAtOnce];
  __builtin_memcpy(bits, &values, sizeof bits);
  for (std::uint64_t i = 0; i < kAtOnce; ++i) sum += bits[i] * (2 * (first + i) + 1);
}

// Adds 2^16 words. A function of its own: compilers take main for code that runs once.
[[gnu::noinline]] void add_words(std::uint64_t first, const Truncation& half,
                                 const Truncation& four, Sums& sums) {
  for (const std::uint64_t end = first + (1 << 16); first < end; first += kAtOnce) {
    const Bits words = words_from(static_cast<std::uint32_t>(first));
    add(radius(words), first, sums.radius);
    const SinCos<Floats> turn = sincos_turns(words);
    add(turn.sin, first, sums.sine);
    add(turn.cos, first, sums.cosine);
    add(truncated_normal<false>(words, half), first, sums.middle);
    add(truncated_normal<true>(words, four), first, sums.tails);
  }
}

}  // namespace

int main() {
  const Truncation half = truncation_at(0.5f), four = truncation_at(4.0f);
  Sums sums = {};
  for (std::uint64_t first = 0; first < std::uint64_t{1} << 32; first += 1 << 16) {
    add_words(first, half, four, sums);
  }
  std::printf("radius %016" PRIx64 "\nsine %016" PRIx64 "\ncosine %016" PRIx64
              "\ntruncated_normal_0.5 %016" PRIx64 "\ntruncated_normal_4 %016" PRIx64 "\n",
              sums.radius, sums.sine, sums.cosine, sums.middle, sums.tails);
  return 0;
}
