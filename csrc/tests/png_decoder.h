// A PNG decoder as the standards describe it, slow and short, that asserts all it reads.
#pragma once

#undef NDEBUG
#include <cassert>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

namespace reference {

using Bytes = std::vector<std::uint8_t>;

inline std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
  std::uint32_t crc = ~0u;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

inline std::uint32_t adler32(std::span<const std::uint8_t> bytes) {
  std::uint32_t a = 1, b = 0;
  for (const std::uint8_t byte : bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b << 16 | a;
}

// Inflate, RFC 1951; its codes read bit by bit, after Mark Adler's puff.
class Inflate {
 public:
  explicit Inflate(std::span<const std::uint8_t> from) : from_(from) {}

  Bytes run() {
    bool last = false;
    while (!last) {
      last = bits(1) != 0;
      const unsigned type = bits(2);
      ++blocks[type];
      assert(type < 3);
      if (type == 0) {
        stored();
      } else {
        type == 1 ? fixed() : dynamic();
        symbols();
      }
    }
    return out_;
  }

  std::uint64_t used() const { return (at_ + 7) / 8; }
  int blocks[4] = {};  // of each type

 private:
  struct Code {
    std::vector<int> counts = std::vector<int>(16), symbols;
    explicit Code(const std::vector<int>& lengths = {}) {
      for (const int n : lengths) ++counts[n];
      counts[0] = 0;
      for (int n = 1; n < 16; ++n) {
        for (std::size_t s = 0; s < lengths.size(); ++s) {
          if (lengths[s] == n) symbols.push_back(static_cast<int>(s));
        }
      }
    }
    int free() const {  // what is left of 2^15 places
      int left = 1 << 15;
      for (int n = 1; n < 16; ++n) left -= counts[n] << (15 - n);
      return left;
    }
  };

  unsigned bits(int n) {
    unsigned value = 0;
    for (int i = 0; i < n; ++i, ++at_) {
      assert(at_ / 8 < from_.size());
      value |= (from_[at_ / 8] >> at_ % 8 & 1u) << i;
    }
    return value;
  }

  int symbol(const Code& code) {
    int word = 0, first = 0, index = 0;
    for (int n = 1; n < 16; ++n) {
      word |= static_cast<int>(bits(1));
      if (word - first < code.counts[n]) return code.symbols[index + word - first];
      index += code.counts[n];
      first = (first + code.counts[n]) << 1;
      word <<= 1;
    }
    std::abort();
  }

  void stored() {
    at_ = used() * 8;
    const unsigned n = bits(16);
    assert((n ^ bits(16)) == 0xFFFF);
    for (unsigned i = 0; i < n; ++i) out_.push_back(static_cast<std::uint8_t>(bits(8)));
  }

  void fixed() {
    std::vector<int> lengths(288, 8);
    for (int s = 144; s < 256; ++s) lengths[s] = 9;
    for (int s = 256; s < 280; ++s) lengths[s] = 7;
    literals_ = Code(lengths);
    distances_ = Code(std::vector<int>(30, 5));
  }

  void dynamic() {
    const int literals = 257 + static_cast<int>(bits(5)), distances = 1 + static_cast<int>(bits(5));
    const int kinds = 4 + static_cast<int>(bits(4));
    assert(literals <= 286 && distances <= 30);
    constexpr int order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    std::vector<int> lengths(19);
    for (int i = 0; i < kinds; ++i) lengths[order[i]] = static_cast<int>(bits(3));
    const Code code(lengths);
    assert(code.free() == 0);
    std::vector<int> all;
    while (static_cast<int>(all.size()) < literals + distances) {
      const int s = symbol(code);
      if (s < 16) {
        all.push_back(s);
      } else {
        assert(s != 16 || !all.empty());
        const int value = s == 16 ? all.back() : 0;
        all.resize(all.size() + (s == 16   ? 3 + bits(2)
                                 : s == 17 ? 3 + bits(3)
                                           : 11 + bits(7)),
                   value);
      }
    }
    assert(static_cast<int>(all.size()) == literals + distances);
    literals_ = Code({all.begin(), all.begin() + literals});
    distances_ = Code({all.begin() + literals, all.end()});
    assert(literals_.free() == 0 && all[256] != 0);
    assert(distances_.free() == 0 || (distances == 1 && distances_.counts[1] == 1));
  }

  void symbols() {
    constexpr int bases[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                               31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
    for (int s; (s = symbol(literals_)) != 256;) {
      if (s < 256) {
        out_.push_back(static_cast<std::uint8_t>(s));
        continue;
      }
      assert(s < 286);
      const int extra = s < 265 || s == 285 ? 0 : (s - 261) / 4;
      const unsigned length = static_cast<unsigned>(bases[s - 257]) + bits(extra);
      assert(symbol(distances_) == 0 && !out_.empty());  // distance 1: our encoder has no other
      out_.resize(out_.size() + length, out_.back());
    }
  }

  std::span<const std::uint8_t> from_;
  std::uint64_t at_ = 0;  // in bits
  Bytes out_;
  Code literals_, distances_;
};

inline std::uint32_t big_endian(const std::uint8_t* at) {
  return std::uint32_t{at[0]} << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

inline std::uint8_t predicted(int type, int a, int b, int c) {
  const int p = a + b - c, pa = std::abs(p - a), pb = std::abs(p - b), pc = std::abs(p - c);
  const int paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
  const int by_type[5] = {0, a, b, (a + b) / 2, paeth};
  return static_cast<std::uint8_t>(by_type[type]);
}

struct Png {
  std::uint32_t width, height, channels, sample_bytes;
  Bytes pixels;              // 16-bit samples big-endian
  std::vector<int> filters;  // of the rows
  std::vector<std::string> chunks;
  int idats = 0;
};

inline Bytes unfiltered(const Bytes& rows, std::uint64_t row, std::uint64_t pixel,
                        std::vector<int>& filters) {
  Bytes out;
  for (std::uint64_t at = 0; at < rows.size(); at += row + 1) {
    assert(rows[at] < 5);
    filters.push_back(rows[at]);
    const std::uint64_t start = out.size();
    for (std::uint64_t i = 0; i < row; ++i) {
      const bool left = i >= pixel, up = start != 0;
      const int a = left ? out[start + i - pixel] : 0, b = up ? out[start + i - row] : 0;
      const int c = left && up ? out[start + i - row - pixel] : 0;
      out.push_back(static_cast<std::uint8_t>(rows[at + 1 + i] + predicted(rows[at], a, b, c)));
    }
  }
  return out;
}

inline Png decode(std::span<const std::uint8_t> file) {
  constexpr std::uint8_t signature[8] = {137, 80, 78, 71, 13, 10, 26, 10};
  assert(std::equal(signature, signature + 8, file.begin()));
  Png png = {};
  Bytes zlib;
  std::uint64_t at = 8;
  for (std::string type; type != "IEND";) {
    const std::uint64_t size = big_endian(&file[at]);
    assert(at + 12 + size <= file.size());
    const auto body = file.subspan(at + 4, 4 + size);
    assert(crc32(body) == big_endian(&file[at + 8 + size]));
    type.assign(body.begin(), body.begin() + 4);
    const auto data = body.subspan(4);
    if (type == "IHDR") {
      assert(at == 8 && size == 13 && data[10] + data[11] + data[12] == 0);
      constexpr int channels[7] = {1, 0, 3, 0, 2, 0, 4};
      png = {big_endian(&data[0]),
             big_endian(&data[4]),
             static_cast<std::uint32_t>(channels[data[9]]),
             data[8] / 8u,
             {},
             {},
             {},
             0};
    } else if (type == "IDAT") {
      ++png.idats;
      zlib.insert(zlib.end(), data.begin(), data.end());
    } else if (type != "IEND") {
      png.chunks.emplace_back(body.begin(), body.end());
    }
    at += 12 + size;
  }
  assert(at == file.size() && (zlib[0] << 8 | zlib[1]) % 31 == 0 && (zlib[0] & 15) == 8);
  Inflate inflate(std::span<const std::uint8_t>(zlib).subspan(2));
  const Bytes rows = inflate.run();
  assert(2 + inflate.used() + 4 == zlib.size());
  assert(adler32(rows) == big_endian(&zlib[zlib.size() - 4]));
  const std::uint64_t pixel = std::uint64_t{png.channels} * png.sample_bytes;
  assert(rows.size() == (png.width * pixel + 1) * png.height);
  png.pixels = unfiltered(rows, png.width * pixel, pixel, png.filters);
  return png;
}

}  // namespace reference
