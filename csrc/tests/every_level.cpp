// The levels of all 2^32 float32 patterns, by every table of kernels, as one plane and as three,
// against the formula. By hand: half a minute.
#undef NDEBUG
#include <cassert>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

#include "dispatch.h"
#include "level_batch.h"

using namespace gansdk;

namespace {

constexpr std::uint32_t kAtOnce = 3 << 14;

// Adding 2^23 leaves no room for a fraction; in int so that the compiler's vectors suffice.
std::uint8_t formula(float x, const LevelLaw& law) {
  const float level = (x - law.lo) / law.span;
  const float clamped = level > 0 ? (level < 1 ? level : 1.0f) : 0.0f;
  const auto rounded = static_cast<int>((clamped * 255.0f + 0x1p23f) - 0x1p23f);
  return static_cast<std::uint8_t>(std::fabs(x) <= 3.4028235e38f ? rounded : 0);
}

// Patterns in the order of their bits, so that all but a few batches hold either finite numbers
// alone or none.
void check(std::uint64_t first, const LevelLaw& law) {
  constexpr std::uint32_t kPlane = kAtOnce / 3;
  static std::vector<float> x(kAtOnce);
  static std::vector<std::uint8_t> grey_levels(kAtOnce), colour_levels(kAtOnce), levels(kAtOnce);
  bool finite = true;
  for (std::uint32_t i = 0; i < kAtOnce; ++i) {
    const auto bits = static_cast<std::uint32_t>(first + i);
    std::memcpy(&x[i], &bits, sizeof bits);
    finite &= std::fabs(x[i]) <= 3.4028235e38f;
  }
  for (std::uint32_t i = 0; i < kAtOnce; ++i) grey_levels[i] = formula(x[i], law);
  for (std::uint32_t i = 0; i < kPlane; ++i) {
    for (std::uint32_t k = 0; k < 3; ++k) colour_levels[3 * i + k] = grey_levels[k * kPlane + i];
  }
  const auto* const in = reinterpret_cast<const unsigned char*>(x.data());
  const FloatImages grey = {in, Format::kFloat32, 1, 1, 1, kAtOnce, 0, 0, 0, 4, false};
  const FloatImages colour = {in, Format::kFloat32, 1, 3, 1, kPlane, 0, 4 * kPlane, 0, 4, false};
  for (const Kernels* kernels : available_kernels()) {
    for (const FloatImages& batch : {grey, colour}) {
      const std::uint64_t bad = fill_levels(kernels->levels, batch, law, false, levels.data(), 1);
      assert((bad == kAllFinite) == finite);
      assert(levels == (batch.channels == 1 ? grey_levels : colour_levels));
    }
  }
}

}  // namespace

int main() {
  for (const LevelLaw& law : {LevelLaw{-1, 2, .5f}, LevelLaw{0, 1, 1}, LevelLaw{0, 255, 0}}) {
    for (std::uint64_t first = 0; first < std::uint64_t{1} << 32; first += kAtOnce) {
      check(first, law);
    }
  }
  std::puts("passed");
  return 0;
}
