// Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC11).
//
// A stateless bijection: 128 bits of counter under 64 bits of key give four 32-bit words. There is
// no stream to advance, so any word of any image can be had first, which is what makes image i of
// seed s the same wherever it is computed. The price is ten rounds of two 32 x 32 -> 64 multiplies,
// some three times the work of a sequential generator of equal quality.
#pragma once

#include <stdint.h>

namespace gansdk {
namespace {

struct Words {
  uint32_t w0, w1, w2, w3;
};

inline Words philox4x32_10(Words counter, uint32_t key0, uint32_t key1) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53u} * counter.w0;
    const uint64_t p1 = uint64_t{0xCD9E8D57u} * counter.w2;
    counter = {static_cast<uint32_t>(p1 >> 32) ^ counter.w1 ^ key0, static_cast<uint32_t>(p1),
               static_cast<uint32_t>(p0 >> 32) ^ counter.w3 ^ key1, static_cast<uint32_t>(p0)};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

}  // namespace
}  // namespace gansdk
