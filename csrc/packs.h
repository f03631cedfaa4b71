// Packs: several vectors of 32-bit lanes that are worked on together, for kernels.cpp.
//
// With one vector at a time the processor would wait: a product takes four cycles to arrive, and
// two can start in each. Every operator here does the whole pack before the next one starts, so
// that instructions beside each other do not depend on each other; the loops of a vectorising
// compiler do not come out that way, and take a fifth longer. The price is registers, of which four
// vectors fill about all there are. The types are GCC's and Clang's vector extensions: beside the
// square root, no operation names an instruction.
#pragma once

#include <stdint.h>

#include "vectors.h"

namespace gansdk {
namespace {

constexpr int kLanes = kVectorBytes / 4;
constexpr int kVectors = 4;  // in a pack

template <class T>
struct Pack {
  Vector<T> v[kVectors];

  Pack() = default;
  Pack(T x) {  // not explicit: constants stand in formulas beside packs
    for (Vector<T>& vector : v) vector = Vector<T>{} + x;
  }
};
using Floats = Pack<float>;
using Bits = Pack<uint32_t>;

template <class R, class T, class Operation>
inline Pack<R> map(const Pack<T>& a, Operation operation) {
  Pack<R> result;
  for (int i = 0; i < kVectors; ++i) result.v[i] = operation(a.v[i]);
  return result;
}
template <class T, class Operation>
inline Pack<T> map(const Pack<T>& a, const Pack<T>& b, Operation operation) {
  Pack<T> result;
  for (int i = 0; i < kVectors; ++i) result.v[i] = operation(a.v[i], b.v[i]);
  return result;
}

#define GANSDK_OPERATOR(Type, op)                            \
  inline Type operator op(const Type& a, const Type& b) {    \
    return map(a, b, [](auto x, auto y) { return x op y; }); \
  }
GANSDK_OPERATOR(Floats, +)
GANSDK_OPERATOR(Floats, -)
GANSDK_OPERATOR(Floats, *)
GANSDK_OPERATOR(Floats, /)
GANSDK_OPERATOR(Bits, +)
GANSDK_OPERATOR(Bits, -)
GANSDK_OPERATOR(Bits, &)
GANSDK_OPERATOR(Bits, ^)
#undef GANSDK_OPERATOR

inline Bits operator<<(const Bits& a, int n) {
  return map<uint32_t>(a, [n](auto x) { return x << n; });
}
inline Bits operator>>(const Bits& a, int n) {
  return map<uint32_t>(a, [n](auto x) { return x >> n; });
}

// What elementary.h asks of a type of numbers, beside the operators; it has the same for scalars.

inline Floats as_float(const Bits& a) {
  return map<float>(a, [](auto x) { return (Vector<float>)x; });
}
inline Bits as_bits(const Floats& a) {
  return map<uint32_t>(a, [](auto x) { return (Vector<uint32_t>)x; });
}
inline Floats as_signed_float(const Bits& a) {
  return map<float>(
      a, [](auto x) { return __builtin_convertvector((Vector<int32_t>)x, Vector<float>); });
}
inline Bits shift_signed(const Bits& a, int n) {
  return map<uint32_t>(a, [n](auto x) { return (Vector<uint32_t>)((Vector<int32_t>)x >> n); });
}
inline Floats least(const Floats& a, const Floats& b) {
  return map(a, b, [](auto x, auto y) { return x < y ? x : y; });
}
inline Floats greatest(const Floats& a, const Floats& b) {
  return map(a, b, [](auto x, auto y) { return x > y ? x : y; });
}
inline Floats if_negative(const Bits& sign, const Floats& a, const Floats& b) {
  Floats result;
  for (int i = 0; i < kVectors; ++i) {
    result.v[i] = (Vector<int32_t>)sign.v[i] < 0 ? a.v[i] : b.v[i];
  }
  return result;
}
inline void exchange_if_negative(const Bits& sign, Floats& a, Floats& b) {
#if defined(__AVX512F__)  // has masks; elsewhere three logical operations are cheaper than two
                          // blends
  const Floats a_or_b = if_negative(sign, b, a);
  b = if_negative(sign, a, b);
  a = a_or_b;
#else
  const Bits change = (as_bits(a) ^ as_bits(b)) & shift_signed(sign, 31);
  a = as_float(as_bits(a) ^ change);
  b = as_float(as_bits(b) ^ change);
#endif
}
inline Floats square_root(const Floats& a) {
  return map<float>(a, [](Vector<float> x) {
#if defined(__AVX512F__)
    // The masked form with all lanes kept: the same instruction, and g++ 12 warns about its own
    // header in the plain one.
    return (Vector<float>)_mm512_maskz_sqrt_ps(0xFFFF, (__m512)x);
#elif defined(__AVX2__)
    return (Vector<float>)_mm256_sqrt_ps((__m256)x);
#elif defined(__SSE2__)
    return (Vector<float>)_mm_sqrt_ps((__m128)x);
#elif defined(__aarch64__)
    return (Vector<float>)vsqrtq_f32((float32x4_t)x);
#else
    for (int i = 0; i < kLanes; ++i) x[i] = __builtin_sqrtf(x[i]);
    return x;
#endif
  });
}

// Shuffles that do the same in every 128 bits, as x86's do: there, choices 0 ... 3 are the lanes of
// a, and 4 ... 7 those of b.
template <int... lane>
struct Sequence {};
template <int n, int... lane>
struct UpTo : UpTo<n - 1, n - 1, lane...> {};
template <int... lane>
struct UpTo<0, lane...> {
  using Type = Sequence<lane...>;
};
constexpr int shuffled_lane(int lane, int choice) {
  return lane / 4 * 4 + choice % 4 + choice / 4 * kLanes;
}
template <int c0, int c1, int c2, int c3, int... lane>
inline Vector<uint32_t> shuffle(Vector<uint32_t> a, Vector<uint32_t> b, Sequence<lane...>) {
  constexpr int choice[4] = {c0, c1, c2, c3};
#if __has_builtin(__builtin_shufflevector)
  return __builtin_shufflevector(a, b, shuffled_lane(lane, choice[lane % 4])...);
#else  // GCC 11
  return __builtin_shuffle(a, b, Vector<uint32_t>{shuffled_lane(lane, choice[lane % 4])...});
#endif
}
template <int c0, int c1, int c2, int c3>
inline Vector<uint32_t> shuffle(Vector<uint32_t> a, Vector<uint32_t> b) {
  return shuffle<c0, c1, c2, c3>(a, b, typename UpTo<kLanes>::Type{});
}

// Columns 0 ... 3 of a 4 x 4 matrix in every 128 bits, to its rows.
inline void transpose(Vector<uint32_t> (&m)[4]) {
  const Vector<uint32_t> low01 = shuffle<0, 4, 1, 5>(m[0], m[1]);
  const Vector<uint32_t> low23 = shuffle<0, 4, 1, 5>(m[2], m[3]);
  const Vector<uint32_t> high01 = shuffle<2, 6, 3, 7>(m[0], m[1]);
  const Vector<uint32_t> high23 = shuffle<2, 6, 3, 7>(m[2], m[3]);
  m[0] = shuffle<0, 1, 4, 5>(low01, low23);
  m[1] = shuffle<2, 3, 6, 7>(low01, low23);
  m[2] = shuffle<0, 1, 4, 5>(high01, high23);
  m[3] = shuffle<2, 3, 6, 7>(high01, high23);
}

}  // namespace
}  // namespace gansdk
