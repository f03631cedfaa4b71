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

// Level = round-half-even(clamp((x - lo) / span, 0, 1) * 255). `inverse` is 1 / span where span is
// a power of two, which makes the product equal to the quotient and cheaper; otherwise it is 0.
struct LevelRange {
  float lo;
  float span;
  float inverse;
};

// `pixels` pixels of `channels` planes, `plane_stride` elements apart, into interleaved bytes.
struct Planes {
  const void* in;
  uint64_t plane_stride;
  uint64_t pixels;
  uint64_t channels;
  uint8_t* out;
};

// True if all elements are finite; one that is not becomes level 0.
using LevelKernel = bool (*)(const Planes& planes, const LevelRange& range);

struct Kernels {
  const char* isa;
  LatentKernel<float> normal;
  LatentKernel<float> uniform;
  LatentKernel<float> truncated_normal;
  LatentKernel<uint32_t> words;
  // For a threshold of 2^-90 or more, infinity included.
  Truncation (*truncation)(float threshold);
  LevelKernel levels_float32;
  LevelKernel levels_float16;
  LevelKernel levels_bfloat16;
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
