// Deflate (RFC 1951) for filtered rows: literals, and runs of one byte as copies at distance 1.
//
// No other copies are looked for: in filtered photographs they are rare and short, and finding them
// costs several times what everything else does.
#pragma once

#include <cstdint>
#include <vector>

#include "png_kernels.h"

namespace gansdk {

// The most bytes that a block writes beyond those it holds, and the slack after that.
inline constexpr std::uint64_t deflate_bound(std::uint64_t bytes) {
  return bytes + 5 * (bytes / 65535 + 2) + 16;
}

// Writes blocks. A workspace: keep it, for it allocates memory when a block is larger than any
// before.
class DeflateBlocks {
 public:
  explicit DeflateBlocks(const PngKernels& kernels) : kernels_(kernels) {}

  // One block of `bytes` bytes, 1 ... 2^30, `last` of the stream or not: with codes of its own,
  // with the fixed ones or stored, whichever is shortest. Writes at most deflate_bound(bytes).
  void put(const std::uint8_t* from, std::uint64_t bytes, bool last, PngBits& out);

 private:
  struct Symbols {
    std::uint32_t counts[kLiteralLengths] = {};
    std::uint64_t extra_bits = 0;  // that follow length codes
    std::uint64_t copies = 0;
  };

  Symbols count(const std::uint8_t* from, std::uint64_t bytes);
  void put_symbols(const std::uint8_t* from, std::uint64_t bytes, const std::uint8_t* lengths,
                   unsigned distance_bits, PngBits& out);

  const PngKernels& kernels_;
  std::vector<PngRun> runs_;
  std::uint64_t found_ = 0;  // runs in this block
};

}  // namespace gansdk
