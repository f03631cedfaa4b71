// The widest vectors of this instruction set, and its name: what every file that is compiled once
// per instruction set begins with.
#pragma once

#include <stdint.h>

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#ifndef GANSDK_KERNELS_NAMESPACE
#define GANSDK_KERNELS_NAMESPACE baseline
#endif
#define GANSDK_STRING_OF(x) #x
#define GANSDK_STRING(x) GANSDK_STRING_OF(x)

namespace gansdk {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <class T>
struct VectorOf {
  using Type [[gnu::vector_size(kVectorBytes)]] = T;
};
template <class T>
using Vector = typename VectorOf<T>::Type;

}  // namespace
}  // namespace gansdk
