// Levels against their formula in plain arithmetic, for every format, channel count and table.
#undef NDEBUG
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <limits>
#include <vector>

#include "sampling.h"

using namespace gansdk;

namespace {

using Bytes = std::vector<std::uint8_t>;

std::uint8_t formula(float x, const LevelRange& range) {
  const float v = (x - range.lo) / range.span;
  const float clamped = v < 0 ? 0.0f : v > 1 ? 1.0f : v;
  return static_cast<std::uint8_t>(std::nearbyint(clamped * 255.0f));
}

template <class T>
Bytes levels(LevelKernel kernel, const std::vector<T>& x, std::uint64_t images,
             std::uint64_t channels, LevelRange range, std::uint64_t* first_bad = nullptr) {
  Bytes out(x.size() + 8, 77);
  const auto* in = reinterpret_cast<const unsigned char*>(x.data());
  const Batch batch = {in, sizeof(T), images, channels, x.size() / images / channels, out.data()};
  const std::uint64_t bad = fill_levels(kernel, batch, range, 3);
  if (first_bad != nullptr) *first_bad = bad;
  for (std::size_t i = x.size(); i < out.size(); ++i) assert(out[i] == 77);
  out.resize(x.size());
  return out;
}

void test_float32(const Kernels& kernels) {
  for (const std::uint64_t channels : {1, 2, 3, 4, 5}) {
    for (const std::uint64_t pixels : {1, 2, 3, 17, 63, 513, 12345}) {
      const std::uint64_t images = 7;
      const std::uint64_t seed = 4;
      std::vector<float> x(images * channels * pixels);
      fill_latents(baseline::kernels.normal, &seed, false, {0, 0, x.size(), 0}, 1, x.data(), 1);
      for (const LevelRange range : {LevelRange{-1, 2, .5f}, LevelRange{-1.5f, 3.1f, 0}}) {
        const Bytes found = levels(kernels.levels_float32, x, images, channels, range);
        for (std::uint64_t i = 0; i < x.size(); ++i) {
          const std::uint64_t image = i / (channels * pixels), c = i / pixels % channels;
          const std::uint64_t place = (image * pixels + i % pixels) * channels + c;
          assert(found[place] == formula(x[i], range));
        }
      }
      std::uint64_t bad = 0;
      levels(kernels.levels_float32, x, images, channels, {-1, 2, .5f}, &bad);
      assert(bad == kAllFinite);
      x[5 * channels * pixels + pixels / 2] = std::numeric_limits<float>::quiet_NaN();
      x[3 * channels * pixels] = -std::numeric_limits<float>::infinity();
      levels(kernels.levels_float32, x, images, channels, {-1, 2, .5f}, &bad);
      assert(bad == 3);
    }
  }
}

float from_float16(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const float magnitude = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                        : std::ldexp(1024.0f + fraction, exponent - 25);
  return bits >> 15 ? -magnitude : magnitude;
}

float from_bfloat16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

// All patterns of a 16-bit format; those that are not finite become level 0.
void test_every_half(LevelKernel kernel, float (*widen)(std::uint16_t), std::uint16_t exponent) {
  std::vector<std::uint16_t> x(1 << 16);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<std::uint16_t>(i);
  for (const std::uint64_t channels : {1, 2, 4}) {
    for (const LevelRange range : {LevelRange{-1, 2, .5f}, LevelRange{0, 3, 0}}) {
      std::uint64_t bad = 1;
      const Bytes found = levels(kernel, x, 1, channels, range, &bad);
      assert(bad == 0);
      const std::uint64_t pixels = x.size() / channels;
      for (std::size_t i = 0; i < x.size(); ++i) {
        const bool finite = (x[i] & exponent) != exponent;
        const std::uint8_t expected = finite ? formula(widen(x[i]), range) : 0;
        assert(found[i % pixels * channels + i / pixels] == expected);
      }
    }
  }
}

}  // namespace

int main() {
  for (const Kernels* kernels : available_kernels()) {
    test_float32(*kernels);
    test_every_half(kernels->levels_float16, from_float16, 0x7C00);
    test_every_half(kernels->levels_bfloat16, from_bfloat16, 0x7F80);
    std::printf("%s: passed\n", kernels->isa);
  }
  return 0;
}
