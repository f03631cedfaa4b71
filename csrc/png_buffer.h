// Memory that grows and is never cleared.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

namespace gansdk {

class Buffer {
 public:
  std::uint8_t* data() { return bytes_.get(); }

  // Makes it hold at least `capacity` bytes and keeps the first `kept`. Throws std::bad_alloc.
  void at_least(std::uint64_t capacity, std::uint64_t kept = 0) {
    if (capacity <= capacity_) return;
    if (kept != 0) capacity = std::max(capacity, capacity_ + capacity_ / 2);
    auto grown = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
    if (kept != 0) std::memcpy(grown.get(), bytes_.get(), kept);
    bytes_ = std::move(grown);
    capacity_ = capacity;
  }

 private:
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::uint64_t capacity_ = 0;
};

// Bytes of their own, of no more room than they need.
struct PngFile {
  std::unique_ptr<std::uint8_t[]> data;
  std::uint64_t size = 0;

  PngFile() = default;
  explicit PngFile(std::span<const std::uint8_t> bytes)
      : data(std::make_unique_for_overwrite<std::uint8_t[]>(bytes.size())), size(bytes.size()) {
    std::memcpy(data.get(), bytes.data(), size);
  }
};

}  // namespace gansdk
