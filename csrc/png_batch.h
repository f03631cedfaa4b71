// Many images at once, over threads.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "parallel.h"
#include "png.h"

namespace gansdk {

// Encoders that threads lend from and hand back to, so that each workspace is allocated once.
class PngEncoders {
 public:
  template <class Use>
  void with(const Use& use) {
    std::unique_ptr<PngEncoder> encoder;
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        encoder = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    if (!encoder) encoder = std::make_unique<PngEncoder>();
    use(*encoder);
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(encoder));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<PngEncoder>> idle_;
};

// For each of `count` images of one format: encode(encoder, i) makes its bytes, keep(i, bytes)
// stores them before the encoder is used again. Both are called from up to `threads` threads, 0
// meaning one for each usable CPU.
template <class Encode, class Keep>
void for_each_png(const PngFormat& format, std::uint64_t count, unsigned threads,
                  const Encode& encode, const Keep& keep) {
  // To encode is a hundred times the work that it is to copy: 64 kB repay a thread.
  constexpr std::uint64_t kChunkBytes = 64 << 10;
  const std::uint64_t chunk = std::max<std::uint64_t>(1, kChunkBytes / format.bytes());
  PngEncoders encoders;
  parallel_for(count, chunk, threads, [&](std::uint64_t first, std::uint64_t last) {
    encoders.with([&](PngEncoder& encoder) {
      for (std::uint64_t i = first; i < last; ++i) keep(i, encode(encoder, i));
    });
  });
}

// The files of `count` images, rows(i, first, count, to) writing rows of image i as PngEncoder
// asks, chunks(i) being a span of what stands before its pixels.
template <class Rows, class Chunks>
std::vector<PngFile> encode_png_batch(const PngFormat& format, std::uint64_t count,
                                      unsigned threads, const Rows& rows, const Chunks& chunks) {
  std::vector<PngFile> files(count);
  for_each_png(
      format, count, threads,
      [&](PngEncoder& encoder, std::uint64_t i) {
        return encoder.encode(format, chunks(i),
                              [&rows, i](std::uint64_t first, std::uint64_t n, std::uint8_t* to) {
                                rows(i, first, n, to);
                              });
      },
      [&files](std::uint64_t i, std::span<const std::uint8_t> bytes) {
        files[i] = PngFile(bytes);
      });
  return files;
}

}  // namespace gansdk
