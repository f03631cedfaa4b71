#include "png_deflate.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "png_huffman.h"

namespace gansdk {
namespace {

constexpr std::uint32_t kMostCopy = 258;
constexpr int kEnd = 256;  // the symbol that ends a block
constexpr int kFixedLengths = 288;

// RFC 1951, section 3.2.5: for each length of a copy its symbol, and the extra bits after that.
struct LengthSymbols {
  std::uint16_t symbol[kMostCopy + 1] = {};
  std::uint8_t bits[kMostCopy + 1] = {};
  std::uint8_t value[kMostCopy + 1] = {};
  constexpr LengthSymbols() {
    std::uint32_t length = 3;
    for (std::uint32_t s = 257; s < 285; ++s) {
      const unsigned extra = s < 265 ? 0 : (s - 261) / 4;
      for (std::uint32_t v = 0; v < 1u << extra; ++v, ++length) {
        symbol[length] = static_cast<std::uint16_t>(s);
        bits[length] = static_cast<std::uint8_t>(extra);
        value[length] = static_cast<std::uint8_t>(v);
      }
    }
    symbol[kMostCopy] = 285;
    bits[kMostCopy] = value[kMostCopy] = 0;
  }
};
constexpr LengthSymbols kLength;

// Calls use(length) for the copies that make up a run; none is shorter than 3.
template <class Use>
void for_each_copy(std::uint32_t run, const Use& use) {
  while (run > kMostCopy) {
    const std::uint32_t length = run - kMostCopy < 3 ? run - 3 : kMostCopy;
    use(length);
    run -= length;
  }
  use(run);
}

void put(PngBits& out, std::uint64_t code, std::uint64_t n) {
  out.bits |= code << out.count;
  out.count += n;
  for (; out.count >= 8; out.count -= 8, out.bits >>= 8) {
    *out.to++ = static_cast<std::uint8_t>(out.bits);
  }
}

struct Fixed {
  std::uint8_t lengths[kFixedLengths] = {};
  constexpr Fixed() {
    std::fill_n(lengths, 144, std::uint8_t{8});
    std::fill_n(lengths + 144, 112, std::uint8_t{9});
    std::fill_n(lengths + 256, 24, std::uint8_t{7});
    std::fill_n(lengths + 280, 8, std::uint8_t{8});
  }
};
constexpr Fixed kFixed;

std::uint64_t coded_bits(const std::uint32_t* counts, const std::uint8_t* lengths) {
  std::uint64_t bits = 0;
  for (int s = 0; s < kLiteralLengths; ++s) bits += std::uint64_t{counts[s]} * lengths[s];
  return bits;
}

// What precedes a block with codes of its own: the lengths of its codes, themselves coded (RFC
// 1951, section 3.2.7). One distance code of one bit, the shortest that there is.
class Header {
 public:
  explicit Header(const std::uint8_t* lengths) {
    std::copy_n(lengths, kLiteralLengths, lengths_);
    literals_ = kLiteralLengths;
    while (lengths_[literals_ - 1] == 0) --literals_;
    lengths_[literals_] = 1;
    std::uint32_t counts[19] = {};
    for (int i = 0; i <= literals_;) i += repeat(i);
    for (int i = 0; i < used_; ++i) ++counts[symbols_[i]];
    huffman_lengths(counts, 19, 7, code_lengths_);
    kinds_ = 19;
    while (kinds_ > 4 && code_lengths_[kOrder[kinds_ - 1]] == 0) --kinds_;
    bits_ = 14 + 3 * static_cast<std::uint64_t>(kinds_) + 2 * counts[16] + 3 * counts[17] +
            7 * counts[18];
    for (int s = 0; s < 19; ++s) bits_ += std::uint64_t{counts[s]} * code_lengths_[s];
  }

  std::uint64_t bits() const { return bits_; }

  void put_to(PngBits& out) const {
    put(out, static_cast<std::uint64_t>(literals_ - 257), 5);
    put(out, 0, 5);
    put(out, static_cast<std::uint64_t>(kinds_ - 4), 4);
    for (int i = 0; i < kinds_; ++i) put(out, code_lengths_[kOrder[i]], 3);
    std::uint16_t codes[19];
    huffman_codes(code_lengths_, 19, codes);
    for (int i = 0; i < used_; ++i) {
      const std::uint8_t s = symbols_[i];
      put(out, codes[s], code_lengths_[s]);
      if (s >= 16) put(out, extras_[i], s == 16 ? 2 : s == 17 ? 3 : 7);
    }
  }

 private:
  static constexpr int kOrder[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                     11, 4,  12, 3, 13, 2, 14, 1, 15};

  void add(std::uint8_t symbol, int extra = 0) {
    symbols_[used_] = symbol;
    extras_[used_++] = static_cast<std::uint8_t>(extra);
  }

  // Adds the symbol for the lengths from `i` on; returns how many it stands for.
  int repeat(int i) {
    const std::uint8_t length = lengths_[i];
    int same = 1;
    while (i + same <= literals_ && lengths_[i + same] == length) ++same;
    if (length == 0 && same >= 3) {
      same = std::min(same, 138);
      if (same >= 11) {
        add(18, same - 11);
      } else {
        add(17, same - 3);
      }
      return same;
    }
    if (i > 0 && lengths_[i - 1] == length && same >= 3) {
      same = std::min(same, 6);
      add(16, same - 3);
      return same;
    }
    add(length);
    return 1;
  }

  std::uint8_t lengths_[kLiteralLengths + 1];  // the distance's is the last one
  std::uint8_t symbols_[kLiteralLengths + 1];
  std::uint8_t extras_[kLiteralLengths + 1];
  std::uint8_t code_lengths_[19];
  int literals_;
  int kinds_;  // of code_lengths_, sent in kOrder
  int used_ = 0;
  std::uint64_t bits_;
};

void put_stored(const std::uint8_t* from, std::uint64_t bytes, bool last, PngBits& out) {
  while (bytes != 0) {
    const std::uint64_t n = std::min<std::uint64_t>(bytes, 65535);
    bytes -= n;
    put(out, last && bytes == 0, 3);
    put(out, 0, (8 - out.count) % 8);
    put(out, n | (n ^ 0xFFFF) << 16, 32);
    std::memcpy(out.to, from, n);
    out.to += n;
    from += n;
  }
}

}  // namespace

DeflateBlocks::Symbols DeflateBlocks::count(const std::uint8_t* from, std::uint64_t bytes) {
  runs_.resize(std::max<std::size_t>(runs_.size(), bytes / kLeastRun + 2));
  found_ = kernels_.find_runs(from, bytes, runs_.data());
  Symbols symbols;
  kernels_.histogram(from, bytes, symbols.counts);
  for (std::uint64_t r = 0; r < found_; ++r) {
    const PngRun run = runs_[r];
    const std::uint8_t byte = from[run.start];
    symbols.counts[byte] -= run.length;
    for_each_copy(run.length, [&symbols](std::uint32_t length) {
      ++symbols.counts[kLength.symbol[length]];
      symbols.extra_bits += kLength.bits[length];
      ++symbols.copies;
    });
  }
  symbols.counts[kEnd] = 1;
  return symbols;
}

void DeflateBlocks::put_symbols(const std::uint8_t* from, std::uint64_t bytes,
                                const std::uint8_t* lengths, unsigned distance_bits, PngBits& out) {
  std::uint16_t bits_of[kFixedLengths];
  huffman_codes(lengths, distance_bits == 1 ? kLiteralLengths : kFixedLengths, bits_of);
  PngCodes codes;
  for (int s = 0; s < kLiteralLengths; ++s) {
    codes.packed[s] = static_cast<std::uint32_t>(bits_of[s]) << 8 | lengths[s];
  }
  for (int s = 0; s < 256; ++s) {
    codes.low[s] = static_cast<std::uint8_t>(bits_of[s]);
    codes.high[s] = static_cast<std::uint8_t>(bits_of[s] >> 8);
    codes.bits[s] = lengths[s];
  }
  std::uint64_t done = 0;
  for (std::uint64_t r = 0; r < found_; ++r) {
    const PngRun run = runs_[r];
    kernels_.put_literals(codes, from + done, run.start - done, out);
    for_each_copy(run.length, [&](std::uint32_t length) {
      const int symbol = kLength.symbol[length];
      const unsigned n = lengths[symbol];  // the distance's code is all zeros
      gansdk::put(out, bits_of[symbol] | static_cast<std::uint64_t>(kLength.value[length]) << n,
                  n + kLength.bits[length] + distance_bits);
    });
    done = run.start + std::uint64_t{run.length};
  }
  kernels_.put_literals(codes, from + done, bytes - done, out);
  gansdk::put(out, bits_of[kEnd], lengths[kEnd]);
}

void DeflateBlocks::put(const std::uint8_t* from, std::uint64_t bytes, bool last, PngBits& out) {
  const Symbols symbols = count(from, bytes);
  std::uint8_t lengths[kLiteralLengths];
  huffman_lengths(symbols.counts, kLiteralLengths, kMostBits, lengths);
  const Header header(lengths);
  const std::uint64_t dynamic_bits =
      header.bits() + coded_bits(symbols.counts, lengths) + symbols.extra_bits + symbols.copies;
  const std::uint64_t fixed_bits =
      coded_bits(symbols.counts, kFixed.lengths) + symbols.extra_bits + 5 * symbols.copies;
  const std::uint64_t stored_bits = 8 * bytes + 32 * (bytes / 65535 + 1);
  if (stored_bits <= std::min(dynamic_bits, fixed_bits)) {
    put_stored(from, bytes, last, out);
  } else if (fixed_bits <= dynamic_bits) {
    gansdk::put(out, 2 | last, 3);
    put_symbols(from, bytes, kFixed.lengths, 5, out);
  } else {
    gansdk::put(out, 4 | last, 3);
    header.put_to(out);
    put_symbols(from, bytes, lengths, 1, out);
  }
}

}  // namespace gansdk
