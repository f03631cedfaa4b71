// The kernels for WebAssembly's test, tests/core/latents_wasm.mjs: no C library, plain exports.
#include <stdint.h>

#include "elementary.h"
#include "kernels.h"
#include "philox.h"
#include "truncated.h"

#define GANSDK_EXPORT(name) extern "C" __attribute__((export_name(name)))

using namespace gansdk;

extern "C" unsigned char __heap_base;

namespace {

uint32_t* words_at(void* out) { return static_cast<uint32_t*>(out); }

}  // namespace

// Room for `bytes` bytes, the same at each call; null where the machine has none.
GANSDK_EXPORT("buffer") void* buffer(uint32_t bytes) {
  const uint64_t end = reinterpret_cast<uintptr_t>(&__heap_base) + uint64_t{64} + bytes;
  const uint64_t pages = (end + 0xFFFF) >> 16;
  const uint64_t now = __builtin_wasm_memory_size(0);
  if (pages > now && __builtin_wasm_memory_grow(0, pages - now) == static_cast<uintptr_t>(-1)) {
    return nullptr;
  }
  return reinterpret_cast<void*>((reinterpret_cast<uintptr_t>(&__heap_base) + 63) & ~uintptr_t{63});
}

// `count` rows of one law: 0 words, 1 uniform, 2 normal, 3 truncated normal.
GANSDK_EXPORT("fill")
void fill(uint32_t law, uint64_t seed, uint64_t start, uint32_t stream, uint64_t count,
          uint64_t dim, float threshold, void* out) {
  const Kernels& kernels = baseline::kernels;
  const Rows rows = {seed, start, dim, stream, kernels.truncation(threshold)};
  const uint64_t blocks = count * ((dim + 3) / 4);
  if (law == 0) kernels.words(rows, 0, blocks, static_cast<uint32_t*>(out));
  if (law == 1) kernels.uniform(rows, 0, blocks, static_cast<float*>(out));
  if (law == 2) kernels.normal(rows, 0, blocks, static_cast<float*>(out));
  if (law == 3) kernels.truncated_normal(rows, 0, blocks, static_cast<float*>(out));
}

GANSDK_EXPORT("philox")
void philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t k0, uint32_t k1,
            void* out) {
  const Words w = philox4x32_10({c0, c1, c2, c3}, k0, k1);
  uint32_t* to = words_at(out);
  to[0] = w.w0, to[1] = w.w1, to[2] = w.w2, to[3] = w.w3;
}

// The bits of one element, laws as above; words and normals have exports of their own.
GANSDK_EXPORT("element") uint32_t element(uint32_t law, uint32_t word, uint32_t threshold) {
  if (law == 1) return as_bits(symmetric_uniform(word));
  return as_bits(truncated_normal<true>(word, truncation_at(as_float(threshold))));
}

// The bits of the two numbers that a threshold fixes.
GANSDK_EXPORT("truncation") void truncation(uint32_t threshold, void* out) {
  const Truncation law = truncation_at(as_float(threshold));
  words_at(out)[0] = as_bits(law.below);
  words_at(out)[1] = as_bits(law.between);
}

// The bits of the two normals of a pair of words.
GANSDK_EXPORT("box") void box(uint32_t a, uint32_t b, void* out) {
  const float r = radius(a);
  const SinCos<float> turn = sincos_turns(b);
  words_at(out)[0] = as_bits(r * turn.sin);
  words_at(out)[1] = as_bits(r * turn.cos);
}
