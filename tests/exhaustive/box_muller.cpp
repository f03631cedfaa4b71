// Box-Muller over all 2^32 words: the law of the normals, not a sample of it.
//
// Philox is a bijection, so each word of a block takes every value equally often over all counters;
// with the tables that this prints, the law of a latent is known exactly. Lines of output:
//   count <float32 pattern> <words>   how many radii lie in the cell that begins at the pattern
//   radius <k> <mean of radius^k>     k even; odd moments of a latent vanish by symmetry
//   turn <k> <mean of sin^k>          the same of cos^k
//   product <mean of sin^2 cos^2>
//   rising <words whose radius exceeds that of the word before>
//   largest <the largest radius>
//   asymmetric <words below 2^30 whose sine and cosine a turn of a quarter, a half or three
//               quarters does not exchange and negate exactly>
#include <cstdint>
#include <cstdio>

#include "elementary.h"
#include "tally.h"

namespace {

constexpr std::uint64_t kWords = std::uint64_t{1} << 32;

void radii() {
  Cells cells;
  EvenPowers powers;
  std::uint64_t rising = 0;
  float largest = 0.0f;
  float before = gansdk::radius(std::uint32_t{0});
  alignas(64) float r[kChunk];
  for (std::uint64_t first = 0; first < kWords; first += kChunk) {
    for (std::uint32_t i = 0; i < kChunk; ++i) {
      r[i] = gansdk::radius(static_cast<std::uint32_t>(first) + i);
    }
    for (std::uint32_t i = 0; i < kChunk; ++i) {
      cells.add(r[i]);
      rising += r[i] > before;
      before = r[i];
      largest = r[i] > largest ? r[i] : largest;
    }
    powers.add(r);
  }
  cells.print();
  powers.print("radius", kWords);
  std::printf("rising %llu\n", static_cast<unsigned long long>(rising));
  std::printf("largest %a\n", static_cast<double>(largest));
}

// The first quarter of the words is computed and the others compared with it; if they are equal up
// to exchange and sign, its sines and cosines, taken together, have the law of either over all
// words.
void angles() {
  constexpr std::uint32_t kQuarter = std::uint32_t{1} << 30;
  EvenPowers powers;
  long double product = 0;
  std::uint64_t asymmetric = 0;
  alignas(64) float s[kChunk], c[kChunk];
  for (std::uint32_t first = 0; first < kQuarter; first += kChunk) {
    double products = 0;
    for (std::uint32_t i = 0; i < kChunk; ++i) {
      const std::uint32_t w = first + i;
      const auto here = gansdk::sincos_turns(w);
      const auto quarter = gansdk::sincos_turns(w + kQuarter);
      const auto half = gansdk::sincos_turns(w + 2 * kQuarter);
      const auto last = gansdk::sincos_turns(w + 3 * kQuarter);
      s[i] = here.sin;
      c[i] = here.cos;
      const double sine = static_cast<double>(s[i]), cosine = static_cast<double>(c[i]);
      products += sine * sine * cosine * cosine;
      asymmetric += (quarter.sin != c[i]) | (quarter.cos != -s[i]) | (half.sin != -s[i]) |
                    (half.cos != -c[i]) | (last.sin != -c[i]) | (last.cos != s[i]);
    }
    product += products;
    powers.add(s);
    powers.add(c);
  }
  powers.print("turn", kWords / 2);
  std::printf("product %.17Lg\n", product / kQuarter);
  std::printf("asymmetric %llu\n", static_cast<unsigned long long>(asymmetric));
}

}  // namespace

int main() {
  radii();
  angles();
}
