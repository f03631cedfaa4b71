// Levels against their formula in plain arithmetic: every format, layout, channel count, rounding
// and table; and the way back.
#undef NDEBUG
#include <algorithm>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdio>
#include <limits>
#include <vector>

#include "dispatch.h"
#include "level_batch.h"
#include "level_values.h"
#include "sampling.h"

using namespace gansdk;

namespace {

using Bytes = std::vector<unsigned char>;

struct Case {
  std::uint64_t images, channels, height, width;
  bool planar = true;
  bool swapped = false;
  bool wide = false;
  std::uint64_t gap = 0;  // elements between rows
};

unsigned formula(float x, const LevelLaw& law, std::uint64_t channel, bool wide) {
  const float highest = wide ? 65535.0f : 255.0f;
  if (law.std != nullptr) {
    const float product = x * law.std[channel];  // a statement of its own: never fused
    x = product + law.mean[channel];
  }
  if (!std::isfinite(x)) return 0;
  float level = (x - law.lo) / law.span;
  level = (level < 0 ? 0.0f : level > 1 ? 1.0f : level) * highest;
  if (law.rounding == Rounding::kStyleGan) {
    level = x * 127.5f;
    level = level + 128.0f;
    level = level < 0 ? 0.0f : level > 255 ? 255.0f : level;
  }
  return static_cast<unsigned>(law.rounding == Rounding::kNearest ? std::nearbyint(level)
                                                                  : std::trunc(level));
}

FloatImages images_of(const Case& c, Format format, const void* in) {
  const std::int64_t bytes = format == Format::kFloat32 ? 4 : 2;
  const auto channels = static_cast<std::int64_t>(c.channels);
  const auto height = static_cast<std::int64_t>(c.height);
  const std::int64_t row = static_cast<std::int64_t>(c.width + c.gap) * (c.planar ? 1 : channels);
  return {static_cast<const unsigned char*>(in),
          format,
          c.images,
          c.channels,
          c.height,
          c.width,
          bytes * row * height * (c.planar ? channels : 1),
          c.planar ? bytes * row * height : bytes,
          bytes * row,
          c.planar ? bytes : bytes * channels,
          c.swapped};
}

// Checks all levels of `x`, an array of the case's shape; returns the first bad image.
template <class T, class Widen>
std::uint64_t check(const Kernels& kernels, const Case& c, Format format, const std::vector<T>& x,
                    Widen widen, const LevelLaw& law) {
  const FloatImages batch = images_of(c, format, x.data());
  const std::size_t level_bytes = c.wide ? 2 : 1;
  const std::size_t size = c.images * c.channels * c.height * c.width * level_bytes;
  Bytes out(size + 64, 77);
  const std::uint64_t bad = fill_levels(kernels.levels, batch, law, c.wide, out.data(), 3);
  for (std::size_t i = size; i < out.size(); ++i) assert(out[i] == 77);
  const unsigned char* to = out.data();
  for (std::uint64_t image = 0; image < c.images; ++image) {
    for (std::uint64_t i = 0; i < c.height; ++i) {
      for (std::uint64_t j = 0; j < c.width; ++j) {
        for (std::uint64_t k = 0; k < c.channels; ++k, to += level_bytes) {
          const std::uint64_t from = c.swapped && k < 3 ? 2 - k : k;
          T element;
          __builtin_memcpy(&element,
                           batch.in + static_cast<std::int64_t>(image) * batch.image_stride +
                               static_cast<std::int64_t>(from) * batch.channel_stride +
                               static_cast<std::int64_t>(i) * batch.row_stride +
                               static_cast<std::int64_t>(j) * batch.pixel_stride,
                           sizeof element);
          std::uint16_t level = to[0];
          if (c.wide) __builtin_memcpy(&level, to, 2);
          assert(level == formula(widen(element), law, from, c.wide));
        }
      }
    }
  }
  return bad;
}

float same(float x) { return x; }

const float kMean[] = {.485f, .456f, .406f, .5f, .25f};
const float kStd[] = {.229f, .224f, .225f, .25f, .125f};

std::vector<LevelLaw> laws(bool wide) {
  std::vector<LevelLaw> found = {{-1, 2, .5f},
                                 {-1.5f, 3.1f, 0},
                                 {-1, 2, .5f, Rounding::kTruncate},
                                 {0, 3, 0, Rounding::kTruncate},
                                 {0, 1, 1, Rounding::kNearest, kMean, kStd}};
  if (!wide) found.push_back({-1, 2, .5f, Rounding::kStyleGan});
  return found;
}

void test_float32(const Kernels& kernels) {
  const struct {
    std::uint64_t height, width, gap;
  } sizes[] = {{1, 1, 0}, {1, 3, 0}, {2, 17, 0}, {3, 21, 0}, {9, 57, 0}, {61, 203, 0}, {9, 67, 5}};
  for (const std::uint64_t channels : {1, 2, 3, 4, 5}) {
    for (const auto& [height, width, gap] : sizes) {
      for (const bool planar : {true, false}) {
        const std::uint64_t size = 3 * channels * height * (width + gap);
        const std::uint64_t seed = 4;
        std::vector<float> x(size);
        fill_latents(baseline::kernels.normal, &seed, false, {0, 0, size, 0}, 1, x.data(), 1);
        for (const bool wide : {false, true}) {
          for (const bool swapped : {false, true}) {
            if (swapped && channels < 3) continue;
            const Case c = {3, channels, height, width, planar, swapped, wide, gap};
            for (const LevelLaw& law : laws(wide)) {
              assert(check(kernels, c, Format::kFloat32, x, same, law) == kAllFinite);
            }
          }
        }
        const Case c = {3, channels, height, width, planar, false, false, gap};
        const std::uint64_t image = size / 3;
        for (const float bad :
             {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
          // The first and the last element that belong to a picture; gaps are not looked at.
          const std::uint64_t last = 2 * image - 1 - (planar ? gap : gap * channels);
          for (const std::uint64_t place : {image, last}) {
            std::vector<float> broken = x;
            broken[place] = bad;
            broken[2 * image] = bad;
            for (const LevelLaw& law : laws(false)) {
              assert(check(kernels, c, Format::kFloat32, broken, same, law) == 1);
            }
          }
        }
        // Sums of these overflow, but each of them is finite.
        const std::vector<float> large(size, 3e38f);
        assert(check(kernels, c, Format::kFloat32, large, same, laws(false)[0]) == kAllFinite);
      }
    }
  }
}

float from_float16(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const float magnitude = exponent == 31 ? std::numeric_limits<float>::infinity()
                          : exponent == 0
                              ? std::ldexp(static_cast<float>(fraction), -24)
                              : std::ldexp(1024.0f + static_cast<float>(fraction), exponent - 25);
  return bits >> 15 ? -magnitude : magnitude;
}

float from_bfloat16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

// All patterns of a 16-bit format; those that are not finite become level 0. In two halves, so that
// the finite ones are also seen without others beside them.
void test_every_half(const Kernels& kernels, Format format, float (*widen)(std::uint16_t),
                     std::uint16_t exponent) {
  std::vector<std::uint16_t> finite, all(1 << 16);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i] = static_cast<std::uint16_t>(i);
    if ((i & exponent) != exponent) finite.push_back(all[i]);
  }
  finite.resize(finite.size() / 12 * 12);
  for (const std::uint64_t channels : {1, 2, 3, 4}) {
    for (const LevelLaw& law : laws(false)) {
      const std::uint64_t width = finite.size() / channels;
      assert(check(kernels, {1, channels, 1, width}, format, finite, widen, law) == kAllFinite);
      if (channels == 3) continue;
      assert(check(kernels, {1, channels, 1, all.size() / channels}, format, all, widen, law) == 0);
    }
  }
}

// Past the caches or not, wherever the result begins and ends: the same levels, nothing beside
// them.
void test_streamed(const Kernels& kernels) {
  const std::uint64_t most = 3000, seed = 9;
  std::vector<float> x(4 * most);
  fill_latents(baseline::kernels.normal, &seed, false, {0, 0, x.size(), 0}, 1, x.data(), 1);
  const auto* const in = reinterpret_cast<const unsigned char*>(x.data());
  Bytes plain(4 * most + 192), streamed(plain.size());
  for (const std::uint64_t channels : {1, 2, 3, 4}) {
    for (const std::uint64_t pixels : {1, 63, 64, 500, 511, 530, 2999, 3000}) {
      for (std::uint64_t offset = 0; offset < 67; ++offset) {
        std::fill(plain.begin(), plain.end(), 77);
        streamed = plain;
        Pixels p = {in,    Format::kFloat32, 4, 4 * most, pixels, channels, false, false,
                    false, nullptr};
        const auto to = [offset](Bytes& bytes) { return bytes.data() + 32 + offset; };
        p.out = to(plain);
        assert(kernels.levels(p, {-1, 2, .5f}));
        p.out = to(streamed);
        p.streamed = true;
        assert(kernels.levels(p, {-1, 2, .5f}));
        assert(plain == streamed);
      }
    }
  }
  std::vector<float> large(2 * 3 * 603 * 607);
  fill_latents(baseline::kernels.normal, &seed, false, {0, 0, large.size(), 0}, 1, large.data(), 1);
  assert(large.size() >= kStreamedBytes);
  check(kernels, {2, 3, 603, 607}, Format::kFloat32, large, same, laws(false)[0]);
}

void test_way_back() {
  const std::uint64_t channels = 3, pixels = 5000, images = 2;
  std::vector<std::uint8_t> in(images * channels * pixels);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<std::uint8_t>(i * 37 >> 3);
  std::vector<std::uint32_t> tables(channels * 256), out(in.size());
  for (std::size_t i = 0; i < tables.size(); ++i) tables[i] = static_cast<std::uint32_t>(1000 * i);
  for (const bool planar : {true, false}) {
    for (const bool swapped : {true, false}) {
      for (const bool each : {true, false}) {
        look_up<std::uint32_t>(
            {in.data(), images, channels, pixels, tables.data(), each, planar, swapped, out.data()},
            3);
        for (std::size_t i = 0; i < in.size(); ++i) {
          const std::size_t image = i / (channels * pixels), pixel = i / channels % pixels;
          const std::size_t k = swapped ? 2 - i % channels : i % channels;
          const std::size_t place = planar ? (image * channels + k) * pixels + pixel
                                           : (image * pixels + pixel) * channels + k;
          assert(out[place] == tables[(each ? 256 * k : 0) + in[i]]);
        }
      }
    }
  }
}

}  // namespace

int main() {
  for (const Kernels* kernels : available_kernels()) {
    test_float32(*kernels);
    test_streamed(*kernels);
    test_every_half(*kernels, Format::kFloat16, from_float16, 0x7C00);
    test_every_half(*kernels, Format::kBFloat16, from_bfloat16, 0x7F80);
    std::printf("%s: passed\n", kernels->isa);
  }
  test_way_back();
  return 0;
}
