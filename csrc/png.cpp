#include "png.h"

#include <cstring>
#include <stdexcept>

namespace gansdk {
namespace {

constexpr std::uint64_t kStripBytes = 16 << 10;  // of raw rows: they stay in the first cache
constexpr std::uint64_t kBlockBytes = 48 << 10;
constexpr std::uint8_t kSignature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
constexpr std::uint64_t kChunkFrame = 12;  // length, type, CRC

void put_u32(std::uint8_t* to, std::uint64_t x) {
  for (int i = 0; i < 4; ++i) to[i] = static_cast<std::uint8_t>(x >> (24 - 8 * i));
}

// `body` is the type and the data.
std::uint8_t* put_chunk(std::uint8_t* to, std::string_view body, const PngKernels& kernels) {
  put_u32(to, body.size() - 4);
  std::memcpy(to + 4, body.data(), body.size());
  put_u32(to + 4 + body.size(), kernels.crc32(0, to + 4, body.size()));
  return to + 8 + body.size();
}

}  // namespace

void check(const PngFormat& format) {
  constexpr std::uint32_t kMost = 0x7FFFFFFF;
  if (format.width < 1 || format.width > kMost || format.height < 1 || format.height > kMost) {
    throw std::invalid_argument("a PNG has 1 ... 2^31 - 1 pixels on each side");
  }
  if (format.channels < 1 || format.channels > 4) {
    throw std::invalid_argument("a PNG has 1, 2, 3 or 4 channels");
  }
  if (format.sample_bytes != 1 && format.sample_bytes != 2) {
    throw std::invalid_argument("a PNG has 8 or 16 bits a sample");
  }
}

void PngEncoder::begin(const PngFormat& format, int forced) {
  check(format);
  format_ = format;
  forced_ = forced;
  filled_ = 0;
  const std::uint64_t row = format.row_bytes();
  const std::uint64_t blocks =
      std::max<std::uint64_t>(1, ((row + 1) * format.height + kBlockBytes / 2) / kBlockBytes);
  block_rows_ = std::max<std::uint64_t>(1, (format.height + blocks - 1) / blocks);
  strip_rows_ = std::max<std::uint64_t>(1, kStripBytes / row);
  strip_rows_ = std::min(strip_rows_, block_rows_);
  strip_.at_least(2 * kPngSlack + (strip_rows_ + 1) * row);
  std::memset(strip_.data(), 0, kPngSlack + row);
}

void PngEncoder::put_head(std::span<const std::string_view> chunks) {
  std::uint64_t bytes = sizeof kSignature + kChunkFrame + 13;
  for (const std::string_view& chunk : chunks) bytes += chunk.size() + 8;
  out_.at_least(bytes + kChunkFrame + 2);
  std::uint8_t* to = out_.data();
  std::memcpy(to, kSignature, sizeof kSignature);
  to += sizeof kSignature;
  std::uint8_t header[17] = {'I', 'H', 'D', 'R'};
  constexpr std::uint8_t kColour[5] = {0, 0, 4, 2, 6};
  put_u32(header + 4, format_.width);
  put_u32(header + 8, format_.height);
  header[12] = static_cast<std::uint8_t>(8 * format_.sample_bytes);
  header[13] = kColour[format_.channels];
  to = put_chunk(to, {reinterpret_cast<const char*>(header), sizeof header}, kernels_);
  for (const std::string_view& chunk : chunks) to = put_chunk(to, chunk, kernels_);
  bits_ = {to, 0, 0};
  adler_ = 1;
  open_idat();
  // Deflate with a window of 32 KiB, no preset dictionary, the fastest of the levels (RFC 1950).
  *bits_.to++ = 0x78;
  *bits_.to++ = 0x01;
}

void PngEncoder::open_idat() {
  idat_at_ = static_cast<std::uint64_t>(bits_.to - out_.data());
  std::memcpy(bits_.to + 4, "IDAT", 4);
  summed_to_ = idat_at_ + 4;
  bits_.to += 8;
  crc_ = 0;
}

void PngEncoder::close_idat() {
  std::uint8_t* start = out_.data() + idat_at_;
  put_u32(start, static_cast<std::uint64_t>(bits_.to - start) - 8);
  std::uint8_t* unsummed = out_.data() + summed_to_;
  crc_ = kernels_.crc32(crc_, unsummed, static_cast<std::uint64_t>(bits_.to - unsummed));
  put_u32(bits_.to, crc_);
  bits_.to += 4;
}

void PngEncoder::take(std::uint64_t count) {
  const std::uint64_t bytes = format_.row_bytes();
  std::uint8_t* row = strip();
  if (format_.sample_bytes == 2) kernels_.big_endian(row, count * bytes / 2);
  std::uint8_t* to = filtered_.data() + filled_;
  for (std::uint64_t i = 0; i < count; ++i, row += bytes) {
    const PngRow here = {row, row - bytes, bytes, format_.pixel_bytes()};
    const int type = forced_ < 0 ? kernels_.choose_filter(here) : forced_;
    *to++ = static_cast<std::uint8_t>(type);
    kernels_.filter(type, here, to);
    to += bytes;
  }
  filled_ = static_cast<std::uint64_t>(to - filtered_.data());
  std::memcpy(strip() - bytes, row - bytes, bytes);
}

void PngEncoder::put_block(bool last) {
  const std::uint8_t* from = filtered_.data();
  for (std::uint64_t left = filled_; left != 0;) {
    const std::uint64_t n = left < 2 * kBlockBytes ? left : kBlockBytes;
    const auto kept = static_cast<std::uint64_t>(bits_.to - out_.data());
    out_.at_least(kept + deflate_bound(n) + 3 * kChunkFrame, kept);
    bits_.to = out_.data() + kept;
    adler_ = kernels_.adler32(adler_, from, n);
    blocks_.put(from, n, last && n == left, bits_);
    from += n;
    left -= n;
    const std::uint8_t* unsummed = out_.data() + summed_to_;
    const auto fresh = static_cast<std::uint64_t>(bits_.to - unsummed);
    crc_ = kernels_.crc32(crc_, unsummed, fresh);
    summed_to_ += fresh;
    if (static_cast<std::uint64_t>(bits_.to - out_.data()) - idat_at_ - 8 >= idat_bytes_) {
      close_idat();
      open_idat();
    }
  }
}

std::span<const std::uint8_t> PngEncoder::finish() {
  if (bits_.count != 0) *bits_.to++ = static_cast<std::uint8_t>(bits_.bits);
  put_u32(bits_.to, adler_);
  bits_.to += 4;
  close_idat();
  bits_.to = put_chunk(bits_.to, "IEND", kernels_);
  return {out_.data(), static_cast<std::size_t>(bits_.to - out_.data())};
}

}  // namespace gansdk
