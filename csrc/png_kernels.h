// The kernels of the PNG encoder: a table for each instruction set, all giving the same bytes.
//
// A kernel is the main loop, then the tail; it neither allocates, nor starts threads, nor throws.
// Arguments are checked by the caller. Where a comment speaks of slack, so many bytes beside the
// named ones are read or written, and what stands there does not matter.
#pragma once

#include <stdint.h>

namespace gansdk {

inline constexpr uint64_t kPngSlack = 64;  // the widest vector
inline constexpr int kPngFilters = 5;      // None, Sub, Up, Average, Paeth
inline constexpr int kLiteralLengths = 286;
inline constexpr unsigned kMostBits = 14;  // of a code: four of them and 7 bits left over fit in 64

// One row of raw bytes and the one above it; `pixel` bytes are a pixel. Slack on both sides of
// each.
struct PngRow {
  const uint8_t* row;
  const uint8_t* above;
  uint64_t bytes;
  uint64_t pixel;
};

// Shorter runs are not worth finding: copies of 5 to 7 bytes would save 0.4 % of a photograph, and
// take a tenth longer.
inline constexpr uint64_t kLeastRun = 8;

// bytes [start, start + length) repeat the byte before them.
struct PngRun {
  uint32_t start;
  uint32_t length;
};

// The codes of literals and lengths, their bits in the order in which they are sent. The same codes
// twice: code << 8 | bits for all symbols, and the literals' bytes apart.
struct PngCodes {
  uint32_t packed[kLiteralLengths];
  uint8_t low[256];
  uint8_t high[256];
  uint8_t bits[256];
};

// Bits on their way out: the lowest `count` of `bits`, fewer than 8 between calls.
struct PngBits {
  uint8_t* to;
  uint64_t bits;
  uint64_t count;
};

struct PngKernels {
  const char* isa;
  // Turns 16-bit samples in native order into big-endian ones, in place.
  void (*big_endian)(uint8_t* samples, uint64_t count);
  // The filter whose bytes, read as signed, have the least sum of absolute values; the first one of
  // equals.
  int (*choose_filter)(const PngRow& row);
  // Writes row.bytes bytes, and slack after them.
  void (*filter)(int type, const PngRow& row, uint8_t* to);
  // Runs of at least kLeastRun bytes, in order; returns their number. At most 2^31 bytes.
  uint64_t (*find_runs)(const uint8_t* from, uint64_t bytes, PngRun* runs);
  // Adds the number of times that each byte occurs.
  void (*histogram)(const uint8_t* from, uint64_t bytes, uint32_t* counts);
  // Writes up to 14 bits a byte, and 8 bytes of slack.
  void (*put_literals)(const PngCodes& codes, const uint8_t* from, uint64_t bytes, PngBits& out);
  // RFC 1950's and W3C PNG's checksums, continued: begin with 1, and with 0.
  uint32_t (*adler32)(uint32_t sum, const uint8_t* from, uint64_t bytes);
  uint32_t (*crc32)(uint32_t crc, const uint8_t* from, uint64_t bytes);
};

namespace baseline {
extern const PngKernels png_kernels;
}
namespace avx2 {
extern const PngKernels png_kernels;
}
namespace avx512 {
extern const PngKernels png_kernels;
}

}  // namespace gansdk
