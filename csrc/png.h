// The PNG encoder (W3C PNG, third edition; RFC 1950, 1951): from rows of raw bytes to a file in one
// pass, without the whole image in between.
//
// Rows are asked for a few at a time, so that what makes them finds them in the cache; they are
// filtered at once, and collected into blocks of some 48 kB with Huffman codes of their own. The
// file is a pure function of the pixels and chunks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "png_buffer.h"
#include "png_deflate.h"
#include "png_dispatch.h"
#include "png_kernels.h"

namespace gansdk {

struct PngFormat {
  std::uint32_t width;         // 1 ... 2^31 - 1
  std::uint32_t height;        // 1 ... 2^31 - 1
  std::uint32_t channels;      // 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA
  std::uint32_t sample_bytes;  // 1 or 2

  std::uint64_t pixel_bytes() const { return std::uint64_t{channels} * sample_bytes; }
  std::uint64_t row_bytes() const { return width * pixel_bytes(); }
  std::uint64_t bytes() const { return row_bytes() * height; }
};

// Throws std::invalid_argument where an image cannot have this format.
void check(const PngFormat& format);

// A workspace for one thread: keep it for many images.
class PngEncoder {
 public:
  static constexpr std::uint64_t kIdatBytes = 1 << 30;

  // An IDAT chunk is closed when it has `idat_bytes` or more.
  explicit PngEncoder(const PngKernels& kernels = active_png_kernels(),
                      std::uint64_t idat_bytes = kIdatBytes)
      : kernels_(kernels), blocks_(kernels), idat_bytes_(idat_bytes) {}

  // The file, in memory that the next call overwrites. `chunks` stand before the pixels: four
  // letters of type, then the data. rows(first, count, to) writes so many rows without gaps;
  // 16-bit samples in native order.
  template <class Rows>
  std::span<const std::uint8_t> encode(const PngFormat& format,
                                       std::span<const std::string_view> chunks, const Rows& rows) {
    begin(format);
    put_head(chunks);
    run(rows, true);
    return finish();
  }

  // Only the filtered rows, each after the byte that names its filter: what zlib shall compress.
  // `forced` is the filter of all rows; -1 chooses for each.
  template <class Rows>
  std::span<const std::uint8_t> filter(const PngFormat& format, int forced, const Rows& rows) {
    begin(format, forced);
    run(rows, false);
    return {filtered_.data(), static_cast<std::size_t>(filled_)};
  }

 private:
  void begin(const PngFormat& format, int forced = -1);
  void put_head(std::span<const std::string_view> chunks);
  void take(std::uint64_t count);  // filters rows of the strip
  void put_block(bool last);
  void open_idat();
  void close_idat();
  std::span<const std::uint8_t> finish();
  std::uint8_t* strip() { return strip_.data() + kPngSlack + format_.row_bytes(); }

  template <class Rows>
  void run(const Rows& rows, bool deflate) {
    for (std::uint64_t y = 0; y < format_.height;) {
      const std::uint64_t block_end =
          deflate ? std::min<std::uint64_t>(y + block_rows_, format_.height) : format_.height;
      filled_ = deflate ? 0 : filled_;
      filtered_.at_least((block_end - y) * (format_.row_bytes() + 1) + kPngSlack);
      while (y < block_end) {
        const std::uint64_t count = std::min(strip_rows_, block_end - y);
        rows(y, count, strip());
        take(count);
        y += count;
      }
      if (deflate) put_block(y == format_.height);
    }
  }

  const PngKernels& kernels_;
  DeflateBlocks blocks_;
  std::uint64_t idat_bytes_;
  PngFormat format_ = {};
  int forced_ = -1;
  std::uint64_t strip_rows_ = 0;
  std::uint64_t block_rows_ = 0;
  std::uint64_t filled_ = 0;  // bytes of filtered_
  Buffer strip_;              // slack, the row above, rows, slack
  Buffer filtered_;
  Buffer out_;
  PngBits bits_ = {};
  std::uint64_t idat_at_ = 0;    // where in out_ the chunk begins
  std::uint64_t summed_to_ = 0;  // what follows in out_ is not in crc_ yet
  std::uint32_t crc_ = 0;
  std::uint32_t adler_ = 0;
};

}  // namespace gansdk
