// The normal law truncated at each of the given thresholds, over all 2^32 words. For each:
//   threshold <number>
//   count <float32 pattern> <words>   how many magnitudes lie in the cell of the pattern
//   value <k> <mean of value^k>       k even
//   mean <mean of value>
//   positive <words with a positive value>
//   largest <the largest magnitude>
//   fall <units in the last place by which a value lies below that of the word before, at most>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tally.h"
#include "truncated.h"

namespace {

constexpr std::uint64_t kWords = std::uint64_t{1} << 32;

template <bool tails>
void enumerate(const gansdk::Truncation& law) {
  Cells cells;
  EvenPowers powers;
  long double mean = 0;
  std::uint64_t positive = 0;
  std::int32_t fall = 0;
  float before = gansdk::truncated_normal<tails>(std::uint32_t{0}, law);
  float largest = 0.0f;
  alignas(64) float x[kChunk];
  for (std::uint64_t first = 0; first < kWords; first += kChunk) {
    for (std::uint32_t i = 0; i < kChunk; ++i) {
      x[i] = gansdk::truncated_normal<tails>(static_cast<std::uint32_t>(first) + i, law);
    }
    double sum = 0;
    for (std::uint32_t i = 0; i < kChunk; ++i) {
      const float magnitude = x[i] < 0.0f ? -x[i] : x[i];
      sum += static_cast<double>(x[i]);
      positive += x[i] > 0.0f;
      largest = magnitude > largest ? magnitude : largest;
      cells.add(magnitude);
      if (x[i] < before) {
        const auto rise =
            static_cast<std::int32_t>(gansdk::as_bits(x[i]) - gansdk::as_bits(before));
        const std::int32_t size = rise < 0 ? -rise : rise;
        fall = size > fall ? size : fall;
      }
      before = x[i];
    }
    mean += sum;
    powers.add(x);
  }
  cells.print();
  powers.print("value", kWords);
  std::printf("mean %.17Lg\n", mean / kWords);
  std::printf("positive %llu\n", static_cast<unsigned long long>(positive));
  std::printf("largest %a\n", static_cast<double>(largest));
  std::printf("fall %d\n", static_cast<int>(fall));
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const float threshold = std::strtof(argv[i], nullptr);
    const gansdk::Truncation law = gansdk::truncation_at(threshold);
    std::printf("threshold %s\n", argv[i]);
    gansdk::has_tails(law) ? enumerate<true>(law) : enumerate<false>(law);
  }
}
