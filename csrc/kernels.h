// The kernels' table: one for each instruction set, all giving the same bits.
//
// A kernel is the main loop, then the tail; it neither allocates, nor starts threads, nor throws.
// Arguments are checked by the caller.
#pragma once

#include <stdint.h>

namespace gansdk {

// The normal law restricted to [-threshold, threshold]: the probability of lying below, and 2^-32
// times that of lying between.
struct Truncation {
  float threshold;
  float below;
  float between;
};

// The latents of rows start, start + 1, ... under one seed: an array of rows of `dim` elements.
// Its blocks, four elements each and the last of a row possibly short, are counted through the
// rows: block j is block j % ceil(dim / 4) of row j / ceil(dim / 4).
struct Rows {
  uint64_t seed;
  uint64_t start;
  uint64_t dim;
  uint32_t stream;
  Truncation truncation = {};  // for the truncated normal alone
};

// Each fills blocks [first, last) of the array that begins at `out`.
template <class T>
using LatentKernel = void (*)(const Rows& rows, uint64_t first, uint64_t last, T* out);

enum class Format : uint32_t { kFloat32, kFloat16, kBFloat16 };

// What happens to the fraction of a level: half to even; dropped; or dropped from x * 127.5 + 128,
// which is StyleGAN's line of code.
enum class Rounding : uint32_t { kNearest, kTruncate, kStyleGan };

// Level = round(clamp((x - lo) / span, 0, 1) * highest), after x = x * std + mean where they are
// given. `inverse` is 1 / span where span is a power of two, which makes the product equal to the
// quotient and cheaper; otherwise it is 0.
struct LevelLaw {
  float lo;
  float span;
  float inverse;
  Rounding rounding = Rounding::kNearest;
  const float* mean = nullptr;  // one a channel
  const float* std = nullptr;
};

// A run of pixels at any distance from each other, to be interleaved at `out`.
struct Pixels {
  const unsigned char* in;
  Format format;
  int64_t pixel_stride;  // bytes, as the next
  int64_t channel_stride;
  uint64_t pixels;
  uint64_t channels;
  bool swapped;   // the first three channels come in reverse
  bool wide;      // levels 0 ... 65535 as uint16_t, not 0 ... 255 as bytes
  bool streamed;  // the result is larger than caches: it may go past them
  unsigned char* out;
};

// True if all elements are finite; one that is not becomes level 0.
using LevelKernel = bool (*)(const Pixels& pixels, const LevelLaw& law);

struct Kernels {
  const char* isa;
  LatentKernel<float> normal;
  LatentKernel<float> uniform;
  LatentKernel<float> truncated_normal;
  LatentKernel<uint32_t> words;
  // For a threshold of 2^-90 or more, infinity included.
  Truncation (*truncation)(float threshold);
  LevelKernel levels;
};

namespace baseline {
extern const Kernels kernels;
}
namespace avx2 {
extern const Kernels kernels;
}
namespace avx512 {
extern const Kernels kernels;
}

}  // namespace gansdk
